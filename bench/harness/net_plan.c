/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks of a network in the order they run: forward pass, loss, backward pass, and the statistics
 * (net_watch.c) beside the op that has just touched their tensor. */
#include <stdlib.h>

#include "harness/net_internal.h"

/* --- tasks --------------------------------------------------------------------------------- */

static bool is_glue(vg_op op)
{
    return vg_op_family(op) == VG_FAMILY_LOSS;
}

static vg_status grow_tasks(vg_net *net)
{
    if (net->tasks < net->task_capacity)
        return VG_OK;
    int capacity = net->task_capacity ? 2 * net->task_capacity : 64;
    vg_task **grown = realloc(net->task, (size_t)capacity * sizeof *grown);
    if (!grown)
        return vg_fail(VG_ENOMEM, "out of memory for the tasks of the network");
    net->task = grown;
    net->task_capacity = capacity;
    return VG_OK;
}

vg_status vg_net_add_task(vg_net *net, vg_op op, vg_dir dir, const vg_shape *shape, vg_task **out)
{
    vg_backend backend = (vg_backend)net->spec.backend;
    if (backend == VG_BACKEND_onednn && is_glue(op))
        backend = vg_backend_best();
    const vg_kernel *kernel = vg_kernel_find(op, dir, backend);
    if (!kernel)
        return vg_fail(VG_EUNSUPPORTED, "op %s/%s has no row on backend=%s", vg_op_name(op),
                       vg_dir_name(dir), vg_backend_name(backend));
    VG_TRY(grow_tasks(net));
    vg_task *task = calloc(1, sizeof *task);
    if (!task)
        return vg_fail(VG_ENOMEM, "out of memory for the tasks of the network");
    vg_status status = vg_task_init(task, kernel, shape, &net->params);
    if (status == VG_OK)
        status = vg_plan_append(&net->plan, task);
    if (status != VG_OK) {
        free(task);
        return status;
    }
    net->task[net->tasks++] = task;
    net->flops += vg_op_flops(op, dir, shape);
    net->traffic += vg_op_bytes(op, dir, shape);
    *out = task;
    return VG_OK;
}

static void bind(vg_task *task, vg_slot slot, float *p)
{
    task->t[slot].p = p;
}

float *vg_net_segment(const vg_net *net, float *base, int index)
{
    return index == VG_NONE ? NULL : base + net->arena.segments[index].offset;
}

static float *param(const vg_net *net, int index) { return vg_net_segment(net, net->data, index); }
static float *param_grad(const vg_net *net, int index)
{
    return vg_net_segment(net, net->grads, index);
}
static float *data(const vg_net *net, int value) { return net->value[value].data; }

vg_shape vg_net_node_shape(const vg_net *net, const vg_node *n)
{
    const vg_spec *s = &net->spec;
    int64_t in = net->value[n->x].cols, out = net->value[n->y].cols;
    vg_shape shape = {.n = {s->batch, in}};
    if (n->op == VG_OP_dense)
        shape.n[2] = out;
    else if (n->op == VG_OP_prelu)
        shape.n[2] = s->prelu_shared ? 1 : s->width;
    else if (n->op == VG_OP_group_norm)
        shape.n[2] = s->groups;
    return shape;
}

/* --- forward ------------------------------------------------------------------------------- */

