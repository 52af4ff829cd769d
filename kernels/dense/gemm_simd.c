/* SPDX-License-Identifier: Apache-2.0 */
/* The driver: runs a unit of a product, block of k by block, panel by panel, tile by tile. */
#include "dense/gemm_cut.h"

#include "base/partition.h"
#include "dense/gemm_pack.h"

/* --- panels -------------------------------------------------------------------------------- */

/* Vectors of the next panel, with `left` vectors to go; never more than of the one before. The last
 * two panels share what is left evenly: a narrow one has too few independent sums, and too many
 * loads for each, to keep the FMA units busy. */
static int panel_vectors(const vg_micro *micro, int64_t left)
{
    if (left <= micro->prefer)
        return (int)left;
    if (left < 2 * micro->prefer)
        return (int)((left + 1) / 2);
    return micro->prefer;
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

/* All k of a panel together; the panel that begins at vector v begins at float v * VG_LANES * k. */
void VG_FN(vg_gemm_pack_unit)(const vg_gemm *g, const vg_gemm_plan *plan, int64_t unit,
                              float *panels)
{
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    int64_t vectors = vg_ceil_div(g->n, VG_LANES);
    int64_t v = vectors * unit / plan->col_units, end = vectors * (unit + 1) / plan->col_units;
    while (v < end) {
        int width = panel_vectors(micro, end - v);
        pack(g, 0, g->k, v * VG_LANES, (int64_t)width * VG_LANES, panels + v * VG_LANES * g->k);
        v += width;
    }
}

/* --- a unit -------------------------------------------------------------------------------- */

typedef struct range {
    int64_t first, last;
} range;

static range part(int64_t extent, int64_t index, int64_t parts)
{
    return (range){extent * index / parts, extent * (index + 1) / parts};
}

/* What a unit computes and from where. */
typedef struct unit_state {
    const vg_gemm *g;
    const vg_gemm_plan *plan;
    range rows, cols; /* cols in vectors */
    range next_rows, next_cols; /* of the unit after this one */
    float *c;         /* of the first row and column of the unit */
    int64_t ldc;
    float *panel, *copy; /* scratch */
    /* The rows are cut into tiles of tile_rows rows, the first longer_tiles of one more. */
    int64_t tiles, tile_rows, longer_tiles;
    int64_t c_rows; /* to fetch ahead, as in vg_tile */
    int64_t k0, k;       /* the block of k */
    vg_ahead ahead[2];   /* the next panel of B, the next block of A */
} unit_state;

/* Rows of tile `index`, relative to the unit, given where it begins. */
static range next_tile(const unit_state *u, int64_t index, int64_t first)
{
    return (range){first, first + u->tile_rows + (index < u->longer_tiles)};
}

/* Mapped, crosswise: [k][row] of the whole unit, and the sums over k on the way. */
static void map_crosswise(const unit_state *u)
{
    const vg_gemm *g = u->g;
    int64_t first = u->rows.first, rows = u->rows.last - first, lda = vg_copied_lda(rows);
    float *sums = g->a_sums && u->cols.first == 0 ? g->a_sums + first : NULL;
    for (int64_t k = 0; k < u->k; k++) {
        float *out = u->copy + k * lda;
        g->map(g, g->a + (u->k0 + k) * g->lda + first, g->saved + (u->k0 + k) * g->ld_saved + first,
               rows, out);
        if (sums)
            VG_FN(vg_sum_row)(out, rows, u->k0 + k > 0, sums);
    }
}

static void map_rows(const unit_state *u)
{
    const vg_gemm *g = u->g;
    for (int64_t row = u->rows.first; row < u->rows.last; row++)
        g->map(g, g->a + row * g->lda + u->k0, g->saved + row * g->ld_saved + u->k0, u->k,
               u->copy + (row - u->rows.first) * vg_copied_lda(u->k));
}

static void copy_a(const unit_state *u)
{
    const vg_gemm *g = u->g;
    int64_t rows = u->rows.last - u->rows.first;
    if (g->map && g->a_t)
        map_crosswise(u);
    else if (g->map)
        map_rows(u);
    else if (g->a_t) /* tile by tile, each one stream, takes 5 to 15 % of the product more */
        VG_FN(vg_copy_rows)(g->a + u->k0 * g->lda + u->rows.first, g->lda, u->k, rows,
                            vg_copied_lda(rows), u->copy);
    else
        VG_FN(vg_copy_rows)(g->a + u->rows.first * g->lda + u->k0, g->lda, rows, u->k,
                            vg_copied_lda(u->k), u->copy);
}

/* Points the tile at its rows of A. */
static void aim(const unit_state *u, range r, vg_tile *t)
{
    const vg_gemm *g = u->g;
    int64_t row = u->rows.first + r.first;
    if (!u->plan->copy_a) {
        t->a = g->a_t ? g->a + u->k0 * g->lda + row : g->a + row * g->lda + u->k0;
        t->lda = g->lda;
    } else if (g->a_t) {
        t->a = u->copy + r.first;
        t->lda = vg_copied_lda(u->rows.last - u->rows.first);
    } else {
        t->lda = vg_copied_lda(u->k);
        t->a = u->copy + r.first * t->lda;
    }
    t->c = u->c + r.first * u->ldc;
}

static vg_ahead region(const float *p, int64_t ld, int64_t rows, int64_t cols)
{
    return (vg_ahead){.row = (const char *)p,
                      .p = (const char *)p,
                      .stride = ld * (int64_t)sizeof(float),
                      .row_bytes = cols * (int64_t)sizeof(float),
                      .rows = rows};
}

/* Spreads the fetching over so many tiles. */
static vg_ahead paced(vg_ahead a, const unit_state *u, int64_t tiles)
{
    int64_t steps = tiles * vg_ceil_div(u->k, VG_AHEAD_EVERY);
    int64_t per_row = vg_ceil_div(a.row_bytes, 64), lines = vg_ceil_div(a.rows * per_row, steps);
    a.lines = lines < per_row ? lines : per_row;
    return a;
}

/* B of the first panel of columns c, of the block of k at k0. */
static vg_ahead panel_ahead(const vg_micro *micro, const vg_gemm *g, range c, int64_t k0, int64_t k)
{
    int64_t col = c.first * VG_LANES;
    int64_t width = (int64_t)panel_vectors(micro, c.last - c.first) * VG_LANES;
    if (width == 0)
        return (vg_ahead){0};
    if (g->panels)
        return region(g->panels + col * g->k + k0 * width, 0, 1, k * width);
    if (g->b_t)
        return region(g->b + col * g->ldb + k0, g->ldb, vg_min64(width, g->n - col), k);
    return region(g->b + k0 * g->ldb + col, g->ldb, k, width);
}

/* A of rows r, of the block of k at k0. */
static vg_ahead block_ahead(const vg_gemm *g, range r, int64_t k0, int64_t k)
{
    int64_t rows = r.last - r.first;
    if (g->a_t)
        return region(g->a + k0 * g->lda + r.first, g->lda, k, rows);
    return region(g->a + r.first * g->lda + k0, g->lda, rows, k);
}

/* The tile of the column panel that begins at vector j, but for its rows. */
static vg_tile panel_tile(unit_state *u, int64_t j, int vectors)
{
    const vg_gemm *g = u->g;
    int64_t width = (int64_t)vectors * VG_LANES, col = j * VG_LANES;
    vg_tile t = {.k = u->k,
                 .b = u->panel,
                 .b_k = width,
                 .ldc = u->ldc,
                 .bias = g->bias && u->k0 == 0 ? g->bias + col : NULL,
                 .accumulate = u->k0 > 0,
                 .ahead = u->plan->ahead ? u->ahead : NULL,
                 .c_rows = u->c_rows,
                 .last = (int)vg_min64(g->n - col - (width - VG_LANES), VG_LANES)};
    if (g->panels) {
        t.b = g->panels + col * g->k + u->k0 * width;
    } else if (!u->plan->pack_b && t.last == VG_LANES) {
        t.b = g->b + u->k0 * g->ldb + col;
        t.b_k = g->ldb;
    }
    return t;
}

/* The last of the sum is in: rows r, columns from col of C are final. */
static void finish(const unit_state *u, range r, int64_t col, const vg_tile *t, int vectors)
{
    const vg_gemm *g = u->g;
    if (!g->finish || u->k0 + u->k < g->k)
        return;
    g->finish(g, u->rows.first + r.first, col, r.last - r.first,
              (vectors - 1) * VG_LANES + t->last, t->c, t->ldc);
}

static void run_panel(const vg_micro *micro, unit_state *u, int64_t j, int vectors)
{
    vg_tile t = panel_tile(u, j, vectors);
    if (t.b == u->panel)
        pack(u->g, u->k0, u->k, j * VG_LANES, t.b_k, u->panel);
    vg_tile_fn *run = u->g->a_t ? micro->by_cols[vectors] : micro->by_rows[vectors];
    range r = {0, 0};
    for (int64_t i = 0; i < u->tiles; i++) {
        r = next_tile(u, i, r.last);
        aim(u, r, &t);
        t.c += (j - u->cols.first) * VG_LANES;
        run(&t, (int)(r.last - r.first));
        finish(u, r, j * VG_LANES, &t, vectors);
    }
}

/* All panels of the unit, one behind the other. */
static void pack_panels(const vg_micro *micro, const unit_state *u)
{
    for (int64_t j = u->cols.first; j < u->cols.last;) {
        int vectors = panel_vectors(micro, u->cols.last - j);
        pack(u->g, u->k0, u->k, j * VG_LANES, (int64_t)vectors * VG_LANES,
             u->panel + (j - u->cols.first) * VG_LANES * u->k);
        j += vectors;
    }
}

/* A row of tiles at a time, so that C is written along its rows. */
static void run_by_rows(const vg_micro *micro, unit_state *u)
{
    range r = {0, 0};
    if (u->plan->pack_b)
        pack_panels(micro, u);
    for (int64_t i = 0; i < u->tiles; i++) {
        r = next_tile(u, i, r.last);
        for (int64_t j = u->cols.first; j < u->cols.last;) {
            int vectors = panel_vectors(micro, u->cols.last - j);
            int64_t col = (j - u->cols.first) * VG_LANES;
            vg_tile t = panel_tile(u, j, vectors);
            t.ahead = NULL; /* the stores are hidden by themselves; asking for C cost 5 to 10 % */
            if (u->plan->pack_b)
                t.b = u->panel + col * u->k;
            aim(u, r, &t);
            t.c += col;
            (u->g->a_t ? micro->by_cols : micro->by_rows)[vectors](&t, (int)(r.last - r.first));
            finish(u, r, j * VG_LANES, &t, vectors);
            j += vectors;
        }
    }
}

/* Where the work goes on after the block of k at k0: the next block of this unit, or the first of
 * the next unit, which is the same thread's more often than not. */
typedef struct successor {
    range rows, cols;
    int64_t k0, k;
} successor;

static successor after(const unit_state *u)
{
    int64_t k0 = u->k0 + u->k;
    if (k0 < u->g->k)
        return (successor){u->rows, u->cols, k0, vg_min64(u->plan->k_block, u->g->k - k0)};
    return (successor){u->next_rows, u->next_cols, 0, vg_min64(u->plan->k_block, u->g->k)};
}

/* All columns, for one block of k. */
static void run_block(const vg_micro *micro, unit_state *u)
{
    successor s = after(u);
    int64_t panels = vg_ceil_div(u->cols.last - u->cols.first, micro->prefer);
    if (u->g->a_t) /* by rows A streams well enough; asking for it too cost 3 to 4 % */
        u->ahead[1] = paced(block_ahead(u->g, s.rows, s.k0, s.k), u, u->tiles * panels);
    for (int64_t j = u->cols.first, next; j < u->cols.last; j = next) {
        int vectors = panel_vectors(micro, u->cols.last - j);
        vg_ahead a;
        next = j + vectors;
        if (next < u->cols.last)
            a = panel_ahead(micro, u->g, (range){next, u->cols.last}, u->k0, u->k);
        else
            a = panel_ahead(micro, u->g, s.cols, s.k0, s.k);
        u->ahead[0] = paced(a, u, u->tiles);
        run_panel(micro, u, j, vectors);
    }
}

static void run_unit(unit_state *u)
{
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    int64_t rows = u->rows.last - u->rows.first;
    int widest = panel_vectors(micro, u->cols.last - u->cols.first);
    u->tiles = vg_ceil_div(rows, micro->rows[widest]);
    u->tile_rows = rows / u->tiles;
    u->longer_tiles = rows % u->tiles;
    for (u->k0 = 0; u->k0 < u->g->k; u->k0 += u->plan->k_block) {
        u->k = vg_min64(u->plan->k_block, u->g->k - u->k0);
        u->c_rows = vg_ceil_div(u->tile_rows + 1, vg_ceil_div(u->k, VG_AHEAD_EVERY));
        if (u->plan->copy_a)
            copy_a(u);
        if (u->plan->by_rows)
            run_by_rows(micro, u);
        else
            run_block(micro, u);
    }
}

void VG_FN(vg_gemm_unit)(const vg_gemm *g, const vg_gemm_plan *plan, int64_t unit, void *scratch)
{
    vg_gemm v = plan->swap ? vg_gemm_swapped(g) : *g;
    int64_t vectors = vg_ceil_div(v.n, VG_LANES), next = unit + 1;
    unit_state u = {.g = &v,
                    .plan = plan,
                    .rows = part(v.m, unit / plan->col_units, plan->row_units),
                    .cols = part(vectors, unit % plan->col_units, plan->col_units),
                    .panel = scratch};
    if (next < plan->row_units * plan->col_units) {
        u.next_rows = part(v.m, next / plan->col_units, plan->row_units);
        u.next_cols = part(vectors, next % plan->col_units, plan->col_units);
    }
    u.copy = u.panel + (v.panels ? 0 : vg_panel_floats(plan));
    if (!plan->swap) {
        u.ldc = v.ldc;
        u.c = v.c + u.rows.first * v.ldc + u.cols.first * VG_LANES;
        run_unit(&u);
        return;
    }
    float *turned = u.copy + (plan->copy_a ? vg_copy_floats(&v, plan) : 0);
    u.ldc = plan->vectors * VG_LANES;
    u.c = turned;
    run_unit(&u);
    int64_t first = u.cols.first * VG_LANES, last = vg_min64(u.cols.last * VG_LANES, v.n);
    VG_FN(vg_store_transposed)(turned, u.ldc, u.rows.last - u.rows.first, last - first,
                               g->bias ? g->bias + u.rows.first : NULL,
                               g->c + first * g->ldc + u.rows.first, g->ldc);
    if (g->finish)
        g->finish(g, first, u.rows.first, last - first, u.rows.last - u.rows.first,
                  g->c + first * g->ldc + u.rows.first, g->ldc);
}
