/* SPDX-License-Identifier: Apache-2.0 */
/* Building ways: descriptors, memories, steps. */
#include "onednn/onednn_way.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onednn/onednn_way_private.h"
#include "vgbench/memory.h"

static const char *status_text(dnnl_status_t status)
{
    switch (status) {
    case dnnl_out_of_memory:
        return "out of memory";
    case dnnl_invalid_arguments:
        return "invalid arguments";
    case dnnl_unimplemented:
        return "not implemented";
    case dnnl_runtime_error:
        return "failed at run time";
    default:
        return "failed";
    }
}

bool vg_dnn_ok(vg_dnn_way *way, dnnl_status_t status, const char *what)
{
    if (way->status != VG_OK)
        return false;
    if (status == dnnl_success)
        return true;
    const vg_task *task = way->task;
    char shape[192];
    vg_shape_format(task->kernel->op, &task->shape, shape, sizeof shape);
    vg_status kind = status == dnnl_out_of_memory ? VG_ENOMEM
                     : status == dnnl_unimplemented || status == dnnl_invalid_arguments
                         ? VG_EUNSUPPORTED
                         : VG_EEXTERNAL;
    way->status = vg_fail(kind, "oneDNN %s: %s for %s/%s/%s", what, status_text(status),
                          vg_op_name(task->kernel->op), vg_dir_name(task->kernel->dir), shape);
    return false;
}

void vg_dnn_skip(vg_dnn_way *way, const char *why)
{
    if (way->status == VG_OK)
        way->status = vg_fail(VG_EUNSUPPORTED, "oneDNN %s: %s", way->label, why);
}

/* --- descriptors ------------------------------------------------------------------------------ */

static vg_dnn_md own_md(vg_dnn_way *way, dnnl_status_t status, vg_dnn_md md)
{
    if (!vg_dnn_ok(way, status, "memory descriptor")) {
        vg_dnn_md_destroy(md); /* of a way that failed before */
        return NULL;
    }
    if (way->owned_md_count == VG_DNN_MAX_OWNED) {
        vg_dnn_md_destroy(md);
        way->status = vg_fail(VG_EINVAL, "oneDNN %s: too many descriptors", way->label);
        return NULL;
    }
    return way->owned_mds[way->owned_md_count++] = md;
}

vg_dnn_md vg_dnn_strided(vg_dnn_way *way, int ndims, const dnnl_dims_t dims,
                         const dnnl_dims_t strides)
{
    vg_dnn_md md = NULL;
    dnnl_status_t status = vg_dnn_md_strides(&md, ndims, dims, strides);
    return own_md(way, status, md);
}

vg_dnn_md vg_dnn_tagged(vg_dnn_way *way, int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    vg_dnn_md md = NULL;
    dnnl_status_t status = vg_dnn_md_tag(&md, ndims, dims, tag);
    return own_md(way, status, md);
}

vg_dnn_md vg_dnn_matrix(vg_dnn_way *way, int64_t rows, int64_t cols, int64_t ld)
{
    return vg_dnn_strided(way, 2, (dnnl_dims_t){rows, cols}, (dnnl_dims_t){ld, 1});
}

vg_dnn_md vg_dnn_transposed(vg_dnn_way *way, int64_t rows, int64_t cols, int64_t ld)
{
    return vg_dnn_strided(way, 2, (dnnl_dims_t){cols, rows}, (dnnl_dims_t){1, ld});
}

vg_dnn_md vg_dnn_any(vg_dnn_way *way, int64_t rows, int64_t cols)
{
    return vg_dnn_tagged(way, 2, (dnnl_dims_t){rows, cols}, dnnl_format_tag_any);
}

vg_dnn_md vg_dnn_vector(vg_dnn_way *way, int64_t n)
{
    return vg_dnn_tagged(way, 1, (dnnl_dims_t){n}, dnnl_a);
}

vg_dnn_cmd vg_dnn_arg_md(const_dnnl_primitive_desc_t pd, int arg)
{
    return dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, arg);
}

/* --- attributes ------------------------------------------------------------------------------- */

dnnl_post_ops_t vg_dnn_ops(vg_dnn_way *way)
{
    dnnl_post_ops_t ops = NULL;
    if (way->status != VG_OK)
        return NULL;
    return vg_dnn_ok(way, dnnl_post_ops_create(&ops), "post-ops") ? ops : NULL;
}

