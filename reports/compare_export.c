/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as JSON and as CSV, for tools. */
#include <math.h>
#include <stdio.h>

#include "reports/compare.h"
#include "reports/nets.h"
#include "reports/parts.h"

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

/* What was not compared has no p and no gate. */
static double if_judged(double x, vg_verdict verdict)
{
    return verdict == VG_VERDICT_NONE ? NAN : x;
}

static const char *reason_of(const vg_compared *c)
{
    return c->why ? c->why : c->crowded;
}

static json_t *row_json(const vg_compared *c)
{
    json_t *row = json_pack(
        "{ss so so so s[oo] s[ii] so so ss}", "kernel", c->kernel, "old_ns", number(c->ns_old.mid),
        "new_ns", number(c->ns_new.mid), "ratio", number(c->ratio.mid), "ci95", number(c->ratio.lo),
        number(c->ratio.hi), "n", c->n_old, c->n_new, "p_holm", number(if_judged(c->p, c->verdict)),
        "gate", number(if_judged(c->gate, c->verdict)), "verdict", vg_verdict_name(c->verdict));
    if (row && *c->max_isa)
        json_object_set_new(row, "max_isa", json_string(c->max_isa));
    if (row && *c->cold)
        json_object_set_new(row, "cold_cache", json_string(c->cold));
    if (row && *reason_of(c))
        json_object_set_new(row, "reason", json_string(reason_of(c)));
    return row;
}

static json_t *group_json(const vg_compared_group *g)
{
    return json_pack("{ss si so s[oo] so so ss}", "kernel", g->name, "n", g->n, "ratio",
                     number(g->ratio.mid), "ci95", number(g->ratio.lo), number(g->ratio.hi),
                     "p_holm", number(if_judged(g->p, g->verdict)), "gate",
                     number(if_judged(g->gate, g->verdict)), "verdict",
                     vg_verdict_name(g->verdict));
}

static json_t *net_json(const vg_compared_net *net)
{
    const char *old_verdict = vg_doc_str(net->old_record, "verdict");
    const char *new_verdict = vg_doc_str(net->new_record, "verdict");
    return json_pack("{sO ss s[oo] s[oo] s[s?s?]}", "spec",
                     json_object_get(net->new_record, "spec"), "change",
                     vg_net_change_name(net->change), "survival",
                     number(vg_doc_num(net->old_record, "survival")),
                     number(vg_doc_num(net->new_record, "survival")), "ln_sq_per_layer",
                     number(vg_doc_num(net->old_record, "rate.ln_sq_per_layer")),
                     number(vg_doc_num(net->new_record, "rate.ln_sq_per_layer")), "verdict",
                     old_verdict, new_verdict);
}

static json_t *rows_json(const vg_comparison *k)
{
    json_t *rows = json_array();
    for (int i = 0; i < k->count; i++)
        json_array_append_new(rows, row_json(&k->rows[i]));
    return rows;
}

static json_t *groups_json(const vg_comparison *k)
{
    json_t *groups = json_array();
    for (int i = 0; i < k->group_count; i++)
        json_array_append_new(groups, group_json(&k->groups[i]));
    return groups;
}

static json_t *nets_json(const vg_comparison *k)
{
    json_t *nets = json_array();
    for (int i = 0; i < k->net_count; i++)
        json_array_append_new(nets, net_json(&k->nets[i]));
    return nets;
}

static json_t *copy_of(json_t *list)
{
    return list ? json_incref(list) : json_array();
}

json_t *vg_comparison_json(const vg_comparison *k, const char *old_name, const char *new_name)
{
    json_t *json = json_pack("{si ss ss ss sb}", "schema_version", VG_REPORT_SCHEMA, "kind",
                             k->by_backend ? "compare_backends" : "compare", "old", old_name, "new",
                             new_name, "regressed", vg_comparison_regressed(k));
    json_t *tally = json_pack("{si si si si si}", "faster", k->faster, "slower", k->slower, "same",
                              k->same, "ambiguous", k->ambiguous, "not_compared", k->none);
    json_t *power =
        json_pack("{so so}", "row", number(k->found_row), "kernel", number(k->found_group));
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
        {"floor_old", number(k->floor_old)},
        {"floor_new", number(k->floor_new)},
        {"min_effect", number(k->min_effect)},
        {"spread", number(k->spread > 0 ? k->spread : NAN)},
        {"spread_kernels", number(k->spread_groups > 0 ? k->spread_groups : NAN)},
        {"tally", tally},
        {"power", power},
        {"only_old", json_integer(k->only_old)},
        {"only_new", json_integer(k->only_new)},
        {"differences", copy_of(k->differences)},
        {"kernels", groups_json(k)},
        {"rows", rows_json(k)},
        {"nets", nets_json(k)},
        {"counters", json_integer(k->counts)},
        {"counter_changes", copy_of(k->count_changes)},
        {"broken", copy_of(k->broken)},
    };
    bool whole = json != NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        whole = !json_object_set_new(json, members[i].key, members[i].value) && whole;
    if (!whole)
        json_decref(json);
    return whole ? json : NULL;
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void csv_number(vg_text *out, double x)
{
    if (isfinite(x))
        vg_text_printf(out, ",%.9g", x);
    else
        vg_text_add(out, ",");
}

