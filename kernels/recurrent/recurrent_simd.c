/* SPDX-License-Identifier: Apache-2.0 */
#include "recurrent/recurrent_vec.h"

#include <string.h>

#include "base/partition.h"
#include "dense/gemm_micro.h"
#include "dense/gemm_pack.h"
#include "vgbench/memory.h"

/* --- cutting ---------------------------------------------------------------------------------- */

enum { LINE = 16 /* floats */ };

static int64_t lines(int64_t floats)
{
    return vg_ceil_div(floats, LINE) * LINE;
}

/* Blocks of the batch: powers of two, of at least ROWS_MIN sequences. */
static void cut_batch(vg_rec *rec)
{
    enum { ROWS_MIN = 8, BLOCKS_MAX = 4 };
    rec->blocks = 1;
    while (2 * rec->blocks <= BLOCKS_MAX && rec->l.batch / (2 * rec->blocks) >= ROWS_MIN)
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

/* x W_ih^T + b for all steps; W_ih is packed beforehand. */
static vg_gemm input_gemm(const vg_layer *l)
{
    static const float some[1];
    return (vg_gemm){
        .m = l->seq * l->batch, .n = l->gates, .k = l->in, .b_t = true, .panels = some};
}

vg_rec VG_FN(vg_rec_cut_forward)(vg_op op, const vg_shape *shape)
{
    vg_rec rec = {.op = op, .l = vg_layer_of(op, shape)};
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    int gates = vg_op_gates(op), vectors = gates > 1 ? gates : micro->prefer;
    cut_batch(&rec);
    cut_panels(&rec, vectors, gates > 1 ? VG_LANES : vectors * VG_LANES, rec.l.hidden);
    vg_gemm g = input_gemm(&rec.l);
    rec.input = VG_FN(vg_gemm_cut)(&g);
    rec.at_ih = 0;
    rec.at_hh = lines((int64_t)(VG_FN(vg_gemm_panel_bytes)(&g) / sizeof(float)));
    rec.at_bias = rec.at_hh + rec.panels * rec.panel;
    rec.floats = rec.at_bias + lines(rec.l.gates);
    return rec;
}

/* dx = da W_ih; dW_ih = da^T x; dW_hh = da^T h_{t-1}, for gru in two parts, because the candidate's
 * columns of da stand apart. */

static vg_gemm dx_gemm(const vg_layer *l)
{
    return (vg_gemm){.m = l->seq * l->batch, .n = l->in, .k = l->gates};
}

static vg_gemm dw_ih_gemm(const vg_layer *l)
{
    return (vg_gemm){.m = l->gates, .n = l->in, .k = l->seq * l->batch, .a_t = true};
}

static vg_gemm dw_hh_gemm(const vg_layer *l, int64_t rows)
{
    int64_t k = (l->seq - 1) * l->batch;
    return (vg_gemm){.m = rows, .n = l->hidden, .k = k > 0 ? k : 1, .a_t = true};
}

/* Weight rows whose da is used for both W_ih and W_hh. */
static int64_t common_rows(const vg_layer *l)
{
    return l->saved > l->gates ? 2 * l->hidden : l->gates;
}

vg_rec VG_FN(vg_rec_cut_backward)(vg_op op, const vg_shape *shape)
{
    vg_rec rec = {.op = op, .l = vg_layer_of(op, shape)};
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    cut_batch(&rec);
    cut_panels(&rec, micro->prefer, micro->prefer * VG_LANES, rec.l.gates);
    int64_t common = common_rows(&rec.l);
    vg_gemm dx = dx_gemm(&rec.l), ih = dw_ih_gemm(&rec.l), hh = dw_hh_gemm(&rec.l, common);
    vg_gemm hn = dw_hh_gemm(&rec.l, rec.l.hidden);
    rec.input = VG_FN(vg_gemm_cut)(&dx);
    rec.dw_ih = VG_FN(vg_gemm_cut)(&ih);
    rec.dw_hh = VG_FN(vg_gemm_cut)(&hh);
    if (common < rec.l.gates)
        rec.dw_hn = VG_FN(vg_gemm_cut)(&hn);
    rec.ld_da = lines(rec.l.saved) + LINE; /* no power of two: rows in different sets of L1 */
    rec.ld_carry = lines(rec.l.hidden);
    rec.at_hh = 0;
    rec.at_bias = rec.panels * rec.panel;
    rec.at_carry = rec.at_bias + rec.blocks * rec.ld_da;
    rec.at_da = rec.at_carry + rec.l.batch * rec.ld_carry;
    rec.floats = rec.at_da + rec.l.seq * rec.l.batch * rec.ld_da;
    return rec;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t VG_FN(vg_rec_scratch)(const vg_rec *rec)
{
    size_t sums = sizeof(float) * (size_t)(rec->rows * rec->vectors * VG_LANES);
    size_t weights = larger(rec->dw_ih.scratch, larger(rec->dw_hh.scratch, rec->dw_hn.scratch));
    return larger(larger(sums, rec->input.scratch), weights);
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

/* --- products of a step ----------------------------------------------------------------------- */

/* Columns of A: k of them at a, rows lda apart. */
typedef struct segment {
    const float *a;
    int64_t lda, k;
} segment;

static float *workspace(const vg_task *task, int64_t offset)
{
    return (float *)task->workspace + offset;
}

/* c [rows][vectors] = A B for one panel of B, k in blocks that stay in L1. */
static void product(const segment *s, int segments, const float *panel, int vectors, int64_t rows,
                    float *c)
{
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    int64_t width = (int64_t)vectors * VG_LANES, tiles = vg_ceil_div(rows, micro->rows[vectors]);
    vg_tile t = {.b_k = width, .ldc = width, .last = VG_LANES};
    for (int i = 0; i < segments; i++) {
        int64_t blocks = vg_ceil_div(s[i].k, micro->k_block);
        for (int64_t block = 0; block < blocks; block++) {
            int64_t k0 = s[i].k * block / blocks;
            t.k = s[i].k * (block + 1) / blocks - k0;
            t.b = panel;
            t.lda = s[i].lda;
            for (int64_t tile = 0; tile < tiles; tile++) {
                int64_t first = rows * tile / tiles, last = rows * (tile + 1) / tiles;
                t.a = s[i].a + first * t.lda + k0;
                t.c = c + first * width;
                micro->by_rows[vectors](&t, (int)(last - first));
            }
            panel += t.k * width;
            t.accumulate = true;
        }
    }
}

/* All panels of a step, each followed by the cell. Without segments the products are 0. */
static void run_step(const vg_step *step, const segment *s, int segments, vg_rec_cell_fn *cell,
                     bool gates_together, float *z)
{
    const vg_rec *rec = step->rec;
    const float *panel = workspace(step->task, rec->at_hh);
    if (segments == 0)
        memset(z, 0, sizeof *z * (size_t)(step->rows * step->ldz));
    for (int64_t p = 0; p < rec->panels; p++, panel += rec->panel) {
        if (segments > 0)
            product(s, segments, panel, rec->vectors, step->rows, z);
        int64_t u = p * rec->units, last = vg_min64(u + rec->units, rec->l.hidden);
        if (gates_together)
            cell(step, u, (int)(last - u), z);
        else
            for (int64_t v = u; v < last; v += VG_LANES)
                cell(step, v, (int)vg_min64(VG_LANES, last - v), z + (v - u));
    }
}

static vg_step block_of(const vg_task *task, const vg_rec *rec, int64_t unit)
{
    int64_t first = rec->l.batch * unit / rec->blocks;
    return (vg_step){.task = task,
                     .rec = rec,
                     .row = first,
                     .rows = rec->l.batch * (unit + 1) / rec->blocks - first,
                     .block = unit,
                     .ldz = (int64_t)rec->vectors * VG_LANES};
}

/* --- forward ---------------------------------------------------------------------------------- */

/* The tensor where the products with x wait for their step. */
static const vg_tensor *sums_of(const vg_task *task)
{
    return &task->t[task->kernel->op == VG_OP_rnn ? VG_HS : VG_GATES];
}

static vg_gemm input_task(const vg_task *task, const vg_rec *rec)
{
    vg_gemm g = input_gemm(&rec->l);
    g.a = task->t[VG_X].p;
    g.lda = task->t[VG_X].ld;
    g.b = task->t[VG_W_IH].p;
    g.ldb = task->t[VG_W_IH].ld;
    g.panels = workspace(task, rec->at_ih);
    g.c = sums_of(task)->p;
    g.ldc = sums_of(task)->ld;
    g.bias = workspace(task, rec->at_bias);
    return g;
}

/* b_ih + b_hh; for the candidate of gru b_ih alone, the other is inside the reset. */
static void join_biases(const vg_task *task, const vg_rec *rec)
{
    const float *ih = task->t[VG_B_IH].p, *hh = task->t[VG_B_HH].p;
    float *bias = workspace(task, rec->at_bias);
    for (int64_t r = 0; r < rec->l.gates; r++)
        bias[r] = vg_recurrent_column(&rec->l, r) == r ? ih[r] + hh[r] : ih[r];
}

static void pack_hidden(const vg_task *task, const vg_rec *rec, int64_t p)
{
    const vg_layer *l = &rec->l;
    int64_t ld = task->t[VG_W_HH].ld, width = (int64_t)rec->vectors * VG_LANES;
    float *panel = workspace(task, rec->at_hh) + p * rec->panel;
    for (int v = 0; v < rec->vectors; v++) {
        int64_t u = p * rec->units, gate = v;
        if (rec->op == VG_OP_rnn) {
            u += v * VG_LANES;
            gate = 0;
        }
        const float *w = vg_row(task, VG_W_HH, gate * l->hidden + vg_min64(u, l->hidden - 1));
        int64_t cols = l->hidden - u;
        VG_FN(vg_pack_vector)(w, ld, l->hidden, cols > 0 ? cols : 0, width, panel + v * VG_LANES);
    }
}

void VG_FN(vg_rec_pack_forward)(const vg_task *task, int64_t unit)
{
    const vg_rec *rec = task->state;
    if (unit == 0)
        join_biases(task, rec);
    if (unit < rec->panels) {
        pack_hidden(task, rec, unit);
        return;
    }
    vg_gemm g = input_task(task, rec);
    VG_FN(vg_gemm_pack_unit)(&g, &rec->input, unit - rec->panels, workspace(task, rec->at_ih));
}

void VG_FN(vg_rec_input)(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    vg_gemm g = input_task(task, rec);
    VG_FN(vg_gemm_unit)(&g, &rec->input, unit, scratch);
}

void VG_FN(vg_rec_forward)(const vg_task *task, vg_rec_cell_fn *cell, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    vg_step step = block_of(task, rec, unit);
    bool gates_together = rec->op != VG_OP_rnn;
    segment h = {NULL, task->t[VG_HS].ld, rec->l.hidden};
    for (int64_t t = 0; t < rec->l.seq; t++, step.row += rec->l.batch) {
        step.first = t == 0;
        if (t > 0)
            h.a = vg_row(task, VG_HS, step.row - rec->l.batch);
        run_step(&step, &h, t > 0, cell, gates_together, scratch);
    }
}

static void pack_forward(const vg_task *task, int64_t unit, void *scratch)
{
    (void)scratch;
    VG_FN(vg_rec_pack_forward)(task, unit);
}

static int64_t units_of(const vg_gemm_plan *plan)
{
    return plan->row_units * plan->col_units;
}

int VG_FN(vg_rec_forward_phases)(vg_op op, const vg_shape *shape, vg_unit_fn *run, vg_phase *phase)
{
    vg_rec rec = VG_FN(vg_rec_cut_forward)(op, shape);
    vg_gemm input = input_gemm(&rec.l);
    double steps = (double)(rec.l.seq * rec.l.batch);
    double weights = (double)(rec.l.gates * (rec.l.in + rec.l.hidden));
    double macs = steps * (double)(rec.panels * rec.panel);
    phase[0] = (vg_phase){.run = pack_forward,
                          .units = rec.panels + rec.input.col_units,
                          .cost_ns = 0.2 * weights};
    phase[1] = (vg_phase){.run = VG_FN(vg_rec_input),
                          .units = units_of(&rec.input),
                          .cost_ns = VG_FN(vg_gemm_ns)(&input)};
    phase[2] = (vg_phase){.run = run,
                          .units = rec.blocks,
                          .cost_ns = macs / VG_FN(vg_gemm_micro).macs_per_ns +
                                     2 * steps * (double)rec.l.gates};
    return 3;
}

/* --- backward --------------------------------------------------------------------------------- */

static void pack_backward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    int64_t u = unit * rec->units;
    (void)scratch;
    VG_FN(vg_pack_rows)((const float *)task->t[VG_W_HH].p + u, task->t[VG_W_HH].ld, rec->l.gates,
                        vg_min64(rec->units, rec->l.hidden - u), rec->units,
                        workspace(task, rec->at_hh) + unit * rec->panel);
}

void VG_FN(vg_rec_backward)(const vg_task *task, vg_rec_cell_fn *cell, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    vg_step step = block_of(task, rec, unit);
    int64_t common = common_rows(&rec->l), ld = rec->ld_da;
    memset(workspace(task, rec->at_bias + unit * ld), 0, sizeof(float) * (size_t)ld);
    memset(workspace(task, rec->at_carry + step.row * rec->ld_carry), 0,
           sizeof(float) * (size_t)(step.rows * rec->ld_carry));
    step.row += (rec->l.seq - 1) * rec->l.batch;
    for (int64_t t = rec->l.seq - 1; t >= 0; t--, step.row -= rec->l.batch) {
        const float *later = workspace(task, rec->at_da + (step.row + rec->l.batch) * ld);
        segment s[2] = {{later, ld, common},
                        {later + rec->l.gates, ld, rec->l.gates - common}};
        int segments = t == rec->l.seq - 1 ? 0 : common < rec->l.gates ? 2 : 1;
        step.first = t == 0;
        run_step(&step, s, segments, cell, false, scratch);
    }
}

/* Sums of the blocks, in their order. */
static void bias_gradients(const vg_task *task, const vg_rec *rec)
{
    const float *partial = workspace(task, rec->at_bias);
    for (int64_t r = 0; r < rec->l.gates; r++) {
        int64_t column = vg_recurrent_column(&rec->l, r);
        float ih = 0, hh = 0;
        for (int64_t b = 0; b < rec->blocks; b++) {
            ih += partial[b * rec->ld_da + r];
            hh += partial[b * rec->ld_da + column];
        }
        vg_vector(task, VG_DB_IH)[r] = ih;
        vg_vector(task, VG_DB_HH)[r] = hh;
    }
}

static void dx_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    vg_gemm g = dx_gemm(&rec->l);
    g.a = workspace(task, rec->at_da);
    g.lda = rec->ld_da;
    g.b = task->t[VG_W_IH].p;
    g.ldb = task->t[VG_W_IH].ld;
    g.c = task->t[VG_DX].p;
    g.ldc = task->t[VG_DX].ld;
    VG_FN(vg_gemm_unit)(&g, &rec->input, unit, scratch);
    if (unit == 0)
        bias_gradients(task, rec);
}

static void dw_ih_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    vg_gemm g = dw_ih_gemm(&rec->l);
    g.a = workspace(task, rec->at_da);
    g.lda = rec->ld_da;
    g.b = task->t[VG_X].p;
    g.ldb = task->t[VG_X].ld;
    g.c = task->t[VG_DW_IH].p;
    g.ldc = task->t[VG_DW_IH].ld;
    VG_FN(vg_gemm_unit)(&g, &rec->dw_ih, unit, scratch);
}

