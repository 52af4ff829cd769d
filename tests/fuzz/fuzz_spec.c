/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the words of a command line, from text to the resolved points of the sweep. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sweep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { WORDS = 64, POINTS = 4 };
    char *text = malloc(size + 1), *words[WORDS], *rest = NULL;
    int count = 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *w = strtok_r(text, " \n", &rest); w && count < WORDS; w = strtok_r(NULL, " \n", &rest))
        words[count++] = w;
    vg_sweep sweep;
    if (vg_sweep_parse(count, words, &sweep) == VG_OK) {
        for (int64_t i = 0; i < sweep.points && i < POINTS; i++) {
            vg_spec spec;
            char label[300];
            int variant;
            if (vg_sweep_point(&sweep, i, &spec, &variant) != VG_OK)
                abort(); /* the header promises that every point can be made */
            vg_spec_label(&spec, label, sizeof label);
            if (vg_spec_resolve(&spec, i % 2 ? VG_FOR_TRAIN : VG_FOR_DECAY) == VG_OK)
                json_decref(vg_spec_json(&spec));
        }
        vg_sweep_release(&sweep);
    }
    free(text);
    return 0;
}
