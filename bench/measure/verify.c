/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/verify.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "measure/verify_bench.h"
#include "measure/verify_compare.h"
#include "measure/verify_fill.h"
#include "measure/verify_slope.h"
#include "oracle/oracle.h"
#include "vgbench/plan.h"

/* --- the problem: inputs and what the oracle says ------------------------------------------- */

static const vg_params *params_of(const vg_bench *b)
{
    return b->options.params ? b->options.params : &vg_params_default;
}

static void drop_problem(vg_bench *b)
{
    for (int slot = 0; slot < VG_SLOT_COUNT; slot++) {
        free(b->in[slot]);
        free(b->out[slot]);
        free(b->mag[slot]);
        b->in[slot] = b->out[slot] = b->mag[slot] = NULL;
    }
    b->solved = false;
}

static vg_status new_array(const vg_tensor_spec *spec, double **array)
{
    size_t count = (size_t)(spec->rows * spec->cols);
    free(*array);
    *array = malloc(count * sizeof **array);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the caller's, where the bench frees it */
    return *array ? VG_OK : vg_fail(VG_ENOMEM, "verify: out of memory for %zu doubles", count);
}

/* The library promises nothing for NaN, infinities and intermediate overflow (relu(NaN) is 0 there,
 * gelu_tanh' of 1e15 is NaN): its rows are compared on finite values of moderate size, own rows on
 * everything. */
static void spare_library(const vg_bench *b, double *values, int64_t count)
{
    const double moderate = 1e4;
    if (b->kernel->backend != VG_BACKEND_onednn)
        return;
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(values[i]) <= moderate))
            values[i] = 0.5;
}

static vg_status fill_inputs(vg_bench *b, const vg_tensor_spec *list, int count)
{
    for (int i = 0; i < count; i++) {
        if (list[i].access == VG_ACCESS_OUT || b->in[list[i].slot])
            continue;
        double **array = &b->in[list[i].slot];
        VG_TRY(new_array(&list[i], array));
        vg_verify_fill_slot(b->kernel->op, &b->shape, list[i].slot, b->options.fill,
                            b->options.seed, list[i].rows * list[i].cols, *array);
        spare_library(b, *array, list[i].rows * list[i].cols);
    }
    return VG_OK;
}

static vg_status ask_oracle(vg_bench *b, vg_dir dir, const vg_tensor_spec *list, int count)
{
    vg_oracle oracle = {{0}, {0}, {0}};
    for (int i = 0; i < count; i++) {
        vg_slot slot = list[i].slot;
        oracle.in[slot] = b->in[slot];
        if (list[i].access == VG_ACCESS_IN)
            continue;
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the bench frees them */
        VG_TRY(new_array(&list[i], &b->out[slot]));
        VG_TRY(new_array(&list[i], &b->mag[slot])); /* NOLINT(clang-analyzer-unix.Malloc): as above */
        oracle.out[slot] = b->out[slot];
        oracle.mag[slot] = b->mag[slot];
    }
    return vg_oracle_run(b->kernel->op, dir, &b->shape, params_of(b), &oracle);
}

/* A backward pass reads what its forward pass has saved: that comes from the oracle, rounded. */
static vg_status save_forward(vg_bench *b)
{
    vg_tensor_spec forward[VG_MAX_TENSORS];
    int count = vg_op_tensors(b->kernel->op, VG_DIR_fwd, &b->shape, forward);
    VG_TRY(fill_inputs(b, forward, count));
    VG_TRY(ask_oracle(b, VG_DIR_fwd, forward, count));
    for (int i = 0; i < count; i++) {
        vg_slot slot = forward[i].slot;
        if (forward[i].access != VG_ACCESS_OUT)
            continue;
        int64_t size = forward[i].rows * forward[i].cols;
        VG_TRY(new_array(&forward[i], &b->in[slot]));
        for (int64_t at = 0; at < size; at++)
            b->in[slot][at] = (double)(float)b->out[slot][at];
    }
    return VG_OK;
}

