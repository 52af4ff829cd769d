/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/cold.h"

#include <math.h>
#include <time.h>

#include "measure/flush.h"
#include "results/results.h"
#include "vgbench/memory.h"
#include "vgbench/onednn.h"

const char *const vg_cold_names[] = {"none", "wei", "all", NULL};

const char *vg_cold_text(vg_cold mode)
{
    static const char *const texts[] = {"hot caches", "cold weights", "all cold"};
    return texts[mode];
}

static double clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
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

typedef void visit_fn(void *user, const void *p, size_t bytes);

/* Memory that the task has beside its tensors. */
static void visit_own(const vg_task *task, vg_cold mode, visit_fn *visit, void *user)
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

static void visit_memory(const vg_rig *rig, vg_cold mode, visit_fn *visit, void *user)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    const vg_task *task = &rig->task;
    int count = vg_op_tensors(task->kernel->op, task->kernel->dir, &task->shape, list);
    for (int i = 0; i < count; i++)
        if (mode == VG_COLD_ALL || (is_parameter(list[i].slot) && list[i].access != VG_ACCESS_OUT))
            visit(user, rig->tensors[list[i].slot], rig->bytes[list[i].slot]);
    visit_own(task, mode, visit, user);
    if (mode == VG_COLD_ALL) /* a library keeps there what its backward pass reads */
        visit_own(&rig->forward, mode, visit, user);
}

static void flush_block(void *user, const void *p, size_t bytes)
{
    (void)user;
    vg_flush(p, bytes);
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
    double cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    double begin = clock_ns(CLOCK_MONOTONIC);
    vg_rig_run(rig);
    double end = clock_ns(CLOCK_MONOTONIC);
    *cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    return end - begin;
}

/* --- the check -------------------------------------------------------------------------------- */

typedef struct largest {
    const void *p;
    size_t bytes, all;
} largest;

static void find_largest(void *user, const void *p, size_t bytes)
{
    largest *l = user;
    l->all += bytes;
    if (bytes > l->bytes) {
        l->p = p;
        l->bytes = bytes;
    }
}

void vg_cold_verify(vg_rig *rig, vg_cold mode, vg_cold_check *check)
{
    enum { TRIES = 5 };
    largest l = {NULL, 0, 0};
    visit_memory(rig, mode, find_largest, &l);
    *check = (vg_cold_check){.bytes = (double)l.all, .cold_ns = (double)NAN, .hot_ns = (double)NAN};
    check->clock_ns = vg_flush_clock_ns();
    if (!l.bytes)
        return;
    for (int i = 0; i < TRIES; i++) {
        vg_cold_begin(rig, mode);
        double cold = vg_flush_read_ns(l.p, l.bytes), hot = vg_flush_read_ns(l.p, l.bytes);
        check->cold_ns = fmin(check->cold_ns, cold);
        check->hot_ns = fmin(check->hot_ns, hot);
    }
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
