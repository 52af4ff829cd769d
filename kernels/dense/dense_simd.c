/* SPDX-License-Identifier: Apache-2.0 */
/* Dense layer as products:
 *   fwd          Y  = X W^T + b     A = X,    B = W^T (crosswise)
 *   bwd_data     dX = dY W          A = dY,   B = W
 *   bwd_weights  dW = dY^T X        A = dY^T, B = X;   db = column sums of dY
 * and dense_bias_act, which is told by shape.act: the activation is applied to tiles of Y while they
 * are in L1, its derivative to dY while that is copied.
 */
#include "base/partition.h"
#include "dense/dense_fused.h"
#include "dense/dense_small.h"
#include "vgbench/kernel.h"
#include "vgbench/memory.h"

static const float *in(const vg_task *task, vg_slot slot)
{
    return task->t[slot].p;
}

/* --- the products: extents by shape, pointers and row strides by task --------- */

static vg_gemm fwd_gemm(const vg_shape *s)
{
    return (vg_gemm){.m = s->n[0], .n = s->n[2], .k = s->n[1], .b_t = true};
}

static vg_gemm bwd_data_gemm(const vg_shape *s)
{
    return (vg_gemm){.m = s->n[0], .n = s->n[1], .k = s->n[2],
                     .map = s->act ? VG_FN(vg_dense_map) : NULL};
}

static vg_gemm bwd_weights_gemm(const vg_shape *s)
{
    return (vg_gemm){.m = s->n[2], .n = s->n[1], .k = s->n[0], .a_t = true,
                     .map = s->act ? VG_FN(vg_dense_map) : NULL};
}

/* What map reads beside dY. */
static void bind_saved(const vg_task *task, vg_gemm *g)
{
    if (!task->shape.act)
        return;
    vg_slot slot = vg_act_saves_output((vg_op)task->shape.act) ? VG_Y : VG_PRE;
    g->saved = in(task, slot);
    g->ld_saved = task->t[slot].ld;
    g->context = task;
}

static vg_gemm fwd_task(const vg_task *task)
{
    vg_gemm g = fwd_gemm(&task->shape);
    g.a = in(task, VG_X);
    g.lda = task->t[VG_X].ld;
    g.b = in(task, VG_W);
    g.ldb = task->t[VG_W].ld;
    g.c = task->t[VG_Y].p;
    g.ldc = task->t[VG_Y].ld;
    g.bias = in(task, VG_B);
    g.finish = task->shape.act && task->shape.act != VG_OP_linear ? VG_FN(vg_dense_finish) : NULL;
    g.context = task;
    return g;
}

static vg_gemm bwd_data_task(const vg_task *task)
{
    vg_gemm g = bwd_data_gemm(&task->shape);
    g.a = in(task, VG_DY);
    g.lda = task->t[VG_DY].ld;
    g.b = in(task, VG_W);
    g.ldb = task->t[VG_W].ld;
    g.c = task->t[VG_DX].p;
    g.ldc = task->t[VG_DX].ld;
    bind_saved(task, &g);
    return g;
}

static vg_gemm bwd_weights_task(const vg_task *task)
{
    vg_gemm g = bwd_weights_gemm(&task->shape);
    g.a = in(task, VG_DY);
    g.lda = task->t[VG_DY].ld;
    g.b = in(task, VG_X);
    g.ldb = task->t[VG_X].ld;
    g.c = task->t[VG_DW].p;
    g.ldc = task->t[VG_DW].ld;
    g.a_sums = task->t[VG_DB].p;
    bind_saved(task, &g);
    return g;
}

/* --- state: how the product is cut, and the panels of weights:packed ------------------------- */

typedef struct dense_state {
    vg_gemm_plan plan;
    bool packs_first; /* fwd: W goes through the workspace */
    _Alignas(VG_ALIGN) float panels[];
} dense_state;

/* That there will be panels is enough to cut the product. */
static vg_gemm with_class(vg_gemm g, const vg_shape *shape)
{
    static const float some[1];
    if (shape->weights == VG_WEIGHTS_PACKED)
        g.panels = some;
    return g;
}

static vg_status prepare(vg_task *task, vg_gemm g, bool packed)
{
    if (!task->state) {
        size_t bytes = sizeof(dense_state) + (packed ? VG_FN(vg_gemm_panel_bytes)(&g) : 0);
        VG_TRY(vg_alloc(bytes, 3, &task->state));
    }
    dense_state *state = task->state;
    g.panels = packed ? state->panels : NULL;
    state->plan = VG_FN(vg_gemm_cut)(&g);
    for (int64_t unit = 0; packed && unit < state->plan.col_units; unit++)
        VG_FN(vg_gemm_pack_unit)(&g, &state->plan, unit, state->panels);
    return VG_OK;
}

