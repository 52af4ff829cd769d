/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/profile.h"

void vg_profile_row(FILE *out, vg_format format, int width, const char *const cells[], int count)
{
    for (int i = 0; i < count; i++) {
        if (format == VG_FORMAT_MD)
            fprintf(out, "| %s ", cells[i]);
        else if (format == VG_FORMAT_CSV)
            fprintf(out, "%s%s%s%s", i ? "," : "", strpbrk(cells[i], ",\"") ? "\"" : "", cells[i],
                    strpbrk(cells[i], ",\"") ? "\"" : "");
        else if (i)
            fprintf(out, " %9s", cells[i]);
        else
            fprintf(out, "%-*s", width, cells[i]);
    }
    fputs(format == VG_FORMAT_MD ? "|\n" : "\n", out);
}

void vg_profile_rule(FILE *out, vg_format format, int count)
{
    if (format != VG_FORMAT_MD)
        return;
    for (int i = 0; i < count; i++)
        fputs(i ? "|---:" : "|---", out);
    fputs("|\n", out);
}

const char *vg_profile_count(double value, vg_format format, char text[32])
{
    static const char units[] = " kMGT";
    int unit = 0;
    if (isnan(value))
        return "n/a";
    if (format == VG_FORMAT_CSV) {
        snprintf(text, 32, "%.10g", value);
        return text;
    }
    for (; fabs(value) >= 9999.5 && unit < 4; unit++)
        value /= 1000;
    if (!unit)
        snprintf(text, 32, value == floor(value) || fabs(value) >= 999.5 ? "%.0f" : "%.3g", value);
    else
        snprintf(text, 32, "%.*f%c", value < 100 ? 1 : 0, value, units[unit]);
    return text;
}
