/* SPDX-License-Identifier: Apache-2.0 */
/** @file npy.h
 * Arrays as files: numpy's .npy, written as version 1.0 (little-endian, C order), read as versions
 * 1.0 to 3.0 of either byte order.
 */
#ifndef VG_HARNESS_DATA_NPY_H
#define VG_HARNESS_DATA_NPY_H

#include <stdint.h>

#include "vgbench/status.h"

enum { VG_NPY_DIMS = 8 };

/** Writes @p data of @p rows x @p cols as @p path; rows 0 makes a vector of cols, cols 0 a scalar.
 * @p type is "<f4", "<f8", "<i4", "<i8" or "|u1". */
vg_status vg_npy_write(const char *path, const char *type, const void *data, int64_t rows,
                       int64_t cols);

/** Likewise [steps][rows][cols]; steps 0 is vg_npy_write(). */
vg_status vg_npy_write_steps(const char *path, const char *type, const void *data, int64_t steps,
                             int64_t rows, int64_t cols);

typedef struct vg_npy {
    char kind; /**< f, i, u or b (boolean) */
    int item;  /**< bytes of a number: 1, 2, 4, 8 */
    int dims;
    int64_t shape[VG_NPY_DIMS];
    int64_t count; /**< product of the shape; 1 for a scalar */
    void *data;    /**< native byte order, C order */
} vg_npy;

/** Reads @p path whole. Every field of the header and the length of the file are checked before
 * memory is taken. VG_EIO, VG_EFORMAT with file and reason. */
vg_status vg_npy_read(const char *path, vg_npy *array);

/** Number @p index as a double. */
double vg_npy_value(const vg_npy *array, int64_t index);

void vg_npy_release(vg_npy *array);

#endif
