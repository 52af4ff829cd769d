/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers on oneDNN: vanilla_rnn, lstm, lbr_gru (the reset gate after the multiplication).
 *
 * Weights are of the plain class, as PyTorch and an optimizer have them: [gates * hidden][in] is the
 * library's ldgoi. The forward primitive wants ldigo and the gradients come out as ldigo, so there are
 * reorders in every run, and the gradients are zeroed, because the library adds to them. GRU gates
 * are r, z, n here and z, r, n there: the blocks change places in the reorders. What forward keeps for
 * backward is the library's workspace; cs and gates are not written, and neither is dL/dh_t.
 *
 * h_0 and c_0 are passed, as zeros: without them rnn and lstm of 2.6.3 and of 3.12.1 multiply the gate
 * gradients of step t by h_t instead of h_{t-1} (diff_weights_iter).
 */
#include <string.h>

#include "onednn/onednn_way.h"
#include "recurrent/recurrent.h"

enum { MAX_GATES = 4 };

/* Each choice leaves the layout of the weights to the library, or gives it the plain one. */
enum { LAYOUT_ANY = 0, LAYOUT_PLAIN };

static vg_dnn_cell cell_of(const vg_task *task)
{
    switch (task->kernel->op) {
    case VG_OP_lstm:
        return VG_DNN_CELL_LSTM;
    case VG_OP_gru:
        return VG_DNN_CELL_LBR_GRU;
    default:
        return task->shape.act == VG_OP_relu ? VG_DNN_CELL_RNN_RELU : VG_DNN_CELL_RNN_TANH;
    }
}

static vg_layer layer_of(const vg_task *task)
{
    return vg_layer_of(task->kernel->op, &task->shape);
}

/* Where the library has gate @p gate of ours. */
static int64_t library_gate(const vg_task *task, int64_t gate)
{
    return task->kernel->op == VG_OP_gru && gate < 2 ? 1 - gate : gate;
}

static vg_dnn_md sequence(vg_dnn_way *way, const vg_layer *l, int64_t features)
{
    return vg_dnn_tagged(way, 3, (dnnl_dims_t){l->seq, l->batch, features}, dnnl_tnc);
}

/* Descriptors of a pass. Weights and gradients: in the layout that @p weights says. */
static vg_dnn_rnn_mds descriptors(vg_dnn_way *way, const vg_task *task, dnnl_format_tag_t weights)
{
    vg_layer l = layer_of(task);
    int64_t g = l.gates / l.hidden, biases = l.saved / l.hidden;
    vg_dnn_md state = vg_dnn_tagged(way, 4, (dnnl_dims_t){1, 1, l.batch, l.hidden}, dnnl_ldnc);
    return (vg_dnn_rnn_mds){
        .src_iter = state,
        .src_iter_c = task->kernel->op == VG_OP_lstm ? state : NULL,
        .src_layer = sequence(way, &l, l.in),
        .wei_layer = vg_dnn_tagged(way, 5, (dnnl_dims_t){1, 1, l.in, g, l.hidden}, weights),
        .wei_iter = vg_dnn_tagged(way, 5, (dnnl_dims_t){1, 1, l.hidden, g, l.hidden}, weights),
        .bias = vg_dnn_tagged(way, 4, (dnnl_dims_t){1, 1, biases, l.hidden}, dnnl_ldgo),
        .dst_layer = sequence(way, &l, l.hidden)};
}

/* --- weights ---------------------------------------------------------------------------------- */

/* Gate blocks of our [gates * hidden][cols] as the library sees them: all of them, or one. */
static vg_dnn_md our_blocks(vg_dnn_way *way, const vg_layer *l, int64_t cols, int64_t gates)
{
    int64_t block = l->hidden * cols, all = gates * block;
    return vg_dnn_strided(way, 5, (dnnl_dims_t){1, 1, cols, gates, l->hidden},
                          (dnnl_dims_t){all, all, 1, block, cols});
}

