/* SPDX-License-Identifier: Apache-2.0 */
/* Between onednn_way.c (building, running) and onednn_row.c (choosing). */
#ifndef VG_ONEDNN_WAY_PRIVATE_H
#define VG_ONEDNN_WAY_PRIVATE_H

#include "onednn/onednn_way.h"

/** Never NULL but out of memory; look at way->status. */
vgd_way *vgd_way_build(const vg_task *task, const vgd_choice *choice);
void vgd_way_free(vgd_way *way);
dnnl_status_t vgd_way_run(vgd_way *way, const vg_task *task, dnnl_stream_t stream, vgd_when when);

#endif
