/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: building the ways of a task, choosing the fastest, running it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/parallel.h"
#include "onednn/onednn_way_private.h"
#include "vgbench/memory.h"
#include "vgbench/onednn.h"

enum { MAX_CHOICES = 8, MAX_ROUNDS = 9, MAX_SAVED = 8 };

static bool untimed; /* see vg_onednn_choose_untimed() */

/* Parameters that are built into primitives. */
typedef struct fixed_params {
    float slope, alpha, eps, loss_scale;
} fixed_params;

typedef struct row_state {
    vg_dnn_way *way;
    const vg_dnn_choice *choice;
    dnnl_stream_t stream;
    int threads;
    fixed_params params;
    double create_ns; /* of the first time this shape was built, with JIT */
} row_state;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static fixed_params params_of(const vg_task *task)
{
    const vg_params *p = task->params ? task->params : &vg_params_default;
    return (fixed_params){p->slope, p->alpha, p->eps, p->loss_scale};
}

/* --- decisions -------------------------------------------------------------------------------- */

/* What was fastest, per shape. A deep net prepares the same shape for every layer and seed, and
 * must not take the times again, nor get another winner by chance. */
typedef struct decision {
    vg_op op;
    vg_dir dir;
    vg_shape shape;
    int threads, strided, aliased;
    const vg_dnn_choice *choice;
    double create_ns;
} decision;

enum { DECISIONS = 512 };
static decision decisions[DECISIONS];
static int decision_count; /* ever made; the table is a ring */
static pthread_mutex_t decision_lock = PTHREAD_MUTEX_INITIALIZER;

static bool same_problem(const decision *a, const decision *b)
{
    return a->op == b->op && a->dir == b->dir && a->threads == b->threads &&
           a->strided == b->strided && a->aliased == b->aliased &&
           a->shape.weights == b->shape.weights && a->shape.act == b->shape.act &&
           a->shape.norm == b->shape.norm && !memcmp(a->shape.n, b->shape.n, sizeof a->shape.n);
}

static bool recall(decision *d)
{
    bool found = false;
    pthread_mutex_lock(&decision_lock);
    int filled = decision_count < DECISIONS ? decision_count : DECISIONS;
    for (int i = 0; i < filled && !found; i++)
        if (same_problem(&decisions[i], d)) {
            d->choice = decisions[i].choice;
            d->create_ns = decisions[i].create_ns;
            found = true;
        }
    pthread_mutex_unlock(&decision_lock);
    return found;
}

static void remember(const decision *d)
{
    pthread_mutex_lock(&decision_lock);
    decisions[decision_count++ % DECISIONS] = *d;
    if (decision_count == 2 * DECISIONS)
        decision_count = DECISIONS;
    pthread_mutex_unlock(&decision_lock);
}

static bool overlap(const vg_task *task, const vg_tensor_spec *a, const vg_tensor_spec *b)
{
    return a->slot != b->slot && task->t[a->slot].p && task->t[a->slot].p == task->t[b->slot].p;
}

static decision describe_problem(const vg_task *task, int threads)
{
    decision d = {
        .op = task->kernel->op, .dir = task->kernel->dir, .shape = task->shape, .threads = threads};
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(d.op, d.dir, &task->shape, list);
    for (int i = 0; i < count; i++) {
        if (list[i].rows > 1 && task->t[list[i].slot].ld != list[i].cols)
            d.strided |= 1 << i;
        for (int j = 0; j < i; j++)
            d.aliased |= overlap(task, &list[i], &list[j]);
    }
    return d;
}

/* --- tensors that a trial run would spoil ----------------------------------------------------- */

typedef struct saved {
    float *tensor, *copy;
    size_t bytes;
} saved;

static void restore(saved *s, int count)
{
    for (int i = 0; i < count; i++) {
        memcpy(s[i].tensor, s[i].copy, s[i].bytes);
        vg_free(s[i].copy);
    }
}

