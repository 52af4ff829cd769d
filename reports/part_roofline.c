/* SPDX-License-Identifier: Apache-2.0 */
/* Part 9: the measured roofs and the rows under them. */
#include <stdio.h>
#include <string.h>

#include "reports/kernels_plot.h"
#include "reports/parts.h"

static void roofs(vg_report *report, const json_t *list)
{
    static const char *const head[] = {"roof", "value", "95 % CI", "threads", "n"};
    char buf[VG_NUM], lo[VG_NUM], hi[VG_NUM];
    vg_text *out = &report->out;
    size_t i;
    json_t *roof;
    vg_table_head(out, "lrrrr", head);
    json_array_foreach(list, i, roof) {
        const char *name = vg_doc_str(roof, "name"), *kind = vg_doc_str(roof, "kind");
        const char *unit = kind && !strcmp(kind, "flops") ? "GFLOP/s" : "GB/s";
        const json_t *ci = json_object_get(roof, "ci95");
        vg_row_begin(out);
        vg_cell_md(out, name ? name : "not named");
        vg_cell_printf(out, "%s %s", vg_num(buf, vg_doc_num(roof, "value") / 1e9, 3), unit);
        if (json_is_number(json_array_get(ci, 0)) && json_is_number(json_array_get(ci, 1)))
            vg_cell_printf(out, "%s to %s",
                           vg_num(lo, json_number_value(json_array_get(ci, 0)) / 1e9, 3),
                           vg_num(hi, json_number_value(json_array_get(ci, 1)) / 1e9, 3));
        else
            vg_cell_printf(out, "n/a");
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(roof, "threads"), 1));
        vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(roof, "n"), 1));
        vg_row_end(out);
    }
}

vg_status vg_part_roofline(vg_report *report)
{
    vg_part_title(report, 9, "Roofline");
    for (int d = 0; d < report->count; d++) {
        const json_t *list = vg_doc_get(report->docs[d], "roofline.roofs");
        vg_part_document(report, d);
        if (json_array_size(list)) {
            roofs(report, list);
            VG_TRY(vg_plot_roofline(report, d));
        } else
            vg_part_missing(report, "measured roofs", "vgbench roofline");
    }
    return VG_OK;
}
