/* SPDX-License-Identifier: Apache-2.0 */
/* dense and dense_bias_act on oneDNN: inner product and matmul, each on plain and on library-chosen layouts. In the
 * class weights:plain every reorder of weights is a timed step; in weights:packed prepare does it.
 * Row strides larger than the row are taken as strides; a primitive that refuses them drops out. */
#include "activation/eltwise_onednn.h"

/* Layouts that are asked for. 3.8 and later keep training weights plain under ANY; there only
 * inference asks for packed ones. */
enum { PLAIN, ANY, INFER, FUSED = 16 /* added: the activation as a post-op */ };

/* The matrices of a dense layer, as this direction names them. */
typedef struct dense_case {
    int64_t batch, in, out;
    vg_slot x_slot, w_slot, y_slot;
    vg_dnn_md x, w, y, b;             /* plain, as the task stores them; b is a vector */
    vg_dnn_md x_free, w_free, y_free; /* what is asked of the library: the same, or any */
    int y_memory;
    vg_dnn_when pack; /* when weights go into the layout of the primitive */
    dnnl_primitive_attr_t attr;
} dense_case;

static bool is_fused(const vg_task *task)
{
    return task->kernel->op == VG_OP_dense_bias_act;
}

/* dy f' in a buffer: what arrives at z. */
static int through_activation(vg_dnn_way *way, const vg_task *task, vg_dnn_cmd md)
{
    vg_op act = (vg_op)task->shape.act;
    bool from_dst = vg_act_saves_output(act) && act != VG_OP_linear;
    vg_slot saved_slot = vg_act_saves_output(act) ? VG_Y : VG_PRE;
    vg_dnn_operand dy = {vg_dnn_dense_in(way, VG_DY, md), md}, dz = {vg_dnn_own(way, md), md};
    vg_dnn_operand saved = {vg_dnn_dense_in(way, saved_slot, md), md};
    vg_dnn_add_activation_backward(way, act, from_dst, saved, dy, dz);
    return dz.memory;
}

/* The matrix on the output's side: a tensor of the task, or in a fused op z or its gradient. */
static int y_memory(vg_dnn_way *way, const vg_task *task, const dense_case *c)
{
    if (!is_fused(task))
        return vg_dnn_slot(way, c->y_slot, c->y);
    if (task->kernel->dir != VG_DIR_fwd)
        return through_activation(way, task, c->y);
    return vg_dnn_dense_out(way, vg_act_saves_output((vg_op)task->shape.act) ? VG_Y : VG_PRE, c->y);
}

static dnnl_primitive_attr_t make_attr(vg_dnn_way *way, const vg_task *task)
{
    if (!(way->variant & FUSED))
        return vg_dnn_attr(way, NULL);
    vg_op act = (vg_op)task->shape.act;
    if (!vg_act_saves_output(act))
        vg_dnn_skip(way, "z must be kept for the backward pass");
    vg_dnn_eltwise e = vg_dnn_eltwise_of(task, act);
    vg_dnn_post posts[] = {{.alg = e.alg, .alpha = e.alpha, .beta = e.beta, .memory = -1},
                           vg_dnn_then_linear(VG_DNN_SELU_SCALE, 0)};
    return vg_dnn_attr_with(way, act == VG_OP_linear ? 0 : act == VG_OP_selu ? 2 : 1, posts);
}

