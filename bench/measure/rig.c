/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/rig.h"

#include <math.h>
#include <string.h>

#include "measure/clock.h"
#include "measure/fill.h"
#include "vgbench/memory.h"

/* --- tensors -------------------------------------------------------------------------------- */

/* Whether @p kernel reads what @p forward writes. */
static bool reads_output_of(const vg_kernel *kernel, const vg_kernel *forward,
                            const vg_shape *shape)
{
    vg_tensor_spec in[VG_MAX_TENSORS], out[VG_MAX_TENSORS];
    int ins = vg_op_tensors(kernel->op, kernel->dir, shape, in);
    int outs = vg_op_tensors(forward->op, forward->dir, shape, out);
    for (int i = 0; i < ins; i++)
        for (int k = 0; k < outs; k++)
            if (in[i].slot == out[k].slot && in[i].access != VG_ACCESS_OUT &&
                out[k].access != VG_ACCESS_IN)
                return true;
    return false;
}

/* The forward pass whose outputs a backward row reads, of the same backend if it has one. */
static const vg_kernel *forward_of(const vg_kernel *kernel, const vg_shape *shape)
{
    if (kernel->dir != VG_DIR_bwd && kernel->dir != VG_DIR_bwd_data &&
        kernel->dir != VG_DIR_bwd_weights)
        return NULL;
    const vg_kernel *forward = vg_kernel_find(kernel->op, VG_DIR_fwd, kernel->backend);
    forward = forward ? forward : vg_kernel_find(kernel->op, VG_DIR_fwd, VG_BACKEND_scalar);
    return forward && reads_output_of(kernel, forward, shape) ? forward : NULL;
}

/* A fill that the team runs, so that pages are first touched by the threads that will use them. */
typedef struct fill_task {
    vg_task task; /* first: the executor hands it back */
    vg_slot slot;
    int64_t count, block;
    uint64_t seed;
    void *data;
} fill_task;

static void fill_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const fill_task *f = (const fill_task *)task;
    int64_t begin = unit * f->block, end = begin + f->block;
    (void)scratch;
    vg_fill(f->task.kernel->op, &f->task.shape, f->slot, f->seed, begin,
            end < f->count ? end : f->count, f->data);
}

static vg_status fill(vg_rig *rig, const vg_kernel *kernel, const vg_shape *shape,
                      const vg_tensor_spec *spec, uint64_t seed)
{
    enum { UNITS = 64, NS_PER_VALUE = 10 };
    int64_t count = spec->rows * spec->cols, block = (count + UNITS - 1) / UNITS;
    fill_task f = {.task = {.kernel = kernel, .shape = *shape},
                   .slot = spec->slot,
                   .count = count,
                   .block = block,
                   .seed = seed,
                   .data = rig->tensors[spec->slot]};
    vg_phase phase = {.run = fill_unit,
                      .units = (count + block - 1) / block,
                      .cost_ns = (double)count * NS_PER_VALUE};
    vg_plan plan = {0};
    vg_status status = vg_plan_append_phase(&plan, &f.task, &phase, 0);
    if (!status)
        status = vg_team_run(rig->team, &plan, NULL);
    vg_plan_release(&plan);
    return status;
}

/* Memory and contents of every tensor of the list that is not there yet. */
static vg_status add_tensors(vg_rig *rig, const vg_kernel *kernel, const vg_shape *shape,
                             uint64_t seed, unsigned *stagger)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(kernel->op, kernel->dir, shape, list);
    for (int i = 0; i < count; i++) {
        vg_slot slot = list[i].slot;
        size_t bytes;
        if (rig->tensors[slot])
            continue;
        VG_TRY(vg_size_mul((size_t)(list[i].rows * list[i].cols), sizeof(float), &bytes));
        VG_TRY(vg_alloc(bytes, (*stagger)++, &rig->tensors[slot]));
        rig->bytes[slot] = bytes;
        VG_TRY(fill(rig, kernel, shape, &list[i], seed));
    }
    return VG_OK;
}

static vg_status keep_pristine(vg_rig *rig, const vg_kernel *kernel, const vg_shape *shape)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(kernel->op, kernel->dir, shape, list);
    for (int i = 0; i < count; i++) {
        vg_slot slot = list[i].slot;
        if (list[i].access != VG_ACCESS_INOUT)
            continue;
        VG_TRY(vg_alloc(rig->bytes[slot], 0, &rig->pristine[slot]));
        memcpy(rig->pristine[slot], rig->tensors[slot], rig->bytes[slot]);
    }
    return VG_OK;
}

double vg_rig_bytes(const vg_kernel *kernel, const vg_shape *shape)
{
    bool seen[VG_SLOT_COUNT] = {false};
    const vg_kernel *both[2] = {kernel, forward_of(kernel, shape)};
    double bytes = 0;
    for (int k = 0; k < 2 && both[k]; k++) {
        vg_tensor_spec list[VG_MAX_TENSORS];
        int count = vg_op_tensors(both[k]->op, both[k]->dir, shape, list);
        for (int i = 0; i < count; i++) {
            double size = 4.0 * (double)list[i].rows * (double)list[i].cols;
            if (!seen[list[i].slot])
                bytes += list[i].access == VG_ACCESS_INOUT ? 2 * size : size;
            seen[list[i].slot] = true;
        }
    }
    return bytes;
}

/* --- tasks ---------------------------------------------------------------------------------- */

