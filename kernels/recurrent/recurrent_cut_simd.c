/* SPDX-License-Identifier: Apache-2.0 */
/* How a pass of a recurrent layer is cut into panels, units and memory. */
#include "base/partition.h"
#include "dense/gemm_micro.h"
#include "recurrent/recurrent_gemm.h"
#include "vgbench/memory.h"

enum { LINE = 16 /* floats */ };

static int64_t lines(int64_t floats)
{
    return vg_ceil_div(floats, LINE) * LINE;
}

enum {
    ROWS_MIN = 8, /* of a block */
    BLOCKS_MAX = 4,
    RANGES_MAX = 4,
    RANGE_PANELS_MIN = 2,
    HIDDEN_FLOATS = 300 * 1024 /* W_hh stays in L2 up to here */
};

/* Powers of two: blocks of the batch, or ranges of panels if W_hh is large. */
static void cut_units(vg_rec *rec)
{
    rec->blocks = rec->ranges = 1;
    if (rec->l.gates * rec->l.hidden > HIDDEN_FLOATS)
        while (2 * rec->ranges <= RANGES_MAX && rec->panels / (2 * rec->ranges) >= RANGE_PANELS_MIN)
            rec->ranges *= 2;
    while (rec->ranges == 1 && 2 * rec->blocks <= BLOCKS_MAX &&
           rec->l.batch / (2 * rec->blocks) >= ROWS_MIN)
        rec->blocks *= 2;
    rec->rows = vg_ceil_div(rec->l.batch, rec->blocks);
}

static void cut_panels(vg_rec *rec, int vectors, int64_t units, int64_t k)
{
    rec->vectors = vectors;
    rec->units = units;
    rec->panels = vg_ceil_div(rec->l.hidden, units);
    rec->panel = k * vectors * VG_LANES;
}

vg_rec VG_FN(vg_rec_cut_forward)(vg_op op, const vg_shape *shape)
{
    vg_rec rec = {.op = op, .l = vg_layer_of(op, shape)};
    int gates = vg_op_gates(op), vectors = gates > 1 ? gates : VG_FN(vg_gemm_micro).prefer;
    cut_panels(&rec, vectors, gates > 1 ? VG_LANES : vectors * VG_LANES, rec.l.hidden);
    cut_units(&rec);
    vg_gemm g = vg_rec_input_gemm(&rec.l);
    rec.input = VG_FN(vg_gemm_cut)(&g);
    rec.at_panels = 0;
    rec.at_inputs = rec.panels * rec.panel;
    rec.at_bias =
        rec.at_inputs + lines((int64_t)(VG_FN(vg_gemm_panel_bytes)(&g) / sizeof(float)));
    rec.floats = rec.at_bias + lines(rec.l.gates);
    return rec;
}

vg_rec VG_FN(vg_rec_cut_backward)(vg_op op, const vg_shape *shape)
{
    vg_rec rec = {.op = op, .l = vg_layer_of(op, shape)};
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    cut_panels(&rec, micro->prefer, micro->prefer * VG_LANES, rec.l.gates);
    cut_units(&rec);
    int64_t common = vg_rec_common_rows(&rec.l);
    vg_gemm dx = vg_rec_dx_gemm(&rec.l), ih = vg_rec_dw_ih_gemm(&rec.l), hh = vg_rec_dw_hh_gemm(&rec.l, common);
    vg_gemm hn = vg_rec_dw_hh_gemm(&rec.l, rec.l.hidden);
    rec.dx = VG_FN(vg_gemm_cut)(&dx);
    rec.dw_ih = VG_FN(vg_gemm_cut)(&ih);
    rec.dw_hh = VG_FN(vg_gemm_cut)(&hh);
    if (common < rec.l.gates)
        rec.dw_hn = VG_FN(vg_gemm_cut)(&hn);
    rec.ld_da = lines(rec.l.saved) + LINE; /* no power of two: rows in different sets of L1 */
    rec.ld_carry = lines(rec.l.hidden);
    rec.at_panels = 0;
    rec.at_bias = rec.panels * rec.panel;
    rec.at_carry = rec.at_bias + rec.blocks * rec.ld_da;
    rec.at_da = rec.at_carry + rec.l.batch * rec.ld_carry;
    rec.floats = rec.at_da + rec.l.seq * rec.l.batch * rec.ld_da;
    return rec;
}

/* To pack and to enter the GEMMs takes 150 to 500 ns, and a step of a sequence 15 to 30 ns however
 * narrow it is; plain C takes 0.4 ns a product, and 20 to 30 more for each function of libm. */
bool VG_FN(vg_rec_too_small)(const vg_kernel *kernel, const vg_shape *shape)
{
    vg_layer l = vg_layer_of(kernel->op, shape);
    int64_t gates = vg_op_gates(kernel->op), step = l.gates * (l.in + l.hidden);
    int64_t all = l.seq * l.batch * step;
    if (kernel->dir == VG_DIR_bwd)
        return l.batch * step <= 20 * gates || step <= 2 * gates || all <= 34 * gates;
    bool relu = gates == 1 && shape->act == VG_OP_relu;
    return relu ? step <= 18 || all <= 512 : all <= 48 * gates;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t VG_FN(vg_rec_scratch)(const vg_rec *rec)
{
    size_t weights = larger(rec->dw_ih.scratch, larger(rec->dw_hh.scratch, rec->dw_hn.scratch));
    size_t inputs = larger(rec->input.scratch, rec->dx.scratch);
    return larger(sizeof(float) * (size_t)vg_rec_sums(rec), larger(inputs, weights));
}

vg_status VG_FN(vg_rec_prepare)(vg_task *task, int threads)
{
    (void)threads;
    if (!task->state)
        VG_TRY(vg_alloc(sizeof(vg_rec), 3, &task->state));
    bool forward = task->kernel->dir == VG_DIR_fwd;
    *(vg_rec *)task->state =
        (forward ? VG_FN(vg_rec_cut_forward)
                 : VG_FN(vg_rec_cut_backward))(task->kernel->op, &task->shape);
    return VG_OK;
}

void VG_FN(vg_rec_release)(vg_task *task)
{
    vg_free(task->state);
}
