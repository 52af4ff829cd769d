/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/compare.h"
#include "bench/measure/stats.h"
#include "reports/broken.h"
#include "reports/drift.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 1000 };

/* --- one pair of rows ------------------------------------------------------------------------- */

static vg_status load_samples(const vg_row *row, vg_samples *s)
{
    double *x;
    int *process;
    int n = vg_row_samples(row->entry, &x, &process);
    vg_status status = vg_samples_init(s, x, process, n);
    free(x);
    free(process);
    return status;
}

static vg_status compare_pair(const vg_row *old_row, const vg_row *new_row, bool paired,
                              vg_compared *c)
{
    vg_samples a = {0}, b = {0};
    *c = (vg_compared){.kernel = new_row->kernel,
                       .backend = new_row->backend,
                       .max_isa = new_row->max_isa,
                       .cold = new_row->cold,
                       .crowded = *new_row->crowded ? new_row->crowded : old_row->crowded,
                       .threads = new_row->threads,
                       .ns_old = old_row->ns,
                       .ns_new = new_row->ns,
                       .n_old = old_row->n,
                       .n_new = new_row->n,
                       .p = 1,
                       .ratio = {NAN, NAN, NAN}};
    c->why = *old_row->error              ? old_row->error
             : *new_row->error            ? new_row->error
             : !old_row->n || !new_row->n ? "not timed"
                                          : NULL;
    if (c->why)
        return VG_OK;
    if (paired) {
        c->ratio = vg_row_ratio(new_row, old_row, true, NULL);
    }
    vg_status status = load_samples(old_row, &a);
    if (status == VG_OK)
        status = load_samples(new_row, &b);
    if (status == VG_OK) {
        double draws[DRAWS];
        if (!paired) {
            /* Runs are other processes anyway: group g of one is no partner of g of the other. */
            a.groups = b.groups = 1;
            double mid = vg_bootstrap_ratio(&a, &b, vg_seed_of(c->kernel), draws, DRAWS);
            vg_estimate ln = vg_draws_interval(draws, DRAWS, mid);
            c->ratio = (vg_estimate){exp(ln.mid), exp(ln.lo), exp(ln.hi)};
        }
        c->p = vg_stat_rank_test(a.sorted, a.n, b.sorted, b.n);
    }
    vg_samples_release(&a);
    vg_samples_release(&b);
    return status;
}

/* --- all rows --------------------------------------------------------------------------------- */

/* Whether even samples that are wholly apart would pass: the least two-sided p is 2 / C(na + nb,
 * na). */
static bool can_pass(int n_old, int n_new, int rows, double alpha)
{
    double ln = lgamma(n_old + n_new + 1.0) - lgamma(n_old + 1.0) - lgamma(n_new + 1.0);
    return log(2) - ln + log(rows) < log(alpha);
}

int vg_samples_needed(int rows, double alpha)
{
    int n = 1;
    while (n < 100 && !can_pass(n, n, rows, alpha))
        n++;
    return n;
}

/* Beyond the gate of a kernel that moved the same way, and different by itself. */
static bool moved_with_group(const vg_comparison *k, const vg_compared *c, double p)
{
    const vg_compared_group *g = &k->groups[c->group];
    vg_verdict own = vg_verdict_gated(c->ratio, g->gate);
    return (own == VG_FASTER || own == VG_SLOWER) && own == g->verdict && p < k->alpha;
}

/* A verdict needs the rank test as well; @p p is the row's own, c->p that after the correction. */
static void judge(vg_comparison *k, vg_compared *c, double p, int rows)
{
    double once = vg_tail_z(0.5 * k->alpha / rows) / vg_tail_z(0.025);
    if (k->by_backend) {
        c->verdict = vg_verdict_of(c->ratio, c->gate);
        return;
    }
    c->verdict = vg_verdict_gated(c->ratio, c->gate);
    if ((c->verdict == VG_FASTER || c->verdict == VG_SLOWER) && !(c->p < k->alpha))
        c->verdict = VG_AMBIGUOUS;
    if (c->verdict == VG_AMBIGUOUS && moved_with_group(k, c, p))
        c->verdict = k->groups[c->group].verdict;
    c->sure = fabs(log(c->ratio.mid)) > fmax(log1p(c->gate), once * log1p(c->floor));
    k->sure_slower += c->sure && c->verdict == VG_SLOWER;
}

