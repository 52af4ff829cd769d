/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a network: the estimate before anything is allocated, and the blocks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/first_touch.h"
#include "harness/net_internal.h"

/* --- estimate ------------------------------------------------------------------------------ */

double vg_net_bytes(const vg_spec *s, const vg_net_options *options)
{
    if (s->model != VG_MODEL_mlp)
        return vg_recurrent_bytes(s, options);
    double depth = (double)s->depth, width = (double)s->width, batch = (double)s->batch;
    double matrices = s->skip == VG_SKIP_highway ? 2 : (double)s->block_layers;
    double params = depth * (matrices * width * (width + 1) + 4 * width) +
                    (double)s->in_dim * width + (width + 1) * (double)s->classes;
    /* pre, h, and what norm, skip and second matrix add */
    double values = 2 + (s->norm != VG_OP_none) + (s->skip != VG_SKIP_none) +
                    (s->skip == VG_SKIP_highway ? 2 : 0) + (double)(s->block_layers - 1);
    double gradients = options->keep ? depth * values * 1.5 : 8;
    double wide = width > (double)s->in_dim ? width : (double)s->in_dim;
    return 4 * (2 * params + depth * values * batch * width + gradients * batch * wide +
                2 * batch * wide);
}

/* Bytes that can be had without swapping: MemAvailable, and the limit of the control group. */
static double available_bytes(void)
{
    double bytes = 0, limit, used;
    char line[128];
    FILE *file = fopen("/proc/meminfo", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %lf kB", &bytes) == 1)
            bytes *= 1024;
    if (file)
        fclose(file);
    FILE *max = fopen("/sys/fs/cgroup/memory.max", "r"),
         *current = fopen("/sys/fs/cgroup/memory.current", "r");
    if (max && current && fscanf(max, "%lf", &limit) == 1 && fscanf(current, "%lf", &used) == 1 &&
        limit - used < bytes)
        bytes = limit - used;
    if (max)
        fclose(max);
    if (current)
        fclose(current);
    return bytes;
}

vg_status vg_net_check_memory(const vg_spec *spec, const vg_net_options *options)
{
    double needed = vg_net_bytes(spec, options), free_bytes = available_bytes();
    char steps[32] = "";
    if (!(free_bytes > 0 && needed > 0.95 * free_bytes))
        return VG_OK;
    if (spec->model != VG_MODEL_mlp)
        snprintf(steps, sizeof steps, " seq_len=%lld", (long long)spec->seq_len);
    return vg_fail(VG_ENOMEM,
                   "depth=%lld width=%lld batch=%lld%s needs about %.3g GiB, %.3g GiB are free",
                   (long long)spec->depth, (long long)spec->width, (long long)spec->batch, steps,
                   needed / 0x1p30, free_bytes / 0x1p30);
}

/* --- blocks -------------------------------------------------------------------------------- */

/* Lengths rounded up to a cache line. */
static size_t padded(int64_t count)
{
    return ((size_t)count + 15) & ~(size_t)15;
}

static vg_status allocate_values(vg_net *net)
{
    size_t *ends = calloc((size_t)net->values, sizeof *ends);
    if (!ends)
        return vg_fail(VG_ENOMEM, "out of memory for %d tensors", net->values);
    for (int i = 0; i < net->values; i++)
        ends[i] = (i ? ends[i - 1] : 0) + padded(net->value[i].rows * net->value[i].cols);
    vg_status status = VG_OK;
    if (net->options.share)
        net->activations = net->options.share->activations;
    else
        status = vg_touch_extents(net->team, 2, ends, net->values, &net->activations);
    for (int i = 0; i < net->values; i++)
        net->value[i].data = net->activations + (i ? ends[i - 1] : 0);
    free(ends);
    return status;
}

/* Saved statistics: [width] for batch norm, [batch][groups] or [batch] for the others. */
static vg_status allocate_saved(vg_net *net)
{
    if (net->options.share) { /* the same graph; for a smaller batch the slots are large enough */
        for (int i = 0; i < net->nodes; i++) {
            const vg_node *other = &net->options.share->node[i];
            vg_node *n = &net->node[i];
            n->mean = other->mean;
            n->rstd = other->rstd;
            n->run_mean = other->run_mean;
            n->run_var = other->run_var;
        }
        return VG_OK;
    }
    int norms = 0;
    for (int i = 0; i < net->nodes; i++)
        norms += vg_op_is_norm(net->node[i].op);
    if (!norms)
        return VG_OK;
    const vg_spec *s = &net->spec;
    int64_t per_row = s->norm == VG_OP_group_norm ? s->groups : 1;
    int64_t count = s->norm == VG_OP_batch_norm ? s->width : s->batch * per_row;
    size_t slot = padded(count), width = padded(s->width);
    VG_TRY(vg_touch_floats(net->team, 3, (size_t)norms * 2 * (slot + width), &net->saved));
    float *at = net->saved;
    for (int i = 0; i < net->nodes; i++) {
        vg_node *n = &net->node[i];
        if (!vg_op_is_norm(n->op))
            continue;
        n->mean = at;
        n->rstd = at + slot;
        n->run_mean = at + 2 * slot;
        n->run_var = n->run_mean + width;
        at += 2 * (slot + width);
    }
    vg_net_reset_running(net);
    return VG_OK;
}

static vg_status share_memory(vg_net *net)
{
    vg_net *other = net->options.share;
    net->data = other->data;
    net->grads = other->grads;
    net->target = other->target;
    net->loss = other->loss;
    net->labels = other->labels;
    net->slope_values = other->slope_values;
    net->ones = other->ones;
    VG_TRY(allocate_values(net));
    VG_TRY(allocate_saved(net));
    /* the zeros of what arrives at the steps depend on the batch: memory of its own */
    return net->layer ? vg_recurrent_allocate(net) : VG_OK;
}

vg_status vg_net_allocate(vg_net *net)
{
    const vg_spec *s = &net->spec;
    if (net->options.share)
        return share_memory(net);
    VG_TRY(vg_touch_arena(net->team, 0, &net->arena, &net->data));
    VG_TRY(vg_touch_arena(net->team, 1, &net->arena, &net->grads));
    VG_TRY(allocate_values(net));
    VG_TRY(allocate_saved(net));
    VG_TRY(vg_touch_floats(net->team, 4, (size_t)(s->batch * s->classes), &net->target));
    VG_TRY(vg_touch_floats(net->team, 0, 16, &net->loss));
    void *memory;
    VG_TRY(vg_alloc((size_t)s->batch * sizeof(int32_t), 5, &memory));
    net->labels = memory;
    memset(memory, 0, (size_t)s->batch * sizeof(int32_t));
    if (net->layer)
        return vg_recurrent_allocate(net);
    if (!net->options.monitor)
        return VG_OK;
    VG_TRY(vg_touch_floats(net->team, 6, (size_t)(s->batch * s->width), &net->slope_values));
    VG_TRY(vg_touch_floats(net->team, 7, (size_t)(s->batch * s->width), &net->ones));
    for (int64_t i = 0; i < s->batch * s->width; i++)
        net->ones[i] = 1;
    return VG_OK;
}

vg_status vg_net_buffer(vg_net *net, int64_t cols, int *index)
{
    for (int i = 0; i < net->buffers && !net->options.keep; i++)
        if (net->buffer[i].refs == 0 && net->buffer[i].cols == cols) {
            net->buffer[i].refs = 1;
            *index = i;
            return VG_OK;
        }
    if (net->buffers == net->buffer_capacity) {
        int capacity = net->buffer_capacity ? 2 * net->buffer_capacity : 16;
        vg_buffer *grown = realloc(net->buffer, (size_t)capacity * sizeof *grown);
        if (!grown)
            return vg_fail(VG_ENOMEM, "out of memory for gradients");
        net->buffer = grown;
        net->buffer_capacity = capacity;
    }
    vg_buffer *b = &net->buffer[net->buffers];
    *b = (vg_buffer){.cols = cols, .refs = 1};
    const vg_net *other = net->options.share;
    if (other && net->buffers < other->buffers && other->buffer[net->buffers].cols == cols) {
        b->p = other->buffer[net->buffers].p;
        b->borrowed = true;
        *index = net->buffers++;
        return VG_OK;
    }
    VG_TRY(vg_touch_floats(net->team, 8 + (unsigned)net->buffers,
                           (size_t)(net->spec.batch * cols), &b->p));
    *index = net->buffers++;
    return VG_OK;
}
