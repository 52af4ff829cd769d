/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as Markdown. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure/load.h"
#include "reports/compare.h"
#include "reports/drift.h"
#include "reports/nets.h"
#include "reports/parts.h"

enum { MOST_LINES = 3000, MOST_OPEN = 20 };

/* Far out in a tail the digits of a p value mean nothing. */
static const char *p_text(char buf[VG_NUM], double p)
{
    return p < 1e-6 ? "< 1e-6" : vg_num(buf, p, 2);
}

/* --- Markdown --------------------------------------------------------------------------------- */

static int by_ratio(const void *a, const void *b)
{
    const vg_compared *x = *(const vg_compared *const *)a, *y = *(const vg_compared *const *)b;
    if (isnan(x->ratio.mid) || isnan(y->ratio.mid))
        return isnan(x->ratio.mid) - isnan(y->ratio.mid);
    if (x->ratio.mid != y->ratio.mid)
        return (x->ratio.mid > y->ratio.mid) - (x->ratio.mid < y->ratio.mid);
    return strcmp(x->kernel, y->kernel);
}

static void table(const vg_compared **list, int count, const char *old_name, const char *new_name,
                  vg_text *out)
{
    vg_text a = {0}, b = {0};
    char buf[80], lo[VG_NUM];
    vg_text_md(&a, old_name);
    vg_text_md(&b, new_name);
    const char *head[] = {
        "row",  a.p ? a.p : "old", b.p ? b.p : "new", "ratio [95 % CI]", "n", "p (Holm)",
        "gate", "verdict"};
    vg_table_head(out, "lrrrrrrl", head);
    free(a.p);
    free(b.p);
    for (int i = 0; i < count && i < MOST_LINES; i++) {
        const vg_compared *c = list[i];
        vg_row_begin(out);
        vg_cell_code(out, c->kernel);
        if (*c->max_isa) {
            vg_text_add(out, " cap ");
            vg_text_md(out, c->max_isa);
        }
        vg_text_add(out, *c->cold ? " cold" : "");
        vg_cell_printf(out, "%s", vg_num_time(buf, c->ns_old.mid));
        vg_cell_printf(out, "%s", vg_num_time(buf, c->ns_new.mid));
        if (c->why)
            vg_cell_md(out, c->why);
        else
            vg_cell_printf(out, "%s", vg_ratio_text(buf, c->ratio));
        vg_cell_printf(out, "%d, %d", c->n_old, c->n_new);
        vg_cell_printf(out, "%s", p_text(lo, c->p));
        vg_cell_printf(out, "%s", vg_num_percent(lo, c->gate));
        vg_cell_printf(out, "%s", vg_verdict_name(c->verdict));
        if (*c->crowded && !c->why) {
            vg_text_add(out, ": ");
            vg_text_md(out, c->crowded);
        }
        vg_row_end(out);
    }
    if (count > MOST_LINES)
        vg_text_printf(out, "\n%d more rows: see the JSON or CSV.\n", count - MOST_LINES);
}

static vg_status rows_markdown(const vg_comparison *k, const char *old_name, const char *new_name,
                               vg_text *out)
{
    const vg_compared **list = calloc((size_t)k->count + 1, sizeof *list);
    if (!list)
        return vg_fail(VG_ENOMEM, "no memory for %d rows", k->count);
    static const struct {
        vg_verdict verdict;
        const char *title;
    } groups[] = {{VG_SLOWER, "SLOWER, worst first"},
                  {VG_FASTER, "FASTER"},
                  {VG_AMBIGUOUS, "AMBIGUOUS"},
                  {VG_SAME, "SAME"},
                  {VG_VERDICT_NONE, "Not compared"}};
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        int n = 0;
        for (int i = 0; i < k->count; i++)
            if (k->rows[i].verdict == groups[g].verdict)
                list[n++] = &k->rows[i];
        if (!n)
            continue;
        qsort(list, (size_t)n, sizeof *list, by_ratio);
        bool fold = g > 1 || n > MOST_OPEN;
        if (fold)
            vg_details_begin(out, "%s (%d)", groups[g].title, n);
        else
            vg_text_printf(out, "\n**%s**\n\n", groups[g].title);
        table(list, n, old_name, new_name, out);
        if (fold)
            vg_details_end(out);
    }
    free(list);
    return VG_OK;
}

