/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks, plans and the executor that maps units to threads. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fence.h"
#include "base/parallel.h"
#include "base/rows.h"
#include "vgbench/memory.h"
#include "vgbench/plan.h"

const vg_params vg_params_default = {
    .slope = 0.01f,
    .alpha = 1.0f,
    .eps = 1e-5f,
    .momentum = 0.1f,
    .lr = 1e-3f,
    .beta1 = 0.9f,
    .beta2 = 0.999f,
    .weight_decay = 0.01f,
    .clip_norm = 1.0f,
    .loss_scale = 1.0f,
    .step = 1,
};

/* --- tasks --------------------------------------------------------------------------------- */

static const vg_kernel_impl *impl_for(const vg_kernel *kernel, const vg_shape *shape)
{
    if (!kernel->impl->too_small || !kernel->impl->too_small(kernel, shape))
        return kernel->impl;
    const vg_kernel *plain = vg_kernel_find(kernel->op, kernel->dir, VG_BACKEND_scalar);
    if (!plain || (plain->impl->supports && plain->impl->supports(shape) != VG_OK))
        return kernel->impl;
    return plain->impl;
}

vg_status vg_task_init(vg_task *task, const vg_kernel *kernel, const vg_shape *shape,
                       const vg_params *params)
{
    VG_TRY(vg_shape_check(kernel->op, shape));
    VG_TRY(vg_kernel_usable(kernel));
    if (kernel->impl->supports)
        VG_TRY(kernel->impl->supports(shape));
    *task = (vg_task){.kernel = kernel,
                      .impl = impl_for(kernel, shape),
                      .shape = *shape,
                      .params = params};
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(kernel->op, kernel->dir, shape, list);
    for (int i = 0; i < count; i++)
        task->t[list[i].slot].ld = list[i].cols;
    return VG_OK;
}

size_t vg_task_workspace_bytes(const vg_task *task)
{
    const vg_kernel_impl *impl = task->impl;
    return impl->workspace ? impl->workspace(&task->shape) : 0;
}

vg_status vg_task_prepare(vg_task *task, int threads)
{
    const vg_kernel_impl *impl = task->impl;
    VG_TRY(vg_task_check_tensors(task));
    if (!impl->prepare)
        return VG_OK;
    struct timespec begin, end;
    task->prepare_ns = 0;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    VG_TRY(impl->prepare(task, threads));
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (task->prepare_ns == 0) /* a row that tries several ways says what the chosen one took */
        task->prepare_ns = (double)(end.tv_sec - begin.tv_sec) * 1e9 +
                           (double)(end.tv_nsec - begin.tv_nsec);
    return VG_OK;
}

void vg_task_release(vg_task *task)
{
    if (task->impl && task->impl->release)
        task->impl->release(task);
    task->state = NULL;
}

void vg_task_describe(const vg_task *task, char *text, size_t size)
{
    const vg_kernel_impl *impl = task->impl;
    if (impl->describe) {
        impl->describe(task, text, size);
    } else if (size) {
        text[0] = '\0';
        strncat(text, impl->impl ? impl->impl : "", size - 1);
    }
}

/* --- plans --------------------------------------------------------------------------------- */

vg_status vg_plan_append_phase(vg_plan *plan, const vg_task *task, const vg_phase *phase,
                               size_t scratch)
{
    if (plan->count == plan->capacity) {
        int capacity = plan->capacity ? 2 * plan->capacity : 16;
        vg_step *grown = realloc(plan->steps, (size_t)capacity * sizeof *grown);
        if (!grown)
            return vg_fail(VG_ENOMEM, "out of memory for a plan of %d phases", capacity);
        plan->steps = grown;
        plan->capacity = capacity;
    }
    plan->steps[plan->count++] = (vg_step){task, *phase, plan->part, plan->layer};
    if (scratch > plan->scratch)
        plan->scratch = scratch;
    return VG_OK;
}

vg_status vg_plan_append(vg_plan *plan, const vg_task *task)
{
    const vg_kernel_impl *impl = task->impl;
    vg_phase phases[VG_MAX_PHASES];
    memset(phases, 0, sizeof phases);
    int count = impl->phases(&task->shape, phases);
    size_t scratch = impl->scratch ? impl->scratch(&task->shape) : 0;
    for (int i = 0; i < count; i++)
        VG_TRY(vg_plan_append_phase(plan, task, &phases[i], scratch));
    return VG_OK;
}

