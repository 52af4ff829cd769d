/* SPDX-License-Identifier: Apache-2.0 */
/* The driver: cuts a product into units, a unit into blocks of k, panels and tiles. */
#include "dense/gemm.h"

#include "base/partition.h"
#include "dense/gemm_micro.h"
#include "dense/gemm_pack.h"

enum {
    UNITS_MAX = 128,
    UNIT_MACS = 96 * 1024, /* less is not worth a unit of its own */
    ROWS_MAX = 512,        /* rows x k_block of A stay in L2 */
    VECTORS_MAX = 16,      /* and the columns of a unit do not multiply that */
    IN_PLACE_FLOATS = 8192 /* B is read in place up to here: it stays in L1 */
};

static vg_gemm swapped(const vg_gemm *g)
{
    return (vg_gemm){.m = g->n,
                     .n = g->m,
                     .k = g->k,
                     .a_t = !g->b_t,
                     .b_t = !g->a_t,
                     .a = g->b,
                     .lda = g->ldb,
                     .b = g->a,
                     .ldb = g->lda};
}

/* Packing B crosswise costs n k; packing A crosswise instead costs m k, and C m n. */
static bool swap_pays(const vg_gemm *g)
{
    return !g->panels && g->b_t && g->m >= VG_LANES &&
           g->m * (g->k + g->n) < g->n * g->k;
}

static int64_t panel_floats(const vg_gemm_plan *plan)
{
    return plan->k_block * VG_TILE_MAX_VECTORS * VG_LANES;
}

static int64_t halve(int64_t units, int64_t extent, int64_t macs)
{
    while (2 * units <= extent && macs / (2 * units) >= UNIT_MACS && units < UNITS_MAX)
        units *= 2;
    return units;
}

vg_gemm_plan VG_FN(vg_gemm_cut)(const vg_gemm *g)
{
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    vg_gemm_plan plan = {.swap = swap_pays(g)};
    vg_gemm v = plan.swap ? swapped(g) : *g;
    int64_t vectors = vg_ceil_div(v.n, VG_LANES), macs = v.m * v.n * v.k;
    plan.pack_b = !v.panels && (v.b_t || v.n * v.k > IN_PLACE_FLOATS);
    plan.k_block = vg_ceil_div(v.k, vg_ceil_div(v.k, micro->k_block));
    if (plan.swap) {
        plan.col_units = vg_ceil_div(vectors, VECTORS_MAX);
        plan.row_units = halve(vg_ceil_div(v.m, ROWS_MAX), v.m / micro->rows[micro->prefer],
                               macs / plan.col_units);
    } else {
        plan.row_units = vg_ceil_div(v.m, ROWS_MAX);
        plan.col_units = halve(vg_ceil_div(vectors, VECTORS_MAX), vectors / micro->prefer,
                               macs / plan.row_units);
    }
    plan.rows = vg_ceil_div(v.m, plan.row_units);
    plan.vectors = vg_ceil_div(vectors, plan.col_units);
    int64_t turned = plan.vectors * VG_LANES * (plan.rows + VG_LANES);
    plan.scratch = sizeof(float) * (size_t)((plan.pack_b ? panel_floats(&plan) : 0) +
                                            (plan.swap ? turned : 0));
    return plan;
}

double VG_FN(vg_gemm_ns)(const vg_gemm *g)
{
    double tiles = (double)vg_ceil_div(g->n, VG_LANES) * VG_LANES;
    return 100 + (double)g->m * tiles * (double)g->k / VG_FN(vg_gemm_micro).macs_per_ns;
}

/* --- panels -------------------------------------------------------------------------------- */

/* Vectors of the next panel, with `left` vectors to go. One alone would starve the FMA units, so
 * it is joined to its neighbour. */
static int panel_vectors(const vg_micro *micro, int64_t left)
{
    if (left <= VG_TILE_MAX_VECTORS)
        return (int)left;
    return left == 4 ? 2 : micro->prefer;
}

static void pack(const vg_gemm *v, int64_t k0, int64_t k, int64_t col, int64_t width, float *panel)
{
    int64_t cols = vg_min64(width, v->n - col);
    if (v->b_t)
        VG_FN(vg_pack_transposed)(v->b + col * v->ldb + k0, v->ldb, k, cols, width, panel);
    else
        VG_FN(vg_pack_rows)(v->b + k0 * v->ldb + col, v->ldb, k, cols, width, panel);
}

size_t VG_FN(vg_gemm_panel_bytes)(const vg_gemm *g)
{
    return (size_t)vg_ceil_div(g->n, VG_LANES) * VG_LANES * (size_t)g->k * sizeof(float);
}

