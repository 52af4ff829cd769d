/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of the network: values, nodes and parameter segments from the spec. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/net_internal.h"

vg_status vg_net_add_value(vg_net *net, int64_t cols, int block, const char *tensor, int *index)
{
    if (net->values == net->value_capacity) {
        int capacity = net->value_capacity ? 2 * net->value_capacity : 64;
        vg_value *grown = realloc(net->value, (size_t)capacity * sizeof *grown);
        if (!grown)
            return vg_fail(VG_ENOMEM, "out of memory for the graph of the network");
        net->value = grown;
        net->value_capacity = capacity;
    }
    net->value[net->values] = (vg_value){.rows = net->spec.batch, .cols = cols, .block = block,
                                         .tensor = tensor, .needs_grad = true, .grad = VG_NONE};
    *index = net->values++;
    return VG_OK;
}

/* Appends a node whose output is a fresh value of @p cols columns, called @p tensor in a dump. */
static vg_status add_node(vg_net *net, const vg_node *node, int64_t cols, const char *tensor,
                          int *y)
{
    VG_TRY(vg_net_add_value(net, cols, node->block, tensor, y));
    if (net->nodes == net->node_capacity) {
        int capacity = net->node_capacity ? 2 * net->node_capacity : 64;
        vg_node *grown = realloc(net->node, (size_t)capacity * sizeof *grown);
        if (!grown)
            return vg_fail(VG_ENOMEM, "out of memory for the graph of the network");
        net->node = grown;
        net->node_capacity = capacity;
    }
    net->node[net->nodes] = *node;
    net->node[net->nodes++].y = *y;
    return VG_OK;
}

vg_status vg_net_add_segment(vg_net *net, int block, const char *tensor, int64_t rows, int64_t cols,
                             int *index)
{
    char name[48];
    if (block)
        snprintf(name, sizeof name, "layer%03d.%s", block, tensor);
    else
        snprintf(name, sizeof name, "%s", tensor);
    return vg_arena_add(&net->arena, name, rows, cols, index);
}

static vg_status dense(vg_net *net, int block, int x, int64_t out, const char *const names[2],
                       int *weight, int *bias, const char *tensor, int *y)
{
    int64_t in = net->value[x].cols;
    VG_TRY(vg_net_add_segment(net, block, names[0], out, in, weight));
    VG_TRY(vg_net_add_segment(net, block, names[1], 1, out, bias));
    vg_node node = {.op = VG_OP_dense, .block = block, .x = x, .p0 = *weight, .p1 = *bias};
    return add_node(net, &node, out, tensor, y);
}

static vg_status norm(vg_net *net, int block, int x, const char *const names[2], int *gamma,
                      int *beta, const char *tensor, int *y)
{
    int64_t width = net->value[x].cols;
    *beta = VG_NONE;
    VG_TRY(vg_net_add_segment(net, block, names[0], 1, width, gamma));
    if (net->spec.norm != VG_OP_rms_norm)
        VG_TRY(vg_net_add_segment(net, block, names[1], 1, width, beta));
    vg_node node = {
        .op = (vg_op)net->spec.norm, .block = block, .x = x, .p0 = *gamma, .p1 = *beta};
    return add_node(net, &node, width, tensor, y);
}

static vg_status block_norm(vg_net *net, int l, int x, const char *tensor, int *y)
{
    static const char *const names[] = {"gamma", "beta"};
    return norm(net, l, x, names, &net->block[l].gamma, &net->block[l].beta, tensor, y);
}

static vg_status activation(vg_net *net, int l, int x, const char *tensor, int *y)
{
    vg_block *b = &net->block[l];
    vg_node node = {.op = (vg_op)net->spec.act, .block = l, .x = x, .p0 = VG_NONE,
                    .is_block_act = true};
    if (net->spec.act == VG_OP_prelu) {
        int64_t slopes = net->spec.prelu_shared ? 1 : net->spec.width;
        VG_TRY(vg_net_add_segment(net, l, "slope", 1, slopes, &b->slope));
        node.p0 = b->slope;
    }
    b->act_in = x;
    return add_node(net, &node, net->spec.width, tensor, y);
}

/* z_l = W_l x + b_l */
static vg_status first_matrix(vg_net *net, int l, int x, int *z)
{
    static const char *const names[] = {"weight", "bias"};
    vg_block *b = &net->block[l];
    VG_TRY(dense(net, l, x, net->spec.width, names, &b->weight, &b->bias, "pre", z));
    b->pre = *z;
    return VG_OK;
}

