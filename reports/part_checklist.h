/* SPDX-License-Identifier: Apache-2.0 */
/** @file part_checklist.h
 * The end of the gradient part: of each net that needs it what was found, what helps, and the usual
 * advice ticked off.
 */
#ifndef VG_REPORTS_PART_CHECKLIST_H
#define VG_REPORTS_PART_CHECKLIST_H

#include "reports/nets.h"

/** The nets whose fixes were measured, then the deepest of each kind that is not healthy; where there
 * is neither, the first net. */
void vg_part_checklist(vg_report *report, const vg_nets *nets);

#endif