dnnl_primitive_attr_t vg_dnn_attr(vg_dnn_way *way, dnnl_post_ops_t ops)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_status_t s = dnnl_primitive_attr_create(&attr);
    if (s == dnnl_success)
        s = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (s == dnnl_success)
        s = dnnl_primitive_attr_set_fpmath_mode(attr, dnnl_fpmath_mode_strict);
    if (s == dnnl_success && ops)
        s = dnnl_primitive_attr_set_post_ops(attr, ops);
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (s == dnnl_success && way->owned_attr_count == VG_DNN_MAX_STEPS)
        s = dnnl_out_of_memory;
    if (!vg_dnn_ok(way, s, "attributes")) {
        dnnl_primitive_attr_destroy(attr);
        return NULL;
    }
    return way->owned_attrs[way->owned_attr_count++] = attr;
}

/* --- memories --------------------------------------------------------------------------------- */

static int add_memory(vg_dnn_way *way, vg_dnn_cmd md, vg_dnn_memory m)
{
    if (way->status == VG_OK && way->memory_count == VG_DNN_MAX_MEMORIES)
        way->status = vg_fail(VG_EINVAL, "oneDNN %s: too many memories", way->label);
    if (way->status == VG_OK)
        vg_dnn_ok(way, dnnl_memory_create(&m.memory, md, vg_dnn_engine(), m.pointer), "memory");
    if (way->status != VG_OK) {
        vg_free(m.own);
        return -1;
    }
    way->memories[way->memory_count] = m;
    return way->memory_count++;
}

int vg_dnn_slot_at(vg_dnn_way *way, vg_slot slot, size_t offset, vg_dnn_cmd md)
{
    float *start = way->task->t[slot].p;
    return add_memory(
        way, md, (vg_dnn_memory){.pointer = start + offset, .slot = (int)slot, .offset = offset});
}

int vg_dnn_slot(vg_dnn_way *way, vg_slot slot, vg_dnn_cmd md)
{
    return vg_dnn_slot_at(way, slot, 0, md);
}

int vg_dnn_own(vg_dnn_way *way, vg_dnn_cmd md)
{
    if (way->status != VG_OK)
        return -1;
    void *buffer;
    size_t bytes = dnnl_memory_desc_get_size(md);
    way->status = vg_alloc(bytes ? bytes : 4, (unsigned)way->memory_count, &buffer);
    if (way->status != VG_OK)
        return -1;
    memset(buffer, 0, bytes ? bytes : 4);
    return add_memory(way, md, (vg_dnn_memory){.pointer = buffer, .own = buffer, .slot = -1});
}

int vg_dnn_part(vg_dnn_way *way, int memory, size_t offset, vg_dnn_cmd md)
{
    if (way->status != VG_OK)
        return -1;
    const vg_dnn_memory *of = &way->memories[memory];
    return add_memory(way, md,
                      (vg_dnn_memory){.pointer = (float *)of->pointer + offset,
                                      .slot = of->slot,
                                      .offset = of->offset + offset});
}

int vg_dnn_alias(vg_dnn_way *way, int memory, vg_dnn_cmd md)
{
    return vg_dnn_part(way, memory, 0, md);
}

int vg_dnn_unbound(vg_dnn_way *way, vg_dnn_cmd md)
{
    if (way->status != VG_OK)
        return -1;
    return add_memory(way, md, (vg_dnn_memory){.pointer = NULL, .slot = -1});
}

void vg_dnn_borrow(vg_dnn_way *way, int memory, const vg_dnn_way *lender, int lent)
{
    vg_dnn_memory *m = &way->memories[memory];
    void *now = lender->memories[lent].pointer;
    if (now != m->pointer && dnnl_memory_set_data_handle(m->memory, now) == dnnl_success)
        m->pointer = now;
}

float *vg_dnn_data(const vg_dnn_way *way, int memory)
{
    return way->memories[memory].pointer;
}

/* --- steps ------------------------------------------------------------------------------------ */

static vg_dnn_step *new_step(vg_dnn_way *way)
{
    if (way->status == VG_OK && way->step_count == VG_DNN_MAX_STEPS)
        way->status = vg_fail(VG_EINVAL, "oneDNN %s: too many steps", way->label);
    return way->status == VG_OK ? &way->steps[way->step_count++] : NULL;
}

/* Not code that the library is judged by: no JIT, or the ISA of 2008. For recurrent primitives
 * "ref" means JIT gates and a GEMM per time step, so it is no mark there. */
static bool is_reference(const char *impl, bool recurrent)
{
    if (!recurrent && strstr(impl, "ref"))
        return true;
    return strstr(impl, "simple") || strstr(impl, "ncsp") || strstr(impl, "sse41");
}