static vg_status forward(vg_net *net, const vg_node *n)
{
    vg_shape shape = vg_net_node_shape(net, n);
    vg_task *task;
    bool running = net->options.infer && n->op == VG_OP_batch_norm;
    VG_TRY(vg_net_add_task(net, n->op, running ? VG_DIR_infer : VG_DIR_fwd, &shape, &task));
    bind(task, VG_X, data(net, n->x));
    bind(task, VG_Y, data(net, n->y));
    if (n->op == VG_OP_dense) {
        bind(task, VG_W, param(net, n->p0));
        bind(task, VG_B, param(net, n->p1));
    } else if (vg_op_is_norm(n->op)) {
        bind(task, VG_GAMMA, param(net, n->p0));
        bind(task, VG_BETA, param(net, n->p1));
        bind(task, VG_MEAN, n->mean);
        bind(task, VG_RSTD, n->rstd);
        bind(task, VG_RUN_MEAN, n->run_mean);
        bind(task, VG_RUN_VAR, n->run_var);
    } else if (vg_op_family(n->op) == VG_FAMILY_RESIDUAL) {
        bind(task, VG_H, data(net, n->h));
        bind(task, VG_T, n->op == VG_OP_highway ? data(net, n->t) : NULL);
        bind(task, VG_ALPHA, param(net, n->p0));
    } else {
        bind(task, VG_SLOPE, param(net, n->p0));
    }
    return vg_net_watch_output(net, n);
}

/* Whether node @p i is a dense layer whose output only the activation behind it reads. Its z is not
 * kept then, but where the activation wants it back: dumps keep it apart. */
static bool feeds_activation(const vg_net *net, int i)
{
    const vg_node *dense = &net->node[i], *act = dense + 1;
    vg_backend backend = (vg_backend)net->spec.backend;
    if (net->options.keep || i + 1 == net->nodes || dense->op != VG_OP_dense ||
        !vg_op_is_activation(act->op) || act->op == VG_OP_prelu || act->x != dense->y)
        return false;
    return vg_kernel_find(VG_OP_dense_bias_act, VG_DIR_fwd, backend) != NULL;
}

/* Whether node @p i is a norm that only the activation behind it reads. Under watch f' must be
 * readable off y, because N(x) is not kept. */
static bool norm_feeds_activation(const vg_net *net, int i)
{
    const vg_node *norm = &net->node[i], *act = norm + 1;
    vg_backend backend = (vg_backend)net->spec.backend;
    if (net->options.keep || i + 1 == net->nodes || !vg_op_is_norm(norm->op) ||
        !vg_op_is_activation(act->op) || act->op == VG_OP_prelu || act->x != norm->y)
        return false;
    /* oneDNN at its best: its backward pass of the pair takes longer than that of the two (batch norm
     * and relu, 64 x 64: 10.7 against 7.0 us) */
    if (backend == VG_BACKEND_onednn)
        return false;
    if (net->options.monitor && !(vg_slope_is_cheap(act->op) && vg_act_saves_output(act->op)))
        return false;
    if (net->options.infer && norm->op == VG_OP_batch_norm)
        return false;
    return vg_kernel_find(VG_OP_norm_act, VG_DIR_fwd, backend) &&
           vg_kernel_find(VG_OP_norm_act, VG_DIR_bwd, backend);
}

static vg_shape norm_act_shape(const vg_net *net, const vg_node *norm, const vg_node *act)
{
    vg_shape shape = vg_net_node_shape(net, norm);
    shape.n[2] = norm->op == VG_OP_group_norm ? net->spec.groups : 1;
    shape.act = act->op;
    shape.norm = norm->op;
    return shape;
}

static vg_status forward_norm_act(vg_net *net, const vg_node *norm, const vg_node *act)
{
    vg_shape shape = norm_act_shape(net, norm, act);
    vg_task *task;
    VG_TRY(vg_net_add_task(net, VG_OP_norm_act, VG_DIR_fwd, &shape, &task));
    bind(task, VG_X, data(net, norm->x));
    bind(task, VG_Y, data(net, act->y));
    bind(task, VG_GAMMA, param(net, norm->p0));
    bind(task, VG_BETA, param(net, norm->p1));
    bind(task, VG_MEAN, norm->mean);
    bind(task, VG_RSTD, norm->rstd);
    bind(task, VG_RUN_MEAN, norm->run_mean);
    bind(task, VG_RUN_VAR, norm->run_var);
    return vg_net_watch_output(net, act);
}

