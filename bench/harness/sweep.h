/* SPDX-License-Identifier: Apache-2.0 */
/** @file sweep.h
 * Sweeps: words in which a comma list multiplies, `vs` starts a variant that inherits the words
 * before the first `vs`, and a word ending in .yaml is a file of the same keys.
 */
#ifndef VG_HARNESS_SWEEP_H
#define VG_HARNESS_SWEEP_H

#include <stdint.h>

#include "harness/spec.h"
#include "vgbench/status.h"

/** One key=value assignment with the place it came from ("file.yaml:3: ", or ""). */
typedef struct vg_assignment {
    char *key, *value, *origin;
    int64_t length;      /**< entries of the list; vg_sweep_parse() counts them */
    const char **entry;  /**< where each begins in value */
} vg_assignment;

/** What a variant of a file is to show (`--paper`): a quantity of the record and the published
 * number, or the verdict that is claimed. */
typedef struct vg_claim {
    char *claim;    /**< in words; NULL: none */
    char *quantity; /**< see cli/decay_paper.c */
    char *paper;    /**< number, bound ("<= 0.5", ">= 0.9") or, for quantity=verdict, a word */
    const char *source; /**< whose number that is, the key it stands under: paper, theory or advice */
    char *tolerance;
    char *then; /**< conclusion where it agrees: "holds", "holds only if ..." */
} vg_claim;

/** One variant: later assignments override earlier ones of the same key. */
typedef struct vg_variant {
    char *name; /**< of the file, or NULL */
    vg_claim claim;
    vg_assignment *items;
    int count, capacity;
} vg_variant;

typedef struct vg_sweep {
    vg_variant *variants;
    int count, capacity;
    int64_t points; /**< over all variants */
} vg_sweep;

/** Parses @p words. Every value is checked against the key table, so points cannot fail later for
 * anything but a combination. */
vg_status vg_sweep_parse(int count, char *const words[], vg_sweep *sweep);

/** Point @p index (0 .. points-1) as an unresolved spec; the last list varies fastest. @p variant,
 * if not NULL, becomes the index of its variant. */
vg_status vg_sweep_point(const vg_sweep *sweep, int64_t index, vg_spec *spec, int *variant);

/** Which keys tell the points apart: bit i for key i of the table. Takes as long as the lists are,
 * whatever the number of points. */
vg_status vg_sweep_varying(const vg_sweep *sweep, uint64_t *varying);

void vg_sweep_release(vg_sweep *sweep);

/* For the reader of YAML files (sweep_yaml.c). */

vg_status vg_variant_set(vg_variant *variant, const char *key, const char *value,
                         const char *origin);
vg_status vg_sweep_add_variant(vg_sweep *sweep, const vg_variant *base, vg_variant **added);
/** Reads @p path: keys into @p base, entries of `variants:` as variants of @p sweep. */
vg_status vg_sweep_read_yaml(const char *path, vg_variant *base, vg_sweep *sweep);

#endif
