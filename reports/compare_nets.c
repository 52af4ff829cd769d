/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of two documents: whether their gradients changed, and for the worse. */
#include "reports/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A spec without what does not change the mathematics. */
static char *spec_key(const json_t *record)
{
    json_t *spec = json_copy(json_object_get((json_t *)record, "spec"));
    json_object_del(spec, "threads");
    json_object_del(spec, "backend");
    char *key = json_dumps(spec, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(spec);
    return key;
}

static int badness(const char *verdict)
{
    if (!verdict)
        return 0;
    return !strcmp(verdict, "healthy") ? 0 : !strcmp(verdict, "growing") ? 1 : 2;
}

static double half_width(const json_t *record)
{
    const json_t *ci = vg_doc_get(record, "rate.ci95");
    const json_t *lo = json_array_get(ci, 0), *hi = json_array_get(ci, 1);
    return json_is_number(lo) && json_is_number(hi)
               ? 0.5 * fabs(json_number_value(hi) - json_number_value(lo))
               : 0;
}

/* Half the 95 % interval of the mean of ln survival over the seeds. */
static double survival_half_width(const json_t *record)
{
    const json_t *seeds = json_object_get(record, "by_seed");
    double sum = 0, squares = 0;
    size_t i, n = 0;
    json_t *seed;
    json_array_foreach(seeds, i, seed) {
        double ln = log(vg_doc_num(seed, "survival"));
        if (!isfinite(ln))
            continue;
        n++;
        sum += ln;
        squares += ln * ln;
    }
    double mean = n ? sum / (double)n : 0;
    return n > 1 ? 1.96 * sqrt(fmax(0, squares / (double)n - mean * mean) / (double)(n - 1)) : 0;
}

/* A hundredth is far above what rounding does to a survival, and far below what anybody acts on. */
static bool survival_moved(const json_t *old_record, const json_t *new_record)
{
    double a = log(vg_doc_num(old_record, "survival"));
    double b = log(vg_doc_num(new_record, "survival"));
    double limit = hypot(survival_half_width(old_record), survival_half_width(new_record));
    return isfinite(a) != isfinite(b) || (isfinite(a) && fabs(a - b) > limit + 0.01);
}

/* The same seeds on the same spec give the same numbers up to rounding, so a rate that moved by
 * more than the joint interval is a change of the program, not noise. */
static vg_net_change net_change(const json_t *old_record, const json_t *new_record)
{
    int worse =
        badness(vg_doc_str(new_record, "verdict")) - badness(vg_doc_str(old_record, "verdict"));
    if (worse)
        return worse > 0 ? VG_NET_WORSE : VG_NET_BETTER;
    double a = vg_doc_num(old_record, "rate.ln_sq_per_layer");
    double b = vg_doc_num(new_record, "rate.ln_sq_per_layer");
    double limit = hypot(half_width(old_record), half_width(new_record)) + 1e-6;
    if (isnan(a) != isnan(b) || fabs(a - b) > limit || survival_moved(old_record, new_record))
        return VG_NET_CHANGED;
    const char *old_verdict = vg_doc_str(old_record, "verdict");
    const char *new_verdict = vg_doc_str(new_record, "verdict");
    if (!old_verdict != !new_verdict || (old_verdict && strcmp(old_verdict, new_verdict) != 0))
        return VG_NET_CHANGED;
    return VG_NET_SAME;
}

static char *net_label(const json_t *record)
{
    vg_text label = {0};
    static const char *const keys[] = {"model", "act", "init", "norm", "skip"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *word = vg_doc_str(json_object_get(record, "spec"), keys[i]);
        if (word && strcmp(word, "none") != 0 && strcmp(word, "mlp") != 0)
            vg_text_printf(&label, "%s%s", label.len ? ", " : "", word);
    }
    vg_text_printf(&label, "%sdepth %.0f", label.len ? ", " : "", vg_doc_num(record, "spec.depth"));
    return label.p;
}

vg_status vg_nets_compare(vg_comparison *k)
{
    const json_t *old_list = json_object_get(k->doc_old, "decay");
    const json_t *new_list = json_object_get(k->doc_new, "decay");
    json_t *places = json_object(), *record;
    size_t i;
    k->nets = calloc(json_array_size(new_list) + 1, sizeof *k->nets);
    if (!places || !k->nets) {
        json_decref(places);
        return vg_fail(VG_ENOMEM, "no memory for %zu decay records", json_array_size(new_list));
    }
    json_array_foreach(old_list, i, record) {
        char *key = spec_key(record);
        if (key)
            json_object_set_new(places, key, json_integer((json_int_t)i));
        free(key);
    }
    json_array_foreach(new_list, i, record) {
        char *key = spec_key(record);
        json_t *place = key ? json_object_get(places, key) : NULL;
        free(key);
        if (!place)
            continue;
        vg_compared_net *net = &k->nets[k->net_count++];
        net->old_record = json_array_get(old_list, (size_t)json_integer_value(place));
        net->new_record = record;
        net->label = net_label(record);
        net->change = net_change(net->old_record, record);
        k->worse_nets += net->change == VG_NET_WORSE;
    }
    json_decref(places);
    return VG_OK;
}

const char *vg_net_change_name(vg_net_change change)
{
    static const char *const names[] = {"SAME", "CHANGED", "BETTER", "WORSE"};
    return names[change];
}