static vg_status solve(vg_bench *b)
{
    const vg_kernel *kernel = b->kernel;
    b->count = vg_op_tensors(kernel->op, kernel->dir, &b->shape, b->list);
    if (!vg_oracle_has(kernel->op, kernel->dir))
        return vg_fail(VG_EUNSUPPORTED, "%s/%s: the oracle does not know it",
                       vg_op_name(kernel->op), vg_dir_name(kernel->dir));
    bool backward = kernel->dir == VG_DIR_bwd || kernel->dir == VG_DIR_bwd_data ||
                    kernel->dir == VG_DIR_bwd_weights;
    if (backward)
        VG_TRY(save_forward(b));
    VG_TRY(fill_inputs(b, b->list, b->count));
    VG_TRY(ask_oracle(b, kernel->dir, b->list, b->count));
    b->solved = true;
    return VG_OK;
}

static vg_status pose(vg_bench *b, const vg_shape *shape, const vg_verify_options *options)
{
    bool same = b->solved && !memcmp(&b->shape, shape, sizeof *shape) &&
                b->options.fill == options->fill && b->options.seed == options->seed &&
                b->options.params == options->params;
    b->shape = *shape;
    b->options = *options;
    if (same)
        return VG_OK;
    drop_problem(b);
    return solve(b);
}

void vg_bench_release(vg_bench *b)
{
    drop_problem(b);
    for (int slot = 0; slot < VG_SLOT_COUNT; slot++)
        vg_fenced_release(&b->memory[slot]);
    vg_fenced_release(&b->workspace);
}

/* --- one run ---------------------------------------------------------------------------------- */

static vg_fenced *memory_of(vg_bench *b, const vg_tensor_spec *spec)
{
    return &b->memory[b->options.in_place ? spec->may_alias : spec->slot];
}

static bool is_shared(const vg_bench *b, const vg_tensor_spec *spec)
{
    return b->options.in_place && spec->may_alias != spec->slot;
}

static void write_input(vg_fenced *memory, vg_slot slot, const double *values)
{
    for (int64_t r = 0; r < memory->rows; r++)
        for (int64_t c = 0; c < memory->cols; c++) {
            float *at = memory->p + r * memory->ld + c;
            float value = (float)values[r * memory->cols + c];
            int32_t label = slot == VG_LABELS ? (int32_t)values[r * memory->cols + c] : 0;
            if (slot == VG_LABELS)
                memcpy(at, &label, sizeof label);
            else
                *at = value;
        }
}

static vg_status place_tensors(vg_bench *b, vg_task *task)
{
    for (int i = 0; i < b->count; i++) {
        const vg_tensor_spec *spec = &b->list[i];
        vg_fenced *memory = memory_of(b, spec);
        if (!is_shared(b, spec)) {
            int64_t ld = spec->cols + (spec->rows > 1 ? b->options.pad : 0);
            VG_TRY(vg_fenced_place(memory, spec->rows, spec->cols, ld, b->options.place));
            if (spec->access != VG_ACCESS_OUT)
                write_input(memory, spec->slot, b->in[spec->slot]);
        }
    }
    for (int i = 0; i < b->count; i++) {
        vg_fenced *memory = memory_of(b, &b->list[i]);
        vg_fenced_remember(memory);
        task->t[b->list[i].slot] = (vg_tensor){memory->p, memory->ld};
    }
    size_t bytes = vg_task_workspace_bytes(task);
    if (bytes) {
        int64_t floats = (int64_t)((bytes + 63) / 64 * 16);
        VG_TRY(vg_fenced_place(&b->workspace, 1, floats, floats, VG_PLACE_END));
        vg_fenced_remember(&b->workspace);
        task->workspace = b->workspace.p;
    }
    return VG_OK;
}

/* All phases claim to be long, so that the executor gives them every thread. */
static vg_status run_task(const vg_task *task, int threads)
{
    vg_team *team = NULL;
    vg_plan plan = {0};
    vg_status status = vg_team_create(threads, 0, &team);
    if (status == VG_OK)
        status = vg_plan_append(&plan, task);
    for (int i = 0; i < plan.count; i++)
        plan.steps[i].phase.cost_ns = 1e9;
    if (status == VG_OK)
        status = vg_team_reserve(team, plan.scratch);
    if (status == VG_OK)
        status = vg_team_run(team, &plan, NULL);
    vg_plan_release(&plan);
    vg_team_destroy(team);
    return status;
}

static vg_status run_row(vg_bench *b)
{
    int threads = b->options.threads > 1 ? b->options.threads : 1;
    vg_task task;
    VG_TRY(vg_task_init(&task, b->kernel, &b->shape, params_of(b)));
    vg_status status = place_tensors(b, &task);
    if (status == VG_OK)
        status = vg_task_prepare(&task, threads);
    if (status == VG_OK)
        status = run_task(&task, threads);
    vg_task_release(&task);
    return status;
}

