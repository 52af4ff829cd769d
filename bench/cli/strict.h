/* SPDX-License-Identifier: Apache-2.0 */
/** @file strict.h
 * Before anything is timed: `--strict` takes no numbers from an environment that spoils them.
 */
#ifndef VG_CLI_STRICT_H
#define VG_CLI_STRICT_H

#include <stdbool.h>

/** With @p strict every warning of the machine record goes to stderr; true if there is one. Without,
 * more threads than CPUs are warned of, once by a program and the children it starts: no reader of
 * the numbers would think of that. */
bool vg_environment_refused(const char *command, bool strict);

#endif