static void clear_rows(const vg_task *task, vg_slot slot, int64_t rows, int64_t cols)
{
    for (int64_t r = 0; r < rows; r++)
        memset(vg_row(task, slot, r), 0, sizeof(float) * (size_t)cols);
}

/* Units of the common rows, then those of the candidate. One step alone has no h_{t-1}. */
static void dw_hh_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    int64_t common = common_rows(&rec->l), units = units_of(&rec->dw_hh);
    bool candidate = unit >= units;
    if (rec->l.seq == 1) {
        if (unit == 0)
            clear_rows(task, VG_DW_HH, rec->l.gates, rec->l.hidden);
        return;
    }
    vg_gemm g = dw_hh_gemm(&rec->l, candidate ? rec->l.gates - common : common);
    g.a = workspace(task, rec->at_da + rec->l.batch * rec->ld_da) + (candidate ? rec->l.gates : 0);
    g.lda = rec->ld_da;
    g.b = task->t[VG_HS].p;
    g.ldb = task->t[VG_HS].ld;
    g.c = vg_row(task, VG_DW_HH, candidate ? common : 0);
    g.ldc = task->t[VG_DW_HH].ld;
    VG_FN(vg_gemm_unit)(&g, candidate ? &rec->dw_hn : &rec->dw_hh, candidate ? unit - units : unit,
                        scratch);
}

