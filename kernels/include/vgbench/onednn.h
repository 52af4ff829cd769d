/* SPDX-License-Identifier: Apache-2.0 */
/** @file onednn.h
 * What the library was linked with for its oneDNN rows.
 */
#ifndef VGBENCH_ONEDNN_H
#define VGBENCH_ONEDNN_H

#ifdef __cplusplus
extern "C" {
#endif

/** "3.12.1" of the library that is loaded, or "" when built without oneDNN. */
const char *vg_onednn_version(void);

#ifdef __cplusplus
}
#endif
#endif