static void release(vg_task *task)
{
    vg_free(task->state);
}

static void run_unit(const vg_task *task, vg_gemm g, int64_t unit, void *scratch)
{
    const dense_state *state = task->state;
    if (task->shape.weights == VG_WEIGHTS_PACKED)
        g.panels = state->panels;
    VG_FN(vg_gemm_unit)(&g, &state->plan, unit, scratch);
}

static int one_phase(const vg_gemm *g, vg_unit_fn *run, vg_phase *phase)
{
    vg_gemm_plan plan = VG_FN(vg_gemm_cut)(g);
    *phase = (vg_phase){.run = run,
                        .units = plan.row_units * plan.col_units,
                        .cost_ns = VG_FN(vg_gemm_ns)(g)};
    return 1;
}

static vg_status no_prelu(const vg_shape *shape)
{
    if (shape->act == VG_OP_prelu)
        return vg_fail(VG_EUNSUPPORTED, "dense_bias_act act:prelu: its slopes have gradients of "
                                        "their own; use dense and prelu");
    return VG_OK;
}

/* --- forward -------------------------------------------------------------------------------
 * W is read crosswise, which is dear: where many units would pack the same columns of it, all of it
 * is packed once, in a phase of its own. */

static bool packs_first(const vg_shape *shape)
{
    vg_gemm g = fwd_gemm(shape);
    vg_gemm_plan plan = VG_FN(vg_gemm_cut)(&g);
    return shape->weights == VG_WEIGHTS_PLAIN && plan.row_units > 1 && !plan.swap &&
           !VG_FN(vg_gemm_packs_alone)(&g);
}

/* As it is cut. */
static vg_gemm fwd_class(const vg_shape *shape)
{
    static const float some[1];
    vg_gemm g = with_class(fwd_gemm(shape), shape);
    if (packs_first(shape))
        g.panels = some;
    return g;
}

static void fwd_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const dense_state *state = task->state;
    vg_gemm g = fwd_task(task);
    if (state->packs_first)
        g.panels = task->workspace;
    run_unit(task, g, unit, scratch);
}

static void fwd_pack_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const dense_state *state = task->state;
    vg_gemm g = fwd_task(task);
    VG_FN(vg_gemm_pack_unit)(&g, &state->plan, unit, task->workspace);
}

static int fwd_phases(const vg_shape *shape, vg_phase *phase)
{
    vg_gemm g = fwd_class(shape);
    if (!packs_first(shape))
        return one_phase(&g, fwd_unit, phase);
    one_phase(&g, fwd_unit, phase + 1);
    phase[0] = (vg_phase){.run = fwd_pack_unit,
                          .units = VG_FN(vg_gemm_cut)(&g).col_units,
                          .cost_ns = 0.2 * (double)g.n * (double)g.k};
    return 2;
}

static size_t fwd_workspace(const vg_shape *shape)
{
    vg_gemm g = fwd_gemm(shape);
    return packs_first(shape) ? VG_FN(vg_gemm_panel_bytes)(&g) : 0;
}

static size_t fwd_scratch(const vg_shape *shape)
{
    vg_gemm g = fwd_class(shape);
    return VG_FN(vg_gemm_cut)(&g).scratch;
}

static vg_status fwd_prepare(vg_task *task, int threads)
{
    VG_TRY(prepare(task, fwd_task(task), task->shape.weights == VG_WEIGHTS_PACKED));
    dense_state *state = task->state;
    vg_gemm g = fwd_class(&task->shape);
    state->plan = VG_FN(vg_gemm_cut)(&g);
    state->packs_first = packs_first(&task->shape);
    return VG_OK;
}

const vg_kernel_impl VG_FN(vg_dense_fwd) = {.impl = "register-blocked GEMM",
                                            .phases = fwd_phases,
                                            .too_small = vg_dense_too_small,
                                            .scratch = fwd_scratch,
                                            .workspace = fwd_workspace,
                                            .prepare = fwd_prepare,
                                            .release = release};
const vg_kernel_impl VG_FN(vg_dense_bias_act_fwd) = {
    .impl = "register-blocked GEMM, activation on tiles",
    .phases = fwd_phases,
    .too_small = vg_dense_too_small,
    .scratch = fwd_scratch,
    .workspace = fwd_workspace,
    .prepare = fwd_prepare,
    .release = release,
    .supports = no_prelu};

/* --- gradient of the input ----------------------------------------------------------------- */

static void bwd_data_unit(const vg_task *task, int64_t unit, void *scratch)
{
    run_unit(task, bwd_data_task(task), unit, scratch);
}

