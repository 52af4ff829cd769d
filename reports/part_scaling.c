/* SPDX-License-Identifier: Apache-2.0 */
/* Within part 7: the same case on one thread and on more. */
#include "reports/parts.h"

static bool has_two_counts(const vg_rows *rows)
{
    for (int i = 1; i < rows->count; i++)
        if (rows->rows[i].threads != rows->rows[0].threads)
            return true;
    return false;
}

vg_status vg_part_scaling(vg_report *report, int document)
{
    if (!has_two_counts(&report->rows[document]))
        vg_part_missing(report, "how time falls with threads", "vgbench bench --threads=1,all");
    return VG_OK;
}
