/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: callgrind's output. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "measure/callgrind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vg_callgrind c;
    if (vg_callgrind_parse((const char *)data, size, &c) != VG_OK)
        return 0;
    for (int i = 0; i < c.count; i++) { /* names end, and every part is found by its own */
        const vg_callgrind_part *p = vg_callgrind_find(&c, c.parts[i].name);
        if (!p || strcmp(p->name, c.parts[i].name) != 0)
            abort();
    }
    vg_callgrind_release(&c);
    return 0;
}