static void note_impl(vg_dnn_way *way, const_dnnl_primitive_desc_t pd, vg_dnn_when when)
{
    const char *impl = NULL;
    dnnl_primitive_kind_t kind = dnnl_undefined_primitive;
    dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &impl);
    dnnl_primitive_desc_query(pd, dnnl_query_primitive_kind, 0, &kind);
    bool reorder = kind == dnnl_reorder;
    if (reorder && when == VG_DNN_PREPARE)
        return; /* packing: its layout is in the description */
    if (!impl || reorder)
        impl = "reorder";
    if (!reorder && is_reference(impl, kind == dnnl_rnn))
        way->reference = true;
    size_t used = strlen(way->impl);
    if (strstr(way->impl, impl) == NULL)
        snprintf(way->impl + used, sizeof way->impl - used, "%s%s", used ? " + " : "", impl);
}

static void add_scratchpad(vg_dnn_way *way, vg_dnn_step *step, const_dnnl_primitive_desc_t pd)
{
    vg_dnn_cmd md = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    size_t bytes = md ? dnnl_memory_desc_get_size(md) : 0;
    if (bytes == 0 || way->status != VG_OK)
        return;
    dnnl_memory_t memory;
    if (!vg_dnn_ok(way, dnnl_memory_create(&memory, md, vg_dnn_engine(), DNNL_MEMORY_NONE),
                   "scratchpad"))
        return;
    way->scratch_memories[way->scratch_count++] = memory;
    if (bytes > way->scratch_bytes)
        way->scratch_bytes = bytes;
    step->args[step->count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, memory};
}

dnnl_primitive_desc_t vg_dnn_keep_pd(vg_dnn_way *way, dnnl_primitive_desc_t pd)
{
    if (way->status == VG_OK && way->owned_pd_count == VG_DNN_MAX_STEPS)
        way->status = vg_fail(VG_EINVAL, "oneDNN %s: too many descriptors", way->label);
    if (way->status == VG_OK)
        way->owned_pds[way->owned_pd_count++] = pd;
    return pd;
}

static bool is_kept(const vg_dnn_way *way, dnnl_primitive_desc_t pd)
{
    for (int i = 0; i < way->owned_pd_count; i++)
        if (way->owned_pds[i] == pd)
            return true;
    return false;
}

void vg_dnn_add_when(vg_dnn_way *way, dnnl_primitive_desc_t pd, int count, const vg_dnn_arg *args,
                     vg_dnn_when when)
{
    vg_dnn_step *step = new_step(way);
    if (step) {
        step->when = when;
        for (int i = 0; i < count; i++)
            step->args[step->count++] =
                (dnnl_exec_arg_t){args[i].arg, way->memories[args[i].memory].memory};
        vg_dnn_ok(way, dnnl_primitive_create(&step->primitive, pd), "primitive");
        note_impl(way, pd, when);
        add_scratchpad(way, step, pd);
    }
    if (pd && !is_kept(way, pd))
        dnnl_primitive_desc_destroy(pd);
}

void vg_dnn_add(vg_dnn_way *way, dnnl_primitive_desc_t pd, int count, const vg_dnn_arg *args)
{
    vg_dnn_add_when(way, pd, count, args, VG_DNN_RUN);
}

void vg_dnn_add_glue(vg_dnn_way *way, vg_dnn_glue_fn *glue, const int memory[4], vg_dnn_when when)
{
    vg_dnn_step *step = new_step(way);
    if (!step)
        return;
    step->glue = glue;
    memcpy(step->glue_memory, memory, 4 * sizeof *memory);
    step->when = when;
}

void vg_dnn_add_reorder(vg_dnn_way *way, int from, vg_dnn_cmd from_md, int to, vg_dnn_cmd to_md,
                        vg_dnn_when when)
{
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK &&
        vg_dnn_ok(way, vg_dnn_reorder(&pd, from_md, to_md, attr), "reorder"))
        vg_dnn_add_when(way, pd, 2, (vg_dnn_arg[]){{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}, when);
    if (way->status == VG_OK)
        way->steps[way->step_count - 1].reorder = true;
}

int vg_dnn_to_layout(vg_dnn_way *way, int memory, vg_dnn_cmd from, vg_dnn_cmd to, vg_dnn_when when)
{
    if (way->status != VG_OK || dnnl_memory_desc_equal(from, to))
        return memory;
    int target = vg_dnn_own(way, to);
    vg_dnn_add_reorder(way, memory, from, target, to, when);
    return target;
}

int vg_dnn_target(vg_dnn_way *way, int memory, vg_dnn_cmd made, vg_dnn_cmd wanted)
{
    if (way->status != VG_OK || dnnl_memory_desc_equal(made, wanted))
        return memory;
    return vg_dnn_own(way, made);
}

void vg_dnn_from_layout(vg_dnn_way *way, int made_memory, vg_dnn_cmd made, int memory,
                        vg_dnn_cmd wanted)
{
    if (made_memory != memory)
        vg_dnn_add_reorder(way, made_memory, made, memory, wanted, VG_DNN_RUN);
}

