/* SPDX-License-Identifier: Apache-2.0 */
/** @file part_fixes.h
 * The fix matrix of a report.
 */
#ifndef VG_REPORTS_PART_FIXES_H
#define VG_REPORTS_PART_FIXES_H

#include "reports/nets.h"

/** One table per base net: fix, survival, cost; what else was timed below. VG_ENOMEM, VG_EIO. */
vg_status vg_part_fixes(vg_report *report, const vg_nets *nets, int document);

#endif