static vg_status forward_fused(vg_net *net, const vg_node *dense, const vg_node *act)
{
    vg_shape shape = vg_net_node_shape(net, dense);
    vg_task *task;
    shape.act = act->op;
    VG_TRY(vg_net_add_task(net, VG_OP_dense_bias_act, VG_DIR_fwd, &shape, &task));
    bind(task, VG_X, data(net, dense->x));
    bind(task, VG_W, param(net, dense->p0));
    bind(task, VG_B, param(net, dense->p1));
    bind(task, VG_PRE, data(net, dense->y));
    bind(task, VG_Y, data(net, act->y));
    return vg_net_watch_output(net, act);
}

vg_status vg_net_add_loss(vg_net *net)
{
    const vg_spec *s = &net->spec;
    vg_op op = (vg_op)s->loss;
    vg_shape shape = {.n = {s->batch, s->classes}};
    vg_value *logits = &net->value[net->logits];
    VG_TRY(vg_net_buffer(net, s->classes, &logits->grad));
    vg_backend backend = (vg_backend)s->backend;
    if (backend == VG_BACKEND_onednn)
        backend = vg_backend_best();
    bool fused = vg_kernel_find(op, VG_DIR_fwd_bwd, backend) != NULL;
    for (int pass = 0; pass < (fused ? 1 : 2); pass++) {
        vg_dir dir = fused ? VG_DIR_fwd_bwd : pass ? VG_DIR_bwd : VG_DIR_fwd;
        vg_task *task;
        VG_TRY(vg_net_add_task(net, op, dir, &shape, &task));
        bind(task, VG_X, logits->data);
        bind(task, VG_DX, net->buffer[logits->grad].p);
        bind(task, VG_TARGET, net->target);
        bind(task, VG_LOSS, net->loss);
        task->t[VG_LABELS].p = net->labels;
    }
    return VG_OK;
}

/* --- backward ------------------------------------------------------------------------------ */

static void release(vg_net *net, int buffer)
{
    if (!net->options.keep)
        net->buffer[buffer].refs--;
}

static float *grad(const vg_net *net, int value)
{
    return net->buffer[net->value[value].grad].p;
}

/* Where a node may write its contribution to the gradient of @p value: the value's own fresh
 * buffer, or a temporary one that accumulate() adds. */
static vg_status contribution(vg_net *net, int value, int *buffer)
{
    return vg_net_buffer(net, net->value[value].cols, buffer);
}

/* The contribution in @p buffer has been written: it becomes the gradient, or is added to it. */
static vg_status accumulate(vg_net *net, int value, int buffer)
{
    vg_value *v = &net->value[value];
    if (!v->needs_grad) {
        release(net, buffer);
        return VG_OK;
    }
    if (v->grad == VG_NONE) {
        v->grad = buffer;
        return VG_OK;
    }
    vg_shape shape = {.n = {net->spec.batch, v->cols}};
    vg_task *task;
    if (net->options.keep) { /* the trunk's gradient is shared: do not write into it */
        int sum;
        VG_TRY(vg_net_buffer(net, v->cols, &sum));
        VG_TRY(vg_net_add_task(net, VG_OP_add, VG_DIR_fwd, &shape, &task));
        bind(task, VG_X, net->buffer[v->grad].p);
        bind(task, VG_H, net->buffer[buffer].p);
        bind(task, VG_Y, net->buffer[sum].p);
        v->grad = sum;
        return VG_OK;
    }
    VG_TRY(vg_net_add_task(net, VG_OP_add, VG_DIR_bwd, &shape, &task));
    bind(task, VG_DY, net->buffer[buffer].p);
    bind(task, VG_DX, net->buffer[v->grad].p);
    release(net, buffer);
    return VG_OK;
}

/* Hands the gradient of @p from on to @p to as it is. */
static vg_status share(vg_net *net, int from, int to)
{
    int buffer = net->value[from].grad;
    net->buffer[buffer].refs++;
    return accumulate(net, to, buffer);
}