/* f(N(W h + b)), f(W N(h) + b) or f(W h + b), up to f */
static vg_status branch(vg_net *net, int l, int x, const char *tensor, int *y)
{
    const vg_spec *s = &net->spec;
    int z;
    if (s->norm && s->norm_at == VG_NORM_AT_pre)
        VG_TRY(block_norm(net, l, x, NULL, &x));
    VG_TRY(first_matrix(net, l, x, &z));
    if (s->norm && s->norm_at == VG_NORM_AT_inner)
        VG_TRY(block_norm(net, l, z, "act_in", &z));
    return activation(net, l, z, tensor, y);
}

static vg_status plain_block(vg_net *net, int l, int x, int *out)
{
    bool post = net->spec.norm && net->spec.norm_at == VG_NORM_AT_post;
    VG_TRY(branch(net, l, x, post ? NULL : "out", out));
    return post ? block_norm(net, l, *out, "out", out) : VG_OK;
}

static vg_status residual_block(vg_net *net, int l, int x, int *out)
{
    static const char *const names[] = {"weight2", "bias2"};
    const vg_spec *s = &net->spec;
    vg_block *b = &net->block[l];
    bool post = s->norm && s->norm_at == VG_NORM_AT_post;
    int u;
    VG_TRY(branch(net, l, x, NULL, &u));
    if (s->block_layers == 2)
        VG_TRY(dense(net, l, u, s->width, names, &b->weight2, &b->bias2, NULL, &u));
    vg_node node = {.block = l, .x = x, .h = u, .p0 = VG_NONE};
    node.op = s->skip == VG_SKIP_rezero ? VG_OP_rezero
              : s->alpha == 1           ? VG_OP_add
                                        : VG_OP_scaled_add;
    if (s->skip == VG_SKIP_rezero) {
        VG_TRY(vg_net_add_segment(net, l, "alpha", 1, 1, &b->alpha));
        node.p0 = b->alpha;
    }
    VG_TRY(add_node(net, &node, s->width, post ? NULL : "out", out));
    return post ? block_norm(net, l, *out, "out", out) : VG_OK;
}

static vg_status highway_block(vg_net *net, int l, int x, int *out)
{
    static const char *const names[] = {"gate_weight", "gate_bias"};
    vg_block *b = &net->block[l];
    int64_t width = net->spec.width;
    int h, t;
    VG_TRY(branch(net, l, x, NULL, &h));
    VG_TRY(dense(net, l, x, width, names, &b->gate_weight, &b->gate_bias, NULL, &t));
    vg_node gate = {.op = VG_OP_sigmoid, .block = l, .x = t, .p0 = VG_NONE};
    VG_TRY(add_node(net, &gate, width, NULL, &t));
    vg_node mix = {.op = VG_OP_highway, .block = l, .x = x, .h = h, .t = t, .p0 = VG_NONE};
    return add_node(net, &mix, width, "out", out);
}

static vg_status add_block(vg_net *net, int l, int x, int *out)
{
    net->block[l] = (vg_block){.weight = VG_NONE, .bias = VG_NONE, .weight2 = VG_NONE,
                               .bias2 = VG_NONE, .gate_weight = VG_NONE, .gate_bias = VG_NONE,
                               .gamma = VG_NONE, .beta = VG_NONE, .slope = VG_NONE,
                               .alpha = VG_NONE};
    if (net->spec.skip == VG_SKIP_none)
        VG_TRY(plain_block(net, l, x, out));
    else if (net->spec.skip == VG_SKIP_highway)
        VG_TRY(highway_block(net, l, x, out));
    else
        VG_TRY(residual_block(net, l, x, out));
    net->block[l].out = *out;
    return VG_OK;
}

vg_status vg_net_graph(vg_net *net)
{
    static const char *const input_names[] = {"input.weight", "input.bias"},
                            *const head_names[] = {"head.weight", "head.bias"},
                            *const final_names[] = {"final.gamma", "final.beta"};
    const vg_spec *s = &net->spec;
    int h;
    net->input_weight = net->input_bias = net->final_gamma = net->final_beta = VG_NONE;
    if (s->model != VG_MODEL_mlp)
        return vg_recurrent_graph(net);
    net->block = calloc((size_t)s->depth + 1, sizeof *net->block);
    if (!net->block)
        return vg_fail(VG_ENOMEM, "depth=%lld: out of memory for the blocks", (long long)s->depth);
    VG_TRY(vg_net_add_value(net, s->in_dim, 0, "x", &net->input));
    net->value[net->input].needs_grad = false;
    h = net->input;
    if (s->in_dim != s->width)
        VG_TRY(dense(net, 0, h, s->width, input_names, &net->input_weight, &net->input_bias, NULL,
                     &h));
    for (int l = 1; l <= s->depth; l++)
        VG_TRY(add_block(net, l, h, &h));
    if (s->final_norm)
        VG_TRY(norm(net, 0, h, final_names, &net->final_gamma, &net->final_beta, NULL, &h));
    return dense(net, 0, h, s->classes, head_names, &net->head_weight, &net->head_bias, NULL,
                 &net->logits);
}