static int bwd_data_phases(const vg_shape *shape, vg_phase *phase)
{
    vg_gemm g = with_class(bwd_data_gemm(shape), shape);
    return one_phase(&g, bwd_data_unit, phase);
}

static size_t bwd_data_scratch(const vg_shape *shape)
{
    vg_gemm g = with_class(bwd_data_gemm(shape), shape);
    return VG_FN(vg_gemm_cut)(&g).scratch;
}

static vg_status bwd_data_prepare(vg_task *task, int threads)
{
    return prepare(task, bwd_data_task(task), task->shape.weights == VG_WEIGHTS_PACKED);
}

const vg_kernel_impl VG_FN(vg_dense_bwd_data) = {.impl = "register-blocked GEMM",
                                                 .phases = bwd_data_phases,
                                                 .too_small = vg_dense_too_small,
                                                 .scratch = bwd_data_scratch,
                                                 .prepare = bwd_data_prepare,
                                                 .release = release};
const vg_kernel_impl VG_FN(vg_dense_bias_act_bwd_data) = {
    .impl = "register-blocked GEMM, activation in the copy of dy",
    .phases = bwd_data_phases,
    .too_small = vg_dense_too_small,
    .scratch = bwd_data_scratch,
    .prepare = bwd_data_prepare,
    .release = release,
    .supports = no_prelu};

/* --- gradient of weights and bias ----------------------------------------------------------
 * No operand is a weight, so that both classes of weights are the same code; dW is row-major. */

/* db for outputs [first, last): the sum over the batch, in its order. */
static void bias_gradient(const vg_task *task, int64_t first, int64_t last)
{
    int64_t batch = task->shape.n[0], ld = task->t[VG_DY].ld;
    float *db = task->t[VG_DB].p;
    for (int64_t o = first; o < last; o += 2 * VG_LANES) {
        int n0 = (int)vg_min64(VG_LANES, last - o);
        int n1 = (int)vg_min64(VG_LANES, last - o - n0);
        const float *dy = in(task, VG_DY) + o;
        vf s0 = vf_zero(), s1 = vf_zero();
        if (n1 == VG_LANES) {
            for (int64_t i = 0; i < batch; i++, dy += ld) {
                s0 = vf_add(s0, vf_load(dy));
                s1 = vf_add(s1, vf_load(dy + VG_LANES));
            }
        } else {
            for (int64_t i = 0; i < batch; i++, dy += ld) {
                s0 = vf_add(s0, vf_load_n(dy, n0));
                s1 = vf_add(s1, vf_load_n(dy + n0, n1));
            }
        }
        vf_store_n(db + o, n0, s0);
        vf_store_n(db + o + n0, n1, s1);
    }
}

/* Unit (row, column) of dW also sums a share of the outputs for db, so that db costs no unit and no
 * barrier of its own. */
static void bwd_weights_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const dense_state *state = task->state;
    vg_gemm g = bwd_weights_task(task);
    VG_FN(vg_gemm_unit)(&g, &state->plan, unit, scratch);
    if (g.map) /* which made db on the way */
        return;
    int64_t units = state->plan.row_units * state->plan.col_units, out = task->shape.n[2];
    int64_t vectors = vg_ceil_div(out, VG_LANES);
    bias_gradient(task, vectors * unit / units * VG_LANES,
                  vg_min64(vectors * (unit + 1) / units * VG_LANES, out));
}

static int bwd_weights_phases(const vg_shape *shape, vg_phase *phase)
{
    vg_gemm g = bwd_weights_gemm(shape);
    return one_phase(&g, bwd_weights_unit, phase);
}

static size_t bwd_weights_scratch(const vg_shape *shape)
{
    vg_gemm g = bwd_weights_gemm(shape);
    return VG_FN(vg_gemm_cut)(&g).scratch;
}

static vg_status bwd_weights_prepare(vg_task *task, int threads)
{
    return prepare(task, bwd_weights_task(task), false);
}

const vg_kernel_impl VG_FN(vg_dense_bwd_weights) = {.impl = "register-blocked GEMM",
                                                    .phases = bwd_weights_phases,
                                                    .too_small = vg_dense_too_small,
                                                    .scratch = bwd_weights_scratch,
                                                    .prepare = bwd_weights_prepare,
                                                    .release = release};
const vg_kernel_impl VG_FN(vg_dense_bias_act_bwd_weights) = {
    .impl = "register-blocked GEMM, activation in the copy of dy",
    .phases = bwd_weights_phases,
    .too_small = vg_dense_too_small,
    .scratch = bwd_weights_scratch,
    .prepare = bwd_weights_prepare,
    .release = release,
    .supports = no_prelu};
