/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/cold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure/clock.h"
#include "measure/flush.h"
#include "results/results.h"
#include "vgbench/memory.h"
#include "vgbench/onednn.h"

const char *const vg_cold_names[] = {"none", "wei", "all", NULL};

bool vg_cold_by_name(const char *name, vg_cold *mode)
{
    *mode = VG_COLD_NONE;
    for (int i = 0; name && vg_cold_names[i]; i++)
        if (!strcmp(name, vg_cold_names[i])) {
            *mode = (vg_cold)i;
            return true;
        }
    return !name;
}

const char *vg_cold_text(vg_cold mode)
{
    static const char *const texts[] = {"hot caches", "cold weights", "all cold"};
    return texts[mode];
}

/* --- what is flushed -------------------------------------------------------------------------- */

static bool is_parameter(vg_slot slot)
{
    switch (slot) {
    case VG_W:
    case VG_B:
    case VG_SLOPE:
    case VG_GAMMA:
    case VG_BETA:
    case VG_ALPHA:
    case VG_PARAM:
    case VG_W_IH:
    case VG_W_HH:
    case VG_B_IH:
    case VG_B_HH:
        return true;
    default:
        return false;
    }
}

/* Memory that the task has beside its tensors. */
static void visit_own(const vg_task *task, vg_cold mode, vg_cold_visit_fn *visit, void *user)
{
    if (!task->kernel)
        return;
    bool packed = vg_op_has_weights(task->kernel->op) && task->shape.weights == VG_WEIGHTS_PACKED;
    if (mode == VG_COLD_ALL && task->workspace)
        visit(user, task->workspace, vg_task_workspace_bytes(task));
    if (task->kernel->backend == VG_BACKEND_onednn)
        vg_onednn_visit_memory(task, mode == VG_COLD_WEI, visit, user);
    else if (task->state && (packed || mode == VG_COLD_ALL))
        visit(user, task->state, vg_alloc_bytes(task->state));
}

static void visit_tensors(const vg_task *task, vg_cold mode, vg_cold_visit_fn *visit, void *user)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(task->kernel->op, task->kernel->dir, &task->shape, list);
    for (int i = 0; i < count; i++) {
        const vg_tensor *t = &task->t[list[i].slot];
        int64_t ld = t->ld ? t->ld : list[i].cols;
        bool weights = is_parameter(list[i].slot) && list[i].access != VG_ACCESS_OUT;
        if (t->p && list[i].rows > 0 && (mode == VG_COLD_ALL || weights))
            visit(user, t->p, (size_t)((list[i].rows - 1) * ld + list[i].cols) * sizeof(float));
    }
}

void vg_cold_visit_plan(const vg_plan *plan, vg_cold mode, vg_cold_visit_fn *visit, void *user)
{
    const vg_task *last = NULL; /* phases of a task follow each other */
    for (int i = 0; i < plan->count; i++) {
        const vg_task *task = plan->steps[i].task;
        if (task == last || !task->kernel)
            continue;
        visit_tensors(task, mode, visit, user);
        visit_own(task, mode, visit, user);
        last = task;
    }
}

static void visit_memory(const vg_rig *rig, vg_cold mode, vg_cold_visit_fn *visit, void *user)
{
    visit_tensors(&rig->task, mode, visit, user);
    visit_own(&rig->task, mode, visit, user);
    if (mode == VG_COLD_ALL) /* a library keeps there what its backward pass reads */
        visit_own(&rig->forward, mode, visit, user);
}

static void flush_block(void *user, const void *p, size_t bytes)
{
    (void)user;
    vg_flush(p, bytes);
}

void vg_cold_flush_plan(const vg_plan *plan, vg_cold mode)
{
    if (mode != VG_COLD_NONE)
        vg_cold_visit_plan(plan, mode, flush_block, NULL);
}

/* --- blocks, each once ------------------------------------------------------------------------ */

typedef struct blocks {
    const void **items, *largest;
    size_t count, capacity, largest_bytes, all_bytes;
} blocks;

static bool has_block(const blocks *b, const void *p)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->items[i] == p)
            return true;
    return false;
}