static vg_status judge_all(vg_comparison *k)
{
    double *p = calloc((size_t)k->count + 1, sizeof *p);
    int *at = calloc((size_t)k->count + 1, sizeof *at), n = 0;
    vg_status status = p && at ? VG_OK : vg_fail(VG_ENOMEM, "no memory for %d rows", k->count);
    for (int i = 0; i < k->count && status == VG_OK; i++) {
        if (!k->rows[i].why) {
            at[n] = i;
            p[n++] = k->rows[i].p;
        }
    }
    if (status == VG_OK)
        status = vg_stat_holm(p, n);
    if (status == VG_OK)
        status = vg_groups_judge(k);
    for (int i = 0; i < n && status == VG_OK; i++) {
        vg_compared *c = &k->rows[at[i]];
        double own_p = c->p;
        c->p = p[i];
        k->too_few += !can_pass(c->n_old, c->n_new, n, k->alpha);
        judge(k, c, own_p, n);
    }
    if (status == VG_OK)
        status = vg_comparison_power(k);
    for (int i = 0; i < k->count; i++)
        ++*vg_verdict_pick(k->rows[i].verdict, &k->none, &k->faster, &k->slower, &k->same,
                           &k->ambiguous);
    free(p);
    free(at);
    return status;
}

/* A floor is the 95 % point of the ratio of two placements within a run. Between two runs the ratio
 * has one placement of each, so its 95 % point is the root mean square of both floors. A gate there
 * would pass one row in twenty of unchanged code; at sqrt(2) times that it is one in 180. */
static void set_gate(const vg_comparison *k, vg_compared *c, double floor_old, double floor_new)
{
    double both = hypot(floor_old, floor_new);
    c->floor = both / sqrt(2);
    if (k->by_backend)
        both = floor_new;
    /* fmax ignores NaN: an unknown floor must not pass for none. */
    c->gate = isnan(both) ? NAN : fmax(k->min_effect, both);
}

static void begin(vg_comparison *k, const json_t *old_doc, const json_t *new_doc,
                  const vg_compare_options *options)
{
    *k = (vg_comparison){.doc_old = old_doc,
                         .doc_new = new_doc,
                         .min_effect = options->min_effect,
                         .alpha = options->alpha > 0 ? options->alpha : 0.05};
}

/* Rows are the same if kernel name, cap and caches (hot, cold) are. */
static char *row_key(const vg_row *row)
{
    size_t size = strlen(row->kernel) + strlen(row->max_isa) + strlen(row->cold) + 3;
    char *key = malloc(size);
    if (key)
        snprintf(key, size, "%s\n%s\n%s", row->kernel, row->max_isa, row->cold);
    return key;
}

static json_t *places_of(const vg_rows *rows)
{
    json_t *places = json_object();
    for (int i = 0; i < rows->count && places; i++) {
        char *key = row_key(&rows->rows[i]);
        if (!key || json_object_set_new(places, key, json_integer(i))) {
            json_decref(places);
            places = NULL;
        }
        free(key);
    }
    return places;
}

/* Files of which one was timed with cold caches have no row in common; say why. */
static vg_status check_caches(const vg_comparison *k, const vg_rows *old_rows,
                              const vg_rows *new_rows)
{
    if (k->count || !old_rows->count || !new_rows->count)
        return VG_OK;
    const char *was = old_rows->rows[0].cold, *is = new_rows->rows[0].cold;
    if (!strcmp(was, is))
        return VG_OK;
    return vg_fail(VG_EINVAL,
                   "cold and hot caches are not compared: the old rows have "
                   "--cold-cache=%s, the new ones --cold-cache=%s",
                   *was ? was : "none", *is ? is : "none");
}

static vg_status match_rows(vg_comparison *k, const vg_rows *old_rows, const vg_rows *new_rows)
{
    json_t *places = places_of(old_rows), *kernels = json_object();
    k->rows = calloc((size_t)new_rows->count + 1, sizeof *k->rows);
    k->groups = calloc((size_t)new_rows->count + 1, sizeof *k->groups);
    if (!places || !kernels || !k->rows || !k->groups) {
        json_decref(places);
        json_decref(kernels);
        return vg_fail(VG_ENOMEM, "no memory for %d rows", new_rows->count);
    }
    vg_status status = VG_OK;
    for (int i = 0; i < new_rows->count && status == VG_OK; i++) {
        const vg_row *row = &new_rows->rows[i];
        char *key = row_key(row);
        json_t *place = key ? json_object_get(places, key) : NULL;
        free(key);
        if (!place) {
            k->only_new++;
            continue;
        }
        vg_compared *c = &k->rows[k->count++];
        const vg_row *partner = &old_rows->rows[json_integer_value(place)];
        status = compare_pair(partner, row, false, c);
        set_gate(k, c, vg_rows_floor(old_rows, partner),
                 hypot(vg_rows_floor(new_rows, row), k->drift));
        if (status == VG_OK)
            status = vg_groups_add(k, kernels, row, c);
    }
    k->only_old = old_rows->count - k->count;
    json_decref(places);
    json_decref(kernels);
    return status ? status : check_caches(k, old_rows, new_rows);
}

/* --- machines --------------------------------------------------------------------------------- */

