/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: a results file, from its bytes to the report and the comparison with itself. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "reports/compare.h"
#include "reports/export.h"
#include "reports/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *doc = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    vg_compare_options options = {.min_effect = 0.03};
    vg_comparison k;
    vg_text text = {0};
    char *report = NULL;
    if (vg_report_check(doc) == VG_OK) {
        vg_report_render(&doc, 1, NULL, &report);
        vg_export_csv(doc, &text);
        vg_export_jsonl(doc, &text);
        vg_export_junit(doc, &text);
        if (vg_compare_documents(doc, doc, &options, &k) == VG_OK) {
            vg_comparison_markdown(&k, "old", "new", &text);
            json_decref(vg_comparison_json(&k, "old", "new"));
            vg_comparison_release(&k);
        }
    }
    free(report);
    free(text.p);
    json_decref(doc);
    return 0;
}
