/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/parts.h"

#include <math.h>
#include <stdio.h>

void vg_part_title(vg_report *report, int number, const char *title)
{
    vg_text_printf(&report->out, "\n## %d. %s\n\n", number, title);
}

void vg_part_missing(vg_report *report, const char *what, const char *command)
{
    vg_text_printf(&report->out, "\n*Not measured in this run: %s. `%s` brings it.*\n", what,
                   command);
}

void vg_part_absent(vg_report *report, const char *what, const char *why)
{
    vg_text_printf(&report->out, "\n*n/a: %s (%s).*\n", what, why);
}

void vg_part_document(vg_report *report, int index)
{
    if (report->count == 1)
        return;
    vg_text_add(&report->out, "\n### ");
    vg_text_md(&report->out, report->names[index]);
    vg_text_add(&report->out, "\n\n");
}

void vg_onednn_name(const json_t *doc, vg_text *out)
{
    const json_t *onednn = vg_doc_get(doc, "machine.software.onednn");
    const char *version = vg_doc_str(onednn, "version"), *reason = vg_doc_str(onednn, "reason");
    double year = vg_doc_num(onednn, "year");
    int major = 0, minor = 0;
    if (!version) {
        vg_text_add(out, "no oneDNN (");
        vg_text_md(out, reason ? reason : "none recorded");
        vg_text_add(out, ")");
        return;
    }
    vg_text_add(out, "oneDNN ");
    vg_text_md(out, version);
    if (isnan(year))
        vg_text_add(out, " (year unknown)");
    else
        vg_text_printf(out, " (%.0f)", year);
    /* sscanf takes "v3.12", too */
    if (sscanf(version + (*version == 'v'), "%d.%d", &major, &minor) == 2 &&
        (major < 3 || (major == 3 && minor < 7)))
        vg_text_add(out, " - **not a current oneDNN**");
}

const char *vg_ratio_text(char buf[80], vg_estimate ratio)
{
    /* One number of decimals for all three, more where the ratio is near 1 and they decide. */
    double mid = ratio.mid;
    int decimals = mid >= 100 ? 0 : mid >= 10 ? 1 : mid >= 1.25 ? 2 : mid >= 0.1 ? 3 : 4;
    if (!isfinite(mid))
        snprintf(buf, 80, "n/a");
    else if (!isfinite(ratio.lo) || !isfinite(ratio.hi) || ratio.hi > 1e9)
        snprintf(buf, 80, "%.*fx [no interval]", decimals, fmin(mid, 1e30));
    else
        snprintf(buf, 80, "%.*fx [%.*f, %.*f]", decimals, mid, decimals, ratio.lo, decimals,
                 ratio.hi);
    return buf;
}

const char *vg_tally_text(char buf[80], const vg_tally *tally)
{
    snprintf(buf, 80, "%d / %d / %d / %d", tally->faster, tally->same, tally->slower,
             tally->ambiguous);
    return buf;
}

const char *vg_throughput_text(char buf[64], const vg_row *row)
{
    char number[VG_NUM];
    double rate = vg_row_rate(row);
    if (!isfinite(rate))
        snprintf(buf, 64, "n/a");
    else
        snprintf(buf, 64, "%s %s", vg_num(number, rate, 3), vg_row_rate_unit(row));
    return buf;
}

vg_status vg_plot_finish(vg_report *report, vg_plot *plot, vg_text *alt, const char *name, bool any)
{
    vg_plots *plots = any && !alt->failed ? report->plots : NULL; /* NULL: only released */
    vg_status status = vg_plot_draw(plots, plot, name, alt->p ? alt->p : "", &report->out);
    free(alt->p);
    return status;
}
