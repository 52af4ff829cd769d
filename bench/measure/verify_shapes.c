/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/verify_shapes.h"

enum { ROWS_END = 0 };

/* batch, in, out: 1, lanes and neighbours, register-tile edges (6, 12, 16, 32), primes, and depths
 * and widths beyond a cache block. */
static const int64_t dense_ci[][3] = {
    {1, 1, 1},    {1, 7, 17},   {2, 16, 8},   {3, 1, 33},     {5, 15, 1},     {6, 9, 16},
    {7, 31, 31},  {8, 8, 8},    {12, 32, 32}, {13, 33, 47},   {16, 64, 16},   {17, 3, 15},
    {23, 65, 13}, {25, 17, 49}, {32, 48, 64}, {37, 129, 63},  {64, 64, 64},   {65, 130, 97},
    {4, 1031, 9}, {1, 300, 200}, {100, 31, 7}, {9, 515, 131}, {131, 259, 67}, {ROWS_END},
};
static const int64_t dense_full[][3] = {
    {1, 2053, 1}, {1, 1, 1031},   {257, 1, 1},    {3, 5, 7},       {11, 13, 19},    {14, 28, 30},
    {18, 36, 34}, {96, 96, 96},   {97, 101, 103}, {100, 300, 200}, {127, 255, 129}, {256, 64, 33},
    {19, 1537, 29}, {521, 37, 41}, {30, 769, 521}, {260, 520, 36}, {ROWS_END},
};

/* batch, width of row-wise and element-wise ops; of passes over numbers the product: 8643 and 8198
 * are three units of 4096. Every other shape is run as if it were large (stream_bytes). */
static const int64_t rows_ci[][2] = {
    {1, 1},  {2, 3},   {1, 4},   {3, 5},   {4, 7},   {2, 8},   {5, 9},    {1, 15},      {3, 16},
    {2, 17}, {7, 31},  {4, 32},  {3, 33},  {5, 64},  {2, 65},  {13, 67},  {66, 12},     {9, 528},
    {1, 257}, {67, 129}, {3, 1031}, {2, 4099}, {131, 20}, {ROWS_END},
};
static const int64_t rows_full[][2] = {
    {1, 2},     {17, 1},    {64, 24},  {65, 47},  {63, 48},   {128, 63},
    {129, 100}, {257, 255}, {31, 512}, {5, 8191}, {1, 16411}, {ROWS_END},
};

/* batch, seq, in, hidden: one step, one sequence, lanes and neighbours, register-tile edges, several
 * blocks of the batch, sequences longer than a block of sums. */
static const int64_t recurrent_ci[][4] = {
    {1, 1, 1, 1},  {1, 3, 2, 1},   {2, 1, 5, 4},   {1, 5, 7, 3},    {3, 4, 1, 7},
    {5, 2, 8, 8},  {2, 3, 15, 9},  {4, 3, 16, 16}, {6, 2, 17, 17},  {7, 3, 4, 31},
    {1, 2, 33, 32}, {13, 3, 31, 33}, {17, 2, 16, 47}, {33, 2, 3, 16}, {3, 37, 5, 6},
    {19, 2, 65, 64}, {65, 2, 12, 13}, {2, 4, 67, 131}, {17, 3, 400, 130}, {2, 3, 9, 330},
    {ROWS_END},
};
static const int64_t recurrent_full[][4] = {
    {8, 4, 8, 8},    {12, 3, 24, 24},  {16, 5, 32, 48},  {31, 3, 63, 65}, {64, 2, 64, 64},
    {1, 67, 11, 19}, {129, 2, 20, 35}, {5, 3, 261, 257}, {3, 3, 21, 560}, {ROWS_END},
};

static bool pick(const int64_t *table, int extents, int index, int64_t *to)
{
    for (int i = 0; i <= index; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.*): ROWS_END ends every table */
        if (table[i * extents] == ROWS_END)
            return false;
    for (int e = 0; e < extents; e++)
        to[e] = table[index * extents + e];
    return true;
}

static int length(const int64_t *table, int extents)
{
    int n = 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.*): as above */
    while (table[n * extents] != ROWS_END)
        n++;
    return n;
}

static bool pick_tier(const int64_t *ci, const int64_t *full, int extents, vg_tier tier, int index,
                      int64_t *to)
{
    int common = length(ci, extents);
    if (index < common)
        return pick(ci, extents, index, to);
    return tier == VG_TIER_FULL && pick(full, extents, index - common, to);
}

/* Attributes and further keys of a shape: how many ways are tried at each pair of extents. */
static int variants(vg_op op)
{
    if (vg_op_has_norm(op))
        return 4;
    return op == VG_OP_rnn || vg_op_has_weights(op) || op == VG_OP_prelu || op == VG_OP_group_norm ? 2 : 1;
}

/* A number of groups that divides @p width: itself, its smallest prime factor, or 1. */
static int64_t groups_of(int64_t width, int choice)
{
    int64_t factor = 2;
    while (factor < width && width % factor)
        factor++;
    return choice % 3 == 0 ? (factor < width ? factor : 1) : choice % 3 == 1 ? 1 : width;
}