/* The panels of a unit, all k of a panel together; a panel that begins at vector v begins at float
 * v * VG_LANES * k. */
void VG_FN(vg_gemm_pack_all)(const vg_gemm *g, float *panels)
{
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    vg_gemm as_packed = *g;
    as_packed.panels = panels;
    vg_gemm_plan plan = VG_FN(vg_gemm_cut)(&as_packed);
    int64_t vectors = vg_ceil_div(g->n, VG_LANES);
    for (int64_t unit = 0; unit < plan.col_units; unit++) {
        int64_t v = vectors * unit / plan.col_units, end = vectors * (unit + 1) / plan.col_units;
        while (v < end) {
            int width = panel_vectors(micro, end - v);
            pack(g, 0, g->k, v * VG_LANES, (int64_t)width * VG_LANES, panels + v * VG_LANES * g->k);
            v += width;
        }
    }
}

/* --- a unit -------------------------------------------------------------------------------- */

/* All tiles of a column panel. Tiles differ by at most one row. */
static void run_panel(const vg_micro *micro, vg_tile t, int64_t rows, int vectors)
{
    int64_t tiles = vg_ceil_div(rows, micro->rows[vectors]);
    int64_t each = rows / tiles, longer = rows % tiles;
    vg_tile_fn *run = t.last == VG_LANES ? micro->full[vectors] : micro->edge[vectors];
    for (int64_t i = 0; i < tiles; i++) {
        int64_t height = each + (i < longer);
        run(&t, (int)height);
        t.a += height * t.a_m;
        t.c += height * t.ldc;
    }
}

typedef struct range {
    int64_t first, last;
} range;

static range part(int64_t extent, int64_t index, int64_t parts)
{
    return (range){extent * index / parts, extent * (index + 1) / parts};
}

/* What a unit computes: rows, columns (in vectors) and where their first element of C goes. */
typedef struct part_of_c {
    range rows, cols;
    float *c;
    int64_t ldc;
} part_of_c;

static void run_block(const vg_gemm *v, const vg_gemm_plan *plan, const part_of_c *p, int64_t k0,
                      float *packed)
{
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    int64_t k = vg_min64(plan->k_block, v->k - k0);
    int64_t a_m = v->a_t ? 1 : v->lda, a_k = v->a_t ? v->lda : 1;
    for (int64_t j = p->cols.first; j < p->cols.last;) {
        int vectors = panel_vectors(micro, p->cols.last - j);
        int64_t width = (int64_t)vectors * VG_LANES, col = j * VG_LANES;
        vg_tile t = {.k = k,
                     .a = v->a + p->rows.first * a_m + k0 * a_k,
                     .a_m = a_m,
                     .a_k = a_k,
                     .b = packed,
                     .b_k = width,
                     .c = p->c + (j - p->cols.first) * VG_LANES,
                     .ldc = p->ldc,
                     .bias = v->bias && k0 == 0 ? v->bias + col : NULL,
                     .accumulate = k0 > 0,
                     .last = (int)vg_min64(v->n - col - (width - VG_LANES), VG_LANES)};
        if (plan->pack_b) {
            pack(v, k0, k, col, width, packed);
        } else if (v->panels) {
            t.b = v->panels + col * v->k + k0 * width;
        } else {
            t.b = v->b + k0 * v->ldb + col;
            t.b_k = v->ldb;
        }
        run_panel(micro, t, p->rows.last - p->rows.first, vectors);
        j += vectors;
    }
}

void VG_FN(vg_gemm_unit)(const vg_gemm *g, const vg_gemm_plan *plan, int64_t unit, void *scratch)
{
    vg_gemm v = plan->swap ? swapped(g) : *g;
    range rows = part(v.m, unit / plan->col_units, plan->row_units);
    range cols = part(vg_ceil_div(v.n, VG_LANES), unit % plan->col_units, plan->col_units);
    float *packed = scratch, *turned = packed + (plan->pack_b ? panel_floats(plan) : 0);
    part_of_c p = {.rows = rows, .cols = cols, .c = turned, .ldc = plan->vectors * VG_LANES};
    if (!plan->swap) {
        p.c = v.c + rows.first * v.ldc + cols.first * VG_LANES;
        p.ldc = v.ldc;
    }
    for (int64_t k0 = 0; k0 < v.k; k0 += plan->k_block)
        run_block(&v, plan, &p, k0, packed);
    if (plan->swap) {
        int64_t first = cols.first * VG_LANES, last = vg_min64(cols.last * VG_LANES, v.n);
        VG_FN(vg_store_transposed)(turned, p.ldc, rows.last - rows.first, last - first,
                                   g->bias ? g->bias + rows.first : NULL,
                                   g->c + first * g->ldc + rows.first, g->ldc);
    }
}
