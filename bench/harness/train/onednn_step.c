/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/train/onednn_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/results.h"

/* --- joining ------------------------------------------------------------------------------- */

static bool is_row(const vg_step *step)
{
    const vg_kernel *kernel = step->task->kernel;
    return step->phase.serial && kernel && kernel->backend == VG_BACKEND_onednn;
}

static int run_length(const vg_plan *plan, int begin)
{
    int end = begin;
    while (end < plan->count && is_row(&plan->steps[end]))
        end++;
    return end - begin;
}

static void run_joined(const vg_task *task, int64_t unit, void *scratch)
{
    (void)unit;
    (void)scratch;
    const vg_joined *joined = (const vg_joined *)task;
    vg_onednn_sequence_run(joined->sequence, joined->ns);
}

static vg_status make(vg_joined *joined, const vg_step *steps, int count)
{
    const vg_task **tasks = calloc((size_t)count, sizeof *tasks);
    joined->steps = calloc((size_t)count, sizeof *joined->steps);
    joined->ns = calloc((size_t)count, sizeof *joined->ns);
    vg_status status = VG_OK;
    if (!tasks || !joined->steps || !joined->ns)
        status = vg_fail(VG_ENOMEM, "out of memory for the oneDNN step");
    for (int i = 0; i < count && status == VG_OK; i++) {
        joined->steps[i] = steps[i];
        tasks[i] = steps[i].task;
    }
    joined->count = count;
    if (status == VG_OK)
        status = vg_onednn_sequence_create(tasks, count, &joined->sequence);
    free(tasks);
    return status;
}

static int runs_of(const vg_plan *plan)
{
    int runs = 0;
    for (int i = 0; i < plan->count; i++)
        runs += is_row(&plan->steps[i]) && (i == 0 || !is_row(&plan->steps[i - 1]));
    return runs;
}

vg_status vg_onednn_step_join(vg_plan *plan, vg_joined_list *list)
{
    int runs = runs_of(plan), kept = 0;
    list->items = calloc((size_t)runs + 1, sizeof *list->items);
    if (!list->items)
        return vg_fail(VG_ENOMEM, "out of memory for the oneDNN step");
    for (int i = 0; i < plan->count;) {
        int length = run_length(plan, i);
        vg_step step = plan->steps[i];
        if (length) {
            vg_joined *joined = &list->items[list->count++];
            VG_TRY(make(joined, &plan->steps[i], length));
            step.task = &joined->task;
            step.phase.run = run_joined;
        }
        plan->steps[kept++] = step;
        i += length ? length : 1;
    }
    plan->count = kept;
    return VG_OK;
}

void vg_onednn_step_release(vg_joined_list *list)
{
    for (int i = 0; i < list->count; i++) {
        vg_onednn_sequence_destroy(list->items[i].sequence);
        free(list->items[i].steps);
        free(list->items[i].ns);
    }
    free(list->items);
    *list = (vg_joined_list){0};
}

const vg_joined *vg_joined_of(const vg_step *step)
{
    return step->phase.run == run_joined ? (const vg_joined *)step->task : NULL;
}

/* --- the account --------------------------------------------------------------------------- */

json_t *vg_onednn_step_account(const vg_onednn_account *account, double total_us, double own_us,
                               double clock_us)
{
    json_t *json = json_object();
    double primitives = 1e-3 * account->primitives, reorders = 1e-3 * account->reorders;
    double c_steps = 1e-3 * account->c_steps;
    double glue = total_us - primitives - reorders - c_steps - own_us - clock_us;
    vg_json_set_number(json, "primitives_us", primitives);
    vg_json_set_number(json, "reorders_us", reorders);
    vg_json_set_number(json, "c_steps_us", c_steps);
    vg_json_set_number(json, "own_us", own_us);
    vg_json_set_number(json, "clock_us", clock_us);
    vg_json_set_number(json, "glue_us", glue);
    vg_json_set_number(json, "glue_fraction", glue / total_us);
    return json;
}

json_t *vg_onednn_step_composition(const vg_step *steps, int count)
{
    json_t *list = json_array(), *seen = json_object();
    for (int i = 0; i < count; i++) {
        const vg_task *task = steps[i].task;
        char name[320], impl[256];
        if (!is_row(&steps[i]))
            continue;
        vg_kernel_format(task->kernel, &task->shape, 0, name, sizeof name);
        json_t *entry = json_object_get(seen, name);
        if (!entry) {
            entry = json_object();
            vg_task_describe(task, impl, sizeof impl);
            vg_json_set_text(entry, "kernel", name);
            json_object_set_new(entry, "calls", json_integer(0));
            vg_json_set_text(entry, "impl", impl);
            json_array_append(list, entry);
            json_object_set_new(seen, name, entry);
        }
        json_object_set_new(entry, "calls",
                            json_integer(json_integer_value(json_object_get(entry, "calls")) + 1));
    }
    json_decref(seen);
    return list;
}
