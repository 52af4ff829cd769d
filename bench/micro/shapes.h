/* SPDX-License-Identifier: Apache-2.0 */
/** @file shapes.h
 * Shape sets: text files with one shape a line.
 *
 *   dense 100 300 200                 op, its extents, attributes (weights:packed act: norm:)
 *   dense/bwd_data 64 64 64           that direction only
 *   activations 128 256               a family: activations norms residuals losses optimizers
 *   # a comment
 *
 * Sets lie in <data>/shapes/NAME.txt; <data> is VGBENCH_DATA, or ../share/vgbench beside the folder
 * of the program.
 */
#ifndef VG_MICRO_SHAPES_H
#define VG_MICRO_SHAPES_H

#include <stddef.h>

#include "vgbench/ops.h"
#include "vgbench/shape.h"

typedef struct vg_shape_line {
    vg_op op;
    vg_dir dir; /* VG_DIR_COUNT: every direction that the op has */
    vg_shape shape;
} vg_shape_line;

typedef struct vg_shape_list {
    vg_shape_line *items;
    int count, capacity;
} vg_shape_list;

/** Reads @p what: the name of a set (several joined by +), a file (a path, or *.txt), or shapes
 * themselves ("dense 64 64 64", several separated by commas). Messages carry file and line. */
vg_status vg_shapes_load(const char *what, vg_shape_list *list);

/** Appends the shapes of one line. */
vg_status vg_shapes_add(const char *line, vg_shape_list *list);

void vg_shapes_release(vg_shape_list *list);

/** What an option `--shapes` takes, for its help. */
#define VG_SHAPES_HELP "a set (vgbench help names lists them), a file, or 'dense 64 64 64, relu 128 256'"

/** A set, and the first line of its file. */
typedef struct vg_shape_set {
    char name[48], about[160];
} vg_shape_set;

enum { VG_SHAPE_SETS_MAX = 32 };

/** The sets of the data folder, by name; how many there are. */
int vg_shape_sets(vg_shape_set sets[VG_SHAPE_SETS_MAX]);

/** Path of a file of the data folder into @p path. */
vg_status vg_data_path(const char *name, char *path, size_t size);

#endif
