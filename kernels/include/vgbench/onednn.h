/* SPDX-License-Identifier: Apache-2.0 */
/** @file onednn.h
 * What the library was linked with for its oneDNN rows.
 */
#ifndef VGBENCH_ONEDNN_H
#define VGBENCH_ONEDNN_H

#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** "3.12.1" of the library that is loaded, or "" when built without oneDNN. */
const char *vg_onednn_version(void);

/** Caps oneDNN's own dispatch like vg_cpu_cap(): "scalar" (its lowest is SSE4.1), "avx2", "avx512"
 * (without AMX and half formats, which f32 rows never use), "neon" (nothing to cap). For the whole
 * process, and only before the first oneDNN row is prepared: VG_EEXTERNAL afterwards. Built
 * without oneDNN it does nothing. */
vg_status vg_onednn_cap(const char *max_isa);

#ifdef __cplusplus
}
#endif
#endif