int VG_FN(vg_rec_backward_phases)(vg_op op, const vg_shape *shape, vg_unit_fn *run, vg_phase *phase)
{
    vg_rec rec = VG_FN(vg_rec_cut_backward)(op, shape);
    vg_gemm dx = dx_gemm(&rec.l), ih = dw_ih_gemm(&rec.l), hh = dw_hh_gemm(&rec.l, rec.l.gates);
    double steps = (double)(rec.l.seq * rec.l.batch);
    double macs = steps * (double)(rec.panels * rec.panel);
    phase[0] = (vg_phase){.run = pack_backward,
                          .units = rec.panels,
                          .cost_ns = 0.1 * (double)(rec.panels * rec.panel)};
    phase[1] = (vg_phase){.run = run,
                          .units = rec.blocks,
                          .cost_ns = macs / VG_FN(vg_gemm_micro).macs_per_ns +
                                     2 * steps * (double)rec.l.gates};
    phase[2] = (vg_phase){
        .run = dx_unit, .units = units_of(&rec.input), .cost_ns = VG_FN(vg_gemm_ns)(&dx)};
    phase[3] = (vg_phase){
        .run = dw_ih_unit, .units = units_of(&rec.dw_ih), .cost_ns = VG_FN(vg_gemm_ns)(&ih)};
    phase[4] = (vg_phase){.run = dw_hh_unit,
                          .units = units_of(&rec.dw_hh) + units_of(&rec.dw_hn),
                          .cost_ns = VG_FN(vg_gemm_ns)(&hh)};
    return 5;
}
