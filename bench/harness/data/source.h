/* SPDX-License-Identifier: Apache-2.0 */
/* What a generator or a file gives, before split and standardisation. */
#ifndef VG_HARNESS_DATA_SOURCE_H
#define VG_HARNESS_DATA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/spec.h"
#include "vgbench/status.h"

typedef struct vg_source {
    int64_t count, features;  /**< of a sample, over all its steps */
    int64_t row;              /**< natural features of a step: columns of an image; 0: none */
    int64_t classes;          /**< largest label + 1, or columns of the targets */
    int64_t train_rows;       /**< the file's own training part comes first; 0: it has none */
    bool image;               /**< pixels: standardised by one mean and deviation */
    float *x;                 /**< [count][features], vg_alloc()ed as the others */
    int32_t *labels;          /**< NULL: targets only */
    float *target;            /**< [count][classes]; NULL: labels only */
    char origin[320];
} vg_source;

/** What is wanted of a file. */
typedef struct vg_wanted {
    bool regression;  /**< targets, not labels */
    int64_t classes;  /**< labels must be below; 0: as many as there are, up to 65536 */
    int64_t samples;  /**< at most; 0: all */
} vg_wanted;

vg_status vg_source_generate(const vg_spec *spec, int64_t samples, vg_source *source);
vg_status vg_source_idx(const char *path, const vg_wanted *wanted, vg_source *source);
vg_status vg_source_csv(const char *path, const vg_wanted *wanted, vg_source *source);
vg_status vg_source_npy(const char *folder, const vg_wanted *wanted, vg_source *source);
void vg_source_release(vg_source *source);

/** Memory for count x features inputs and, as @p wanted says, labels or count x classes targets. */
vg_status vg_source_allocate(vg_source *source, const vg_wanted *wanted);

/** Label @p value (a whole number) of sample @p index, checked; @p where starts the message. */
vg_status vg_source_label(vg_source *source, const vg_wanted *wanted, int64_t index, double value,
                          const char *where);

#endif