/* Copies of what is both read and written: in-out tensors, and outputs in the place of an input. */
static vg_status save(const vg_task *task, saved s[MAX_SAVED], int *count)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int n = vg_op_tensors(task->kernel->op, task->kernel->dir, &task->shape, list);
    *count = 0;
    for (int i = 0; i < n && *count < MAX_SAVED; i++) {
        bool spoilt = list[i].access == VG_ACCESS_INOUT;
        for (int j = 0; j < n && list[i].access == VG_ACCESS_OUT; j++)
            spoilt |= list[j].access == VG_ACCESS_IN && overlap(task, &list[i], &list[j]);
        if (!spoilt)
            continue;
        const vg_tensor *t = &task->t[list[i].slot];
        size_t floats = (size_t)((list[i].rows - 1) * t->ld + list[i].cols);
        void *copy;
        vg_status status = vg_alloc(floats * sizeof(float), 0, &copy);
        if (status != VG_OK) {
            restore(s, *count);
            return status;
        }
        memcpy(copy, t->p, floats * sizeof(float));
        s[(*count)++] = (saved){t->p, copy, floats * sizeof(float)};
    }
    return VG_OK;
}

/* --- choosing --------------------------------------------------------------------------------- */

static vg_status run_way(const row_state *state, const vg_task *task, vg_dnn_way *way,
                         vg_dnn_when when)
{
    dnnl_status_t status = vg_dnn_way_run(way, task, state->stream, when);
    if (status != dnnl_success)
        return vg_fail(VG_EEXTERNAL, "oneDNN %s (%s) failed to run: status %d", way->label,
                       way->impl, (int)status);
    return VG_OK;
}