static dense_case make_case(vg_dnn_way *way, const vg_task *t, bool any)
{
    vg_dir dir = t->kernel->dir;
    dense_case c = {.batch = t->shape.n[0], .in = t->shape.n[1], .out = t->shape.n[2]};
    c.x_slot = dir == VG_DIR_bwd_data ? VG_DX : VG_X;
    c.w_slot = dir == VG_DIR_bwd_weights ? VG_DW : VG_W;
    c.y_slot = dir == VG_DIR_fwd ? VG_Y : VG_DY;
    c.x = vg_dnn_matrix(way, c.batch, c.in, t->t[c.x_slot].ld);
    c.w = vg_dnn_matrix(way, c.out, c.in, t->t[c.w_slot].ld);
    c.y = vg_dnn_matrix(way, c.batch, c.out, is_fused(t) ? c.out : t->t[c.y_slot].ld);
    c.y_memory = y_memory(way, t, &c);
    c.b = vg_dnn_vector(way, c.out);
    c.x_free = any ? vg_dnn_any(way, c.batch, c.in) : c.x;
    c.w_free = any ? vg_dnn_any(way, c.out, c.in) : c.w;
    c.y_free = any ? vg_dnn_any(way, c.batch, c.out) : c.y;
    if (any && (vg_dnn_is_strided(t, c.x_slot) || vg_dnn_is_strided(t, c.w_slot) ||
                vg_dnn_is_strided(t, c.y_slot)))
        vg_dnn_skip(way, "reorders of strided tensors are wrong in 3.7");
    c.pack = t->shape.weights == VG_WEIGHTS_PACKED ? VG_DNN_PREPARE : VG_DNN_RUN;
    c.attr = make_attr(way, t);
    return c;
}

/* One matrix of a primitive: which argument, which memory, how that is laid out. */
typedef struct operand {
    int arg, memory;
    vg_dnn_cmd md;
} operand;

/* c = a b (+ bias): operands are reordered to what the primitive wants, the result back. */
static void add_gemm(vg_dnn_way *way, dnnl_primitive_desc_t pd, operand a, operand b,
                     vg_dnn_when b_when, operand c, vg_dnn_arg bias)
{
    vg_dnn_keep_pd(way, pd);
    vg_dnn_cmd a_md = vg_dnn_arg_md(pd, a.arg), b_md = vg_dnn_arg_md(pd, b.arg);
    vg_dnn_cmd c_md = vg_dnn_arg_md(pd, c.arg);
    int from_a = vg_dnn_to_layout(way, a.memory, a.md, a_md, VG_DNN_RUN);
    int from_b = vg_dnn_to_layout(way, b.memory, b.md, b_md, b_when);
    int to_c = vg_dnn_target(way, c.memory, c_md, c.md);
    vg_dnn_arg args[] = {{a.arg, from_a}, {b.arg, from_b}, {c.arg, to_c}, bias};
    vg_dnn_add(way, pd, bias.arg ? 4 : 3, args);
    vg_dnn_from_layout(way, to_c, c_md, c.memory, c.md);
}

/* 3.7's matmul is wrong on a column whose elements are further apart than one. */
static void skip_strided_columns(vg_dnn_way *way, const vg_task *task)
{
    for (int i = 0; i < VG_SLOT_COUNT; i++)
        if (task->t[i].p && task->t[i].ld > 1 && vg_dnn_is_column(task, (vg_slot)i))
            vg_dnn_skip(way, "matmul is wrong on a strided column in 3.7");
}

/* y = f(z) where that is not in the primitive already. */
static void finish_fwd(vg_dnn_way *way, const vg_task *task, const dense_case *c)
{
    if (!is_fused(task) || way->status != VG_OK)
        return;
    vg_op act = (vg_op)task->shape.act;
    vg_dnn_operand z = {c->y_memory, c->y}, y = z;
    if (!vg_act_saves_output(act)) {
        y.memory = vg_dnn_dense_out(way, VG_Y, c->y);
        vg_dnn_dense_done(way, VG_PRE, z.memory);
    }
    if (!(way->variant & FUSED))
        vg_dnn_add_activation(way, act, z, y);
    vg_dnn_dense_done(way, VG_Y, y.memory);
}

/* --- forward: y = x W^T + b ------------------------------------------------------------------- */