/* One gate of a plain layout of the library, and where it begins. */
static vg_dnn_md their_block(vg_dnn_way *way, const vg_layer *l, int64_t cols, vg_dnn_cmd md,
                             int64_t gate, size_t *offset)
{
    vg_dnn_layout layout;
    *offset = 0;
    if (way->status != VG_OK || !vg_dnn_ok(way, vg_dnn_md_layout(md, &layout), "layout of weights"))
        return NULL;
    if (layout.inner)
        vg_dnn_skip(way, "weights in blocks");
    *offset = (size_t)(gate * layout.strides[3]);
    return vg_dnn_strided(way, 5, (dnnl_dims_t){1, 1, cols, 1, l->hidden}, layout.strides);
}

/* Adds the reorders between our weights in @p ours and the library's in @p theirs. */
static void exchange_gates(vg_dnn_way *way, const vg_task *task, int64_t cols, int ours, int theirs,
                           vg_dnn_cmd md, bool to_us, vg_dnn_when when)
{
    vg_layer l = layer_of(task);
    for (int64_t gate = 0; gate < l.gates / l.hidden && way->status == VG_OK; gate++) {
        size_t offset;
        vg_dnn_md our = our_blocks(way, &l, cols, 1);
        vg_dnn_md their = their_block(way, &l, cols, md, library_gate(task, gate), &offset);
        int from = vg_dnn_part(way, ours, (size_t)(gate * l.hidden * cols), our);
        int to = vg_dnn_part(way, theirs, offset, their);
        if (to_us)
            vg_dnn_add_reorder(way, to, their, from, our, when);
        else
            vg_dnn_add_reorder(way, from, our, to, their, when);
    }
}

/* Our weights in the layout @p md of the library. */
static int weights_in(vg_dnn_way *way, const vg_task *task, vg_slot slot, int64_t cols,
                      vg_dnn_cmd md, vg_dnn_when when)
{
    vg_layer l = layer_of(task);
    vg_dnn_md all = our_blocks(way, &l, cols, l.gates / l.hidden);
    int ours = vg_dnn_dense_in_when(way, slot, all, when);
    if (task->kernel->op != VG_OP_gru)
        return vg_dnn_to_layout(way, ours, all, md, when);
    int theirs = vg_dnn_own(way, md);
    exchange_gates(way, task, cols, ours, theirs, md, false, when);
    return theirs;
}

/* The library's gradients into our tensor. */
static void gradient_out(vg_dnn_way *way, const vg_task *task, vg_slot slot, int64_t cols,
                         int theirs, vg_dnn_cmd md)
{
    vg_layer l = layer_of(task);
    vg_dnn_md all = our_blocks(way, &l, cols, l.gates / l.hidden);
    int ours = vg_dnn_dense_out(way, slot, all);
    if (task->kernel->op == VG_OP_gru)
        exchange_gates(way, task, cols, ours, theirs, md, true, VG_DNN_RUN);
    else
        vg_dnn_from_layout(way, theirs, md, ours, all);
    vg_dnn_dense_done(way, slot, ours);
}

/* --- biases ----------------------------------------------------------------------------------- */

/* The library has one bias a gate, and for the candidate of gru a fourth one, that of W_hn h. */
static void join_biases(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    vg_layer l = layer_of(task);
    const float *ih = vg_vector(task, VG_B_IH), *hh = vg_vector(task, VG_B_HH);
    float *joined = vg_dnn_data(way, memory[0]);
    for (int64_t r = 0; r < l.gates; r++) {
        bool apart = vg_recurrent_column(&l, r) != r;
        joined[library_gate(task, r / l.hidden) * l.hidden + r % l.hidden] =
            apart ? ih[r] : ih[r] + hh[r];
        if (apart)
            joined[vg_recurrent_column(&l, r)] = hh[r];
    }
}

static void share_gradient(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    vg_layer l = layer_of(task);
    const float *joined = vg_dnn_data(way, memory[0]);
    for (int64_t r = 0; r < l.gates; r++) {
        bool apart = vg_recurrent_column(&l, r) != r;
        float d = joined[library_gate(task, r / l.hidden) * l.hidden + r % l.hidden];
        vg_vector(task, VG_DB_IH)[r] = d;
        vg_vector(task, VG_DB_HH)[r] = apart ? joined[vg_recurrent_column(&l, r)] : d;
    }
}

