/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel part of `vgbench run`, and its pass capped at AVX2. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/child.h"
#include "cli/gbench_flags.h"
#include "cli/progress.h"
#include "cli/run_parts.h"
#include "measure/clock.h"
#include "measure/interrupt.h"
#include "micro/merge.h"
#include "results/results.h"
#include "vgbench/cpu.h"

static double case_seconds(const vg_run *run)
{
    return run->level == VG_RUN_QUICK ? 0.16 : run->level == VG_RUN_STANDARD ? 0.5 : 1.0;
}

/* Samples of both groups, verification, filling, creation. */
static double estimate_of(const vg_run *run, int cases)
{
    return cases * (1.5 * case_seconds(run) + 0.15) * run->processes;
}

static double work_of(const vg_shape_line *line)
{
    vg_dir dir = vg_op_has_dir(line->op, VG_DIR_fwd) ? VG_DIR_fwd : VG_DIR_step;
    return vg_op_flops(line->op, dir, &line->shape) + vg_op_bytes(line->op, dir, &line->shape);
}

/* Takes the largest shape out of the list, as long as its op keeps one. */
static bool drop_largest(vg_shape_list *list)
{
    int largest = -1;
    for (int i = 0; i < list->count; i++) {
        int others = 0;
        for (int k = 0; k < list->count; k++)
            others += k != i && list->items[k].op == list->items[i].op;
        if (others && (largest < 0 || work_of(&list->items[i]) > work_of(&list->items[largest])))
            largest = i;
    }
    if (largest < 0)
        return false;
    list->count--;
    memmove(&list->items[largest], &list->items[largest + 1],
            (size_t)(list->count - largest) * sizeof *list->items);
    return true;
}

static vg_status make_cases(vg_run *run)
{
    vg_case_query query = {.shapes = &run->list,
                           .filter = run->filter,
                           .backends = run->options->backend,
                           .threads = run->options->thread_list,
                           .thread_count = run->options->thread_count};
    vg_cases_release(&run->cases);
    return vg_cases_make(&query, &run->cases);
}

/* With the pass that is capped at AVX2, where there is one. */
static double both_passes(const vg_run *run)
{
    char what[160];
    return estimate_of(run, run->cases.count) +
           (vg_run_capped_wanted(run) ? vg_run_capped_estimate(run, what, sizeof what) : 0);
}

/* A budget drops sizes, largest first, never repetitions. */
vg_status vg_run_choose_cases(vg_run *run)
{
    VG_TRY(vg_shapes_load(run->shapes, &run->list));
    VG_TRY(make_cases(run));
    int dropped = 0;
    while (run->budget_s > 0 && both_passes(run) > run->kernels_s && drop_largest(&run->list)) {
        VG_TRY(make_cases(run));
        dropped++;
    }
    if (dropped)
        vg_say(run->options->quiet, "the budget leaves out the %d largest shapes", dropped);
    return VG_OK;
}

double vg_run_kernels_estimate(const vg_run *run, char *what, size_t size)
{
    int rows = 0;
    for (int i = 0; i < run->cases.count; i++)
        rows += run->cases.items[i].row_count;
    snprintf(what, size, "%d shapes and directions, %d rows%s", run->cases.count, rows,
             run->processes > 1 ? ", 5 processes" : "");
    return estimate_of(run, run->cases.count);
}

/* --- resume ----------------------------------------------------------------------------------- */

static bool same_cap(const json_t *entry, const char *max_isa)
{
    const char *cap = vg_json_get_text(entry, "max_isa", NULL);
    return cap && max_isa ? !strcmp(cap, max_isa) : !cap && !max_isa;
}

vg_status vg_run_check_cold(const vg_run *run)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(run->before, "benchmarks"), index, entry) {
        const char *was = vg_json_get_text(entry, "cold_cache", "none");
        if (strcmp(was, vg_cold_names[run->cold]))
            return vg_fail(VG_EINVAL,
                           "--resume: the folder has rows of --cold-cache=%s, which do not stand "
                           "beside those of --cold-cache=%s",
                           was, vg_cold_names[run->cold]);
    }
    return VG_OK;
}

void vg_run_keep_entries(vg_run *run, const char *max_isa)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(run->before, "benchmarks"), index, entry)
        if (same_cap(entry, max_isa) && !json_is_true(json_object_get(entry, "error_occurred")))
            json_array_append(json_object_get(run->results, "benchmarks"), entry);
}

/* Index of the entry of @p kernel with this cap, or -1. */
static int entry_of(const json_t *results, const char *kernel, const char *max_isa)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(results, "benchmarks"), index, entry)
        if (!strcmp(vg_json_get_text(entry, "kernel", ""), kernel) && same_cap(entry, max_isa))
            return (int)index;
    return -1;
}