void vg_plan_release(vg_plan *plan)
{
    free(plan->steps);
    *plan = (vg_plan){0};
}

/* --- team ---------------------------------------------------------------------------------- */

struct vg_team {
    vg_barrier barrier;
    int threads;
    int ftz;
    size_t scratch_bytes;
    void **scratch; /* [threads] */
};

/* A worker must have this much to do before it pays to wake it: fork, join and the cache lines
 * that move cost 0.95 us when the team is hot (a copy of 2.67 us takes 2.29 on two threads), so two
 * threads are even at 1.9 us of work. */
static const double MIN_NS_PER_THREAD = 1200.0;
/* A barrier, and the lines that the next phase fetches from another core. Measured on a step of 32
 * layers of 64 at batch 64: 395 us on one thread, 611 us on two with 130 barriers: some 3 us each. */
static const double NS_PER_BARRIER = 2500.0;

vg_status vg_team_create(int threads, int ftz, vg_team **out)
{
    *out = NULL;
    if (threads < 1)
        return vg_fail(VG_EINVAL, "threads=%d: at least 1 thread is needed", threads);
    void *memory;
    VG_TRY(vg_alloc(sizeof(vg_team), 0, &memory));
    vg_team *team = memory;
    memset(team, 0, sizeof *team);
    team->threads = threads;
    team->ftz = ftz;
    team->barrier.spin = threads <= vg_parallel_allowed_cpus();
    team->scratch = calloc((size_t)threads, sizeof *team->scratch);
    if (!team->scratch) {
        vg_free(team);
        return vg_fail(VG_ENOMEM, "out of memory for a team of %d threads", threads);
    }
    *out = team;
    return VG_OK;
}

static void touch_scratch(void *context, int worker, int workers)
{
    vg_team *team = context;
    for (int i = worker; i < team->threads; i += workers)
        memset(team->scratch[i], 0, team->scratch_bytes);
}

static void free_scratch(vg_team *team)
{
    for (int i = 0; i < team->threads; i++) {
        vg_free(team->scratch[i]);
        team->scratch[i] = NULL;
    }
    team->scratch_bytes = 0;
}

vg_status vg_team_reserve(vg_team *team, size_t bytes)
{
    if (bytes <= team->scratch_bytes)
        return VG_OK;
    free_scratch(team);
    for (int i = 0; i < team->threads; i++) {
        vg_status status = vg_alloc(bytes, (unsigned)i, &team->scratch[i]);
        if (status != VG_OK) {
            free_scratch(team);
            return status;
        }
    }
    team->scratch_bytes = bytes;
    vg_parallel(team->threads, touch_scratch, team);
    return VG_OK;
}

void vg_team_destroy(vg_team *team)
{
    if (!team)
        return;
    free_scratch(team);
    free(team->scratch);
    vg_free(team);
}

int vg_team_threads(const vg_team *team)
{
    return team->threads;
}

/* --- execution ----------------------------------------------------------------------------- */

typedef struct segment {
    vg_team *team;
    const vg_step *steps;
    int count;
    const vg_plan_times *times; /* NULL: not timed */
    int first, all;             /* of the steps in the plan */
} segment;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* This worker's share of every round. */
static void run_step(const segment *s, int i, int worker, int workers)
{
    const vg_phase *phase = &s->steps[i].phase;
    int64_t first = phase->units * worker / workers;
    int64_t last = phase->units * (worker + 1) / workers;
    int64_t rounds = phase->rounds > 1 ? phase->rounds : 1;
    for (int64_t round = 0; round < rounds; round++) {
        if (round > 0)
            vg_barrier_wait(&s->team->barrier, workers);
        for (int64_t unit = first; unit < last; unit++)
            phase->run(s->steps[i].task, round * phase->units + unit, s->team->scratch[worker]);
        if (vg_may_stream(s->steps[i].task))
            vg_store_fence();
    }
}

static void wait_behind(const segment *s, int i, int workers)
{
    if (i + 1 < s->count && vg_phase_barrier(&s->steps[i].phase, &s->steps[i + 1].phase))
        vg_barrier_wait(&s->team->barrier, workers);
}

static void run_steps_timed(const segment *s, int worker, int workers)
{
    double *work = s->times->work + (ptrdiff_t)worker * s->all + s->first,
           *wait = s->times->wait + (ptrdiff_t)worker * s->all + s->first;
    double begin = now_ns();
    for (int i = 0; i < s->count; i++) {
        run_step(s, i, worker, workers);
        double end = now_ns();
        work[i] = end - begin;
        wait_behind(s, i, workers);
        begin = now_ns();
        wait[i] = begin - end;
    }
}

