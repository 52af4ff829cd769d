/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: CSV tables. The first byte says what is wanted of the rest. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the header of source.h promises. */
static void check(const vg_source *s)
{
    for (int64_t i = 0; i < s->count * s->features; i++)
        if (!isfinite(s->x[i]))
            abort();
    for (int64_t i = 0; i < s->count; i++)
        if (s->labels ? s->labels[i] < 0 || s->labels[i] >= s->classes : !isfinite(s->target[i]))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = {NULL, "1", "2", "label"};
    if (size < 1)
        return 0;
    vg_wanted wanted = {.regression = data[0] & 1,
                        .classes = data[0] & 2 ? 3 : 0,
                        .samples = data[0] & 4 ? 2 : 0};
    char *copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    vg_source source = {0};
    if (vg_csv_parse("input", copy, size - 1, columns[data[0] >> 3 & 3], &wanted, &source) == VG_OK)
        check(&source);
    vg_source_release(&source);
    free(copy);
    return 0;
}
