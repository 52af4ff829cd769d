/* SPDX-License-Identifier: Apache-2.0 */
/** @file dump.h
 * A run as files that any framework reads: .npy (version 1.0, little-endian, C order) and
 * manifest.json.
 */
#ifndef VG_HARNESS_DUMP_H
#define VG_HARNESS_DUMP_H

#include <jansson.h>

#include "harness/net.h"
#include "vgbench/status.h"

/** Writes the last run of a network created with options.keep into folder @p dir (made if it is not
 * there): every tensor of the design's section 6, x, target, loss, and manifest.json with the
 * resolved spec. Gradients are unscaled. */
vg_status vg_dump_net(const vg_net *net, const char *dir);

/** Makes folder @p dir ready for a dump or a sweep of dumps: makes it where it is not there, and refuses
 * (VG_EINVAL) one that holds a dump, or with @p replace deletes what belongs to that: .npy files,
 * manifest.json, index.json and numbered folders of the same. Other files stay. */
vg_status vg_dump_prepare(const char *dir, bool replace);

/** Writes @p value as @p dir/@p name, pretty-printed. */
vg_status vg_dump_json(const char *dir, const char *name, const json_t *value);

/** Makes folder @p dir, with its parents; it may exist. */
vg_status vg_make_folder(const char *dir);

#endif
