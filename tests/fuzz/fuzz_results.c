/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: a results file, from its bytes to the report and the comparison with itself. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "reports/compare.h"
#include "reports/export.h"
#include "reports/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EXPORT = 8, RENDER = 32, COMPARE = 64 };

/* Report and comparison resample thousands of times: each is run on a share of the documents, chosen
 * by their bytes, so that an input that was found finds again. VG_FUZZ_WHOLE=1 runs all on each. */
static bool chosen(uint32_t hash, uint32_t share)
{
    static int whole = -1;
    if (whole < 0)
        whole = getenv("VG_FUZZ_WHOLE") != NULL;
    return whole || hash % share == 0;
}

static uint32_t hash_of(const uint8_t *data, size_t size)
{
    uint32_t hash = 2166136261u; /* FNV-1a, and the end of MurmurHash3 */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 16777619u;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    return hash ^ hash >> 13;
}

static void compare(json_t *doc)
{
    vg_compare_options options = {.min_effect = 0.03};
    vg_comparison k;
    vg_text text = {0};
    if (vg_compare_documents(doc, doc, &options, &k) == VG_OK) {
        vg_comparison_markdown(&k, "old", "new", &text);
        json_decref(vg_comparison_json(&k, "old", "new"));
        vg_comparison_release(&k);
    }
    free(text.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *doc = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    uint32_t hash = hash_of(data, size);
    vg_text text = {0};
    char *report = NULL;
    if (vg_report_check(doc) == VG_OK) {
        if (chosen(hash, EXPORT)) {
            vg_export_csv(doc, &text);
            vg_export_jsonl(doc, &text);
            vg_export_junit(doc, &text);
        }
        if (chosen(hash >> 3, RENDER))
            vg_report_render(&doc, 1, NULL, &report);
        if (chosen(hash >> 8, COMPARE))
            compare(doc);
    }
    free(report);
    free(text.p);
    json_decref(doc);
    return 0;
}
