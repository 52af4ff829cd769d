/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VG_HARNESS_DATA_NUMBER_H
#define VG_HARNESS_DATA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/** Reads the decimal number that is all of text[0] .. text[length-1] (spaces around it apart),
 * correctly rounded as by strtod() in the C locale. False: it is none (also inf, nan, hexadecimal,
 * empty), or has more than 400 characters. */
bool vg_read_number(const char *text, size_t length, double *value);

#endif