static void ip_fwd(vg_dnn_way *way, const vg_task *task)
{
    int layout = way->variant & ~FUSED;
    dense_case c = make_case(way, task, layout != PLAIN);
    dnnl_prop_kind_t prop = layout == INFER ? dnnl_forward_inference : dnnl_forward_training;
    if (layout == INFER && task->shape.weights != VG_WEIGHTS_PACKED)
        vg_dnn_skip(way, "inference layouts are for packed weights");
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_ip_fwd(&pd, prop, c.x_free, c.w_free, c.b, c.y_free, c.attr),
                   "inner product forward"))
        return;
    vg_dnn_note_layout(way, "W", vg_dnn_arg_md(pd, DNNL_ARG_WEIGHTS));
    add_gemm(way, pd, (operand){DNNL_ARG_SRC, vg_dnn_slot(way, VG_X, c.x), c.x},
             (operand){DNNL_ARG_WEIGHTS, vg_dnn_slot(way, VG_W, c.w), c.w}, c.pack,
             (operand){DNNL_ARG_DST, c.y_memory, c.y},
             (vg_dnn_arg){DNNL_ARG_BIAS, vg_dnn_slot(way, VG_B, c.b)});
    finish_fwd(way, task, &c);
}

static void matmul_fwd(vg_dnn_way *way, const vg_task *task)
{
    bool any = (way->variant & ~FUSED) == ANY;
    dense_case c = make_case(way, task, any);
    vg_dnn_md wt = vg_dnn_transposed(way, c.out, c.in, task->t[VG_W].ld);
    vg_dnn_md wt_free = any ? vg_dnn_any(way, c.in, c.out) : wt;
    vg_dnn_md b = vg_dnn_matrix(way, 1, c.out, c.out);
    skip_strided_columns(way, task);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_matmul(&pd, c.x, wt_free, b, c.y, c.attr), "matmul"))
        return;
    vg_dnn_note_layout(way, "W^T", vg_dnn_arg_md(pd, DNNL_ARG_WEIGHTS));
    add_gemm(way, pd, (operand){DNNL_ARG_SRC, vg_dnn_slot(way, VG_X, c.x), c.x},
             (operand){DNNL_ARG_WEIGHTS, vg_dnn_slot(way, VG_W, wt), wt}, c.pack,
             (operand){DNNL_ARG_DST, c.y_memory, c.y},
             (vg_dnn_arg){DNNL_ARG_BIAS, vg_dnn_slot(way, VG_B, b)});
    finish_fwd(way, task, &c);
}

static vg_status prepare_fwd(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {
        {"matmul plain", matmul_fwd, PLAIN},
        {"inner product plain", ip_fwd, PLAIN},
        {"inner product any", ip_fwd, ANY},
        {"matmul any", matmul_fwd, ANY},
        {"inner product any (inference)", ip_fwd, INFER},
    };
    static const vg_dnn_choice fused[] = {
        {"matmul plain, post-op", matmul_fwd, PLAIN | FUSED},
        {"inner product plain, post-op", ip_fwd, PLAIN | FUSED},
        {"inner product any, post-op", ip_fwd, ANY | FUSED},
        {"matmul any, post-op", matmul_fwd, ANY | FUSED},
        {"inner product any (inference), post-op", ip_fwd, INFER | FUSED},
        {"matmul plain", matmul_fwd, PLAIN},
        {"inner product any", ip_fwd, ANY},
        {"matmul any", matmul_fwd, ANY},
    };
    if (is_fused(task) && vg_act_saves_output((vg_op)task->shape.act))
        return vg_dnn_prepare(task, threads, fused, sizeof fused / sizeof *fused);
    return vg_dnn_prepare(task, threads, choices, sizeof choices / sizeof *choices);
}

/* --- backward to data: dx = dy W -------------------------------------------------------------- */

/* The forward descriptor that a backward inner product asks for. */
static dnnl_primitive_desc_t ip_hint(vg_dnn_way *way, const dense_case *c)
{
    dnnl_primitive_desc_t pd = NULL;
    vg_dnn_md x = vg_dnn_any(way, c->batch, c->in), y = vg_dnn_any(way, c->batch, c->out);
    vg_dnn_md w = vg_dnn_any(way, c->out, c->in);
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_ip_fwd(&pd, dnnl_forward_training, x, w, c->b, y, c->attr),
                   "inner product forward"))
        return NULL;
    return vg_dnn_keep_pd(way, pd);
}

