/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared rows one behind the other as one list of calls. Row by row, what lies between two
 * primitives is dear where they are short: structures with room for any row are fetched from far
 * away, and the clock (46 ns here) is read four times. */
#include <stdlib.h>
#include <string.h>

#include "onednn/onednn_way_private.h"
#include "vgbench/onednn.h"

typedef struct call {
    dnnl_primitive_t primitive; /* NULL: a step in C */
    const dnnl_exec_arg_t *args;
    int count, task;
    const vg_dnn_step *step;
} call;

struct vg_onednn_sequence {
    const vg_task **tasks;
    vg_dnn_way **ways;
    call *calls;
    dnnl_exec_arg_t *args;
    dnnl_stream_t stream;
    int task_count, call_count, threads;
};

static int args_needed(const vg_onednn_sequence *s, int *calls)
{
    int args = 0;
    *calls = 0;
    for (int t = 0; t < s->task_count; t++)
        for (int i = 0; i < s->ways[t]->step_count; i++)
            if (s->ways[t]->steps[i].when == VG_DNN_RUN) {
                args += s->ways[t]->steps[i].count;
                (*calls)++;
            }
    return args;
}

static void list_calls(vg_onednn_sequence *s)
{
    dnnl_exec_arg_t *next = s->args;
    for (int t = 0; t < s->task_count; t++)
        for (int i = 0; i < s->ways[t]->step_count; i++) {
            const vg_dnn_step *step = &s->ways[t]->steps[i];
            if (step->when != VG_DNN_RUN)
                continue;
            memcpy(next, step->args, (size_t)step->count * sizeof *next);
            s->calls[s->call_count++] = (call){.primitive = step->glue ? NULL : step->primitive,
                                               .args = next,
                                               .count = step->count,
                                               .task = t,
                                               .step = step};
            next += step->count;
        }
}

static vg_status make(vg_onednn_sequence *s, const vg_task *const tasks[], int count)
{
    int calls;
    s->tasks = calloc((size_t)count, sizeof *s->tasks);
    s->ways = calloc((size_t)count, sizeof *s->ways);
    if (!s->tasks || !s->ways)
        return vg_fail(VG_ENOMEM, "out of memory for a sequence of %d oneDNN rows", count);
    s->task_count = count;
    for (int t = 0; t < count; t++) {
        s->tasks[t] = tasks[t];
        s->ways[t] = vg_dnn_row_way(tasks[t], &s->threads);
        if (!s->ways[t])
            return vg_fail(VG_EINVAL, "a sequence of oneDNN rows: row %d is not prepared", t);
        vg_dnn_way_bind(s->ways[t], tasks[t]);
    }
    int args = args_needed(s, &calls);
    s->args = calloc((size_t)args + 1, sizeof *s->args);
    s->calls = calloc((size_t)calls + 1, sizeof *s->calls);
    if (!s->args || !s->calls)
        return vg_fail(VG_ENOMEM, "out of memory for a sequence of %d oneDNN rows", count);
    if (dnnl_stream_create(&s->stream, vg_dnn_engine(), dnnl_stream_default_flags) != dnnl_success)
        return vg_fail(VG_EEXTERNAL, "oneDNN gave no stream");
    list_calls(s);
    return VG_OK;
}

vg_status vg_onednn_sequence_create(const vg_task *const tasks[], int count,
                                    vg_onednn_sequence **sequence)
{
    *sequence = NULL;
    vg_onednn_sequence *s = calloc(1, sizeof *s);
    if (!s)
        return vg_fail(VG_ENOMEM, "out of memory for a sequence of oneDNN rows");
    vg_status status = make(s, tasks, count);
    if (status != VG_OK) {
        vg_onednn_sequence_destroy(s);
        return status;
    }
    *sequence = s;
    return VG_OK;
}

void vg_onednn_sequence_destroy(vg_onednn_sequence *s)
{
    if (!s)
        return;
    if (s->stream)
        dnnl_stream_destroy(s->stream);
    free(s->tasks);
    free(s->ways);
    free(s->calls);
    free(s->args);
    free(s);
}

static dnnl_status_t run_call(const vg_onednn_sequence *s, const call *c)
{
    if (c->primitive)
        return dnnl_primitive_execute(c->primitive, s->stream, c->count, c->args);
    c->step->glue(s->tasks[c->task], s->ways[c->task], c->step->glue_memory);
    return dnnl_success;
}

/* The clock is read once between two calls: a call takes from the end of the one before. */
static dnnl_status_t run_timed(const vg_onednn_sequence *s, double *ns)
{
    dnnl_status_t status = dnnl_success;
    memset(ns, 0, (size_t)s->task_count * sizeof *ns);
    double begin = vg_dnn_account_begin();
    for (int i = 0; i < s->call_count && status == dnnl_success; i++) {
        status = run_call(s, &s->calls[i]);
        double end = vg_dnn_account_begin();
        vg_dnn_account_add(s->calls[i].step, end - begin);
        ns[s->calls[i].task] += end - begin;
        begin = end;
    }
    return status;
}

vg_status vg_onednn_sequence_run(const vg_onednn_sequence *s, double *ns)
{
    dnnl_status_t status = dnnl_success;
    bool ftz = vg_dnn_enter(s->threads);
    /* rows are run by others, too, on tensors elsewhere */
    for (int t = 0; t < s->task_count; t++)
        if (s->ways[t]->bound != s->tasks[t])
            vg_dnn_way_bind(s->ways[t], s->tasks[t]);
    if (vg_dnn_accounts())
        status = run_timed(s, ns);
    else
        for (int i = 0; i < s->call_count && status == dnnl_success; i++)
            status = run_call(s, &s->calls[i]);
    if (status == dnnl_success)
        status = dnnl_stream_wait(s->stream);
    if (ftz)
        vg_dnn_leave(s->threads);
    if (status != dnnl_success)
        return vg_fail(VG_EEXTERNAL, "a sequence of oneDNN primitives failed: status %d",
                       (int)status);
    return VG_OK;
}
