/* SPDX-License-Identifier: Apache-2.0 */
/** @file part_signal.h
 * Sections of the gradient part about the signal itself: what weight gradients would have said, and
 * what the number format does to it.
 */
#ifndef VG_REPORTS_PART_SIGNAL_H
#define VG_REPORTS_PART_SIGNAL_H

#include "reports/nets.h"

/** Nets whose gradient vanishes, beside the ratio of their weight gradients. */
void vg_part_weight_gradients(vg_report *report, const vg_nets *nets);

/** Records with `precision`: subnormals and FTZ, fp16 and bf16 with and without loss scaling. */
void vg_part_precision(vg_report *report, const vg_nets *nets);

#endif
