/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a product into units and blocks of k, by its extents and strides alone. */
#include "dense/gemm_cut.h"

#include "base/partition.h"

enum {
    UNIT_MACS = 96 * 1024, /* less is not worth a unit of its own */
    FEW_UNITS = 8,         /* from here on only large units are cut */
    LARGE_UNIT_MACS = 16 << 20,
    MANY_UNITS = 128,
    ROWS_MAX = 512,            /* rows x k_block of A stay in L2 */
    LARGE_A = 128 * 1024,      /* floats: A takes a good part of L2, */
    HUGE_A = 2048 * 1024,      /* is several times L2 */
    L2_FLOATS = 640 * 1024,    /* all three matrices: little of them has to leave L2 */
    K_STEP = 16,               /* blocks of k are multiples of it: no steps left over */
    COPY_FLOATS = 16 * 1024,   /* A is copied from here on, if it is read crosswise, */
    COPY_STRIDE = 2048,        /* or if its rows are so far apart that they share sets of L2, */
    SHORT_K = 64,              /* C is most of the traffic */
    LARGE = 1536 * 1024,       /* floats: a matrix is several times L2 */
    AHEAD_K = 128,             /* up to here a smaller C is written faster than it is asked for */
    WIDE = 768,                /* columns of C: copies of A cost more than those of B */
    CROWDED = 512,             /* floats: rows so far apart share an eighth of the sets of L1 */
    CROWDED_ROWS = 64,         /* a panel is used often enough to be packed for that alone */
    COPY_COLUMNS = 96,         /* and if it is used often enough */
    NARROW = 32,               /* columns of a unit that packs them crosswise, where units are few */
    FEW_ROWS = 128             /* of such a unit: fewer do not pay for that */
};

static bool may_cut(int64_t macs, int64_t units)
{
    int64_t least = 2 * units > FEW_UNITS ? LARGE_UNIT_MACS : UNIT_MACS;
    return 2 * units <= MANY_UNITS && macs / (2 * units) >= least;
}

/* Fewer rows do not pay for packing B once more, fewer columns not for reading A once more. */
typedef struct least {
    int64_t rows, cols;
} least;

static least cut_limits(const vg_gemm *v)
{
    int64_t a = v->m * v->k;
    if (a > LARGE_A)
        return (least){256, a > HUGE_A ? 512 : 256};
    return (least){v->b_t ? 256 : 128, 64};
}

/* Every unit packs its own columns of a crosswise B, unless A is several times L2. Packed once for
 * all, B comes from the caches of the core that packed it, after a barrier: with two threads fwd of
 * 512 x 256 x 256 took 195 us so and takes 167, of 128 x 64 x 64 7.4 and 4.1. */
bool VG_FN(vg_gemm_packs_alone)(const vg_gemm *g)
{
    return g->b_t && !g->a_t && !g->panels && !g->map && g->m * g->k <= HUGE_A;
}

/* Columns first: each cut of rows packs B once more. */
static void cut_packing_units(const vg_gemm *v, vg_gemm_plan *plan, int prefer)
{
    int64_t vectors = vg_ceil_div(v->n, VG_LANES), macs = v->m * v->n * v->k;
    int64_t rows = vg_ceil_div(v->m, ROWS_MAX), cols = 1;
    while (may_cut(macs, rows * cols)) {
        int64_t unit_rows = v->m / (2 * rows), unit_cols = vectors / (2 * cols) * VG_LANES;
        int64_t panel = prefer * VG_LANES;
        bool few = 2 * rows * cols <= FEW_UNITS;
        if (unit_cols >= (few ? vg_min64(panel, NARROW) : panel))
            cols *= 2;
        else if (unit_rows >= (few ? 2 * FEW_ROWS : ROWS_MAX))
            rows *= 2;
        else if (2 * rows * cols <= 4 && unit_rows >= FEW_ROWS / 2 &&
                 macs / (2 * rows * cols) >= 4 * UNIT_MACS)
            rows *= 2;
        else
            break;
    }
    plan->row_units = rows;
    plan->col_units = cols;
}

/* Powers of two, so that 2, 4, 8 ... threads get equal shares. */
static void cut_units(const vg_gemm *v, vg_gemm_plan *plan, int prefer)
{
    int64_t vectors = vg_ceil_div(v->n, VG_LANES), macs = v->m * v->n * v->k;
    int64_t rows = vg_ceil_div(v->m, ROWS_MAX), cols = 1;
    least limit = cut_limits(v);
    bool rows_first = v->a_t && v->n >= WIDE && v->m * v->k <= LARGE_A;
    if (rows_first)
        limit = (least){v->m > 1024 ? 256 : 128, 512};
    if (v->map) /* what is mapped should be mapped once */
        limit = (least){v->m >= 256 ? 128 : 64, v->n + 1};
    while (may_cut(macs, rows * cols)) {
        int64_t unit_rows = v->m / (2 * rows), unit_cols = vectors / (2 * cols) * VG_LANES;
        if (rows_first && unit_rows >= limit.rows)
            rows *= 2;
        else if (unit_cols >= limit.cols)
            cols *= 2;
        else if (unit_rows >= limit.rows)
            rows *= 2;
        else if (rows * cols < 4 && (v->a_t || v->map) && unit_rows >= (v->map ? 32 : 128))
            rows *= 2;
        else if (rows * cols < 4 && unit_cols >= VG_LANES * (prefer < 3 ? prefer : 2))
            cols *= 2;
        else if (rows * cols < 4 && unit_rows >= 16)
            rows *= 2;
        else
            break;
    }
    plan->row_units = rows;
    plan->col_units = cols;
}