static void add_bwd_data(vg_dnn_way *way, const dense_case *c, dnnl_primitive_desc_t pd, int dy_arg,
                         int dx_arg)
{
    vg_dnn_note_layout(way, "W", vg_dnn_arg_md(pd, DNNL_ARG_WEIGHTS));
    add_gemm(way, pd, (operand){dy_arg, c->y_memory, c->y},
             (operand){DNNL_ARG_WEIGHTS, vg_dnn_slot(way, VG_W, c->w), c->w}, c->pack,
             (operand){dx_arg, vg_dnn_slot(way, VG_DX, c->x), c->x}, (vg_dnn_arg){0, -1});
}

static void ip_bwd_data(vg_dnn_way *way, const vg_task *task)
{
    bool any = way->variant == ANY;
    dense_case c = make_case(way, task, any);
    dnnl_primitive_desc_t pd = NULL, hint = ip_hint(way, &c);
    if (way->status == VG_OK &&
        vg_dnn_ok(way, vg_dnn_ip_bwd_data(&pd, c.x_free, c.w_free, c.y_free, hint, c.attr),
                  "inner product backward data"))
        add_bwd_data(way, &c, pd, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC);
}

static void matmul_bwd_data(vg_dnn_way *way, const vg_task *task)
{
    bool any = way->variant == ANY;
    dense_case c = make_case(way, task, any);
    skip_strided_columns(way, task);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status == VG_OK &&
        vg_dnn_ok(way, vg_dnn_matmul(&pd, c.y, c.w_free, NULL, c.x, c.attr), "matmul"))
        add_bwd_data(way, &c, pd, DNNL_ARG_SRC, DNNL_ARG_DST);
}

static vg_status prepare_bwd_data(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {
        {"matmul plain", matmul_bwd_data, PLAIN},
        {"inner product plain", ip_bwd_data, PLAIN},
        {"inner product any", ip_bwd_data, ANY},
        {"matmul any", matmul_bwd_data, ANY},
    };
    return vg_dnn_prepare(task, threads, choices, sizeof choices / sizeof *choices);
}

/* --- backward to weights: dW = dy^T x, db = sum of dy's rows ---------------------------------- */

/* dW ends plain in both classes, as the row's tensor is: where the library prefers a blocked dW,
 * the reorder is part of the time. */
static void ip_bwd_weights(vg_dnn_way *way, const vg_task *task)
{
    bool any = way->variant == ANY;
    dense_case c = make_case(way, task, any);
    dnnl_primitive_desc_t pd = NULL, hint = ip_hint(way, &c);
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_ip_bwd_weights(&pd, c.x_free, c.w_free, c.b, c.y_free, hint, c.attr),
                   "inner product backward weights"))
        return;
    vg_dnn_note_layout(way, "dW", vg_dnn_arg_md(pd, DNNL_ARG_DIFF_WEIGHTS));
    add_gemm(way, pd, (operand){DNNL_ARG_DIFF_DST, c.y_memory, c.y},
             (operand){DNNL_ARG_SRC, vg_dnn_slot(way, VG_X, c.x), c.x}, VG_DNN_RUN,
             (operand){DNNL_ARG_DIFF_WEIGHTS, vg_dnn_slot(way, VG_DW, c.w), c.w},
             (vg_dnn_arg){DNNL_ARG_DIFF_BIAS, vg_dnn_slot(way, VG_DB, c.b)});
}

static dense_case matmul_dw(vg_dnn_way *way, const vg_task *task)
{
    dense_case c = make_case(way, task, false);
    int64_t ld = is_fused(task) ? c.out : task->t[VG_DY].ld;
    vg_dnn_md dyt = vg_dnn_transposed(way, c.batch, c.out, ld);
    skip_strided_columns(way, task);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_matmul(&pd, dyt, c.x, NULL, c.w, c.attr), "matmul"))
        return c;
    vg_dnn_note_layout(way, "dW", vg_dnn_arg_md(pd, DNNL_ARG_DST));
    vg_dnn_arg args[] = {{DNNL_ARG_SRC, vg_dnn_alias(way, c.y_memory, dyt)},
                         {DNNL_ARG_WEIGHTS, vg_dnn_slot(way, VG_X, c.x)},
                         {DNNL_ARG_DST, vg_dnn_slot(way, VG_DW, c.w)}};
    vg_dnn_add(way, pd, 3, args);
    return c;
}

