/* SPDX-License-Identifier: Apache-2.0 */
/** @file strict.h
 * `--strict`: no numbers from an environment that spoils them.
 */
#ifndef VG_CLI_STRICT_H
#define VG_CLI_STRICT_H

#include <stdbool.h>

/** Prints every warning of the machine record on stderr; true if there is one. */
bool vg_strict_refuses(const char *command);

#endif
