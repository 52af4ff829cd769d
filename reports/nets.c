/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/nets.h"

#include <limits.h>
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

static bool is_recurrent(const json_t *spec)
{
    static const char *const cells[] = {"rnn", "lstm", "gru", NULL};
    const char *model = vg_doc_str(spec, "model");
    return model && is_one_of(model, cells);
}

static void value_text(const json_t *value, vg_text *out)
{
    char buf[VG_NUM];
    if (json_is_string(value))
        vg_text_add(out, json_string_value(value));
    else if (json_is_integer(value))
        vg_text_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value) && json_real_value(value) == round(json_real_value(value)))
        vg_text_printf(out, "%.0f", json_real_value(value));
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

/* The union of the keys that do not have one and the same value in all records of a kind. */
static json_t *varying_keys(const vg_nets *nets, vg_net_kind kind)
{
    json_t *varying = json_object(), *value;
    const json_t *first = NULL;
    const char *key;
    for (int i = 0; i < nets->count; i++) {
        const json_t *spec = json_object_get(nets->nets[i].record, "spec");
        if (nets->nets[i].kind != kind)
            continue;
        first = first ? first : spec;
        json_object_foreach((json_t *)spec, key, value) {
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

/* Gated cells have activations of their own, the plain one has no gates, and the weights of a step
 * go by init_rec. */
static bool means_nothing(const json_t *spec, const char *key)
{
    static const struct {
        const char *key, *model;
    } list[] = {{"act", "rnn"}, {"init", ""}, {"forget_bias", "lstm"}, {"update_bias", "gru"}};
    const char *model = vg_doc_str(spec, "model");
    if (!is_recurrent(spec))
        return false;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!strcmp(key, list[i].key))
            return strcmp(model, list[i].model) != 0;
    return false;
}

static void label_part(const json_t *spec, const char *key, vg_text *out)
{
    const json_t *value = json_object_get(spec, key);
    if (!value || is_nothing(value) || goes_without_saying(spec, key) || means_nothing(spec, key))
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
    if (is_recurrent(spec))
        label_part(spec, "model", &out);
    for (const char *const *name = always; *name; name++)
        label_part(spec, *name, &out);
    json_object_foreach((json_t *)spec, key, value) {
        bool said = is_one_of(key, silent) || is_one_of(key, always) || !strcmp(key, "model");
        if (json_object_get(varying, key) && !said)
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
    json_t *best[VG_NET_KINDS];
    for (int k = 0; k < VG_NET_KINDS; k++)
        best[k] = json_object();
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < nets->count; i++) {
            vg_net *net = &nets->nets[i];
            json_t *at = json_object_get(best[net->kind], net->label);
            if (pass)
                net->deepest = at && json_integer_value(at) == i;
            else if (!at || nets->nets[json_integer_value(at)].depth < net->depth)
                json_object_set_new(best[net->kind], net->label, json_integer(i));
        }
    }
    for (int k = 0; k < VG_NET_KINDS; k++)
        json_decref(best[k]);
}

static int depth_of(const json_t *spec)
{
    double depth = vg_doc_num(spec, is_recurrent(spec) ? "seq_len" : "depth");
    return depth >= 1 && depth < 1e8 ? (int)depth : 0;
}

/* A fix belongs to the last record before it that is none. */
static void sort_out(vg_nets *nets)
{
    int base = -1;
    for (int i = 0; i < nets->count; i++) {
        vg_net *net = &nets->nets[i];
        const json_t *spec = json_object_get(net->record, "spec");
        net->depth = depth_of(spec);
        net->base = -1;
        if (json_is_integer(json_object_get(net->record, "fix")) && base >= 0) {
            net->kind = VG_NET_FIX;
            net->base = base;
            nets->nets[base].fixes++;
            continue;
        }
        base = i;
        net->kind = is_recurrent(spec) ? VG_NET_RECURRENT : VG_NET_PLAIN;
    }
    for (int i = 0; i < nets->count; i++)
        if (nets->nets[i].fixes && nets->nets[i].kind == VG_NET_PLAIN)
            nets->nets[i].kind = VG_NET_BASE;
}

/* What all nets of a grid have in common, as text; NULL for a record without a spec. */
static char *grid_key(const json_t *record)
{
    static const char *const free_keys[] = {"act", "init", "slope", "gain", NULL};
    json_t *spec = json_copy(json_object_get((json_t *)record, "spec"));
    for (int k = 0; free_keys[k] && spec; k++)
        json_object_del(spec, free_keys[k]);
    char *key = spec ? json_dumps(spec, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    json_decref(spec);
    return key;
}

/* Adds the net to {"members": [i...], "act": {...}, "init": {...}} under its key. */
static void add_to_grid(json_t *grids, const vg_net *net, int index)
{
    static const char *const axes[] = {"act", "init"};
    char *key = net->kind == VG_NET_PLAIN ? grid_key(net->record) : NULL;
    if (!key)
        return;
    json_t *grid = json_object_get(grids, key);
    if (!grid) {
        grid = json_pack("{s[] s{} s{}}", "members", "act", "init");
        json_object_set_new(grids, key, grid);
    }
    free(key);
    json_array_append_new(json_object_get(grid, "members"), json_integer(index));
    for (int k = 0; k < 2; k++) {
        const char *word = vg_doc_str(json_object_get(net->record, "spec"), axes[k]);
        if (word)
            json_object_set_new(json_object_get(grid, axes[k]), word, json_true());
    }
}

static void find_grids(vg_nets *nets)
{
    json_t *grids = json_object(), *grid, *member;
    const char *key;
    size_t k;
    for (int i = 0; i < nets->count; i++)
        add_to_grid(grids, &nets->nets[i], i);
    json_object_foreach(grids, key, grid) {
        size_t acts = json_object_size(json_object_get(grid, "act"));
        size_t inits = json_object_size(json_object_get(grid, "init"));
        /* A few nets that differ in both are no sweep: most of the map would be holes. */
        if (acts < 3 || inits < 3 ||
            4 * json_array_size(json_object_get(grid, "members")) < 3 * acts * inits)
            continue;
        json_array_foreach(json_object_get(grid, "members"), k, member) {
            vg_net *net = &nets->nets[json_integer_value(member)];
            net->kind = VG_NET_GRID;
            net->grid = nets->grids;
        }
        nets->grids++;
    }
    json_decref(grids);
}

static bool add_labels(vg_nets *nets)
{
    bool failed = false;
    for (int kind = 0; kind < VG_NET_KINDS; kind++) {
        json_t *varying = varying_keys(nets, (vg_net_kind)kind);
        for (int i = 0; i < nets->count; i++) {
            vg_net *net = &nets->nets[i];
            const char *name = vg_doc_str(net->record, "name");
            const char *init = vg_doc_str(net->record, "spec.init");
            if ((int)net->kind != kind)
                continue;
            net->init = init ? init : "";
            net->label = kind == VG_NET_FIX && name
                             ? strdup(name)
                             : label_of(json_object_get(net->record, "spec"), varying);
            failed = failed || !net->label;
            nets->of_kind[kind]++;
        }
        json_decref(varying);
    }
    return !failed;
}

vg_status vg_nets_collect(const json_t *doc, vg_nets *nets)
{
    const json_t *list = json_object_get(doc, "decay");
    size_t n = json_array_size(list), i;
    json_t *record;
    *nets = (vg_nets){0};
    nets->nets = calloc(n + 1, sizeof *nets->nets);
    if (!nets->nets || n > INT_MAX)
        return vg_fail(VG_ENOMEM, "no memory for %zu decay records", n);
    json_array_foreach(list, i, record)
        nets->nets[nets->count++].record = record;
    sort_out(nets);
    find_grids(nets);
    if (!add_labels(nets)) {
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

double vg_net_decades(const vg_net *net)
{
    double decades = fabs(log10(vg_doc_num(net->record, "survival")));
    return isnan(decades) ? INFINITY : decades;
}

bool vg_net_equal_work(const vg_nets *nets, const vg_net *fix)
{
    double own = vg_doc_num(fix->record, "matrices");
    return fix->base >= 0 && !json_is_false(json_object_get(fix->record, "equal_matrices")) &&
           own == vg_doc_num(nets->nets[fix->base].record, "matrices");
}

/* Half the width of the interval of ln(step time); NaN where there is none. */
static double step_half_width(const vg_net *net)
{
    const json_t *ci = vg_doc_get(net->record, "cost.step_ms_ci95");
    return 0.5 * log(vg_doc_bound(ci, 1) / vg_doc_bound(ci, 0));
}

vg_estimate vg_net_step_ratio(const vg_nets *nets, const vg_net *net)
{
    if (net->base < 0)
        return (vg_estimate){NAN, NAN, NAN};
    const json_t *cost = json_object_get(net->record, "cost"),
                 *ci = json_object_get(cost, "step_ratio_ci95");
    if (ci)
        return (vg_estimate){vg_doc_num(cost, "step_ratio"), vg_doc_bound(ci, 0),
                             vg_doc_bound(ci, 1)};
    const vg_net *base = &nets->nets[net->base];
    double ratio = vg_doc_num(cost, "step_ms") / vg_doc_num(base->record, "cost.step_ms");
    double width = exp(hypot(step_half_width(net), step_half_width(base)));
    return (vg_estimate){ratio, ratio / width, ratio * width};
}

void vg_net_step_text(const vg_nets *nets, const vg_net *net, vg_text *out)
{
    char buf[80];
    vg_estimate ratio = vg_net_step_ratio(nets, net);
    vg_text_add(out, vg_ratio_text(buf, ratio));
    if (ratio.lo <= 1 && ratio.hi >= 1)
        vg_text_add(out, ", the same within its interval");
}

bool vg_net_is_healthy(const vg_net *net)
{
    const char *verdict = vg_doc_str(net->record, "verdict");
    return verdict && !strcmp(verdict, "healthy");
}

const vg_net *vg_nets_cure(const vg_nets *nets, const vg_net *base)
{
    int first = (int)(base - nets->nets);
    for (int i = first + 1; i < nets->count && nets->nets[i].base == first; i++)
        if (vg_net_equal_work(nets, &nets->nets[i]) && vg_net_is_healthy(&nets->nets[i]))
            return &nets->nets[i];
    return NULL;
}

int vg_nets_fixes(const vg_nets *nets, const vg_net *base, const vg_net **list)
{
    int count = 0, first = (int)(base - nets->nets);
    for (int equal = 1; equal >= 0; equal--)
        for (int i = first + 1; i < nets->count && nets->nets[i].base == first; i++)
            if (vg_net_equal_work(nets, &nets->nets[i]) == (equal == 1))
                list[count++] = &nets->nets[i];
    return count;
}