static vg_status backward_weights(vg_net *net, const vg_node *n, const vg_shape *shape)
{
    vg_task *task;
    VG_TRY(vg_net_add_task(net, VG_OP_dense, VG_DIR_bwd_weights, shape, &task));
    bind(task, VG_DY, grad(net, n->y));
    bind(task, VG_X, data(net, n->x));
    bind(task, VG_DW, param_grad(net, n->p0));
    bind(task, VG_DB, param_grad(net, n->p1));
    vg_block *b = &net->block[n->block];
    if (n->block && n->p0 == b->weight)
        VG_TRY(vg_net_watch(net, VG_WATCH_SQUARES, param_grad(net, n->p0), shape->n[2],
                            shape->n[1], &b->grad_weight));
    return VG_OK;
}

/* The gradient of the input first: that of the weights is then in the cache for the optimizer. No
 * barrier between the two, because neither reads what the other writes. */
static vg_status backward_dense(vg_net *net, const vg_node *n)
{
    vg_shape shape = vg_net_node_shape(net, n);
    vg_task *task;
    int dx;
    if (!net->value[n->x].needs_grad)
        return backward_weights(net, n, &shape);
    VG_TRY(contribution(net, n->x, &dx));
    VG_TRY(vg_net_add_task(net, VG_OP_dense, VG_DIR_bwd_data, &shape, &task));
    bind(task, VG_DY, grad(net, n->y));
    bind(task, VG_W, param(net, n->p0));
    bind(task, VG_DX, net->buffer[dx].p);
    net->plan.steps[net->plan.count - 1].phase.independent = true;
    VG_TRY(backward_weights(net, n, &shape));
    return accumulate(net, n->x, dx);
}

static vg_status backward_unary(vg_net *net, const vg_node *n)
{
    vg_shape shape = vg_net_node_shape(net, n);
    vg_task *task;
    int dx;
    VG_TRY(contribution(net, n->x, &dx));
    VG_TRY(vg_net_add_task(net, n->op, VG_DIR_bwd, &shape, &task));
    bind(task, VG_X, data(net, n->x));
    bind(task, VG_Y, data(net, n->y));
    bind(task, VG_DY, grad(net, n->y));
    bind(task, VG_DX, net->buffer[dx].p);
    if (vg_op_is_norm(n->op)) {
        bind(task, VG_GAMMA, param(net, n->p0));
        bind(task, VG_MEAN, n->mean);
        bind(task, VG_RSTD, n->rstd);
        bind(task, VG_DGAMMA, param_grad(net, n->p0));
        bind(task, VG_DBETA, param_grad(net, n->p1));
    } else {
        bind(task, VG_SLOPE, param(net, n->p0));
        bind(task, VG_DSLOPE, param_grad(net, n->p0));
    }
    if (n->is_block_act) /* now that its operands are in the cache */
        VG_TRY(vg_net_watch_slopes(net, n));
    return accumulate(net, n->x, dx);
}

static vg_status backward_residual(vg_net *net, const vg_node *n)
{
    vg_shape shape = vg_net_node_shape(net, n);
    vg_task *task;
    int dh;
    VG_TRY(share(net, n->y, n->x));
    if (n->op == VG_OP_add)
        return share(net, n->y, n->h);
    VG_TRY(contribution(net, n->h, &dh));
    VG_TRY(vg_net_add_task(net, n->op, VG_DIR_bwd, &shape, &task));
    bind(task, VG_DY, grad(net, n->y));
    bind(task, VG_H, data(net, n->h));
    bind(task, VG_ALPHA, param(net, n->p0));
    bind(task, VG_DALPHA, param_grad(net, n->p0));
    bind(task, VG_DH, net->buffer[dh].p);
    return accumulate(net, n->h, dh);
}