static void note_block(void *user, const void *p, size_t bytes)
{
    blocks *b = user;
    if (has_block(b, p))
        return;
    if (b->count == b->capacity) {
        size_t capacity = b->capacity ? 2 * b->capacity : 64;
        const void **items = realloc(b->items, capacity * sizeof *items);
        if (!items)
            return; /* a block that is not known: bytes are short of it, no harm else */
        b->items = items;
        b->capacity = capacity;
    }
    b->items[b->count++] = p;
    b->all_bytes += bytes;
    if (bytes > b->largest_bytes) {
        b->largest = p;
        b->largest_bytes = bytes;
    }
}

static void touch_block(void *user, const void *p, size_t bytes)
{
    const volatile unsigned char *base = p;
    if (has_block(user, p))
        return;
    for (size_t at = 0; at < bytes; at += 64)
        (void)base[at];
}

void vg_cold_touch_rest(const vg_plan *plan)
{
    blocks weights = {0};
    vg_cold_visit_plan(plan, VG_COLD_WEI, note_block, &weights);
    vg_cold_visit_plan(plan, VG_COLD_ALL, touch_block, &weights);
    free(weights.items);
}

/* --- samples ---------------------------------------------------------------------------------- */

void vg_cold_begin(vg_rig *rig, vg_cold mode)
{
    vg_rig_begin(rig);
    if (mode == VG_COLD_NONE)
        return;
    visit_memory(rig, mode, flush_block, NULL);
    vg_team_wake(rig->team); /* the flush may have taken long enough for the workers to sleep */
}

double vg_cold_time(vg_rig *rig, vg_cold mode, double *cpu_ns)
{
    vg_cold_begin(rig, mode);
    double cpu = vg_clock_cpu_ns();
    double begin = vg_clock_ns();
    vg_rig_run(rig);
    double end = vg_clock_ns();
    *cpu_ns = vg_clock_cpu_ns() - cpu;
    return end - begin;
}

/* --- the check -------------------------------------------------------------------------------- */

static void check_blocks(blocks *b, void (*begin)(void *), void *user, vg_cold_check *check)
{
    enum { TRIES = 5 };
    *check = (vg_cold_check){.bytes = (double)b->all_bytes, .cold_ns = (double)NAN, .hot_ns = (double)NAN};
    check->clock_ns = vg_flush_clock_ns();
    for (int i = 0; i < TRIES && b->largest_bytes; i++) {
        begin(user);
        double cold = vg_flush_read_ns(b->largest, b->largest_bytes);
        double hot = vg_flush_read_ns(b->largest, b->largest_bytes);
        check->cold_ns = fmin(check->cold_ns, cold);
        check->hot_ns = fmin(check->hot_ns, hot);
    }
    free(b->items);
}

typedef struct subject {
    vg_rig *rig;
    const vg_plan *plan;
    vg_cold mode;
    void (*run)(void *user);
    void *user;
} subject;

static void begin_rig(void *user)
{
    subject *s = user;
    vg_cold_begin(s->rig, s->mode);
}

static void begin_plan(void *user)
{
    subject *s = user;
    s->run(s->user);
    vg_cold_flush_plan(s->plan, s->mode);
}

void vg_cold_verify(vg_rig *rig, vg_cold mode, vg_cold_check *check)
{
    blocks b = {0};
    subject s = {.rig = rig, .mode = mode};
    visit_memory(rig, mode, note_block, &b);
    check_blocks(&b, begin_rig, &s, check);
}

void vg_cold_verify_plan(const vg_plan *plan, vg_cold mode, void (*run)(void *user), void *user,
                         vg_cold_check *check)
{
    blocks b = {0};
    subject s = {.plan = plan, .mode = mode, .run = run, .user = user};
    vg_cold_visit_plan(plan, mode, note_block, &b);
    check_blocks(&b, begin_plan, &s, check);
}

bool vg_cold_shown(const vg_cold_check *check)
{
    return check->cold_ns >= VG_COLD_FACTOR * check->hot_ns;
}

json_t *vg_cold_json(const vg_cold_check *check)
{
    json_t *j = json_object();
    vg_json_set_number(j, "bytes", check->bytes);
    vg_json_set_number(j, "cold_ns", check->cold_ns);
    vg_json_set_number(j, "hot_ns", check->hot_ns);
    vg_json_set_number(j, "clock_ns", check->clock_ns);
    json_object_set_new(j, "cold", json_boolean(vg_cold_shown(check)));
    return j;
}