/* --- judging a run ---------------------------------------------------------------------------- */

static const char *const fill_names[VG_FILL_COUNT] = {"integers", "real", "hard", "shifted",
                                                     "sweep"};
static const char *const place_names[VG_PLACE_COUNT] = {"end", "start", "odd"};

static int describe_case(const vg_bench *b, char *text, size_t size)
{
    char name[200];
    vg_kernel_format(b->kernel, &b->shape, b->options.threads > 1 ? b->options.threads : 1, name,
                     sizeof name);
    return snprintf(text, size, "%s (%s, %s%s, ld+%d)", name, fill_names[b->options.fill],
                    place_names[b->options.place], b->options.in_place ? ", in place" : "",
                    b->options.pad);
}

static void note(vg_verify_result *result, const vg_bench *b, const char *what)
{
    if (result->text[0])
        return;
    int used = describe_case(b, result->text, sizeof result->text);
    if (used < (int)sizeof result->text)
        snprintf(result->text + used, sizeof result->text - (size_t)used, ": %s", what);
}

void vg_bench_fail(const vg_bench *b, const char *what, vg_verify_result *result)
{
    result->failures++;
    note(result, b, what);
}

static bool guards_hold(vg_bench *b, vg_verify_result *result)
{
    for (int i = 0; i < b->count; i++) {
        const vg_tensor_spec *spec = &b->list[i];
        if (is_shared(b, spec))
            continue;
        bool input = spec->access == VG_ACCESS_IN;
        for (int k = 0; input && k < b->count; k++)
            if (is_shared(b, &b->list[k]) && b->list[k].may_alias == spec->slot)
                input = false;
        int64_t row = 0, col = 0;
        const char *where = vg_fenced_broken(memory_of(b, spec), input, &row, &col);
        if (!where)
            continue;
        char text[120];
        snprintf(text, sizeof text, "wrote to %s of %s at [%lld][%lld]",
                 strcmp(where, "element") ? where : "input", vg_slot_name(spec->slot),
                 (long long)row, (long long)col);
        note(result, b, text);
        return false;
    }
    return true;
}

typedef struct place {
    vg_slot slot;
    int64_t row, col;
    double reference;
    float got;
    vg_verdict verdict;
} place;

static void note_value(vg_verify_result *result, const vg_bench *b, const place *at)
{
    double ratio = at->verdict.error > 0 ? at->verdict.error / at->verdict.limit : 0;
    bool first_failure = !at->verdict.ok && !result->text[0];
    if (!(ratio <= result->ratio_max) || first_failure || result->values == 0) {
        if (!result->text[0] || first_failure) {
            result->shape = b->shape;
            result->slot = at->slot;
            result->row = at->row;
            result->col = at->col;
            result->got = (double)at->got;
            result->reference = at->reference;
        }
        result->ratio_max = ratio > result->ratio_max ? ratio : result->ratio_max;
    }
    if (at->verdict.ulp > result->ulp_max)
        result->ulp_max = at->verdict.ulp;
    if (result->shares && at->verdict.ulp > result->ulp_shared)
        result->ulp_shared = at->verdict.ulp;
    result->values++;
    if (!first_failure)
        return;
    char text[160];
    snprintf(text, sizeof text, "%s[%lld][%lld] is %.9g, reference %.9g, error %.3g, allowed %.3g%s",
             vg_slot_name(at->slot), (long long)at->row, (long long)at->col, (double)at->got,
             at->reference, at->verdict.error, at->verdict.limit,
             vg_fenced_is_poison(at->got) ? " (never written)" : "");
    note(result, b, text);
}

/* dx = dy f': f' as the row has it, against the bound that is stated for it. */
static bool slope_holds(const vg_bench *b, const place *at, int64_t index,
                        vg_verify_result *result)
{
    if (at->slot != VG_DX || isnan(vg_slope_bound(b->kernel)))
        return true; /* of other ops dy and dx need not have the same extents */
    double dy = b->in[VG_DY][index];
    if (vg_slope_holds(b->kernel->op, dy, at->got, &result->slope_max))
        return true;
    char text[120];
    snprintf(text, sizeof text, "dx[%lld][%lld] is %.9g for dy %.9g: no slope of %s",
             (long long)at->row, (long long)at->col, (double)at->got, dy,
             vg_op_name(b->kernel->op));
    note(result, b, text);
    return false;
}

