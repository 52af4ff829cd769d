/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: experiment files. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "fuzz/memory_file.h"
#include "harness/sweep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_variant base = {0};
    vg_sweep sweep = {0};
    vg_sweep_read_yaml(memory_file(data, size), &base, &sweep);
    /* The base is one variant more, released with them. */
    vg_variant *added;
    if (vg_sweep_add_variant(&sweep, NULL, &added) == VG_OK)
        *added = base;
    vg_sweep_release(&sweep);
    return 0;
}
