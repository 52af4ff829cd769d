/* SPDX-License-Identifier: Apache-2.0 */
/* Where the tile sizes come from (Granite Rapids class, two 512-bit FMA ports: 64 flop a cycle). Per
 * cycle, because the core clock falls under 512-bit FMAs, from about 3.67 to 2.95 GHz: the loop of two
 * steps of k makes 63.0 flop a cycle at 128x256x256, that of one step 61.0. The fewer broadcasts for
 * each FMA the better: 0.25 and 0.33 (6x64, 9x48) are faster than 0.5 (14x32); FMAs with an embedded
 * broadcast are slower still. 6x64 leaves no narrow panel behind where extents are multiples of 64.
 * What the loop does not lose is lost in prologue, stores, packing and, for B in place, panels that
 * stream from L2; above 512 in L3 (reading ahead hides most). With k = 32 (batch 32, 1024 to 512,
 * backward of weights) the stores of dW are no limit: the bare tiles run at 176 GFLOP/s into a buffer
 * in L1, at 177 into the 2 MiB of dW by columns; into 16 MiB they need its rows in order (bare stores
 * 2.2 ns a line by rows, 15 by columns of tiles 4 KiB apart). There it is the copies that cost: X
 * read in place thrashes four sets of L1, and dY^T copied once per unit took 6 % in 8 units of
 * columns. With both mended it is 0.95 to 1.0 of oneDNN 3.12 (it was 0.77 to 0.82).
 * On Zen 5 backward of weights reached 0.81 to 0.91 of oneDNN 3.12 with batch >= 512 while dY^T was copied
 * tile by tile (24 bytes of a line at a time), 0.93 to 0.98 copied by rows. There a panel of 192 k fills
 * L1 and leaves dY^T no room: with 128 it is 0.96 to 0.98. */

/* The addresses of a step are those of the one before plus a constant, which an x86 address holds;
 * GCC 12 keeps them all in registers instead, and spills. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-ivopts")
#endif

enum { ROWS_1 = 14, ROWS_2 = 14, ROWS_3 = 9, ROWS_4 = 6 };

#include "dense/gemm_tiles.h"

const vg_micro VG_FN(vg_gemm_micro) = {
    .prefer = 4,
    .rows = {0, ROWS_1, ROWS_2, ROWS_3, ROWS_4},
    .k_block = 192,
    .cross_k = 128,
    .panel_k = 512,
    .in_place = 65536,
    .cross = 512,
    .by_rows = {NULL, rows_1, rows_2, rows_3, rows_4},
    .by_cols = {NULL, cols_1, cols_2, cols_3, cols_4},
    .macs_per_ns = 85,
};