/* One thing that was compared; what it has no value for is NaN or "". */
typedef struct compared_line {
    const char *kind, *name, *max_isa, *cold, *quantity;
    double old_value, new_value;
    vg_estimate ratio;
    double p, gate;
    const char *verdict, *why;
} compared_line;

static void csv_line(vg_text *out, const compared_line *line)
{
    vg_text_printf(out, "%s,", line->kind);
    vg_text_csv(out, line->name);
    vg_text_add(out, ",");
    vg_text_csv(out, line->max_isa);
    vg_text_add(out, ",");
    vg_text_csv(out, line->cold);
    vg_text_printf(out, ",%s", line->quantity);
    csv_number(out, line->old_value);
    csv_number(out, line->new_value);
    csv_number(out, line->ratio.mid);
    csv_number(out, line->ratio.lo);
    csv_number(out, line->ratio.hi);
    csv_number(out, line->p);
    csv_number(out, line->gate);
    vg_text_printf(out, ",%s,", line->verdict);
    vg_text_csv(out, line->why ? line->why : "");
    vg_text_add(out, "\n");
}

static const vg_estimate no_ratio = {NAN, NAN, NAN};

/* What most rows, and kernels, moved by between the runs: no line where too few could tell. */
static void csv_spread(const vg_comparison *k, vg_text *out)
{
    const struct {
        const char *of;
        double sd;
    } spreads[] = {{"rows", k->spread}, {"kernels", k->spread_groups}};
    for (int i = 0; i < 2; i++)
        if (spreads[i].sd > 0)
            csv_line(out, &(compared_line){"spread", spreads[i].of, "", "", "sd_ln_ratio", NAN,
                                           spreads[i].sd, no_ratio, NAN, NAN, "", NULL});
}

static void csv_nets(const vg_comparison *k, vg_text *out)
{
    for (int i = 0; i < k->net_count; i++) {
        const vg_compared_net *net = &k->nets[i];
        csv_line(out, &(compared_line){"network", net->label, "", "", "survival",
                                       vg_doc_num(net->old_record, "survival"),
                                       vg_doc_num(net->new_record, "survival"), no_ratio, NAN, NAN,
                                       vg_net_change_name(net->change), NULL});
    }
}

static void csv_failures(const vg_comparison *k, vg_text *out)
{
    size_t i;
    json_t *one;
    json_array_foreach(k->count_changes, i, one) {
        char quantity[64];
        snprintf(quantity, sizeof quantity, "%s %s", vg_doc_str(one, "when"),
                 vg_doc_str(one, "counter"));
        csv_line(out,
                 &(compared_line){"counter", vg_doc_str(one, "row"), "", "", quantity,
                                  vg_doc_num(one, "old"), vg_doc_num(one, "new"), no_ratio, NAN,
                                  NAN, vg_doc_true(one, "worse") ? "WORSE" : "CHANGED", NULL});
    }
    json_array_foreach(k->broken, i, one)
        csv_line(out, &(compared_line){"verification", json_string_value(one), "", "", "", NAN, NAN,
                                       no_ratio, NAN, NAN, "WORSE", "fails in the new results"});
}

vg_status vg_comparison_csv(const vg_comparison *k, vg_text *out)
{
    vg_text_add(
        out,
        "kind,name,max_isa,cold_cache,quantity,old,new,ratio,ratio_lo,ratio_hi,p_holm,gate,verdict,"
        "reason\n");
    for (int i = 0; i < k->group_count; i++) {
        const vg_compared_group *g = &k->groups[i];
        csv_line(out, &(compared_line){"kernel", g->name, "", "", "time", NAN, NAN, g->ratio,
                                       if_judged(g->p, g->verdict), if_judged(g->gate, g->verdict),
                                       vg_verdict_name(g->verdict), NULL});
    }
    for (int i = 0; i < k->count; i++) {
        const vg_compared *c = &k->rows[i];
        csv_line(out, &(compared_line){"row", c->kernel, c->max_isa, c->cold, "median_ns",
                                       c->ns_old.mid, c->ns_new.mid, c->ratio,
                                       if_judged(c->p, c->verdict), if_judged(c->gate, c->verdict),
                                       vg_verdict_name(c->verdict), reason_of(c)});
    }
    csv_spread(k, out);
    csv_nets(k, out);
    csv_failures(k, out);
    return out->failed ? vg_fail(VG_ENOMEM, "no memory for the comparison") : VG_OK;
}
