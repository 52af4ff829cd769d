/* SPDX-License-Identifier: Apache-2.0 */
/** @file sweep.h
 * `--sweep=size`, `profile --working-set`: shapes of growing working sets.
 */
#ifndef VG_MICRO_SWEEP_H
#define VG_MICRO_SWEEP_H

#include "micro/shapes.h"

/** For every op of the registry of which some row matches @p filter (NULL: all): square or
 * row-shaped problems whose largest tensor goes from 1 KiB to 64 MiB in steps of four. */
vg_status vg_sweep_sizes(const char *filter, vg_shape_list *list);

/** The same from 2 KiB to @p largest bytes of the largest tensor, in steps of half an octave (an
 * octave from 8 MiB on): fine enough to see where a cache ends. */
vg_status vg_sweep_working_sets(const char *filter, double largest, vg_shape_list *list);

#endif
