/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of a network's blocks, as tasks of its plan. */
#include <stdlib.h>

#include "harness/net_internal.h"

vg_status vg_net_watch(vg_net *net, vg_watch_kind kind, const float *p, int64_t rows,
                       int64_t cols, vg_watch **out)
{
    if (!net->options.monitor)
        return VG_OK;
    vg_watch *w = *out = calloc(1, sizeof *w);
    if (!w)
        return vg_fail(VG_ENOMEM, "out of memory for statistics");
    w->kind = kind;
    w->p = p;
    w->rows = rows;
    w->cols = cols;
    int part = net->plan.part;
    net->plan.part = VG_PART_statistics;
    vg_status status = vg_watch_append(w, &net->plan);
    net->plan.part = part;
    return status;
}

/* f' of the other activations into net->slope_values: the backward kernel, fed with ones. */
static vg_status compute_slopes(vg_net *net, const vg_node *n)
{
    double flops = net->flops, traffic = net->traffic;
    vg_shape shape = vg_net_node_shape(net, n);
    vg_task *task;
    int part = net->plan.part;
    net->plan.part = VG_PART_statistics;
    vg_status status = vg_net_add_task(net, n->op, VG_DIR_bwd, &shape, &task);
    net->plan.part = part;
    if (status != VG_OK)
        return status;
    task->t[VG_X].p = net->value[n->x].data;
    task->t[VG_Y].p = net->value[n->y].data;
    task->t[VG_DY].p = net->ones;
    task->t[VG_DX].p = net->slope_values;
    net->flops = flops; /* not the network's own work */
    net->traffic = traffic;
    return VG_OK;
}

vg_status vg_net_watch_slopes(vg_net *net, const vg_node *n)
{
    vg_block *b = &net->block[n->block];
    const vg_spec *s = &net->spec;
    bool cheap = vg_slope_is_cheap(n->op);
    if (!net->options.monitor)
        return VG_OK;
    if (!cheap)
        VG_TRY(compute_slopes(net, n));
    const float *p = !cheap                      ? net->slope_values
                     : vg_act_saves_output(n->op) ? net->value[n->y].data
                                                  : net->value[n->x].data;
    VG_TRY(vg_net_watch(net, VG_WATCH_SLOPES, p, s->batch, s->width, &b->slopes));
    b->slopes->saturated_below = 0.05f * vg_largest_slope(s);
    b->slopes->dead_below = 0.001f * vg_largest_slope(s);
    b->slopes->act = cheap ? n->op : VG_OP_none;
    b->slopes->slope = n->op == VG_OP_leaky_relu ? (float)s->slope : 0;
    b->slopes->slopes = n->op == VG_OP_prelu ? vg_net_segment(net, net->data, b->slope) : NULL;
    b->slopes->slope_step = s->prelu_shared ? 0 : 1;
    return VG_OK;
}

vg_status vg_net_watch_output(vg_net *net, const vg_node *n)
{
    if (n->block && n->y == net->block[n->block].out)
        return vg_net_watch(net, VG_WATCH_VALUES, net->value[n->y].data, net->spec.batch,
                            net->spec.width, &net->block[n->block].values);
    return VG_OK;
}

vg_status vg_net_watch_gradient(vg_net *net, const vg_node *n)
{
    if (!n->block)
        return VG_OK;
    vg_block *b = &net->block[n->block];
    const vg_spec *s = &net->spec;
    const float *grad = net->buffer[net->value[n->y].grad].p;
    if (n->y == b->out)
        VG_TRY(vg_net_watch(net, VG_WATCH_SQUARES, grad, s->batch, s->width, &b->grad_out));
    if (n->y == b->pre)
        VG_TRY(vg_net_watch(net, VG_WATCH_DELTA, grad, s->batch, s->width, &b->delta));
    return VG_OK;
}