static void nets_markdown(const vg_comparison *k, vg_text *out)
{
    static const char *const head[] = {"net", "survival, old", "new", "factor per layer, old",
                                       "new", "verdict, old",  "new", "gradients"};
    char buf[VG_NUM];
    int same = 0;
    if (!k->net_count)
        return;
    for (int i = 0; i < k->net_count; i++)
        same += k->nets[i].change == VG_NET_SAME;
    vg_text_printf(out, "\n**Gradients:** %d nets in both, %d unchanged.\n", k->net_count, same);
    if (same == k->net_count)
        return;
    vg_text_add(out, "\n");
    vg_table_head(out, "lrrrrlll", head);
    for (int i = 0; i < k->net_count; i++) {
        const vg_compared_net *net = &k->nets[i];
        const json_t *records[] = {net->old_record, net->new_record};
        if (net->change == VG_NET_SAME)
            continue;
        vg_row_begin(out);
        vg_cell_md(out, net->label ? net->label : "");
        for (int s = 0; s < 2; s++)
            vg_cell_printf(out, "%s", vg_num(buf, vg_doc_num(records[s], "survival"), 3));
        for (int s = 0; s < 2; s++)
            vg_cell_printf(
                out, "%s",
                vg_num(buf, vg_factor(vg_doc_num(records[s], "rate.ln_sq_per_layer")), 4));
        for (int s = 0; s < 2; s++) {
            const char *verdict = vg_doc_str(records[s], "verdict");
            vg_cell_md(out, verdict ? verdict : "n/a");
        }
        vg_cell_printf(out, "%s", vg_net_change_name(net->change));
        vg_row_end(out);
    }
}

static void counts_markdown(const vg_comparison *k, vg_text *out)
{
    enum { MOST = 40 };
    static const char *const head[] = {"kernel or network", "caches", "counter", "old", "new", ""};
    char buf[VG_NUM];
    size_t i, changed = json_array_size(k->count_changes);
    json_t *change;
    if (!k->counts)
        return;
    vg_text_printf(out,
                   "\n**Simulated counters:** %d in both, %zu differ (they are exact: any "
                   "difference is a change of the code).\n",
                   k->counts, changed);
    if (!changed)
        return;
    vg_text_add(out, "\n");
    vg_table_head(out, "lllrrl", head);
    json_array_foreach(k->count_changes, i, change) {
        if (i == MOST)
            break;
        vg_row_begin(out);
        vg_cell_code(out, vg_doc_str(change, "row"));
        vg_cell_md(out, vg_doc_str(change, "when"));
        vg_cell_md(out, vg_doc_str(change, "counter"));
        vg_cell_printf(out, "%.0f", vg_doc_num(change, "old"));
        vg_cell_printf(out, "%.0f", vg_doc_num(change, "new"));
        vg_cell_printf(
            out, "%s",
            vg_num_percent(buf, vg_doc_num(change, "new") / vg_doc_num(change, "old") - 1));
        vg_text_add(out, vg_doc_true(change, "worse") ? " WORSE" : "");
        vg_row_end(out);
    }
    if (changed > MOST)
        vg_text_printf(out, "\n%zu more: see the JSON or CSV.\n", changed - MOST);
}

static void differences_markdown(const vg_comparison *k, vg_text *out)
{
    size_t i;
    json_t *difference;
    json_array_foreach(k->differences, i, difference) {
        const char *sides[] = {"old", "new"};
        vg_text_printf(out, "%s> ",
                       i ? "" : "\n> **Warning: the runs differ in more than the code.**\n");
        vg_text_code(out, vg_doc_str(difference, "what"));
        for (int s = 0; s < 2; s++) {
            char *text = json_dumps(json_object_get(difference, sides[s]), JSON_ENCODE_ANY);
            vg_text_add(out, s ? " now " : ": was ");
            if (text)
                vg_text_code(out, text);
            else
                vg_text_add(out, "not recorded");
            free(text);
        }
        vg_text_add(out, i + 1 < json_array_size(k->differences) ? "  \n" : "\n");
    }
}

