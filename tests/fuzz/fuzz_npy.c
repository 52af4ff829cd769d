/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: .npy arrays. */
#include <stddef.h>
#include <stdint.h>

#include "harness/data/npy_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_npy a;
    volatile double sink = 0;
    if (vg_npy_parse("input", data, size, &a) != VG_OK)
        return 0;
    for (int64_t i = 0; i < a.count; i++)
        sink = vg_npy_value(&a, i);
    (void)sink;
    vg_npy_release(&a);
    return 0;
}