/* A panel packed in scratch stays in L1. One read where it is comes from L2 anyway, so that longer
 * sums, which touch C less often, are better. So are they where packing is dear, crosswise, and where C is
 * itself several times L2. */
static int64_t most_k(const vg_gemm *v, const vg_gemm_plan *plan, const vg_micro *micro)
{
    enum { IN_PLACE_K = 512, PANELS_K = 320 };
    if (v->panels)
        return v->k > PANELS_K ? micro->panel_k : PANELS_K;
    if (!plan->pack_b)
        return IN_PLACE_K;
    if (v->b_t || (!v->a_t && v->m * v->n >= LARGE))
        return micro->panel_k;
    return v->a_t ? micro->cross_k : micro->k_block;
}

/* Whether B goes through scratch. In place it must be whole vectors wide enough apart. */
static bool packs_b(const vg_gemm *v, const vg_gemm_plan *plan, const vg_micro *micro)
{
    if (v->panels)
        return false;
    bool crowded = v->n % CROWDED == 0 && plan->rows >= CROWDED_ROWS;
    return v->b_t || v->n * v->k > micro->in_place || crowded || plan->by_rows;
}

/* Whether what comes next is fetched while tiles are computed. Of a large B in place a panel is a few
 * lines of each of hundreds of rows, which no prefetcher follows (Zen 5, bwd_data 2048^3: 0.92 -> 0.96
 * of oneDNN 3.12); crosswise it is long pieces of a few rows. */
static bool asks_ahead(const vg_gemm *v)
{
    int64_t c = v->m * v->n;
    if (v->m * v->k + v->n * v->k + c <= L2_FLOATS)
        return false;
    if (v->panels)
        return true;
    if (v->a_t)
        return v->k > AHEAD_K || c >= LARGE;
    return !v->b_t && v->n * v->k >= LARGE;
}

/* With a short k the traffic is in C: a large one is written along its rows, where all of B can be
 * at hand. */
static bool goes_by_rows(const vg_gemm *v, const vg_gemm_plan *plan, const vg_micro *micro)
{
    if (!plan->ahead || v->k > SHORT_K)
        return false;
    return v->panels || (!v->b_t && v->m * v->n >= LARGE && plan->rows >= CROWDED_ROWS &&
                         plan->vectors * VG_LANES * v->k <= 2 * micro->in_place);
}

static vg_gemm_plan cut(const vg_gemm *v, bool swap)
{
    const vg_micro *micro = &VG_FN(vg_gemm_micro);
    vg_gemm_plan plan = {.swap = swap};
    if (VG_FN(vg_gemm_packs_alone)(v))
        cut_packing_units(v, &plan, micro->prefer);
    else
        cut_units(v, &plan, micro->prefer);
    plan.rows = vg_ceil_div(v->m, plan.row_units);
    plan.vectors = vg_ceil_div(vg_ceil_div(v->n, VG_LANES), plan.col_units);
    plan.ahead = asks_ahead(v);
    plan.by_rows = goes_by_rows(v, &plan, micro);
    plan.pack_b = packs_b(v, &plan, micro);
    plan.copy_a = v->map || (v->m * v->k >= COPY_FLOATS &&
                             plan.vectors * VG_LANES >= COPY_COLUMNS &&
                             (v->a_t ? v->m >= micro->cross : v->k >= COPY_STRIDE));
    int64_t k_block = vg_ceil_div(v->k, vg_ceil_div(v->k, most_k(v, &plan, micro)));
    plan.k_block = vg_min64(v->k, vg_ceil_div(k_block, K_STEP) * K_STEP);
    int64_t turned = plan.vectors * VG_LANES * (plan.rows + VG_LANES);
    plan.scratch = sizeof(float) * (size_t)((v->panels ? 0 : vg_panel_floats(&plan)) +
                                            (plan.copy_a ? vg_copy_floats(v, &plan) : 0) +
                                            (plan.swap ? turned : 0));
    return plan;
}

/* What packing and turning move, in elements. */
static int64_t moved(const vg_gemm *v, const vg_gemm_plan *plan)
{
    return v->n * v->k * plan->row_units + (plan->swap ? 2 * v->m * v->n : 0);
}

vg_gemm_plan VG_FN(vg_gemm_cut)(const vg_gemm *g)
{
    vg_gemm_plan plan = cut(g, false);
    if (g->panels || !g->b_t || g->a_t || g->map || g->m < VG_LANES)
        return plan;
    vg_gemm other = vg_gemm_swapped(g);
    vg_gemm_plan turned = cut(&other, true);
    return moved(&other, &turned) < moved(g, &plan) ? turned : plan;
}

double VG_FN(vg_gemm_ns)(const vg_gemm *g)
{
    double columns = (double)(vg_ceil_div(g->n, VG_LANES) * VG_LANES);
    return 100 + (double)g->m * columns * (double)g->k / VG_FN(vg_gemm_micro).macs_per_ns;
}
