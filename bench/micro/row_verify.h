/* SPDX-License-Identifier: Apache-2.0 */
/** @file row_verify.h
 * The check of a row before it is timed.
 */
#ifndef VG_MICRO_ROW_VERIFY_H
#define VG_MICRO_ROW_VERIFY_H

#include "micro/sampler.h"

/** Verifies row->kernel on the case's shape and thread count; a shape whose reference would take
 * long is made smaller, largest extent first, and verify_reason says so. Fills verified, ulp_max,
 * tolerance_used, verify_reason, and error where it failed. */
void vg_row_verify(const vg_case *c, vg_row_result *row);

#endif
