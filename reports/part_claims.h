/* SPDX-License-Identifier: Apache-2.0 */
/** @file part_claims.h
 * Within part 11: what advice and papers claim, beside what was measured.
 */
#ifndef VG_REPORTS_PART_CLAIMS_H
#define VG_REPORTS_PART_CLAIMS_H

#include "reports/parts.h"

/** The claims of document @p document (decay[].claim and train[].claim), a table per experiment file;
 * nothing where there are none. */
vg_status vg_part_claims(vg_report *report, int document);

/** For part 1: how many claims of each experiment file hold; nothing where there are none. */
void vg_claims_verdict(vg_report *report, int document);

#endif
