/* SPDX-License-Identifier: Apache-2.0 */
/** @file first_touch.h
 * Memory that is zeroed, and so placed on a NUMA node, by the workers that will use it: a page
 * belongs to the node of the CPU that touches it first. Every extent is cut as the executor cuts the
 * units of a tensor or of a pass over parameters: worker w of T takes the part from w/T to (w+1)/T.
 * Where huge pages are given (blocks from 2 MiB on) a page may hold several extents and goes to
 * whoever comes first.
 */
#ifndef VG_HARNESS_FIRST_TOUCH_H
#define VG_HARNESS_FIRST_TOUCH_H

#include <jansson.h>

#include "vgbench/memory.h"
#include "vgbench/plan.h"

/** @p ends [count]: where the extents end, in floats from the start of the block. */
vg_status vg_touch_extents(vg_team *team, unsigned stagger, const size_t *ends, int count,
                           float **block);
/** A block of one extent. */
vg_status vg_touch_floats(vg_team *team, unsigned stagger, size_t count, float **block);
/** As vg_arena_block(); an extent is a segment. */
vg_status vg_touch_arena(vg_team *team, unsigned stagger, const vg_arena *arena, float **block);

/** Where pages of [p, p + bytes) are, from a sample of them: {"node 0": 1.0, ...} as fractions, or
 * {"reason": ...} where the system does not say. */
json_t *vg_touch_placement(const void *p, size_t bytes);

#endif