/* @p index of the extents; the activation moves on with it. */
static void set_variant(vg_op op, int variant, int index, vg_shape *shape)
{
    enum { ACTIVATIONS = VG_OP_silu - VG_OP_relu + 1 };
    if (vg_op_has_weights(op))
        shape->weights = (vg_weights)(variant % 2);
    if (vg_op_has_act(op))
        shape->act = VG_OP_relu + (index + 3 * variant) % ACTIVATIONS;
    if (op == VG_OP_rnn)
        shape->act = variant % 2 ? VG_OP_relu : VG_OP_tanh;
    if (shape->act == VG_OP_prelu) /* has a slope of its own */
        shape->act = VG_OP_gelu_tanh;
    if (vg_op_has_norm(op)) {
        shape->norm = VG_OP_batch_norm + variant % 4;
        shape->n[2] = 1;
    }
    if (op == VG_OP_group_norm || shape->norm == VG_OP_group_norm)
        shape->n[2] = groups_of(shape->n[1], op == VG_OP_group_norm ? index + variant : index);
    if (op == VG_OP_prelu)
        shape->n[2] = variant ? shape->n[1] : 1;
    if ((op == VG_OP_batch_norm || shape->norm == VG_OP_batch_norm) && shape->n[0] == 1)
        shape->n[0] = 2; /* one row has no variance */
}

/* Passes over n numbers take the product of the extents. */
static void flatten(vg_op op, vg_shape *shape)
{
    if (vg_op_extents(op) == 1)
        *shape = (vg_shape){.n = {shape->n[0] * shape->n[1]}};
}

static bool pick_extents(vg_family family, vg_tier tier, int index, int64_t *to)
{
    if (family == VG_FAMILY_DENSE)
        return pick_tier(dense_ci[0], dense_full[0], 3, tier, index, to);
    if (family == VG_FAMILY_RECURRENT)
        return pick_tier(recurrent_ci[0], recurrent_full[0], 4, tier, index, to);
    return pick_tier(rows_ci[0], rows_full[0], 2, tier, index, to);
}

bool vg_verify_shape(vg_op op, vg_tier tier, int index, vg_shape *shape)
{
    *shape = (vg_shape){0};
    int count = variants(op);
    bool found = pick_extents(vg_op_family(op), tier, index / count, shape->n);
    if (found) {
        set_variant(op, index % count, index / count, shape);
        flatten(op, shape);
    }
    return found;
}

/* Tall, wide, deep. */
static const int64_t dense_threads[][3] = {
    {197, 131, 149}, {7, 400, 611}, {613, 29, 19}, {ROWS_END}};
static const int64_t recurrent_threads[][4] = {
    {61, 5, 23, 37}, {3, 9, 150, 70}, {150, 3, 9, 21}, {ROWS_END}};
static const int64_t rows_threads[][2] = {{517, 67}, {7, 8209}, {1999, 5}, {ROWS_END}};

bool vg_verify_thread_shape(vg_op op, int index, vg_shape *shape)
{
    *shape = (vg_shape){0};
    vg_family family = vg_op_family(op);
    bool found = family == VG_FAMILY_DENSE       ? pick(dense_threads[0], 3, index, shape->n)
                 : family == VG_FAMILY_RECURRENT ? pick(recurrent_threads[0], 4, index, shape->n)
                                                 : pick(rows_threads[0], 2, index, shape->n);
    if (found) {
        set_variant(op, index % variants(op), index, shape);
        flatten(op, shape);
    }
    return found;
}

bool vg_verify_sweep_shape(vg_op op, vg_tier tier, vg_shape *shape)
{
    if (!vg_op_is_activation(op))
        return false;
    *shape = (vg_shape){.n = {tier == VG_TIER_FULL ? 4096 : 64, 1024}};
    set_variant(op, 0, 0, shape);
    return true;
}

/* Matrices of [batch][width] that the op touches. */
static int matrices(vg_op op, vg_dir dir, const vg_shape *shape)
{
    vg_tensor_spec list[VG_MAX_TENSORS];
    int count = vg_op_tensors(op, dir, shape, list), found = 0;
    for (int i = 0; i < count; i++)
        found += list[i].rows == shape->n[0] && list[i].cols == shape->n[1];
    return found > 0 ? found : 1;
}

bool vg_verify_stream_shape(vg_op op, vg_dir dir, vg_shape *shape)
{
    enum { WIDTH = 2047, FLOATS = 18 << 20 }; /* 72 MiB; kernels begin at 64 MiB */
    vg_family family = vg_op_family(op);
    if (family != VG_FAMILY_ACTIVATION && family != VG_FAMILY_NORM && family != VG_FAMILY_RESIDUAL)
        return false;
    *shape = (vg_shape){.n = {64, WIDTH}};
    set_variant(op, 0, 0, shape);
    shape->n[0] = FLOATS / WIDTH / matrices(op, dir, shape) + 1;
    return true;
}
