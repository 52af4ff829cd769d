/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a network: a graph of values and nodes, and the tasks that run it. */
#ifndef VG_HARNESS_NET_INTERNAL_H
#define VG_HARNESS_NET_INTERNAL_H

#include "harness/monitor_time.h"
#include "harness/net.h"
#include "harness/random.h"

enum { VG_NONE = -1 };

/* A gradient's memory. Where the trunk hands its gradient on, several values share one. */
typedef struct vg_buffer {
    float *p;
    int64_t cols;
    int refs; /* 0: free to be used again */
    bool borrowed; /* of the network that is shared */
} vg_buffer;

/* An activation tensor [rows][cols]: rows are the batch, or all its steps in time. */
typedef struct vg_value {
    int64_t rows, cols;
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

/* A recurrent layer: segments, values of the whole sequence [seq * batch][..], and what the backward
 * pass needs or makes. */
typedef struct vg_recurrent_layer {
    int weight_ih, weight_hh, bias_ih, bias_hh; /* segments */
    int in, out;                                /* values: x and hs */
    float *cells, *gates; /* saved; NULL where the cell has none */
    float *arriving; /* gradient that reaches every h_t from above */
    float *total;    /* dL/dh_t */
    float *grad_in;  /* gradient of x: the layer below's `arriving`, or nobody's */
    const vg_task *forward; /* whose workspace the backward pass reads, on oneDNN */
} vg_recurrent_layer;

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
    vg_recurrent_layer *layer; /* recurrent models: [depth + 1], entry 0 unused; else NULL */
    vg_time_watch *time;       /* statistics of every step of the top layer */
    float *sequences;          /* memory of the layers' tensors */
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
vg_status vg_net_add_value(vg_net *net, int64_t cols, int block, const char *tensor, int *index);
vg_status vg_net_add_segment(vg_net *net, int block, const char *tensor, int64_t rows, int64_t cols,
                             int *index);

/* net_plan.c: tasks of the forward pass, the loss and the backward pass, in the order they run */
vg_status vg_net_tasks(vg_net *net);
/* A task of (op, dir) over @p shape at the end of the plan; the caller binds its tensors. */
vg_status vg_net_add_task(vg_net *net, vg_op op, vg_dir dir, const vg_shape *shape, vg_task **out);
vg_status vg_net_add_loss(vg_net *net);
/* The tasks that are added next are for @p part, of block @p layer. */
void vg_net_mark(vg_net *net, vg_part part, int layer);

vg_shape vg_net_node_shape(const vg_net *net, const vg_node *n);
/* Segment @p index of net->data or net->grads; NULL for VG_NONE. */
float *vg_net_segment(const vg_net *net, float *base, int index);

/* net_watch.c: statistics at the end of the plan, beside the op that has just touched the tensor;
 * nothing without options.monitor */
vg_status vg_net_watch(vg_net *net, vg_watch_kind kind, const float *p, int64_t rows,
                       int64_t cols, vg_watch **out);
vg_status vg_net_watch_slopes(vg_net *net, const vg_node *n);
vg_status vg_net_watch_output(vg_net *net, const vg_node *n);
/* The gradient of n->y is complete: all its readers come later in the forward pass. */
vg_status vg_net_watch_gradient(vg_net *net, const vg_node *n);

/* net.c: the rules of the spec applied to a segment; VG_NONE is left alone */
vg_status vg_net_fill_matrix(const vg_net *net, int segment, int rule, double gain,
                             const vg_random *random);
void vg_net_fill_constant(const vg_net *net, int segment, double value);
void vg_net_fill_bias(const vg_net *net, int segment, int rule, int64_t fan_in,
                      const vg_random *random);

/* net_recurrent.c: what differs where the depth is in time */
vg_status vg_recurrent_graph(vg_net *net);
vg_status vg_recurrent_allocate(vg_net *net);
vg_status vg_recurrent_tasks(vg_net *net);
vg_status vg_recurrent_init(const vg_net *net, uint64_t seed, uint32_t layer);
double vg_recurrent_bytes(const vg_spec *spec, const vg_net_options *options);
void vg_recurrent_tensors(const vg_net *net, vg_named *list, int *count);

/* net_slopes.c */
float vg_largest_slope(const vg_spec *spec);
bool vg_slope_is_cheap(vg_op act);

/* net_memory.c */
vg_status vg_net_allocate(vg_net *net);
/* A gradient buffer of @p cols columns with one reference. */
vg_status vg_net_buffer(vg_net *net, int64_t cols, int *index);

#endif
