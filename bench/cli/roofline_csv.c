/* SPDX-License-Identifier: Apache-2.0 */
/* The roofline as one table for tools: a line per roof, then a line per point. */
#include <math.h>
#include <string.h>

#include "cli/output.h"
#include "cli/roofline_points.h"
#include "results/results.h"

static void text_cell(FILE *out, const json_t *object, const char *key)
{
    fputc(',', out);
    vg_csv_text(out, vg_json_get_text(object, key, ""));
}

static void roof_line(FILE *out, const json_t *roof)
{
    bool flops = !strcmp(vg_json_get_text(roof, "kind", ""), "flops");
    fputs("roof,", out);
    vg_csv_text(out, vg_json_get_text(roof, "name", ""));
    vg_csv_number(out, vg_json_get_number(roof, "threads"));
    vg_csv_number(out, vg_json_get_number(roof, "value") / 1e9);
    fputs(flops ? ",GFLOP/s,," : ",GB/s,,", out); /* no interval: the best of several */
    vg_csv_number(out, vg_json_get_number(roof, "repeat"));
    vg_csv_number(out, vg_json_get_number(roof, "spread"));
    fputs(",,,,", out);
    text_cell(out, roof, "how");
    fputc('\n', out);
}

/* The end of the interval of the rate that belongs to end @p end of that of the time. */
static double rate_at(const json_t *point, size_t end)
{
    const json_t *ns = json_array_get(json_object_get(point, "ci95_ns"), end);
    return json_is_number(ns) ? vg_json_get_number(point, "flops") / json_number_value(ns)
                              : (double)NAN;
}

static void point_line(FILE *out, const json_t *point)
{
    bool layer = !strcmp(vg_json_get_text(point, "what", ""), "layer");
    fputs(layer ? "layer," : "kernel,", out);
    vg_csv_text(out, vg_json_get_text(point, "kernel", ""));
    vg_csv_number(out, vg_json_get_number(point, "threads"));
    vg_csv_number(out, vg_json_get_number(point, "gflops"));
    fputs(",GFLOP/s", out);
    vg_csv_number(out, rate_at(point, 1));
    vg_csv_number(out, rate_at(point, 0));
    fputs(",,", out);
    vg_csv_number(out, vg_json_get_number(point, "intensity"));
    vg_csv_number(out, layer ? vg_json_get_number(point, "count") : (double)NAN);
    text_cell(out, point, "bound");
    vg_csv_number(out, vg_json_get_number(point, "roof_fraction"));
    text_cell(out, point, "above_roof");
    fputc('\n', out);
}

void vg_roofline_csv(FILE *out, const json_t *roofline)
{
    size_t i;
    json_t *one;
    fputs("kind,name,threads,value,unit,ci95_lo,ci95_hi,repeat,spread,flop_per_byte,count,bound,"
          "roof_fraction,note\n",
          out);
    json_array_foreach(json_object_get(roofline, "roofs"), i, one)
        roof_line(out, one);
    json_array_foreach(json_object_get(roofline, "points"), i, one)
        point_line(out, one);
}
