/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a network: a graph of values and nodes, and the tasks that run it. */
#ifndef VG_HARNESS_NET_INTERNAL_H
#define VG_HARNESS_NET_INTERNAL_H

#include "harness/net.h"

enum { VG_NONE = -1 };

/* A gradient's memory. Where the trunk hands its gradient on, several values share one. */
typedef struct vg_buffer {
    float *p;
    int64_t cols;
    int refs; /* 0: free to be used again */
    bool borrowed; /* of the network that is shared */
} vg_buffer;

/* An activation tensor [batch][cols]. */
typedef struct vg_value {
    int64_t cols;
    int block;          /* 1 .. depth, 0 outside the blocks */
    const char *tensor; /* its name in a dump, or NULL */
    bool needs_grad;
    float *data;
    int grad; /* buffer, once a gradient has arrived */
} vg_value;

/* One op of the forward pass; its backward is emitted from the same node. */
typedef struct vg_node {
    vg_op op;
    int block;
    int x, h, t, y;  /* values; h and t for residual forms */
    int p0, p1;      /* segments: weight and bias, gamma and beta, slope, alpha */
    float *mean, *rstd, *run_mean, *run_var; /* saved statistics of a norm */
    bool is_block_act; /* f of the block, whose slope is watched */
} vg_node;

/* Segments and values of a block by their role; VG_NONE where it has none. */
typedef struct vg_block {
    int weight, bias, weight2, bias2, gate_weight, gate_bias, gamma, beta, slope, alpha;
    int pre, act_in, out; /* values */
    vg_watch *delta, *grad_out, *grad_weight, *values, *slopes;
} vg_block;

struct vg_net {
    vg_spec spec;
    vg_net_options options;
    vg_team *team;
    vg_params params; /* of all tasks */
    /* graph */
    vg_value *value;
    int values, value_capacity;
    vg_node *node;
    int nodes, node_capacity;
    vg_block *block; /* [depth + 1]; entry 0: outside the blocks */
    int input, logits;
    int input_weight, input_bias, head_weight, head_bias, final_gamma, final_beta;
    /* memory */
    vg_arena arena;
    float *data, *grads;
    float *activations; /* all values */
    float *saved;       /* statistics of norms */
    float *slope_values, *ones; /* f' of the layer under watch */
    vg_buffer *buffer;
    int buffers, buffer_capacity;
    int32_t *labels;
    float *target, *loss;
    void *workspace[16];
    size_t workspace_bytes[16];
    /* execution */
    vg_task **task;
    int tasks, task_capacity;
    vg_plan plan;
    double flops, traffic;
};

/* net_graph.c */
vg_status vg_net_graph(vg_net *net);

/* net_plan.c: tasks of the forward pass, the loss and the backward pass, in the order they run */
vg_status vg_net_tasks(vg_net *net);

/* net_memory.c */
vg_status vg_net_allocate(vg_net *net);
/* A gradient buffer of @p cols columns with one reference. */
vg_status vg_net_buffer(vg_net *net, int64_t cols, int *index);

#endif