static vg_status make_task(vg_rig *rig, vg_task *task, const vg_kernel *kernel,
                           const vg_shape *shape, vg_plan *plan)
{
    VG_TRY(vg_task_init(task, kernel, shape, &rig->params));
    for (int slot = 0; slot < VG_SLOT_COUNT; slot++)
        task->t[slot].p = rig->tensors[slot];
    if (task == &rig->task && rig->forward.kernel &&
        rig->forward.kernel->backend == kernel->backend)
        task->forward = &rig->forward;
    size_t bytes = vg_task_workspace_bytes(task);
    if (bytes)
        VG_TRY(vg_alloc(bytes, 13, &task->workspace));
    VG_TRY(vg_task_prepare(task, vg_team_threads(rig->team)));
    VG_TRY(vg_plan_append(plan, task));
    return vg_team_reserve(rig->team, plan->scratch);
}

static vg_status run_forward(vg_rig *rig, const vg_kernel *kernel, const vg_shape *shape)
{
    vg_plan plan = {0};
    vg_shape plain = *shape;
    if (kernel->backend != rig->task.kernel->backend)
        plain.weights = VG_WEIGHTS_PLAIN;
    vg_status status = make_task(rig, &rig->forward, kernel, &plain, &plan);
    if (!status)
        status = vg_team_run(rig->team, &plan, NULL);
    vg_plan_release(&plan);
    return status;
}

static void release_task(vg_task *task)
{
    vg_task_release(task);
    vg_free(task->workspace);
    *task = (vg_task){0};
}

static vg_status create(vg_rig *rig, const vg_kernel *kernel, const vg_shape *shape, uint64_t seed)
{
    const vg_kernel *forward = forward_of(kernel, shape);
    unsigned stagger = 0;
    VG_TRY(vg_task_init(&rig->task, kernel, shape, &rig->params));
    VG_TRY(add_tensors(rig, kernel, shape, seed, &stagger));
    if (forward) {
        VG_TRY(add_tensors(rig, forward, shape, seed, &stagger));
        VG_TRY(run_forward(rig, forward, shape));
    }
    VG_TRY(keep_pristine(rig, kernel, shape));
    VG_TRY(make_task(rig, &rig->task, kernel, shape, &rig->plan));
    rig->used_threads = vg_team_threads_for(rig->team, &rig->plan);
    VG_TRY(vg_team_run(rig->team, &rig->plan, NULL));
    vg_task_describe(&rig->task, rig->impl, sizeof rig->impl);
    return VG_OK;
}

vg_status vg_rig_create(vg_rig *rig, const vg_kernel *kernel, const vg_shape *shape, vg_team *team,
                        uint64_t seed)
{
    *rig = (vg_rig){.team = team, .params = vg_params_default};
    if (vg_op_family(kernel->op) == VG_FAMILY_OPTIMIZER)
        rig->params.eps = 1e-8f;
    vg_status status = create(rig, kernel, shape, seed);
    if (status)
        vg_rig_release(rig);
    return status;
}

void vg_rig_release(vg_rig *rig)
{
    vg_plan_release(&rig->plan);
    release_task(&rig->task);
    release_task(&rig->forward);
    for (int slot = 0; slot < VG_SLOT_COUNT; slot++) {
        vg_free(rig->tensors[slot]);
        vg_free(rig->pristine[slot]);
        rig->tensors[slot] = rig->pristine[slot] = NULL;
    }
}

/* --- time ----------------------------------------------------------------------------------- */

void vg_rig_begin(vg_rig *rig)
{
    for (int slot = 0; slot < VG_SLOT_COUNT; slot++)
        if (rig->pristine[slot])
            memcpy(rig->tensors[slot], rig->pristine[slot], rig->bytes[slot]);
    vg_team_wake(rig->team);
    vg_rig_run(rig);
}

double vg_rig_time(vg_rig *rig, int64_t iterations, double *cpu_ns)
{
    vg_rig_begin(rig);
    double cpu = cpu_ns ? vg_clock_cpu_ns() : 0;
    double begin = vg_clock_ns();
    for (int64_t i = 0; i < iterations; i++)
        vg_rig_run(rig);
    double end = vg_clock_ns();
    if (cpu_ns)
        *cpu_ns = (vg_clock_cpu_ns() - cpu) / (double)iterations;
    return (end - begin) / (double)iterations;
}

/* The least of two: a batch that lost its CPU must not pass for a slow row. */
static double least_time(vg_rig *rig, int64_t iterations)
{
    enum { LONG_NS = 50000000 };
    double first = vg_rig_time(rig, iterations, NULL);
    if (first * (double)iterations > LONG_NS)
        return first;
    return fmin(first, vg_rig_time(rig, iterations, NULL));
}

int64_t vg_rig_calibrate(vg_rig *rig, double batch_ns, double *once_ns)
{
    int64_t iterations = 1;
    double once = least_time(rig, 1);
    for (int i = 0; i < 12 && once * (double)iterations < batch_ns / 2; i++) {
        double wanted = ceil(batch_ns / fmax(once, 1));
        double most = 16.0 * (double)iterations; /* the first calls are slower than the rest */
        iterations = (int64_t)fmin(wanted, most);
        once = least_time(rig, iterations);
    }
    *once_ns = once;
    double wanted = ceil(batch_ns / fmax(once, 1));
    return wanted < 1 ? 1 : (int64_t)wanted;
}
