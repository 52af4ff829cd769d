/* SPDX-License-Identifier: Apache-2.0 */
/* Between onednn_way.c (building, running) and onednn_row.c (choosing). */
#ifndef VG_ONEDNN_WAY_PRIVATE_H
#define VG_ONEDNN_WAY_PRIVATE_H

#include "onednn/onednn_way.h"

/** Never NULL but out of memory; look at way->status. */
vg_dnn_way *vg_dnn_way_build(const vg_task *task, const vg_dnn_choice *choice);
void vg_dnn_way_free(vg_dnn_way *way);
dnnl_status_t vg_dnn_way_run(vg_dnn_way *way, const vg_task *task, dnnl_stream_t stream,
                             vg_dnn_when when);
/** Points the memories to the tensors of @p task. */
void vg_dnn_way_bind(vg_dnn_way *way, const vg_task *task);

/** onednn_row.c: what a prepared task runs, on how many threads. */
vg_dnn_way *vg_dnn_row_way(const vg_task *task, int *threads);
/** Before and after primitives where the caller flushes subnormals: so do the library's workers. */
bool vg_dnn_enter(int threads);
void vg_dnn_leave(int threads);

/** onednn_account.c: whether runs are to be timed, and the time of one step. */
bool vg_dnn_accounts(void);
double vg_dnn_account_begin(void);
void vg_dnn_account_add(const vg_dnn_step *step, double took);

#endif