/* What no floor of one run can know: that other programs ran beside one of them. */
static void busy_markdown(const vg_comparison *k, vg_text *out)
{
    const json_t *docs[] = {k->by_backend ? NULL : k->doc_old, k->doc_new};
    const char *const names[] = {"the old run", k->by_backend ? "the run" : "the new run"};
    char a[VG_NUM];
    for (int s = 0; s < 2; s++) {
        double load = vg_doc_load(docs[s]), floor = vg_doc_highest_floor(docs[s]);
        const char *grade = vg_doc_str(docs[s], "machine.doctor.grade");
        if (load > VG_LOAD_BUSY)
            vg_text_printf(out,
                           "\n> **Warning: the machine was busy as %s began** (load average %s per "
                           "CPU): other programs took part of it, and what that does between runs "
                           "is in no floor.\n",
                           names[s], vg_num(a, load, 2));
        if (floor >= 0.05)
            vg_text_printf(out,
                           "\n> **Warning: %s was noisy**: its A/A floor is %s, grade D, from which "
                           "nothing should be concluded.\n",
                           names[s], vg_num_percent(a, floor));
        else if (grade && !strcmp(grade, "D"))
            vg_text_printf(out,
                           "\n> **Warning: the doctor gave the machine grade D as %s began**: the "
                           "report of that run says why (part 3).\n",
                           names[s]);
    }
}

/* --- kernels ---------------------------------------------------------------------------------- */

static void group_row(vg_text *out, const vg_compared_group *g)
{
    char buf[80];
    vg_row_begin(out);
    vg_cell_code(out, g->name);
    vg_cell_printf(out, "%d", g->n);
    vg_cell_printf(out, "%s", vg_ratio_text(buf, g->ratio));
    vg_cell_printf(out, "%s", p_text(buf, g->p));
    vg_cell_printf(out, "%s", vg_num_percent(buf, g->gate));
    vg_cell_printf(out, "%s", vg_verdict_name(g->verdict));
    vg_row_end(out);
}

static void groups_table(const vg_comparison *k, bool moved, vg_text *out)
{
    static const char *const head[] = {"kernel",   "rows", "ratio, geo. mean [95 % CI]",
                                       "p (Holm)", "gate", "verdict"};
    vg_table_head(out, "lrrrrl", head);
    for (int pass = 0; pass < 2; pass++) /* the slower ones first */
        for (int i = 0; i < k->group_count; i++) {
            const vg_compared_group *g = &k->groups[i];
            bool slower = g->verdict == VG_SLOWER;
            bool has = slower || g->verdict == VG_FASTER;
            if (isfinite(g->ratio.mid) && has == moved && slower == !pass)
                group_row(out, g);
        }
}

static int judged_groups(const vg_comparison *k)
{
    int judged = 0;
    for (int i = 0; i < k->group_count; i++)
        judged += isfinite(k->groups[i].ratio.mid);
    return judged;
}

static void groups_markdown(const vg_comparison *k, vg_text *out)
{
    int judged = judged_groups(k), moved = k->faster_groups + k->slower_groups;
    if (!judged)
        return;
    if (moved) {
        vg_text_printf(out, "\n**%s** (all shapes together)\n\n",
                       k->by_backend ? "Kernels that are faster or slower than the base"
                                     : "Kernels that moved");
        groups_table(k, true, out);
    }
    if (judged == moved)
        return;
    vg_details_begin(out, "%s (%d)",
                     k->by_backend ? "Kernels that are neither" : "Kernels that did not move",
                     judged - moved);
    groups_table(k, false, out);
    vg_details_end(out);
}

/* Backends against the base: those of the rows, in the order in which they first come. */
typedef struct backend_tally {
    const char *backend, *max_isa;
    int threads, faster, slower, same, ambiguous, none;
    int meant;              /* in the mean */
    double sum_ln, sum_var; /* of the logarithms of the ratios */
    double floor;           /* the widest; NaN where one is unknown */
} backend_tally;

enum { BACKENDS_MAX = 64 };

static backend_tally *tally_of(backend_tally tallies[BACKENDS_MAX], int *count,
                               const vg_compared *c)
{
    for (int i = 0; i < *count; i++)
        if (!strcmp(tallies[i].backend, c->backend) && !strcmp(tallies[i].max_isa, c->max_isa) &&
            tallies[i].threads == c->threads)
            return &tallies[i];
    if (*count == BACKENDS_MAX)
        return NULL;
    tallies[*count] =
        (backend_tally){.backend = c->backend, .max_isa = c->max_isa, .threads = c->threads};
    return &tallies[(*count)++];
}