static int biases_in(vg_dnn_way *way, vg_dnn_cmd md, vg_dnn_when when)
{
    int memory = vg_dnn_own(way, md);
    vg_dnn_add_glue(way, join_biases, (int[4]){memory}, when);
    return memory;
}

/* h_0 and c_0 (of lstm), for the memory of DNNL_ARG_..., or of their gradients. */
static int initial_states(vg_dnn_way *way, const vg_task *task, const_dnnl_primitive_desc_t pd,
                          int h, int c, vg_dnn_arg args[2])
{
    args[0] = (vg_dnn_arg){h, vg_dnn_own(way, vg_dnn_arg_md(pd, h))};
    if (task->kernel->op != VG_OP_lstm)
        return 1;
    args[1] = (vg_dnn_arg){c, vg_dnn_own(way, vg_dnn_arg_md(pd, c))};
    return 2;
}

/* --- forward ---------------------------------------------------------------------------------- */

static dnnl_primitive_desc_t forward_pd(vg_dnn_way *way, const vg_task *task)
{
    vg_dnn_rnn_mds m = descriptors(
        way, task, way->variant == LAYOUT_ANY ? dnnl_format_tag_any : dnnl_ldigo);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK)
        return NULL;
    vg_dnn_ok(way, vg_dnn_rnn_fwd(&pd, cell_of(task), dnnl_forward_training, &m, attr),
              "recurrent forward");
    return vg_dnn_keep_pd(way, pd);
}

static vg_dnn_cmd workspace_md(const_dnnl_primitive_desc_t pd)
{
    return dnnl_primitive_desc_query_md(pd, dnnl_query_workspace_md, 0);
}

/* The forward pass with hidden states into @p hs; what it keeps for backward into @p workspace. */
static void add_forward(vg_dnn_way *way, const vg_task *task, dnnl_primitive_desc_t pd, int hs,
                        int workspace, vg_dnn_when when)
{
    if (way->status != VG_OK)
        return;
    vg_layer l = layer_of(task);
    int x = vg_dnn_dense_in_when(way, VG_X, vg_dnn_arg_md(pd, DNNL_ARG_SRC_LAYER), when);
    int w_ih = weights_in(way, task, VG_W_IH, l.in, vg_dnn_arg_md(pd, DNNL_ARG_WEIGHTS_LAYER), when);
    int w_hh =
        weights_in(way, task, VG_W_HH, l.hidden, vg_dnn_arg_md(pd, DNNL_ARG_WEIGHTS_ITER), when);
    int bias = biases_in(way, vg_dnn_arg_md(pd, DNNL_ARG_BIAS), when);
    vg_dnn_note_layout(way, "W", vg_dnn_arg_md(pd, DNNL_ARG_WEIGHTS_LAYER));
    vg_dnn_arg args[8] = {{DNNL_ARG_SRC_LAYER, x},    {DNNL_ARG_WEIGHTS_LAYER, w_ih},
                          {DNNL_ARG_WEIGHTS_ITER, w_hh}, {DNNL_ARG_BIAS, bias},
                          {DNNL_ARG_DST_LAYER, hs},   {DNNL_ARG_WORKSPACE, workspace}};
    int states = initial_states(way, task, pd, DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C, args + 6);
    vg_dnn_add_when(way, pd, 6 + states, args, when);
}

static void forward(vg_dnn_way *way, const vg_task *task)
{
    dnnl_primitive_desc_t pd = forward_pd(way, task);
    if (way->status != VG_OK)
        return;
    way->kept = vg_dnn_own(way, workspace_md(pd));
    int hs = vg_dnn_dense_out(way, VG_HS, vg_dnn_arg_md(pd, DNNL_ARG_DST_LAYER));
    add_forward(way, task, pd, hs, way->kept, VG_DNN_RUN);
    vg_dnn_dense_done(way, VG_HS, hs);
}

/* --- backward --------------------------------------------------------------------------------- */

static void borrow_workspace(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    const vg_dnn_way *lender = vg_dnn_way_of(task->forward);
    if (lender)
        vg_dnn_borrow(way, memory[0], lender, lender->kept);
}