static double time_runs(const row_state *state, const vg_task *task, vg_dnn_way *way, int runs)
{
    double begin = now_ns();
    for (int i = 0; i < runs; i++)
        vg_dnn_way_run(way, task, state->stream, VG_DNN_RUN);
    return (now_ns() - begin) / runs;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Interleaved rounds over the ways that are within reach of the best after warming up. */
static int fastest(const row_state *state, const vg_task *task, vg_dnn_way *const ways[], int count)
{
    double warm[MAX_CHOICES], times[MAX_CHOICES][MAX_ROUNDS], best = 0;
    for (int i = 0; i < count; i++) {
        warm[i] = time_runs(state, task, ways[i], 1);
        if (warm[i] < 2e8) /* the first run may include first touches and lazy set-up */
            warm[i] = time_runs(state, task, ways[i], 1);
        if (i == 0 || warm[i] < best)
            best = warm[i];
    }
    int rounds = best > 2e7 ? 3 : best > 2e6 ? 5 : MAX_ROUNDS;
    int runs = best > 5e4 ? 1 : (int)(5e4 / (best + 1)) + 1;
    int winner = -1;
    double winner_time = 0;
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            times[i][round] =
                warm[i] < 1.6 * best + 2000 ? time_runs(state, task, ways[i], runs) : warm[i];
    for (int i = 0; i < count; i++) {
        qsort(times[i], (size_t)rounds, sizeof(double), compare_doubles);
        double median = times[i][rounds / 2];
        if (winner < 0 || median < winner_time) {
            winner = i;
            winner_time = median;
        }
    }
    return winner;
}

/* Builds one way and times its creation. NULL: not offered (the message says why). */
static vg_dnn_way *build(const row_state *state, const vg_task *task, const vg_dnn_choice *choice,
                         vg_status *status)
{
    double begin = now_ns();
    vg_dnn_way *way = vg_dnn_way_build(task, choice);
    *status = way ? way->status : VG_ENOMEM;
    if (*status == VG_OK)
        *status = run_way(state, task, way, VG_DNN_PREPARE);
    if (*status != VG_OK) {
        vg_dnn_way_free(way);
        return NULL;
    }
    way->create_ns = now_ns() - begin;
    return way;
}

/* Builds what the library offers and runs each once: one that fails to run is not offered. */
static int build_all(const row_state *state, const vg_task *task, const vg_dnn_choice *choices,
                     int count, vg_dnn_way *ways[MAX_CHOICES],
                     const vg_dnn_choice *kept[MAX_CHOICES], vg_status *status)
{
    int n = 0;
    bool enough = false;
    for (int i = 0; i < count && n < MAX_CHOICES && !enough; i++) {
        kept[n] = &choices[i];
        ways[n] = build(state, task, &choices[i], status);
        if (!ways[n])
            continue;
        vg_status ran = run_way(state, task, ways[n], VG_DNN_RUN);
        if (ran == VG_OK) {
            enough = untimed && !ways[n]->reference;
            n++;
        } else {
            vg_dnn_way_free(ways[n]);
            *status = ran;
        }
    }
    return n;
}

/* The first way that is no reference code, or the first. */
static int first_compiled(vg_dnn_way *const ways[], int count)
{
    for (int i = 0; i < count; i++)
        if (!ways[i]->reference)
            return i;
    return 0;
}

static vg_status choose(row_state *state, const vg_task *task, const vg_dnn_choice *choices,
                        int count, decision *d)
{
    vg_dnn_way *ways[MAX_CHOICES];
    const vg_dnn_choice *kept[MAX_CHOICES];
    saved s[MAX_SAVED];
    int saves;
    VG_TRY(save(task, s, &saves));
    vg_status status = VG_OK;
    int n = build_all(state, task, choices, count, ways, kept, &status);
    int winner = n < 2     ? 0
                 : untimed ? first_compiled(ways, n)
                           : fastest(state, task, ways, n);
    restore(s, saves);
    if (n == 0)
        return status;
    for (int i = 0; i < n; i++)
        if (i != winner)
            vg_dnn_way_free(ways[i]);
    state->way = ways[winner];
    d->choice = kept[winner];
    d->create_ns = state->way->create_ns;
    remember(d);
    return VG_OK;
}

void vg_onednn_choose_untimed(void)
{
    untimed = true;
}

/* --- the callbacks of a row ------------------------------------------------------------------- */

/* Reduced-precision products by default would make every number here meaningless. */
static vg_status check_environment(void)
{
    static const char *const names[] = {"ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE"};
    for (int i = 0; i < 2; i++) {
        const char *value = getenv(names[i]);
        if (value && *value && strcasecmp(value, "strict"))
            return vg_fail(VG_EUNSUPPORTED,
                           "%s=%s is set: the oneDNN rows are strict f32; unset it", names[i],
                           value);
    }
    if (!vg_dnn_engine())
        return vg_fail(VG_EEXTERNAL, "oneDNN has no CPU engine");
    return VG_OK;
}

static vg_status make_state(vg_task *task, int threads)
{
    row_state *state = calloc(1, sizeof *state);
    if (!state)
        return vg_fail(VG_ENOMEM, "out of memory for a oneDNN row");
    state->threads = threads;
    state->params = params_of(task);
    if (dnnl_stream_create(&state->stream, vg_dnn_engine(), dnnl_stream_default_flags) !=
        dnnl_success) {
        free(state);
        return vg_fail(VG_EEXTERNAL, "oneDNN gave no stream");
    }
    task->state = state;
    return VG_OK;
}

static vg_status prepare_new(vg_task *task, int threads, const vg_dnn_choice *choices, int count)
{
    VG_TRY(make_state(task, threads));
    row_state *state = task->state;
    decision d = describe_problem(task, threads);
    if (recall(&d)) {
        vg_status status;
        state->way = build(state, task, d.choice, &status);
        VG_TRY(status);
    } else {
        VG_TRY(choose(state, task, choices, count, &d));
    }
    state->choice = d.choice;
    state->create_ns = d.create_ns;
    return VG_OK;
}

vg_status vg_dnn_prepare(vg_task *task, int threads, const vg_dnn_choice *choices, int count)
{
    VG_TRY(check_environment());
    vg_parallel_set_library_threads(threads);
    row_state *state = task->state;
    fixed_params params = params_of(task);
    if (state && state->threads == threads && !memcmp(&state->params, &params, sizeof params))
        return run_way(state, task, state->way, VG_DNN_PREPARE); /* repack */
    vg_dnn_release(task);
    task->state = NULL;
    vg_status status = prepare_new(task, threads, choices, count);
    if (status != VG_OK) {
        vg_dnn_release(task);
        task->state = NULL;
        return status;
    }
    task->prepare_ns = ((row_state *)task->state)->create_ns;
    return VG_OK;
}

static void set_ftz(void *context, int worker, int workers)
{
    (void)worker;
    (void)workers;
    vg_cpu_set_ftz(*(const int *)context);
}

/* The library's workers are not the executor's: they follow the caller. */
bool vg_dnn_enter(int threads)
{
    int on = 1;
    vg_parallel_set_library_threads(threads);
    if (threads == 1 || !vg_cpu_get_ftz())
        return false;
    vg_parallel(threads, set_ftz, &on);
    return true;
}

void vg_dnn_leave(int threads)
{
    int off = 0;
    vg_parallel(threads, set_ftz, &off);
    vg_cpu_set_ftz(1);
}

/* The row's run. A failure after a successful prepare leaves the outputs as they were. */
static void run(const vg_task *task, int64_t unit, void *scratch)
{
    row_state *state = task->state;
    fixed_params params = params_of(task);
    if (memcmp(&state->params, &params, sizeof params)) { /* rebuild: a slope or eps has changed */
        vg_status status;
        vg_dnn_way_free(state->way);
        state->way = build(state, task, state->choice, &status);
        state->params = params;
    }
    if (!state->way)
        return;
    bool ftz = vg_dnn_enter(state->threads);
    vg_dnn_way_run(state->way, task, state->stream, VG_DNN_RUN);
    if (ftz)
        vg_dnn_leave(state->threads);
}

vg_dnn_way *vg_dnn_row_way(const vg_task *task, int *threads)
{
    const row_state *state = task->state;
    *threads = state ? state->threads : 1;
    return state ? state->way : NULL;
}

const vg_dnn_way *vg_dnn_way_of(const vg_task *task)
{
    const row_state *state = task->state;
    return state ? state->way : NULL;
}

int vg_dnn_phases(const vg_shape *shape, vg_phase phases[VG_MAX_PHASES])
{
    phases[0] = (vg_phase){.run = run, .units = 1, .serial = true};
    return 1;
}

/* Whether a step of prepare reads or writes it. */
static bool is_prepared(const vg_dnn_way *way, int memory)
{
    for (int i = 0; i < way->step_count; i++) {
        const vg_dnn_step *step = &way->steps[i];
        if (step->when != VG_DNN_PREPARE)
            continue;
        for (int k = 0; k < step->count; k++)
            if (step->args[k].memory == way->memories[memory].memory)
                return true;
        for (int k = 0; step->glue && k < 4; k++)
            if (step->glue_memory[k] == memory)
                return true;
    }
    return false;
}

void vg_onednn_visit_memory(const vg_task *task, bool prepared,
                            void (*visit)(void *user, const void *p, size_t bytes), void *user)
{
    const vg_dnn_way *way = vg_dnn_way_of(task);
    for (int i = 0; way && i < way->memory_count; i++) {
        void *own = way->memories[i].own;
        if (own && (!prepared || is_prepared(way, i)))
            visit(user, own, vg_alloc_bytes(own));
    }
    if (way && way->scratch && !prepared)
        visit(user, way->scratch, vg_alloc_bytes(way->scratch));
}

void vg_dnn_release(vg_task *task)
{
    row_state *state = task->state;
    if (!state)
        return;
    vg_dnn_way_free(state->way);
    dnnl_stream_destroy(state->stream);
    free(state);
}

void vg_dnn_describe(const vg_task *task, char *text, size_t size)
{
    const row_state *state = task->state;
    if (!state || !state->way) {
        snprintf(text, size, "oneDNN %d.%d, not prepared", dnnl_version()->major,
                 dnnl_version()->minor);
        return;
    }
    const vg_dnn_way *way = state->way;
    snprintf(text, size, "%s%s, %s%s%s", way->reference ? "reference: " : "", way->impl, way->label,
             *way->layout ? ", " : "", way->layout);
}
