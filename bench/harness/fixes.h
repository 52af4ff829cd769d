/* SPDX-License-Identifier: Apache-2.0 */
/** @file fixes.h
 * The fixes of the vanishing-gradient problem as changes to a spec.
 */
#ifndef VG_HARNESS_FIXES_H
#define VG_HARNESS_FIXES_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/spec.h"
#include "harness/theory.h"
#include "vgbench/status.h"

typedef struct vg_fix {
    const char *change; /**< spec words, or "depth/2", "seq_len/2" */
    const char *torch, *keras; /**< the line that does it */
    const char *why;
    bool recurrent; /**< for rnn, lstm and gru; else for mlp */
    bool fragile;   /**< right for one depth, length or input only: advised last */
} vg_fix;

/** The list that concerns a forward and backward pass at initialisation, and its length. Fixes of
 * the training (optimizer, schedule, learning rate, clipping) leave the gradient at step 0 as it
 * is: clipping multiplies all blocks by one number. */
const vg_fix *vg_fixes(int *count);

/** Whether the fix concerns networks of @p model. */
bool vg_fix_concerns(const vg_fix *fix, int model);

/** Whether the fix makes the network shorter ("depth/2"): fewer matrices, so it has no rank among the
 * fixes of the network as it is. */
bool vg_fix_shortens(const vg_fix *fix);

/** The width at which a recurrent cell of @p fixed has as many recurrent weights as that of @p base has
 * (to a multiple of 4), both resolved; 0 where it has as many anyway. */
int64_t vg_fix_equal_width(const vg_spec *base, const vg_spec *fixed);

/** Whether @p fixed makes two matrices a block of a network @p base that has one, both resolved: then half
 * the depth is the same work. */
bool vg_fix_doubles(const vg_spec *base, const vg_spec *fixed);

/** What makes the network: equal for specs that give the same numbers. The matrices of an mlp's blocks are
 * square, for which lecun_normal and xavier_normal are two names of one rule. */
json_t *vg_fix_network(const vg_spec *resolved);

/** @p base, unresolved, with the words of @p fix. Keys that the change makes meaningless go back to
 * their defaults. @p same is set where the result is the base itself. */
vg_status vg_fix_apply(const vg_fix *fix, const vg_spec *base, vg_spec *fixed, bool *same);

/** The best of the measured fixes as `advice`: [{change, survival, source,
 * step_ratio, step_ratio_ci95, torch, keras, why}].
 * @p base and the entries of @p records (array) are records; an entry's "fix" is its index in the
 * list. Only healthy ones at equal matrix count, by how near the survival is to 1 in half decades,
 * then by how few keys they change, then by their place in the list (never by time, which equal matrix
 * counts make much the same: the order must be that of the next run, too). The best of each kind (act,
 * norm, skip ...) first, fragile ones last; at most 16. `at` says what equal matrix count made of the spec ("depth=16"). */
json_t *vg_fix_advice(const json_t *base, const json_t *records, int most);

/** What theory says of a few fixes of @p base (resolved), at equal matrix count, without running one:
 * `advice` whose survival is predicted ("source": "theory") and whose step_ratio is null. Fixes that no
 * formula covers, or that are not predicted to be healthy, are left out. */
json_t *vg_fix_predict(const vg_spec *base, const vg_theory_measured *measured, int most);

/** The order of the matrix: negative where record @p a goes before @p b. Healthy ones first, then by the
 * distance of survival from 1, whichever way. */
int vg_fix_compare(const json_t *a, const json_t *b);

#endif
