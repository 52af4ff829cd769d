/* SPDX-License-Identifier: Apache-2.0 */
/** @file gbench.h
 * C face of Google Benchmark (1.7.1 to 1.9.x). gbench.cc is the only C++ file of the project; without
 * the library gbench_absent.c gives the same symbols.
 */
#ifndef VG_MICRO_GBENCH_H
#define VG_MICRO_GBENCH_H

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the library, or NULL when built without it. */
const char *vg_gbench_version(void);

/** "debug" or "release": whether the library was built with assertions. "" without it. */
const char *vg_gbench_build_type(void);

#ifdef __cplusplus
}
#endif
#endif
