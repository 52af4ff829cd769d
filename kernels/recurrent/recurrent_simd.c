/* SPDX-License-Identifier: Apache-2.0 */
/* What bounds it (Granite Rapids class, AVX-512, one thread): the GEMMs over all steps run at 150 to
 * 175 GFLOP/s, as dense layers of these sizes do; the steps, which are products of 8 to 64 rows, at 95
 * (H = 64) to 155 (H = 512). Without their products the steps of an lstm of H = 64 take a fifth of
 * their time forward and a third backward, where 16 floats a unit come and go and the gates of long
 * sequences are no longer in L2. The rest is short tiles: k = 64 leaves prologue and stores a tenth of
 * a tile. Tried and slower: x and h in one pass of the steps (the products with x then have 8 to 16
 * rows instead of 512), fetching the gates of the next panel while the products are made.
 * Two threads against oneDNN 3.12: 1.02 to 1.53 at H = 256 and 512, T = 16 and 64. The nearest are batches
 * of 64: gru fwd 1.07, lstm fwd H = 512 1.03, rnn fwd H = 512 1.07, at 300 to 332 GFLOP/s against 284 to
 * 308; twice what a core's loop in L1 reaches is 390 to 398, so 1.25 would be 0.9 to 0.97 of that. lstm fwd
 * at batch 16, H = 512 (1.02): W_hh from L3.
 * With H = 512, W_hh of lstm (4 MiB) comes from L3 in every step: the micro-kernel fetches it ahead,
 * which gave 8 to 14 % there. */
#include <string.h>

#include "base/partition.h"
#include "dense/gemm_micro.h"
#include "dense/gemm_pack.h"
#include "recurrent/recurrent_gemm.h"

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

/* The block of a panel behind this one, to be fetched in so many tiles of k steps. Panels lie one
 * behind the other, so that the next panel follows the last block. */
static vg_ahead block_behind(const float *block, int64_t k, int64_t width, int64_t tiles)
{
    const char *p = (const char *)(block + k * width);
    int64_t bytes = k * width * (int64_t)sizeof(float);
    int64_t steps = tiles * vg_ceil_div(k, VG_AHEAD_EVERY);
    return (vg_ahead){
        .row = p, .p = p, .row_bytes = bytes, .rows = 1, .lines = vg_ceil_div(bytes / 64, steps)};
}

