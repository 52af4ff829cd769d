/* SPDX-License-Identifier: Apache-2.0 */
/** @file checklist.h
 * The usual advice as a list to tick off, each line with this network's own number.
 */
#ifndef VG_HARNESS_CHECKLIST_H
#define VG_HARNESS_CHECKLIST_H

#include <jansson.h>

#include "harness/spec.h"

/** [{item, state, why}] of a decay record of the resolved @p spec; state is "yes", "no" or "n/a". */
json_t *vg_checklist(const vg_spec *spec, const json_t *record);

#endif