static vg_status backward_highway(vg_net *net, const vg_node *n)
{
    vg_shape shape = vg_net_node_shape(net, n);
    vg_task *task;
    int dx, dh, dt;
    VG_TRY(contribution(net, n->x, &dx));
    VG_TRY(contribution(net, n->h, &dh));
    VG_TRY(contribution(net, n->t, &dt));
    VG_TRY(vg_net_add_task(net, VG_OP_highway, VG_DIR_bwd, &shape, &task));
    bind(task, VG_X, data(net, n->x));
    bind(task, VG_H, data(net, n->h));
    bind(task, VG_T, data(net, n->t));
    bind(task, VG_DY, grad(net, n->y));
    bind(task, VG_DX, net->buffer[dx].p);
    bind(task, VG_DH, net->buffer[dh].p);
    bind(task, VG_DT, net->buffer[dt].p);
    VG_TRY(accumulate(net, n->x, dx));
    VG_TRY(accumulate(net, n->h, dh));
    return accumulate(net, n->t, dt);
}

static vg_status backward_norm_act(vg_net *net, const vg_node *norm, const vg_node *act)
{
    vg_shape shape = norm_act_shape(net, norm, act);
    vg_task *task;
    int dx;
    VG_TRY(vg_net_watch_gradient(net, act));
    VG_TRY(contribution(net, norm->x, &dx));
    VG_TRY(vg_net_add_task(net, VG_OP_norm_act, VG_DIR_bwd, &shape, &task));
    bind(task, VG_X, data(net, norm->x));
    bind(task, VG_Y, data(net, act->y));
    bind(task, VG_DY, grad(net, act->y));
    bind(task, VG_GAMMA, param(net, norm->p0));
    bind(task, VG_BETA, param(net, norm->p1));
    bind(task, VG_MEAN, norm->mean);
    bind(task, VG_RSTD, norm->rstd);
    bind(task, VG_DX, net->buffer[dx].p);
    bind(task, VG_DGAMMA, param_grad(net, norm->p0));
    bind(task, VG_DBETA, param_grad(net, norm->p1));
    if (act->is_block_act)
        VG_TRY(vg_net_watch_slopes(net, act));
    VG_TRY(accumulate(net, norm->x, dx));
    release(net, net->value[act->y].grad);
    return VG_OK;
}

static vg_status backward(vg_net *net, const vg_node *n)
{
    VG_TRY(vg_net_watch_gradient(net, n));
    if (n->op == VG_OP_dense)
        VG_TRY(backward_dense(net, n));
    else if (n->op == VG_OP_highway)
        VG_TRY(backward_highway(net, n));
    else if (vg_op_family(n->op) == VG_FAMILY_RESIDUAL)
        VG_TRY(backward_residual(net, n));
    else
        VG_TRY(backward_unary(net, n));
    release(net, net->value[n->y].grad);
    return VG_OK;
}

void vg_net_mark(vg_net *net, vg_part part, int layer)
{
    net->plan.part = part;
    net->plan.layer = layer;
}

vg_status vg_net_tasks(vg_net *net)
{
    if (net->layer)
        return vg_recurrent_tasks(net);
    for (int i = 0; i < net->nodes; i++) {
        vg_net_mark(net, VG_PART_forward, net->node[i].block);
        if (feeds_activation(net, i)) {
            VG_TRY(forward_fused(net, &net->node[i], &net->node[i + 1]));
            i++;
        } else if (norm_feeds_activation(net, i)) {
            VG_TRY(forward_norm_act(net, &net->node[i], &net->node[i + 1]));
            i++;
        } else {
            VG_TRY(forward(net, &net->node[i]));
        }
    }
    if (net->options.infer)
        return VG_OK;
    vg_net_mark(net, VG_PART_loss, 0);
    VG_TRY(vg_net_add_loss(net));
    for (int i = net->nodes - 1; i >= 0; i--) {
        vg_net_mark(net, VG_PART_backward, net->node[i].block);
        if (i > 0 && norm_feeds_activation(net, i - 1)) {
            VG_TRY(backward_norm_act(net, &net->node[i - 1], &net->node[i]));
            i--;
        } else {
            VG_TRY(backward(net, &net->node[i]));
        }
    }
    return VG_OK;
}
