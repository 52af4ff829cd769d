/* SPDX-License-Identifier: Apache-2.0 */
/* Part 8: what the caches saw. */
#include "reports/parts.h"

vg_status vg_part_cache(vg_report *report)
{
    vg_part_title(report, 8, "Cache behaviour");
    for (int d = 0; d < report->count; d++) {
        const char *reason = vg_doc_str(report->docs[d], "machine.pmu.reason");
        vg_part_document(report, d);
        vg_part_missing(report, "cache counters", "vgbench profile");
        if (reason) {
            vg_text_add(&report->out, "\nHardware counters here: ");
            vg_text_md(&report->out, reason);
            vg_text_add(&report->out, "\n");
        }
    }
    return VG_OK;
}
