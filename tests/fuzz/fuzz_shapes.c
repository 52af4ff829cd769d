/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: shape sets. */
#include <stddef.h>
#include <stdint.h>

#include "fuzz/memory_file.h"
#include "micro/shapes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_shape_list list;
    if (vg_shapes_load(memory_file(data, size), &list) == VG_OK)
        vg_shapes_release(&list);
    return 0;
}