/* The workspace of the forward task, or of a forward pass made in prepare. */
static int workspace_in(vg_dnn_way *way, const vg_task *task, dnnl_primitive_desc_t pd)
{
    if (task->forward && !vg_dnn_way_of(task->forward)) {
        way->status = vg_fail(VG_EINVAL, "%s/bwd/onednn: its forward task is not prepared",
                              vg_op_name(task->kernel->op));
        return -1;
    }
    if (task->forward) {
        int memory = vg_dnn_unbound(way, workspace_md(pd));
        vg_dnn_add_glue(way, borrow_workspace, (int[4]){memory}, VG_DNN_RUN);
        return memory;
    }
    int memory = vg_dnn_own(way, workspace_md(pd));
    int hs = vg_dnn_own(way, vg_dnn_arg_md(pd, DNNL_ARG_DST_LAYER));
    add_forward(way, task, pd, hs, memory, VG_DNN_PREPARE);
    return memory;
}

static void clear(const vg_task *task, vg_dnn_way *way, const int memory[4])
{
    (void)task;
    memset(vg_dnn_data(way, memory[0]), 0, (size_t)memory[1] * sizeof(float));
}

/* Memory that the primitive adds to. */
static int cleared(vg_dnn_way *way, vg_dnn_cmd md)
{
    int memory = vg_dnn_own(way, md);
    if (way->status == VG_OK)
        vg_dnn_add_glue(way, clear,
                        (int[4]){memory, (int)(dnnl_memory_desc_get_size(md) / sizeof(float))},
                        VG_DNN_RUN);
    return memory;
}

static dnnl_primitive_desc_t backward_pd(vg_dnn_way *way, const vg_task *task,
                                         dnnl_primitive_desc_t hint)
{
    vg_dnn_rnn_mds m = descriptors(
        way, task, way->variant == LAYOUT_ANY ? dnnl_format_tag_any : dnnl_ldgoi);
    vg_dnn_rnn_mds d = descriptors(
        way, task, way->variant == LAYOUT_ANY ? dnnl_format_tag_any : dnnl_ldigo);
    dnnl_primitive_attr_t attr = vg_dnn_attr(way, NULL);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK)
        vg_dnn_ok(way, vg_dnn_rnn_bwd(&pd, cell_of(task), &m, &d, hint, attr),
                  "recurrent backward");
    return vg_dnn_keep_pd(way, pd);
}

typedef struct gradients {
    int dx, dw_ih, dw_hh, db;
} gradients;

static void add_backward(vg_dnn_way *way, const vg_task *task, dnnl_primitive_desc_t pd,
                         int workspace, const gradients *d)
{
    vg_layer l = layer_of(task);
    int x = vg_dnn_dense_in(way, VG_X, vg_dnn_arg_md(pd, DNNL_ARG_SRC_LAYER));
    int hs = vg_dnn_dense_in(way, VG_HS, vg_dnn_arg_md(pd, DNNL_ARG_DST_LAYER));
    int dhs = vg_dnn_dense_in(way, VG_DHS, vg_dnn_arg_md(pd, DNNL_ARG_DIFF_DST_LAYER));
    int w_ih = weights_in(way, task, VG_W_IH, l.in, vg_dnn_arg_md(pd, DNNL_ARG_WEIGHTS_LAYER),
                          VG_DNN_RUN);
    int w_hh = weights_in(way, task, VG_W_HH, l.hidden, vg_dnn_arg_md(pd, DNNL_ARG_WEIGHTS_ITER),
                          VG_DNN_RUN);
    int bias = biases_in(way, vg_dnn_arg_md(pd, DNNL_ARG_BIAS), VG_DNN_RUN);
    vg_dnn_note_layout(way, "W", vg_dnn_arg_md(pd, DNNL_ARG_WEIGHTS_LAYER));
    vg_dnn_arg args[15] = {{DNNL_ARG_SRC_LAYER, x},
                           {DNNL_ARG_WEIGHTS_LAYER, w_ih},
                           {DNNL_ARG_WEIGHTS_ITER, w_hh},
                           {DNNL_ARG_BIAS, bias},
                           {DNNL_ARG_DST_LAYER, hs},
                           {DNNL_ARG_WORKSPACE, workspace},
                           {DNNL_ARG_DIFF_DST_LAYER, dhs},
                           {DNNL_ARG_DIFF_SRC_LAYER, d->dx},
                           {DNNL_ARG_DIFF_WEIGHTS_LAYER, d->dw_ih},
                           {DNNL_ARG_DIFF_WEIGHTS_ITER, d->dw_hh},
                           {DNNL_ARG_DIFF_BIAS, d->db}};
    int count = 11;
    count += initial_states(way, task, pd, DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C, args + count);
    count += initial_states(way, task, pd, DNNL_ARG_DIFF_SRC_ITER, DNNL_ARG_DIFF_SRC_ITER_C,
                            args + count);
    vg_dnn_add(way, pd, count, args);
}