static void run_segment(void *context, int worker, int workers)
{
    const segment *s = context;
    vg_team *team = s->team;
    int ftz_before = vg_cpu_get_ftz();
    if (ftz_before != team->ftz)
        vg_cpu_set_ftz(team->ftz);
    if (s->times)
        run_steps_timed(s, worker, workers);
    for (int i = 0; i < s->count && !s->times; i++) {
        run_step(s, i, worker, workers);
        wait_behind(s, i, workers);
    }
    if (ftz_before != team->ftz)
        vg_cpu_set_ftz(ftz_before);
}

static int segment_threads(const vg_team *team, const vg_step *steps, int count)
{
    double cost = 0, barriers = 0;
    int64_t units = 1;
    for (int i = 0; i < count; i++) {
        cost += steps[i].phase.cost_ns;
        if (steps[i].phase.units > units)
            units = steps[i].phase.units;
        barriers += i + 1 < count && vg_phase_barrier(&steps[i].phase, &steps[i + 1].phase);
    }
    double wanted = cost / MIN_NS_PER_THREAD;
    int threads = wanted < team->threads ? (int)wanted : team->threads;
    if (threads > units)
        threads = (int)units;
    if (threads < 1 || cost * (1 - 1.0 / threads) < barriers * NS_PER_BARRIER)
        return 1; /* they would wait for each other more than they save */
    return threads;
}

/* Length of the run of non-serial steps at @p begin. */
static int segment_length(const vg_plan *plan, int begin)
{
    int end = begin;
    while (end < plan->count && !plan->steps[end].phase.serial)
        end++;
    return end - begin;
}

int vg_team_threads_for(const vg_team *team, const vg_plan *plan)
{
    int most = 1;
    for (int i = 0; i < plan->count;) {
        int length = segment_length(plan, i);
        int threads = length ? segment_threads(team, plan->steps + i, length) : team->threads;
        most = threads > most ? threads : most;
        i += length ? length : 1;
    }
    return most;
}

static void run_serial(vg_team *team, const vg_step *step)
{
    int ftz_before = vg_cpu_get_ftz();
    if (ftz_before != team->ftz)
        vg_cpu_set_ftz(team->ftz);
    for (int64_t unit = 0; unit < step->phase.units; unit++)
        step->phase.run(step->task, unit, team->scratch[0]);
    if (ftz_before != team->ftz)
        vg_cpu_set_ftz(ftz_before);
}

static vg_status run_plan(vg_team *team, const vg_plan *plan, int *used,
                          const vg_plan_times *times)
{
    if (plan->scratch > team->scratch_bytes)
        return vg_fail(VG_EINVAL, "the plan needs %zu bytes of scratch per thread, the team has %zu",
                       plan->scratch, team->scratch_bytes);
    int most = 1;
    for (int i = 0; i < plan->count;) {
        int length = segment_length(plan, i);
        if (length == 0) {
            double begin = times ? now_ns() : 0;
            run_serial(team, &plan->steps[i]);
            if (times)
                times->work[i] = now_ns() - begin;
            i++;
            most = team->threads;
            continue;
        }
        segment s = {team, plan->steps + i, length, times, i, plan->count};
        int threads = segment_threads(team, s.steps, length);
        most = threads > most ? threads : most;
        vg_parallel(threads, run_segment, &s);
        i += length;
    }
    if (used)
        *used = most;
    return VG_OK;
}

vg_status vg_team_run(vg_team *team, const vg_plan *plan, int *used)
{
    return run_plan(team, plan, used, NULL);
}

vg_status vg_team_run_timed(vg_team *team, const vg_plan *plan, vg_plan_times *times)
{
    size_t bytes = (size_t)team->threads * (size_t)plan->count * sizeof *times->work;
    memset(times->work, 0, bytes);
    memset(times->wait, 0, bytes);
    double begin = now_ns();
    vg_status status = run_plan(team, plan, NULL, times);
    times->total = now_ns() - begin;
    return status;
}

static void do_nothing(void *context, int worker, int workers)
{
    (void)context;
    (void)worker;
    (void)workers;
}

void vg_team_wake(vg_team *team)
{
    vg_parallel(team->threads, do_nothing, NULL);
}