static void find_differences(vg_comparison *k)
{
    static const char *const paths[] = {"machine.cpu.model",
                                        "machine.cpu.threads",
                                        "machine.cpu.allowed_cpus",
                                        "machine.os.kernel",
                                        "machine.os.governor",
                                        "machine.os.boost",
                                        "machine.os.thp",
                                        "machine.os.cgroup_cpus",
                                        "machine.software.onednn.version",
                                        "machine.software.benchmark.version",
                                        "machine.software.compiler",
                                        "machine.software.flags",
                                        "machine.openmp.runtimes",
                                        "machine.openmp.environment",
                                        "machine.ftz",
                                        "generator.version",
                                        "suite"};
    k->differences = json_array();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        json_t *a = (json_t *)vg_doc_get(k->doc_old, paths[i]);
        json_t *b = (json_t *)vg_doc_get(k->doc_new, paths[i]);
        if (a == b || json_equal(a, b))
            continue;
        json_array_append_new(k->differences,
                              json_pack("{ss sO? sO?}", "what", paths[i], "old", a, "new", b));
    }
}

/* --- whole documents -------------------------------------------------------------------------- */

vg_status vg_compare_documents(const json_t *old_doc, const json_t *new_doc,
                               const vg_compare_options *options, vg_comparison *k)
{
    vg_rows old_rows = {0}, new_rows = {0};
    begin(k, old_doc, new_doc, options);
    vg_status status = vg_rows_collect(old_doc, &old_rows);
    if (status == VG_OK)
        status = vg_rows_collect(new_doc, &new_rows);
    k->floor_old = old_rows.floor;
    k->floor_new = new_rows.floor;
    k->drift = vg_doc_drift_between(old_doc, new_doc);
    if (status == VG_OK)
        status = match_rows(k, &old_rows, &new_rows);
    if (status == VG_OK)
        status = vg_spread_widen(k);
    if (status == VG_OK)
        status = judge_all(k);
    if (status == VG_OK)
        status = vg_nets_compare(k);
    if (status == VG_OK)
        status = vg_counts_compare(k);
    k->broken = vg_doc_newly_broken(old_doc, new_doc);
    if (status == VG_OK && !k->broken)
        status = vg_fail(VG_ENOMEM, "no memory for what failed verification");
    find_differences(k);
    vg_rows_release(&old_rows);
    vg_rows_release(&new_rows);
    if (status != VG_OK)
        vg_comparison_release(k);
    return status;
}

vg_status vg_compare_backends(const json_t *doc, const char *base,
                              const vg_compare_options *options, vg_comparison *k)
{
    vg_rows rows = {0};
    int index = 0;
    while (index < VG_BACKEND_COUNT && strcmp(base, vg_backend_name((vg_backend)index)) != 0)
        index++;
    if (index == VG_BACKEND_COUNT)
        return vg_fail(VG_EINVAL, "--base=%s: no such backend", base);
    begin(k, doc, doc, options);
    k->by_backend = true;
    VG_TRY(vg_rows_collect(doc, &rows));
    k->floor_old = k->floor_new = rows.floor;
    k->rows = calloc((size_t)rows.count + 1, sizeof *k->rows);
    k->groups = calloc((size_t)rows.count + 1, sizeof *k->groups);
    k->differences = json_array();
    json_t *kernels = json_object();
    vg_status status = k->rows && k->groups && kernels
                           ? VG_OK
                           : vg_fail(VG_ENOMEM, "no memory for %d rows", rows.count);
    for (int i = 0; i < rows.case_count && status == VG_OK; i++) {
        const vg_problem *c = &rows.cases[i];
        for (int b = VG_BACKEND_COUNT - 1; b >= 0 && status == VG_OK; b--) {
            if (b == index || c->rows[b] < 0 || c->rows[index] < 0)
                continue;
            const vg_row *row = &rows.rows[c->rows[b]];
            vg_compared *pair = &k->rows[k->count++];
            status = compare_pair(&rows.rows[c->rows[index]], row, true, pair);
            double floor = vg_rows_floor(&rows, row);
            set_gate(k, pair, floor, floor);
            if (status == VG_OK)
                status = vg_groups_add(k, kernels, row, pair);
        }
    }
    json_decref(kernels);
    if (status == VG_OK && !k->count)
        status = vg_fail(VG_EFORMAT, "no case has a row of %s and one of another backend", base);
    if (status == VG_OK)
        status = judge_all(k);
    vg_rows_release(&rows);
    if (status != VG_OK)
        vg_comparison_release(k);
    return status;
}

void vg_comparison_release(vg_comparison *k)
{
    for (int i = 0; i < k->net_count; i++)
        free(k->nets[i].label);
    for (int i = 0; i < k->group_count; i++)
        free(k->groups[i].name);
    free(k->groups);
    free(k->nets);
    free(k->rows);
    json_decref(k->differences);
    json_decref(k->count_changes);
    json_decref(k->broken);
    *k = (vg_comparison){0};
}

bool vg_comparison_regressed(const vg_comparison *k)
{
    bool rows = k->by_backend ? k->slower > 0 : k->sure_slower > 0 || k->slower_groups > 0;
    return rows || k->worse_nets > 0 || k->worse_counts > 0 || json_array_size(k->broken) > 0;
}