static bool values_hold(vg_bench *b, vg_verify_result *result)
{
    bool all = true;
    for (int i = 0; i < b->count; i++) {
        const vg_tensor_spec *spec = &b->list[i];
        if (spec->access == VG_ACCESS_IN || b->kernel->impl->omits >> spec->slot & 1)
            continue;
        const vg_fenced *memory = memory_of(b, spec);
        vg_tolerance tolerance = vg_verify_tolerance(b->kernel, &b->shape, spec->slot);
        vg_demand demand = vg_verify_demand(b->kernel->op, b->kernel->dir, &b->shape,
                                            spec->slot, b->options.fill);
        for (int64_t r = 0; r < spec->rows; r++)
            for (int64_t c = 0; c < spec->cols; c++) {
                int64_t index = r * spec->cols + c;
                place at = {spec->slot, r, c, b->out[spec->slot][index],
                            memory->p[r * memory->ld + c], {0}};
                at.verdict = vg_verify_value(at.got, at.reference, b->mag[spec->slot][index],
                                             &tolerance, demand);
                note_value(result, b, &at);
                all = slope_holds(b, &at, index, result) && at.verdict.ok && all;
            }
    }
    return all;
}

/* --- accesses beyond a tensor ----------------------------------------------------------------- */

/* What runs at the moment, for the message of a signal handler. */
static char running[VG_VERIFY_TEXT];

/* The process cannot go on (the fault may be on any thread of a team); say which row it was. */
static void report_fault(int number)
{
    static const char text[] = "verify: access beyond a tensor by ";
    struct iovec parts[] = {{(void *)text, sizeof text - 1}, {running, strlen(running)}, {"\n", 1}};
    bool told = writev(STDERR_FILENO, parts, 3) > 0;
    (void)told; /* if nobody reads it, the signal still ends the process */
    signal(number, SIG_DFL);
    raise(number);
}

typedef struct fault_handlers {
    struct sigaction segv, bus;
} fault_handlers;

static void watch_faults(const vg_bench *b, fault_handlers *before)
{
    struct sigaction action = {.sa_handler = report_fault};
    describe_case(b, running, sizeof running);
    sigaction(SIGSEGV, &action, &before->segv);
    sigaction(SIGBUS, &action, &before->bus);
}

static void unwatch_faults(const fault_handlers *before)
{
    sigaction(SIGSEGV, &before->segv, NULL);
    sigaction(SIGBUS, &before->bus, NULL);
}

vg_status vg_bench_run(vg_bench *b, const vg_shape *shape, const vg_verify_options *options,
                       vg_verify_result *result)
{
    VG_TRY(pose(b, shape, options));
    fault_handlers before;
    watch_faults(b, &before);
    vg_status status = run_row(b);
    unwatch_faults(&before);
    if (status == VG_EUNSUPPORTED) {
        result->refused++;
        return VG_OK;
    }
    VG_TRY(status);
    result->cases++;
    bool guards = guards_hold(b, result);
    bool values = values_hold(b, result);
    if (!guards || !values)
        result->failures++;
    return VG_OK;
}

vg_status vg_verify_case(const vg_kernel *kernel, const vg_shape *shape,
                         const vg_verify_options *options, vg_verify_result *result)
{
    vg_bench b = {.kernel = kernel};
    vg_status status = vg_bench_run(&b, shape, options, result);
    vg_bench_release(&b);
    return status;
}

size_t vg_bench_output_floats(const vg_bench *b)
{
    size_t total = 0;
    for (int i = 0; i < b->count; i++)
        if (b->list[i].access != VG_ACCESS_IN)
            total += (size_t)(b->list[i].rows * b->list[i].cols);
    return total;
}

void vg_bench_copy_outputs(vg_bench *b, float *to)
{
    for (int i = 0; i < b->count; i++) {
        const vg_tensor_spec *spec = &b->list[i];
        const vg_fenced *memory = memory_of(b, spec);
        for (int64_t r = 0; spec->access != VG_ACCESS_IN && r < spec->rows; r++, to += spec->cols)
            memcpy(to, memory->p + r * memory->ld, (size_t)spec->cols * sizeof(float));
    }
}