static int tally_backends(const vg_comparison *k, backend_tally tallies[BACKENDS_MAX])
{
    int count = 0;
    for (int i = 0; i < k->count; i++) {
        const vg_compared *c = &k->rows[i];
        backend_tally *t = tally_of(tallies, &count, c);
        if (!t)
            continue;
        ++*vg_verdict_pick(c->verdict, &t->none, &t->faster, &t->slower, &t->same, &t->ambiguous);
        if (c->verdict == VG_VERDICT_NONE || *c->crowded)
            continue;
        t->meant++;
        double sd = log(c->ratio.hi / c->ratio.lo) / (2 * 1.96);
        t->sum_ln += log(c->ratio.mid);
        t->sum_var += sd * sd;
        t->floor = isnan(t->floor) || c->floor <= t->floor ? t->floor : c->floor;
    }
    return count;
}

static void backend_name(vg_text *out, const backend_tally *t)
{
    vg_text_md(out, t->backend);
    if (*t->max_isa) {
        vg_text_add(out, ", both capped to ");
        vg_text_md(out, t->max_isa);
    }
}

/* Rows of all backends in one sum would say nothing: plain C counts as much as the best. */
static void backends_lines(const vg_comparison *k, vg_text *out)
{
    backend_tally tallies[BACKENDS_MAX];
    int count = tally_backends(k, tallies);
    vg_text_add(out, "\n\n");
    for (int i = 0; i < count; i++) {
        const backend_tally *t = &tallies[i];
        vg_text_add(out, "- ");
        backend_name(out, t);
        vg_text_printf(out, " on %d thread%s: **%d FASTER, %d SLOWER**, %d SAME, %d AMBIGUOUS",
                       t->threads, t->threads == 1 ? "" : "s", t->faster, t->slower, t->same,
                       t->ambiguous);
        if (t->none)
            vg_text_printf(out, ", %d not compared", t->none);
        vg_text_add(out, "\n");
    }
    vg_text_add(out, "\n");
}

static void backends_table(const vg_comparison *k, vg_text *out)
{
    static const char *const head[] = {"backend", "threads", "rows", "geo. mean [95 % CI]",
                                       "FASTER",  "SLOWER",  "SAME", "AMBIGUOUS"};
    backend_tally tallies[BACKENDS_MAX];
    int count = tally_backends(k, tallies);
    vg_table_head(out, "lrrrrrrr", head);
    for (int i = 0; i < count; i++) {
        const backend_tally *t = &tallies[i];
        int n = t->faster + t->slower + t->same + t->ambiguous;
        double mid = t->sum_ln / t->meant, half = 1.96 * sqrt(t->sum_var) / t->meant;
        double least = log1p(t->floor); /* as in the report: no surer than the floor */
        half = half > least ? half : least;
        char buf[80];
        vg_row_begin(out);
        vg_cell(out);
        backend_name(out, t);
        vg_cell_printf(out, "%d", t->threads);
        vg_cell_printf(out, "%d", n);
        vg_cell_printf(
            out, "%s",
            vg_ratio_text(buf, (vg_estimate){exp(mid), exp(mid - half), exp(mid + half)}));
        vg_cell_printf(out, "%d", t->faster);
        vg_cell_printf(out, "%d", t->slower);
        vg_cell_printf(out, "%d", t->same);
        vg_cell_printf(out, "%d", t->ambiguous);
        vg_row_end(out);
    }
}