static void backward(vg_dnn_way *way, const vg_task *task)
{
    vg_layer l = layer_of(task);
    dnnl_primitive_desc_t hint = forward_pd(way, task);
    if (way->status != VG_OK)
        return;
    int workspace = workspace_in(way, task, hint);
    dnnl_primitive_desc_t pd = backward_pd(way, task, hint);
    if (way->status != VG_OK)
        return;
    vg_dnn_cmd dw_ih = vg_dnn_arg_md(pd, DNNL_ARG_DIFF_WEIGHTS_LAYER);
    vg_dnn_cmd dw_hh = vg_dnn_arg_md(pd, DNNL_ARG_DIFF_WEIGHTS_ITER);
    gradients d = {.dx = vg_dnn_dense_out(way, VG_DX, vg_dnn_arg_md(pd, DNNL_ARG_DIFF_SRC_LAYER)),
                   .dw_ih = cleared(way, dw_ih),
                   .dw_hh = cleared(way, dw_hh),
                   .db = cleared(way, vg_dnn_arg_md(pd, DNNL_ARG_DIFF_BIAS))};
    add_backward(way, task, pd, workspace, &d);
    vg_dnn_dense_done(way, VG_DX, d.dx);
    gradient_out(way, task, VG_DW_IH, l.in, d.dw_ih, dw_ih);
    gradient_out(way, task, VG_DW_HH, l.hidden, d.dw_hh, dw_hh);
    vg_dnn_add_glue(way, share_gradient, (int[4]){d.db}, VG_DNN_RUN);
}

/* --- rows ------------------------------------------------------------------------------------- */

static vg_status prepare_fwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"weights any", forward, LAYOUT_ANY},
                                            {"weights ldigo", forward, LAYOUT_PLAIN}};
    return vg_dnn_prepare(task, threads, choices, 2);
}

static vg_status prepare_bwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {{"weights any", backward, LAYOUT_ANY},
                                            {"weights ldgoi", backward, LAYOUT_PLAIN}};
    return vg_dnn_prepare(task, threads, choices, 2);
}

#define ROW(text, prepare_fn, left_out)                                                            \
    {                                                                                              \
        .impl = text, .phases = vg_dnn_phases, .prepare = prepare_fn, .release = vg_dnn_release,   \
        .describe = vg_dnn_describe, .omits = left_out                                             \
    }
#define BIT(slot) (UINT64_C(1) << (slot))

const vg_kernel_impl vg_rnn_fwd_onednn = ROW("oneDNN vanilla_rnn", prepare_fwd, 0);
const vg_kernel_impl vg_rnn_bwd_onednn = ROW("oneDNN vanilla_rnn", prepare_bwd, BIT(VG_DHT));
const vg_kernel_impl vg_lstm_fwd_onednn =
    ROW("oneDNN lstm", prepare_fwd, BIT(VG_CS) | BIT(VG_GATES));
const vg_kernel_impl vg_lstm_bwd_onednn = ROW("oneDNN lstm", prepare_bwd, BIT(VG_DHT));
const vg_kernel_impl vg_gru_fwd_onednn = ROW("oneDNN lbr_gru", prepare_fwd, BIT(VG_GATES));
const vg_kernel_impl vg_gru_bwd_onednn = ROW("oneDNN lbr_gru", prepare_bwd, BIT(VG_DHT));
