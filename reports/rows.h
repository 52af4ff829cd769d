/* SPDX-License-Identifier: Apache-2.0 */
/** @file rows.h
 * The timed rows of a result document, and the cases they make: one problem (op, direction, shape,
 * threads) with the row of every backend, and the ratio of the own row to oneDNN's.
 */
#ifndef VG_REPORTS_ROWS_H
#define VG_REPORTS_ROWS_H

#include <jansson.h>
#include <stdbool.h>

#include "reports/stats.h"
#include "vgbench/kernel.h"

/* --- reading a document: missing, null and of the wrong type are the same -------------------- */

/** The member at @p path ("machine.cpu.model"), or NULL. */
const json_t *vg_doc_get(const json_t *root, const char *path);
/** NaN where there is no number. */
double vg_doc_num(const json_t *root, const char *path);

/** An end (0: low, 1: high) of an interval [low, high]; NaN where there is none. */
double vg_doc_bound(const json_t *interval, int end);
/** NULL where there is no string. */
const char *vg_doc_str(const json_t *root, const char *path);
/** False where there is no true. */
bool vg_doc_true(const json_t *root, const char *path);

/* --- rows ------------------------------------------------------------------------------------ */

typedef enum vg_size_class {
    VG_SIZE_L1 = 0,
    VG_SIZE_L2,
    VG_SIZE_L3,
    VG_SIZE_DRAM,
    VG_SIZE_UNKNOWN,
    VG_SIZE_COUNT
} vg_size_class;
const char *vg_size_class_name(vg_size_class size);
/** The smallest cache of the document's machine that holds so many bytes. */
vg_size_class vg_doc_size_class(const json_t *doc, double bytes);

/** A row; the strings belong to the document. */
typedef struct vg_row {
    const char *kernel, *op, *dir, *backend;
    const char *shape;   /**< "batch:64/in:64/...": the rest of `kernel`, threads included */
    const char *weights; /**< "plain", "packed" or "" */
    const char *impl, *error, *max_isa; /**< "" where there is none */
    const char
        *crowded; /**< "8 threads on 2 CPUs": why nothing is called; "" where each has its own */
    const char *cold; /**< "wei", "all": what was flushed before every sample; "": nothing */
    int index;      /**< place of backend among the known ones, VG_BACKEND_COUNT for others */
    int threads;    /**< asked for; 0 unknown */
    int used;       /**< threads that worked: small problems stay on fewer */
    int n;          /**< samples */
    vg_estimate ns; /**< of one call; NaN where it was not timed */
    double flops, bytes, roof_fraction, ulp, prepare_ns;
    int verified;   /**< 1, 0, or -1 where nothing is said */
    bool reference; /**< reference code of oneDNN: shown, never claimed against */
    const json_t *entry;
} vg_row;

typedef struct vg_problem {
    int rows[VG_BACKEND_COUNT]; /**< indices into the rows, -1 where the backend has none */
    int own, base; /**< own best by the fixed order avx512, avx2, neon, scalar; oneDNN */
    int any;       /**< some row of the case */
    vg_size_class size;
    vg_estimate ratio; /**< time of oneDNN / time of own: above 1, own is faster */
    double sd;         /**< of ln ratio, from the interval */
    double floor;      /**< by which it is judged; NaN unknown */
    int pairs;         /**< samples behind the ratio, of the side with fewer */
    int processes;
    vg_verdict verdict;   /**< at most AMBIGUOUS where the threads had too few CPUs (`crowded`) */
    const char *crowded;  /**< of the own row, as in vg_row */
    const char *why_none; /**< why there is no verdict; NULL where there is one */
} vg_problem;

typedef struct vg_rows {
    vg_row *rows;
    vg_problem *cases;
    int count, case_count;
    int duplicates; /**< entries left out because the same row was there before */
    double floor;   /**< of the A/A test, NaN unknown */
    const json_t *doc;
} vg_rows;

/** Reads benchmarks[] of @p doc. VG_ENOMEM. */
vg_status vg_rows_collect(const json_t *doc, vg_rows *rows);
void vg_rows_release(vg_rows *rows);

/** The floor that rows like @p row are judged by: that of their number of threads. NaN, by which
 * nothing is called, where these outnumber the CPUs. */
double vg_rows_floor(const vg_rows *rows, const vg_row *row);

/** The samples of an entry as a new array (free it), or its real_time as the only one. Returns how
 * many; @p process (may be NULL) likewise, NULL where all are of one process. */
int vg_row_samples(const json_t *entry, double **samples, int **process);

/** The ratio of @p base to @p own with its interval, from their samples: the median of the ratios
 * of pairs where the samples were taken side by side, else the ratio of the medians. */
vg_estimate vg_row_ratio(const vg_row *own, const vg_row *base, bool paired, int *processes);

/** The row that stands for a case: the own best, or any. */
const vg_row *vg_problem_row(const vg_rows *rows, const vg_problem *c);

/** The ratio of the two medians where it contradicts that of the pairs, else NaN. */
double vg_problem_contradiction(const vg_rows *rows, const vg_problem *c);

/** Whether an op is judged by FLOP/s (GEMM-like) or by bytes/s; GFLOP/s or GB/s at the median. */
bool vg_row_by_flops(const vg_row *row);
double vg_row_rate(const vg_row *row);
const char *vg_row_rate_unit(const vg_row *row);

/** The family of a row's op as an index below VG_FAMILIES, and its name; unknown ops are "other".
 */
enum { VG_FAMILIES = VG_FAMILY_RECURRENT + 2 };
int vg_row_family(const vg_row *row);
const char *vg_row_family_name(int family);

/** The five smallest or largest ratios seen, in that order; zero-initialise. */
typedef struct vg_extreme {
    const vg_problem *cases[5];
    int count;
} vg_extreme;

/** @p sign 1 keeps the smallest, -1 the largest. */
void vg_extreme_keep(vg_extreme *list, const vg_problem *c, double sign);

/** Wins, ties, losses and ambiguous ones beside a geometric mean. Cases whose threads outnumber the
 * CPUs are among the ambiguous ones, and not in the mean. */
typedef struct vg_tally {
    int faster, same, slower, ambiguous, none;
    int crowded;
    double sum_ln, sum_var;
    double floor;        /**< the widest of the cases in the mean, NaN where one is unknown */
    double least, most; /**< extreme ratios */
} vg_tally;

void vg_tally_add(vg_tally *tally, const vg_problem *c);
int vg_tally_count(const vg_tally *tally);
/** Cases behind the mean. */
int vg_tally_meant(const vg_tally *tally);
/** Geometric mean and 95 % interval: independent intervals combined, and no narrower than the floor
 * either side, because what moves all ratios of a run is not averaged away by more of them. No
 * interval where the floor is unknown. */
vg_estimate vg_tally_mean(const vg_tally *tally);
/** Of one case its own; of several that of their mean with the combined interval, before the floor
 * widens it: the verdict looks at the floor itself. */
vg_verdict vg_tally_verdict(const vg_tally *tally);

#endif