/* c [rows][vectors] = A B for one panel of B, k in blocks that stay in L1. @p far: B comes from L3. */
static void product(const segment *s, int segments, const float *panel, int vectors, int64_t rows,
                    bool far, float *c)
{
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    int64_t width = (int64_t)vectors * VG_LANES, tiles = vg_ceil_div(rows, micro->rows[vectors]);
    vg_ahead ahead[2] = {{0}, {0}};
    vg_tile t = {.b_k = width, .ldc = width, .last = VG_LANES, .ahead = far ? ahead : NULL};
    for (int i = 0; i < segments; i++) {
        int64_t blocks = vg_ceil_div(s[i].k, micro->k_block);
        for (int64_t block = 0; block < blocks; block++) {
            int64_t k0 = s[i].k * block / blocks;
            t.k = s[i].k * (block + 1) / blocks - k0;
            t.b = panel;
            t.lda = s[i].lda;
            ahead[0] = block_behind(panel, t.k, width, tiles);
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

static void clear(float *values, int64_t floats)
{
    memset(values, 0, sizeof *values * (size_t)floats);
}

static float *panel_of(const vg_task *task, const vg_rec *rec, int64_t p)
{
    return workspace(task, rec->at_panels + p * rec->panel);
}

/* The cell on every vector of units of a panel; forward, the gates of one vector make a panel. */
static void run_cell(const vg_step *step, vg_rec_cell_fn *cell, int64_t p, const float *z)
{
    const vg_rec *rec = step->rec;
    int64_t u = p * rec->units, last = vg_min64(u + rec->units, rec->l.hidden);
    for (; u < last; u += VG_LANES, z += VG_LANES)
        cell(step, u, (int)vg_min64(VG_LANES, last - u), z);
}

/* What a unit computes: panels p0 .. p1 of a block, steps t .. end in the order of the pass. */
typedef struct stretch {
    int64_t block, p0, p1, t, end;
} stretch;

static stretch stretch_of(const vg_rec *rec, int64_t unit)
{
    int64_t range = unit % rec->ranges, t = unit / rec->ranges;
    if (rec->ranges == 1)
        return (stretch){.block = unit, .p1 = rec->panels, .end = rec->l.seq};
    return (stretch){.p0 = rec->panels * range / rec->ranges,
                     .p1 = rec->panels * (range + 1) / rec->ranges,
                     .t = t,
                     .end = t + 1};
}

static vg_step step_of(const vg_task *task, const vg_rec *rec, int64_t block, int64_t t)
{
    int64_t first = rec->l.batch * block / rec->blocks;
    return (vg_step){.task = task,
                     .rec = rec,
                     .row = t * rec->l.batch + first,
                     .rows = rec->l.batch * (block + 1) / rec->blocks - first,
                     .block = block,
                     .first = t == 0,
                     .ldz = (int64_t)rec->vectors * VG_LANES};
}

/* The steps of either direction. */
static vg_phase steps_phase(const vg_rec *rec, vg_unit_fn *run)
{
    double steps = (double)(rec->l.seq * rec->l.batch);
    return (vg_phase){.run = run,
                      .units = rec->ranges > 1 ? rec->ranges : rec->blocks,
                      .rounds = rec->ranges > 1 ? rec->l.seq : 1,
                      .cost_ns = steps * (double)(rec->panels * rec->panel) /
                                     VG_FN(vg_gemm_micro).macs_per_ns +
                                 2 * steps * (double)rec->l.gates};
}

/* --- forward ---------------------------------------------------------------------------------- */

/* b_ih + b_hh; for the candidate of gru b_ih alone, the other is inside the reset. */
static void join_biases(const vg_task *task, const vg_rec *rec)
{
    const float *ih = task->t[VG_B_IH].p, *hh = task->t[VG_B_HH].p;
    float *bias = workspace(task, rec->at_bias);
    for (int64_t r = 0; r < rec->l.gates; r++)
        bias[r] = vg_recurrent_column(&rec->l, r) == r ? ih[r] + hh[r] : ih[r];
}

/* The tensor where the products with x wait for their step. */
static const vg_tensor *sums_of(const vg_task *task)
{
    return &task->t[task->kernel->op == VG_OP_rnn ? VG_HS : VG_GATES];
}

static vg_gemm input_task(const vg_task *task, const vg_rec *rec)
{
    vg_gemm g = vg_rec_input_gemm(&rec->l);
    g.a = task->t[VG_X].p;
    g.lda = task->t[VG_X].ld;
    g.b = task->t[VG_W_IH].p;
    g.ldb = task->t[VG_W_IH].ld;
    g.panels = workspace(task, rec->at_inputs);
    g.c = sums_of(task)->p;
    g.ldc = sums_of(task)->ld;
    g.bias = workspace(task, rec->at_bias);
    return g;
}

/* Panel p of W_hh, transposed. */
static void pack_hidden(const vg_task *task, const vg_rec *rec, int64_t p)
{
    int64_t hidden = rec->l.hidden, width = (int64_t)rec->vectors * VG_LANES;
    float *panel = panel_of(task, rec, p);
    for (int v = 0; v < rec->vectors; v++) {
        int64_t u = p * rec->units, gate = v;
        if (rec->op == VG_OP_rnn) { /* one gate: its units side by side */
            u += v * VG_LANES;
            gate = 0;
        }
        const float *w = vg_row(task, VG_W_HH, gate * hidden + vg_min64(u, hidden - 1));
        VG_FN(vg_pack_vector)(w, task->t[VG_W_HH].ld, hidden, u < hidden ? hidden - u : 0, width,
                              panel + v * VG_LANES);
    }
}

static void pack_forward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    (void)scratch;
    if (unit == 0)
        join_biases(task, rec);
    if (unit < rec->panels) {
        pack_hidden(task, rec, unit);
        return;
    }
    vg_gemm g = input_task(task, rec);
    VG_FN(vg_gemm_pack_unit)(&g, &rec->input, unit - rec->panels,
                             workspace(task, rec->at_inputs));
}

static void input_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    vg_gemm g = input_task(task, rec);
    VG_FN(vg_gemm_unit)(&g, &rec->input, unit, scratch);
}

void VG_FN(vg_rec_forward)(const vg_task *task, vg_rec_cell_fn *cell, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    stretch s = stretch_of(rec, unit);
    for (int64_t t = s.t; t < s.end; t++) {
        vg_step step = step_of(task, rec, s.block, t);
        segment before = {NULL, task->t[VG_HS].ld, rec->l.hidden};
        if (t > 0)
            before.a = vg_row(task, VG_HS, step.row - rec->l.batch);
        else
            clear(scratch, vg_rec_sums(rec));
        for (int64_t p = s.p0; p < s.p1; p++) {
            if (t > 0)
                product(&before, 1, panel_of(task, rec, p), rec->vectors, step.rows,
                        rec->ranges > 1, scratch);
            run_cell(&step, cell, p, scratch);
        }
    }
}

static int64_t units_of(const vg_gemm_plan *plan)
{
    return plan->row_units * plan->col_units;
}

int VG_FN(vg_rec_forward_phases)(vg_op op, const vg_shape *shape, vg_unit_fn *run, vg_phase *phase)
{
    vg_rec rec = VG_FN(vg_rec_cut_forward)(op, shape);
    vg_gemm input = vg_rec_input_gemm(&rec.l);
    double weights = (double)(rec.l.gates * (rec.l.in + rec.l.hidden));
    phase[0] = (vg_phase){.run = pack_forward,
                          .units = rec.panels + rec.input.col_units,
                          .cost_ns = 0.2 * weights};
    phase[1] = (vg_phase){.run = input_unit,
                          .units = units_of(&rec.input),
                          .cost_ns = VG_FN(vg_gemm_ns)(&input)};
    phase[2] = steps_phase(&rec, run);
    return 3;
}

/* --- backward --------------------------------------------------------------------------------- */

static void pack_backward(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    int64_t u = unit * rec->units;
    (void)scratch;
    if (unit == 0) {
        clear(workspace(task, rec->at_bias), rec->blocks * rec->ld_da);
        clear(workspace(task, rec->at_carry), rec->l.batch * rec->ld_carry);
    }
    VG_FN(vg_pack_rows)((const float *)task->t[VG_W_HH].p + u, task->t[VG_W_HH].ld, rec->l.gates,
                        vg_min64(rec->units, rec->l.hidden - u), rec->units,
                        panel_of(task, rec, unit));
}

void VG_FN(vg_rec_backward)(const vg_task *task, vg_rec_cell_fn *cell, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    stretch s = stretch_of(rec, unit);
    int64_t common = vg_rec_common_rows(&rec->l), last = rec->l.seq - 1;
    for (int64_t back = s.t; back < s.end; back++) {
        vg_step step = step_of(task, rec, s.block, last - back);
        const float *later = workspace(task, rec->at_da + (step.row + rec->l.batch) * rec->ld_da);
        segment da[2] = {{later, rec->ld_da, common},
                         {later + rec->l.gates, rec->ld_da, rec->l.gates - common}};
        if (back == 0)
            clear(scratch, vg_rec_sums(rec));
        for (int64_t p = s.p0; p < s.p1; p++) {
            if (back > 0)
                product(da, common < rec->l.gates ? 2 : 1, panel_of(task, rec, p), rec->vectors,
                        step.rows, rec->ranges > 1, scratch);
            run_cell(&step, cell, p, scratch);
        }
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
    vg_gemm g = vg_rec_dx_gemm(&rec->l);
    g.a = workspace(task, rec->at_da);
    g.lda = rec->ld_da;
    g.b = task->t[VG_W_IH].p;
    g.ldb = task->t[VG_W_IH].ld;
    g.c = task->t[VG_DX].p;
    g.ldc = task->t[VG_DX].ld;
    VG_FN(vg_gemm_unit)(&g, &rec->dx, unit, scratch);
    if (unit == 0)
        bias_gradients(task, rec);
}

static void dw_ih_unit(const vg_task *task, int64_t unit, void *scratch)
{
    const vg_rec *rec = task->state;
    vg_gemm g = vg_rec_dw_ih_gemm(&rec->l);
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
    int64_t common = vg_rec_common_rows(&rec->l), units = units_of(&rec->dw_hh);
    bool candidate = unit >= units;
    if (rec->l.seq == 1) {
        if (unit == 0)
            clear_rows(task, VG_DW_HH, rec->l.gates, rec->l.hidden);
        return;
    }
    vg_gemm g = vg_rec_dw_hh_gemm(&rec->l, candidate ? rec->l.gates - common : common);
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
    vg_gemm dx = vg_rec_dx_gemm(&rec.l), ih = vg_rec_dw_ih_gemm(&rec.l), hh = vg_rec_dw_hh_gemm(&rec.l, rec.l.gates);
    phase[0] = (vg_phase){.run = pack_backward,
                          .units = rec.panels,
                          .cost_ns = 0.1 * (double)(rec.panels * rec.panel)};
    phase[1] = steps_phase(&rec, run);
    phase[2] = (vg_phase){
        .run = dx_unit, .units = units_of(&rec.dx), .cost_ns = VG_FN(vg_gemm_ns)(&dx)};
    phase[3] = (vg_phase){
        .run = dw_ih_unit, .units = units_of(&rec.dw_ih), .cost_ns = VG_FN(vg_gemm_ns)(&ih)};
    phase[4] = (vg_phase){.run = dw_hh_unit,
                          .units = units_of(&rec.dw_hh) + units_of(&rec.dw_hn),
                          .cost_ns = VG_FN(vg_gemm_ns)(&hh)};
    return 5;
}
