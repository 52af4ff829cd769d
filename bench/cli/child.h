/* SPDX-License-Identifier: Apache-2.0 */
/** @file child.h
 * Runs this program once more: for passes that need a process of their own (another ISA cap,
 * another wait policy, independent repetitions).
 */
#ifndef VG_CLI_CHILD_H
#define VG_CLI_CHILD_H

#include <jansson.h>

#include "vgbench/status.h"

/** Runs `vgbench <words> -o FILE` (@p words ends with NULL) with stdout discarded and loads FILE,
 * which
 * is removed. @p wait_policy: OMP_WAIT_POLICY of the child, or NULL. VG_EEXTERNAL where the child
 * ended by a signal or left no file; its exit code goes into *code. */
vg_status vg_child_run(const char *const words[], const char *file, const char *wait_policy,
                       json_t **results, int *code);

#endif