/* What was asked, how it was decided, and what would have been found. */
static void method_markdown(const vg_comparison *k, vg_text *out)
{
    char a[VG_NUM], b[VG_NUM], c[VG_NUM];
    int judged = k->count - k->none;
    if (k->by_backend) {
        vg_text_printf(out,
                       "Ratio = time of the base / time of the row, above 1 is faster than the "
                       "base. The rows of a case were timed side by side: FASTER and SLOWER need "
                       "the whole interval beyond the gate, which is the A/A floor of their number "
                       "of threads (or the least effect, %s). A kernel, its rows together, needs "
                       "Holm p < %g beside its geometric mean beyond the gate.\n\n",
                       vg_num_percent(c, k->min_effect), k->alpha);
        backends_table(k, out);
        return;
    }
    vg_text_printf(
        out,
        "Ratio = old time / new time, above 1 is faster. A kernel moved if the geometric mean of "
        "its rows lies beyond the A/A floor (%s old, %s new, root mean square; or the least effect "
        "%s), Holm p < %g. A row needs an interval without 1, a ratio beyond sqrt(2) times the "
        "floor and Mann-Whitney p < %g after Holm's correction over %d rows; within a kernel that "
        "moved the same way, beyond the kernel's gate.\n",
        vg_num_percent(a, k->floor_old), vg_num_percent(b, k->floor_new),
        vg_num_percent(c, k->min_effect), k->alpha, k->alpha, judged);
    if (k->spread > 0)
        vg_text_printf(out,
                       "\nMost rows moved by %s between the two runs (95 %% point, from the densest half of "
                       "them; of kernels %s): a floor measured within a run cannot know that, and gates are no "
                       "narrower.\n",
                       vg_num_percent(a, expm1(1.96 * k->spread)),
                       vg_num_percent(b, expm1(1.96 * k->spread_groups)));
    if (k->drift >= 0.001)
        vg_text_printf(out,
                       "\nClock and bandwidth of the machine differ by %s between the runs, or "
                       "moved so far within them: the gates are wider by that.\n",
                       vg_num_percent(a, k->drift));
    if (isfinite(k->found_row))
        vg_text_printf(out, "\n**Power:** in 9 of 10 cases a change of %s is found in a row",
                       vg_num_percent(a, k->found_row));
    if (isfinite(k->found_row) && isfinite(k->found_group))
        vg_text_printf(out, ", of %s in a kernel", vg_num_percent(b, k->found_group));
    if (isfinite(k->found_row))
        vg_text_add(out, "; unchanged code gives about one row in 180 a verdict, and no kernel.\n");
}

static void broken_markdown(const vg_comparison *k, vg_text *out)
{
    size_t i;
    json_t *name;
    if (!json_array_size(k->broken))
        return;
    vg_text_printf(out, "> **Verification fails in the new results and did not in the old:**");
    json_array_foreach(k->broken, i, name) {
        vg_text_add(out, i ? ", " : " ");
        vg_text_code(out, json_string_value(name));
    }
    vg_text_add(out, ". What fails is not timed.\n\n");
}

static void runs_lines(const vg_comparison *k, vg_text *out)
{
    if (k->faster_groups || k->slower_groups)
        vg_text_printf(out, "\n\n%d kernels of three or more rows: **%d FASTER, %d SLOWER**.",
                       judged_groups(k), k->faster_groups, k->slower_groups);
    vg_text_printf(out, "\n\n%d rows: **%d FASTER, %d SLOWER**, %d SAME, %d AMBIGUOUS", k->count,
                   k->faster, k->slower, k->same, k->ambiguous);
    if (k->none)
        vg_text_printf(out, ", %d not compared", k->none);
    if (k->only_old || k->only_new)
        vg_text_printf(out, "; %d only in the old, %d only in the new", k->only_old, k->only_new);
    vg_text_printf(out, ".\n\n");
}

vg_status vg_comparison_markdown(const vg_comparison *k, const char *old_name, const char *new_name,
                                 vg_text *out)
{
    vg_text_add(out, "## ");
    vg_text_md(out, new_name);
    vg_text_add(out, k->by_backend ? " against " : " compared with ");
    vg_text_md(out, old_name);
    if (k->by_backend)
        backends_lines(k, out);
    else
        runs_lines(k, out);
    broken_markdown(k, out);
    method_markdown(k, out);
    if (k->too_few)
        vg_text_printf(out,
                       "\n> **Warning:** %d row%s ha%s too few samples for a difference to pass "
                       "the correction by itself (%d a side would do); only a kernel that moved "
                       "can show it.\n",
                       k->too_few, k->too_few == 1 ? "" : "s", k->too_few == 1 ? "s" : "ve",
                       vg_samples_needed(k->count - k->none, k->alpha));
    busy_markdown(k, out);
    differences_markdown(k, out);
    groups_markdown(k, out);
    VG_TRY(rows_markdown(k, old_name, new_name, out));
    nets_markdown(k, out);
    counts_markdown(k, out);
    return out->failed ? vg_fail(VG_ENOMEM, "no memory for the comparison") : VG_OK;
}