static void matmul_reduction(vg_dnn_way *way, const vg_task *task)
{
    dense_case c = matmul_dw(way, task);
    vg_dnn_md db = vg_dnn_matrix(way, 1, c.out, c.out);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_reduction(&pd, dnnl_reduction_sum, c.y, db, 0, 0, c.attr),
                   "reduction"))
        return;
    vg_dnn_add(
        way, pd, 2,
        (vg_dnn_arg[]){{DNNL_ARG_SRC, c.y_memory}, {DNNL_ARG_DST, vg_dnn_slot(way, VG_DB, db)}});
}

/* The sum over rows as a product with a row of ones: the library's reduction over the outer
 * dimension is reference code in 2.6. */
static void matmul_ones(vg_dnn_way *way, const vg_task *task)
{
    dense_case c = matmul_dw(way, task);
    vg_dnn_md db = vg_dnn_matrix(way, 1, c.out, c.out),
              ones = vg_dnn_matrix(way, 1, c.batch, c.batch);
    dnnl_primitive_desc_t pd = NULL;
    if (way->status != VG_OK ||
        !vg_dnn_ok(way, vg_dnn_matmul(&pd, ones, c.y, NULL, db, c.attr), "matmul"))
        return;
    int row = vg_dnn_own(way, ones);
    for (int64_t i = 0; row >= 0 && i < c.batch; i++)
        vg_dnn_data(way, row)[i] = 1;
    vg_dnn_add(way, pd, 3,
               (vg_dnn_arg[]){{DNNL_ARG_SRC, row},
                              {DNNL_ARG_WEIGHTS, c.y_memory},
                              {DNNL_ARG_DST, vg_dnn_slot(way, VG_DB, db)}});
}

static vg_status prepare_bwd_weights(vg_task *task, int threads)
{
    static const vg_dnn_choice choices[] = {
        {"inner product plain", ip_bwd_weights, PLAIN},
        {"inner product any", ip_bwd_weights, ANY},
        {"matmul, db by matmul with ones", matmul_ones, PLAIN},
        {"matmul, db by reduction", matmul_reduction, PLAIN},
    };
    return vg_dnn_prepare(task, threads, choices, sizeof choices / sizeof *choices);
}

/* --- rows ------------------------------------------------------------------------------------- */

static vg_status fused_supports(const vg_shape *shape)
{
    if (shape->act == VG_OP_prelu)
        return vg_fail(VG_EUNSUPPORTED, "act:prelu has a slope of its own and is not fused");
    return VG_OK;
}

#define ROW(prepare_fn, check)                                                                     \
    {                                                                                              \
        .impl = "oneDNN, best of inner product and matmul", .phases = vg_dnn_phases,               \
        .supports = check, .prepare = prepare_fn, .release = vg_dnn_release,                       \
        .describe = vg_dnn_describe                                                                \
    }

const vg_kernel_impl vg_dense_fwd_onednn = ROW(prepare_fwd, NULL);
const vg_kernel_impl vg_dense_bwd_data_onednn = ROW(prepare_bwd_data, NULL);
const vg_kernel_impl vg_dense_bwd_weights_onednn = ROW(prepare_bwd_weights, NULL);
const vg_kernel_impl vg_dense_bias_act_fwd_onednn = ROW(prepare_fwd, fused_supports);
const vg_kernel_impl vg_dense_bias_act_bwd_data_onednn = ROW(prepare_bwd_data, fused_supports);
const vg_kernel_impl vg_dense_bias_act_bwd_weights_onednn =
    ROW(prepare_bwd_weights, fused_supports);