/* --- descriptions ----------------------------------------------------------------------------- */

void vg_dnn_note_layout(vg_dnn_way *way, const char *name, vg_dnn_cmd md)
{
    vg_dnn_layout l;
    if (way->status != VG_OK || vg_dnn_md_layout(md, &l) != dnnl_success)
        return;
    bool blocked[DNNL_MAX_NDIMS] = {false};
    for (int i = 0; i < l.inner; i++)
        blocked[l.block_dims[i]] = true;
    int order[DNNL_MAX_NDIMS];
    for (int i = 0; i < l.ndims; i++) { /* insertion sort by stride, largest first */
        int at = i;
        for (; at > 0 && l.strides[order[at - 1]] < l.strides[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    char text[sizeof way->layout];
    int n = snprintf(text, sizeof text, "%s ", name);
    for (int i = 0; i < l.ndims; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%c",
                      (blocked[order[i]] ? 'A' : 'a') + order[i]);
    for (int i = 0; i < l.inner && n < (int)sizeof text - 8; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%lld%c", (long long)l.blocks[i],
                      (char)('a' + l.block_dims[i]));
    memcpy(way->layout, text, sizeof text);
}

/* --- life ------------------------------------------------------------------------------------- */

static void end_build(vg_dnn_way *way)
{
    for (int i = 0; i < way->owned_md_count; i++)
        vg_dnn_md_destroy(way->owned_mds[i]);
    for (int i = 0; i < way->owned_pd_count; i++)
        dnnl_primitive_desc_destroy(way->owned_pds[i]);
    for (int i = 0; i < way->owned_attr_count; i++)
        dnnl_primitive_attr_destroy(way->owned_attrs[i]);
    way->owned_md_count = way->owned_pd_count = way->owned_attr_count = 0;
    if (way->status != VG_OK || way->scratch_bytes == 0)
        return;
    way->status = vg_alloc(way->scratch_bytes, 15, &way->scratch);
    for (int i = 0; i < way->scratch_count && way->status == VG_OK; i++)
        vg_dnn_ok(way, dnnl_memory_set_data_handle(way->scratch_memories[i], way->scratch),
                  "scratchpad");
}

vg_dnn_way *vg_dnn_way_build(const vg_task *task, const vg_dnn_choice *choice)
{
    vg_dnn_way *way = calloc(1, sizeof *way);
    if (!way) {
        vg_fail(VG_ENOMEM, "out of memory for oneDNN %s", choice->label);
        return NULL;
    }
    way->label = choice->label;
    way->variant = choice->variant;
    way->task = task;
    way->kept = -1;
    choice->build(way, task);
    end_build(way);
    way->task = NULL;
    return way;
}

void vg_dnn_way_free(vg_dnn_way *way)
{
    if (!way)
        return;
    for (int i = 0; i < way->step_count; i++)
        if (way->steps[i].primitive)
            dnnl_primitive_destroy(way->steps[i].primitive);
    for (int i = 0; i < way->memory_count; i++) {
        dnnl_memory_destroy(way->memories[i].memory);
        vg_free(way->memories[i].own);
    }
    for (int i = 0; i < way->scratch_count; i++)
        dnnl_memory_destroy(way->scratch_memories[i]);
    vg_free(way->scratch);
    free(way);
}

/* Tensors may have moved since prepare (cold-cache pools rotate buffers). */
void vg_dnn_way_bind(vg_dnn_way *way, const vg_task *task)
{
    way->bound = task;
    for (int i = 0; i < way->memory_count; i++) {
        vg_dnn_memory *m = &way->memories[i];
        if (m->slot < 0)
            continue;
        void *now = (float *)task->t[m->slot].p + m->offset;
        if (now != m->pointer && dnnl_memory_set_data_handle(m->memory, now) == dnnl_success)
            m->pointer = now;
    }
}

dnnl_status_t vg_dnn_way_run(vg_dnn_way *way, const vg_task *task, dnnl_stream_t stream,
                             vg_dnn_when when)
{
    vg_dnn_way_bind(way, task);
    dnnl_status_t status = dnnl_success;
    bool accounts = vg_dnn_accounts();
    for (int i = 0; i < way->step_count && status == dnnl_success; i++) {
        vg_dnn_step *step = &way->steps[i];
        if (step->when != when)
            continue;
        double begin = accounts ? vg_dnn_account_begin() : 0;
        if (step->glue)
            step->glue(task, way, step->glue_memory);
        else
            status = dnnl_primitive_execute(step->primitive, stream, step->count, step->args);
        if (accounts)
            vg_dnn_account_add(step, vg_dnn_account_begin() - begin);
    }
    return status == dnnl_success ? dnnl_stream_wait(stream) : status;
}
