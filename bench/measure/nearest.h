/* SPDX-License-Identifier: Apache-2.0 */
/** @file nearest.h
 * The nearest valid word for one that is misspelt, and the list of those that are valid.
 */
#ifndef VG_MEASURE_NEAREST_H
#define VG_MEASURE_NEAREST_H

#include <stddef.h>

/** The word of @p choices (NULL-terminated) that is nearest to @p word, or NULL when none is
 * near. */
const char *vg_nearest(const char *word, const char *const *choices);

/** "; did you mean 'relu'?" into @p text, or "". Returns @p text. */
const char *vg_did_you_mean(const char *word, const char *const *choices, char *text, size_t size);

/** "relu, tanh, gelu" of @p words (NULL-terminated) into @p text, cut where it is full. Returns @p
 * text. */
const char *vg_words_join(const char *const *words, char *text, size_t size);

#endif
