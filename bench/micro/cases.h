/* SPDX-License-Identifier: Apache-2.0 */
/** @file cases.h
 * What is timed: a case is (op, direction, shape, threads), its rows are the backends compared in
 * it.
 */
#ifndef VG_MICRO_CASES_H
#define VG_MICRO_CASES_H

#include "measure/filter.h"
#include "micro/shapes.h"
#include "vgbench/kernel.h"

typedef struct vg_case {
    vg_op op;
    vg_dir dir;
    vg_shape shape;
    int threads;
    const vg_kernel *rows[VG_BACKEND_COUNT]; /* the fastest own row first */
    int row_count;
} vg_case;

typedef struct vg_case_list {
    vg_case *items;
    int count, capacity;
} vg_case_list;

typedef struct vg_case_query {
    const vg_shape_list *shapes;
    const char *filter;   /**< on canonical names, or NULL */
    const char *backends; /**< comma list, or NULL: best, avx2, scalar, auto_*, onednn */
    const int *threads;
    int thread_count;
} vg_case_query;

/** All cases, thread count by thread count. VG_EINVAL where nothing is left, with the reason. */
vg_status vg_cases_make(const vg_case_query *query, vg_case_list *list);

void vg_cases_release(vg_case_list *list);

/** The backend called @p word, `best` resolved. VG_EINVAL lists the names that --@p option takes. */
vg_status vg_backend_parse(const char *option, const char *word, vg_backend *backend);

/** Whether @p backend is in a comma list; NULL has them all. */
bool vg_backends_have(const char *backends, vg_backend backend);

/** Checks a comma list of backends: known, built, and running here. */
vg_status vg_backends_check(const char *backends);

/** The case's own best row: first of avx512, avx2, neon, scalar that is there; NULL if none. */
const vg_kernel *vg_case_best(const vg_case *c);

/** "dense/fwd batch:64/in:64/out:64/weights:plain threads:2" without the backend. */
void vg_case_format(const vg_case *c, char *text, size_t size);

/** What Google Benchmark makes of a canonical name. */
void vg_gbench_name(const char *canonical, char *text, size_t size);

#endif
