/* SPDX-License-Identifier: Apache-2.0 */
/** @file shape.h
 * The extents and attributes of one op instance. What each extent means stands in the op table
 * (ops.h): dense has batch, in, out; an activation batch, width; and so on.
 */
#ifndef VGBENCH_SHAPE_H
#define VGBENCH_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { VG_MAX_EXTENTS = 6 };

/** Class of a dense row: how its weights are stored. Ratios are made only within a class. */
typedef enum vg_weights {
    VG_WEIGHTS_PLAIN = 0, /**< row-major [out][in], as an optimizer leaves them */
    VG_WEIGHTS_PACKED     /**< in the layout the row prefers, made by prepare, outside timing */
} vg_weights;

typedef struct vg_shape {
    int64_t n[VG_MAX_EXTENTS]; /**< extents in the order of the op's keys; unused ones are 0 */
    vg_weights weights;        /**< dense and fused dense only */
    int act;                   /**< vg_op of the activation part of a fused op; 0 elsewhere */
    int norm;                  /**< vg_op of the norm part of a fused op; 0 elsewhere */
} vg_shape;

/** Words "EXTENT EXTENT ... [weights:packed] [act:relu] [norm:layer_norm]" for op @p op into
 * @p shape. Checked as by vg_shape_check(). */
vg_status vg_shape_parse(int op, const char *words, vg_shape *shape);

/** "batch:256/in:512/out:512/weights:plain": the key part of a kernel name. Returns the length that
 * was needed, as snprintf does. */
int vg_shape_format(int op, const vg_shape *shape, char *text, size_t size);

/** Every extent at least 1, groups dividing width, tensors that fit the address space. */
vg_status vg_shape_check(int op, const vg_shape *shape);

#ifdef __cplusplus
}
#endif
#endif