/* Index of the entry of row @p k of the case, or -1. */
static int entry_of_row(const vg_run *run, const vg_case *c, int k)
{
    char name[320];
    vg_kernel_format(c->rows[k], &c->shape, c->threads, name, sizeof name);
    return entry_of(run->results, name, run->options->max_isa);
}

/* A case of which a row is missing is measured again, all of it: its samples are paired. */
static void drop_known_cases(vg_run *run)
{
    int kept = 0;
    for (int i = 0; i < run->cases.count; i++) {
        const vg_case c = run->cases.items[i];
        bool all = true;
        for (int k = 0; k < c.row_count && all; k++)
            all = entry_of_row(run, &c, k) >= 0;
        if (all)
            continue;
        for (int k = 0; k < c.row_count; k++)
            json_array_remove(json_object_get(run->results, "benchmarks"),
                              (size_t)entry_of_row(run, &c, k)); /* -1: out of range, no harm */
        run->cases.items[kept++] = c;
    }
    run->cases.count = kept;
}

/* --- the pass of this process ------------------------------------------------------------- */

static void save_now_and_then(void *user, json_t *results)
{
    enum { EVERY_S = 15 };
    static double last;
    (void)results;
    if (vg_clock_s() - last < EVERY_S)
        return;
    last = vg_clock_s();
    (void)vg_run_save(user, false); /* the final save reports what is wrong with the file */
}

static vg_status own_pass(vg_run *run)
{
    vg_bench_summary summary;
    vg_gbench_flags none;
    vg_option_list nothing = {.count = 0};
    vg_bench_request request = {.cases = &run->cases,
                                .sampling = vg_sampling_default,
                                .noise_cases = run->level == VG_RUN_QUICK ? 12 : 20,
                                .resamples = run->level == VG_RUN_QUICK ? 400 : 1000,
                                .max_isa = run->options->max_isa,
                                .quiet = run->options->quiet,
                                .after_case = save_now_and_then,
                                .user = run};
    request.sampling.seconds = case_seconds(run);
    request.sampling.seed = run->options->seed;
    request.sampling.cold = run->cold;
    if (run->budget_s > 0)
        request.deadline = vg_clock_s() + run->budget_s;
    VG_TRY(vg_gbench_flags_read(&nothing, &none));
    none.native = false;
    VG_TRY(vg_gbench_flags_apply(&none));
    vg_status status = vg_bench_cases(&request, run->results, &summary);
    run->partial |= summary.left_out > 0;
    run->failed += summary.failed;
    if (summary.warm)
        vg_say(run->options->quiet,
               "%d of %d rows were not cold: they have no weights, or were not shown to be",
               summary.warm, summary.rows);
    return status;
}

/* --- passes of other processes ------------------------------------------------------------ */

/* The shapes that the budget has left, as a file for the child. */
static vg_status write_shapes(const vg_run *run, const char *path)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return vg_fail(VG_ENOMEM, "out of memory for a list of shapes");
    for (int i = 0; i < run->list.count; i++) {
        const vg_shape_line *line = &run->list.items[i];
        fprintf(out, "%s", vg_op_name(line->op));
        if (line->dir != VG_DIR_COUNT)
            fprintf(out, "/%s", vg_dir_name(line->dir));
        for (int k = 0; k < vg_op_extents(line->op); k++)
            fprintf(out, " %lld", (long long)line->shape.n[k]);
        if (vg_op_has_weights(line->op) && line->shape.weights == VG_WEIGHTS_PACKED)
            fprintf(out, " weights:packed");
        if (vg_op_has_act(line->op))
            fprintf(out, " act:%s", vg_op_name((vg_op)line->shape.act));
        if (vg_op_has_norm(line->op))
            fprintf(out, " norm:%s", vg_op_name((vg_op)line->shape.norm));
        fputc('\n', out);
    }
    fclose(out);
    vg_status status = vg_file_save(path, text, size);
    free(text);
    return status;
}

static void thread_words(const vg_run *run, char *text, size_t size)
{
    size_t n = (size_t)snprintf(text, size, "--threads=");
    for (int i = 0; i < run->options->thread_count && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%d", i ? "," : "",
                              run->options->thread_list[i]);
}

