/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/nets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Keys that follow from others or are a column of their own: never part of a label. */
static const char *const silent[] = {"depth",        "seed",    "seeds", "threads", "in_dim",
                                     "block_layers", "norm_at", "slope", NULL};
/* Keys of a label even where all nets agree. */
static const char *const always[] = {"act", "init", NULL};

static bool is_one_of(const char *key, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(key, *list))
            return true;
    return false;
}

static void value_text(const json_t *value, vg_text *out)
{
    char buf[VG_NUM];
    if (json_is_string(value))
        vg_text_add(out, json_string_value(value));
    else if (json_is_integer(value))
        vg_text_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        vg_text_add(out, vg_num(buf, json_real_value(value), 3));
    else
        vg_text_add(out, json_is_true(value) ? "1" : "0");
}

static bool is_nothing(const json_t *value)
{
    const char *s = json_string_value(value);
    return s && !strcmp(s, "none");
}

/* The union of the keys that do not have one and the same value in all records. */
static json_t *varying_keys(const json_t *list)
{
    json_t *varying = json_object(), *record, *value;
    const json_t *first = json_object_get(json_array_get(list, 0), "spec");
    const char *key;
    size_t i;
    json_array_foreach(list, i, record) {
        json_object_foreach(json_object_get(record, "spec"), key, value) {
            if (!json_equal(value, json_object_get(first, key)))
                json_object_set_new(varying, key, json_true());
        }
    }
    return varying;
}

/* Numbers that go without saying: the default, or what another key implies. */
static bool goes_without_saying(const json_t *spec, const char *key)
{
    static const struct {
        const char *key;
        double usual;
        const char *skip; /* the key matters with this skip only; NULL: always */
    } list[] = {{"gain", 1, NULL},
                {"bias_std", 0, NULL},
                {"alpha", 1, "residual"},
                {"gate_bias", -2, "highway"}};
    const char *skip = vg_doc_str(spec, "skip");
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!strcmp(key, list[i].key))
            return vg_doc_num(spec, key) == list[i].usual ||
                   (list[i].skip && (!skip || strcmp(skip, list[i].skip) != 0));
    return false;
}

static void label_part(const json_t *spec, const char *key, vg_text *out)
{
    const json_t *value = json_object_get(spec, key);
    if (!value || is_nothing(value) || goes_without_saying(spec, key))
        return;
    bool bare = json_is_string(value) && (!strcmp(key, "act") || !strcmp(key, "init") ||
                                          !strcmp(key, "skip") || !strcmp(key, "model"));
    if (out->len)
        vg_text_add(out, ", ");
    if (!bare)
        vg_text_printf(out, "%s ", key);
    value_text(value, out);
    if (!strcmp(key, "norm") && vg_doc_str(spec, "norm_at"))
        vg_text_printf(out, " %s", vg_doc_str(spec, "norm_at"));
}

static char *label_of(const json_t *spec, const json_t *varying)
{
    vg_text out = {0};
    const char *key;
    json_t *value;
    for (const char *const *name = always; *name; name++)
        label_part(spec, *name, &out);
    json_object_foreach((json_t *)spec, key, value) {
        if (json_object_get(varying, key) && !is_one_of(key, silent) && !is_one_of(key, always))
            label_part(spec, key, &out);
    }
    if (!out.len)
        vg_text_add(&out, "net");
    if (out.failed) {
        free(out.p);
        return NULL;
    }
    return out.p;
}

static void mark_deepest(vg_nets *nets)
{
    json_t *best = json_object();
    for (int i = 0; i < nets->count; i++) {
        json_t *at = json_object_get(best, nets->nets[i].label);
        if (!at || nets->nets[json_integer_value(at)].depth < nets->nets[i].depth)
            json_object_set_new(best, nets->nets[i].label, json_integer(i));
    }
    for (int i = 0; i < nets->count; i++)
        nets->nets[i].deepest = json_integer_value(json_object_get(best, nets->nets[i].label)) == i;
    json_decref(best);
}

vg_status vg_nets_collect(const json_t *doc, vg_nets *nets)
{
    const json_t *list = json_object_get(doc, "decay");
    size_t n = json_array_size(list), i;
    *nets = (vg_nets){0};
    nets->nets = calloc(n + 1, sizeof *nets->nets);
    json_t *varying = varying_keys(list), *record;
    bool failed = !nets->nets || !varying;
    json_array_foreach(list, i, record) {
        if (failed)
            break;
        const json_t *spec = json_object_get(record, "spec");
        double depth = vg_doc_num(spec, "depth");
        const char *init = vg_doc_str(spec, "init");
        vg_net *net = &nets->nets[nets->count++];
        *net = (vg_net){.record = record,
                        .label = label_of(spec, varying),
                        .init = init ? init : "",
                        .depth = depth >= 1 && depth < 1e8 ? (int)depth : 0};
        failed = !net->label;
    }
    json_decref(varying);
    if (failed) {
        vg_nets_release(nets);
        return vg_fail(VG_ENOMEM, "no memory for %zu decay records", n);
    }
    mark_deepest(nets);
    return VG_OK;
}

void vg_nets_release(vg_nets *nets)
{
    for (int i = 0; i < nets->count; i++)
        free(nets->nets[i].label);
    free(nets->nets);
    *nets = (vg_nets){0};
}

double vg_net_signal(const json_t *record, const json_t *layer)
{
    const char *signal = vg_doc_str(record, "rate.signal"), *skip = vg_doc_str(record, "spec.skip");
    bool out = signal ? !strcmp(signal, "grad_out") : skip && strcmp(skip, "none") != 0;
    return vg_doc_num(layer, out ? "grad_out_l2" : "delta_l2");
}

int vg_net_seeds(const json_t *record)
{
    return (int)json_array_size(json_object_get(record, "seeds"));
}

double vg_factor(double ln_sq)
{
    return exp(0.5 * ln_sq);
}

void vg_nets_verdict(vg_report *report, int document)
{
    enum { MOST = 6 };
    vg_nets nets;
    char survival[VG_NUM], factor[VG_NUM];
    vg_text *out = &report->out;
    if (!json_array_size(json_object_get(report->docs[document], "decay"))) {
        vg_part_missing(report, "gradient decay", "vgbench run --only=decay");
        return;
    }
    if (vg_nets_collect(report->docs[document], &nets) != VG_OK) {
        out->failed = true;
        return;
    }
    vg_text_add(out, "- **Gradients** (norm that arrives at the first layer / at the last):");
    int shown = 0;
    for (int i = 0; i < nets.count; i++) {
        const vg_net *net = &nets.nets[i];
        const char *verdict = vg_doc_str(net->record, "verdict");
        if (!net->deepest || shown++ >= MOST)
            continue;
        vg_text_add(out, shown > 1 ? "; " : " ");
        vg_text_md(out, net->label);
        vg_text_printf(out, " at depth %d %s **", net->depth,
                       vg_num(survival, vg_doc_num(net->record, "survival"), 2));
        vg_text_md(out, verdict ? verdict : "no verdict");
        vg_text_printf(out, "** (n=%d seeds", vg_net_seeds(net->record));
        double ln_sq = vg_doc_num(net->record, "rate.ln_sq_per_layer");
        if (isfinite(ln_sq))
            vg_text_printf(out, ", x%s a layer", vg_num(factor, vg_factor(ln_sq), 3));
        vg_text_add(out, ")");
    }
    if (shown > MOST)
        vg_text_printf(out, "; and %d more in part 11", shown - MOST);
    vg_text_add(out, ".\n");
    vg_nets_release(&nets);
}