static vg_status child_pass(vg_run *run, const char *max_isa, const char *backends, int number,
                            json_t **document)
{
    char file[4200], list[4200], shapes[4220], isa[32], backend[128], filter[600];
    char seconds[48], seed[48], threads[128], cold[32];
    int code, n = 0;
    snprintf(file, sizeof file, "%s/.pass.json", run->folder);
    snprintf(list, sizeof list, "%s/.shapes.txt", run->folder);
    VG_TRY(write_shapes(run, list));
    snprintf(shapes, sizeof shapes, "--shapes=%s", list);
    snprintf(isa, sizeof isa, "--max-isa=%s", max_isa ? max_isa : "");
    snprintf(backend, sizeof backend, "--backend=%s", backends ? backends : "");
    snprintf(filter, sizeof filter, "--filter=%.500s", run->filter ? run->filter : "");
    snprintf(seconds, sizeof seconds, "--seconds=%g", case_seconds(run));
    snprintf(seed, sizeof seed, "--seed=%llu",
             (unsigned long long)run->options->seed + (unsigned)number);
    thread_words(run, threads, sizeof threads);
    const char *words[12] = {"bench", shapes, seconds, seed, threads};
    n = 5;
    snprintf(cold, sizeof cold, "--cold-cache=%s", vg_cold_names[run->cold]);
    if (run->cold)
        words[n++] = cold;
    if (run->options->quiet)
        words[n++] = "--quiet";
    if (max_isa)
        words[n++] = isa;
    if (backends)
        words[n++] = backend;
    if (run->filter)
        words[n++] = filter;
    vg_status status = vg_child_run(words, file, NULL, document, &code);
    remove(list);
    return status;
}

/* Where AVX-512 is the best, AVX2 against oneDNN at AVX2 is a question of its own: most CPUs in use
 * have no more. The cap is process-wide, hence the child. */
bool vg_run_capped_wanted(const vg_run *run)
{
    return vg_cpu_isa() & VG_ISA_AVX512 && !run->options->max_isa && !run->options->backend &&
           !vg_backend_usable(VG_BACKEND_avx2) && !vg_backend_usable(VG_BACKEND_onednn);
}

double vg_run_capped_estimate(const vg_run *run, char *what, size_t size)
{
    snprintf(what, size, "the same with own kernels and oneDNN at AVX2");
    return run->cases.count * (case_seconds(run) + 0.1);
}

vg_status vg_run_capped(vg_run *run)
{
    json_t *document, *entries = json_object_get(run->results, "benchmarks"), *entry;
    size_t index;
    size_t before = json_array_size(entries);
    vg_run_keep_entries(run, "avx2");
    if (json_array_size(entries) > before)
        return VG_OK; /* the pass is one process: there, or not */
    VG_TRY(child_pass(run, "avx2", "avx2,onednn", 0, &document));
    run->partial |= json_is_true(json_object_get(document, "partial"));
    json_array_foreach(json_object_get(document, "benchmarks"), index, entry)
        json_array_append(entries, entry);
    json_t *roofline = json_object_get(document, "roofline");
    json_array_foreach(json_object_get(roofline, "roofs"), index, entry)
        vg_json_set_text(entry, "max_isa", "avx2");
    json_object_set(run->results, "roofline", roofline); /* the own pass adds to it */
    json_object_set(run->results, "noise_capped", json_object_get(document, "noise"));
    json_decref(document);
    return VG_OK;
}

/* Independent processes, whose samples become one set of entries. */
static vg_status many_passes(vg_run *run)
{
    int done = 0;
    vg_status status = VG_OK;
    for (int i = 0; i < run->processes && !status && !vg_interrupted(); i++) {
        json_t *document;
        vg_say(run->options->quiet, "kernels: process %d of %d", i + 1, run->processes);
        status = child_pass(run, run->options->max_isa, run->options->backend, i, &document);
        if (status)
            break;
        run->partial |= json_is_true(json_object_get(document, "partial"));
        status = vg_merge_pass(run->results, document, done++);
        json_decref(document);
        if (!status)
            status = vg_run_save(run, false);
    }
    run->partial |= done < run->processes;
    vg_status judged = vg_merge_finish(run->results, done, run->options->seed);
    return status ? status : judged;
}

vg_status vg_run_kernels(vg_run *run)
{
    vg_run_keep_entries(run, run->options->max_isa);
    drop_known_cases(run);
    if (!run->cases.count)
        return VG_OK;
    vg_status status = run->processes > 1 ? many_passes(run) : own_pass(run);
    /* The last few cases of a resumed run know less about the noise than the run before. */
    json_t *before = json_object_get(run->before, "noise");
    double pairs = vg_json_get_number(json_object_get(run->results, "noise"), "n");
    if (vg_json_get_number(before, "n") > pairs)
        json_object_set(run->results, "noise", before);
    return status;
}
