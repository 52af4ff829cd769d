/* SPDX-License-Identifier: Apache-2.0 */
/* What it ran on and how it was measured: machine, software, noise, method. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure/load.h"
#include "bench/measure/stats.h"
#include "reports/drift.h"
#include "reports/parts.h"

enum { COLUMNS = VG_TABLE_COLUMNS - 1, DEPTH = 8, LONGEST = 400 };

/* --- a table of facts, one column per document ------------------------------------------------ */

static void scalar_text(const json_t *value, vg_text *out)
{
    char buf[VG_NUM];
    if (json_is_string(value))
        vg_text_add(out, json_string_value(value));
    else if (json_is_integer(value))
        vg_text_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        vg_text_add(out, vg_num(buf, json_real_value(value), 6));
    else if (json_is_boolean(value))
        vg_text_add(out, json_is_true(value) ? "yes" : "no");
    else if (json_is_null(value))
        vg_text_add(out, "n/a");
}

/* Lists of scalars on one line; members of objects in lists as "a b c". */
static void value_text(const json_t *value, vg_text *out, int depth)
{
    size_t i;
    json_t *item;
    const char *key;
    if (depth > DEPTH || out->len > LONGEST)
        return;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            vg_text_add(out, i ? ", " : "");
            value_text(item, out, depth + 1);
        }
    } else if (json_is_object(value)) {
        const char *join = "";
        json_object_foreach((json_t *)value, key, item) {
            vg_text_printf(out, "%s%s ", join, key);
            value_text(item, out, depth + 1);
            join = "; ";
        }
    } else {
        scalar_text(value, out);
    }
}

/* Why a fact may be null; NULL where another fact says it. */
static const char *why_null(const char *path)
{
    static const struct {
        const char *path, *why;
    } reasons[] = {
        {"machine.cpu.stepping", "the kernel names none"},
        {"machine.doctor.microcode", "the kernel does not show it, as in many virtual machines"},
        {"machine.doctor.smt", "the kernel does not say"},
        {"machine.os.governor", "no control of the clock is visible here"},
        {"machine.os.driver", "no control of the clock is visible here"},
        {"machine.os.boost", "no control of the clock is visible here"},
        {"machine.cpu.mhz", "the kernel does not say"},
        {"machine.doctor.throttled", "no counter is visible here"},
        {"machine.doctor.steal", "the kernel does not say"},
        {"machine.doctor.load", "the kernel does not say"},
        {"machine.os.mitigations", "the kernel does not list them"},
        {"machine.os.cgroup_cpus", "no quota"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (!strcmp(reasons[i].path, path))
            return reasons[i].why;
    return NULL;
}

static void fact_cell(vg_text *out, const json_t *value, const char *path)
{
    vg_text text = {0};
    char size[VG_NUM];
    if (json_is_number(value) && strstr(path, "_bytes"))
        vg_text_add(&text, vg_num_bytes(size, json_number_value(value)));
    else if (json_is_number(value) && strstr(path, "steal"))
        vg_text_add(&text, vg_num_percent(size, json_number_value(value)));
    else if (json_is_null(value) && why_null(path))
        vg_text_printf(&text, "n/a (%s)", why_null(path));
    else if (value)
        value_text(value, &text, 0);
    if (text.len > LONGEST) {
        size_t end = LONGEST;
        while (end && ((unsigned char)text.p[end] & 0xc0) == 0x80)
            end--; /* not within a character */
        text.p[end] = '\0';
        vg_text_add(out, " | ");
        vg_text_md(out, text.p);
        vg_text_add(out, " ...");
    } else {
        vg_cell_md(out, text.len ? text.p : value ? "none" : "not recorded");
    }
    free(text.p);
}

static void facts_head(vg_report *report, int first, int last)
{
    const char *head[VG_TABLE_COLUMNS] = {""};
    vg_text names[COLUMNS] = {{0}};
    char align[VG_TABLE_COLUMNS + 1] = "llllllll";
    for (int d = first; d < last; d++) {
        vg_text_md(&names[d - first], report->names[d]);
        head[1 + d - first] = names[d - first].p ? names[d - first].p : "";
    }
    align[1 + last - first] = '\0';
    vg_table_head(&report->out, align, head);
    for (int d = 0; d < COLUMNS; d++)
        free(names[d].p);
}

typedef struct fact {
    const char *name, *path;
} fact;

static bool any_has(const vg_report *report, const char *path)
{
    for (int d = 0; d < report->count; d++)
        if (vg_doc_get(report->docs[d], path))
            return true;
    return false;
}

/* Facts that no document has are named in one line below the table. */
static void facts(vg_report *report, const fact *list, int count)
{
    int absent = 0;
    for (int first = 0; first < report->count; first += COLUMNS) {
        int last = first + COLUMNS < report->count ? first + COLUMNS : report->count;
        vg_text_add(&report->out, first ? "\n" : "");
        facts_head(report, first, last);
        for (int i = 0; i < count; i++) {
            if (!any_has(report, list[i].path))
                continue;
            vg_row_begin(&report->out);
            vg_cell_printf(&report->out, "%s", list[i].name);
            for (int d = first; d < last; d++)
                fact_cell(&report->out, vg_doc_get(report->docs[d], list[i].path), list[i].path);
            vg_row_end(&report->out);
        }
    }
    for (int i = 0; i < count; i++)
        if (!any_has(report, list[i].path))
            vg_text_printf(&report->out, "%s %s", absent++ ? "," : "\nNot recorded:", list[i].name);
    vg_text_add(&report->out, absent ? ".\n" : "");
}

static void caches_line(vg_report *report, int d)
{
    const json_t *list = vg_doc_get(report->docs[d], "machine.caches");
    char size[VG_NUM];
    size_t i;
    json_t *cache;
    vg_text *out = &report->out;
    if (!json_array_size(list))
        return;
    vg_text_add(out, "\nCaches");
    if (report->count > 1) {
        vg_text_add(out, " of ");
        vg_text_md(out, report->names[d]);
    }
    vg_text_add(out, ":");
    json_array_foreach(list, i, cache) {
        const char *type = vg_doc_str(cache, "type");
        double ways = vg_doc_num(cache, "ways"), shared = vg_doc_num(cache, "shared_by");
        vg_text_printf(out, "%s L%.0f ", i ? ";" : "", vg_doc_num(cache, "level"));
        vg_text_md(out, type ? type : "");
        vg_text_printf(out, " %s", vg_num_bytes(size, vg_doc_num(cache, "size")));
        if (ways > 0)
            vg_text_printf(out, ", %.0f ways", ways);
        if (shared > 0)
            vg_text_printf(out, ", shared by %.0f", shared);
    }
    vg_text_add(out, ".\n");
}

/* What `vgbench info` found as the run began: dependent loads, the grade and what lowered it. */
static void doctor_lines(vg_report *report, int d)
{
    const json_t *doctor = vg_doc_get(report->docs[d], "machine.doctor"), *latency, *one;
    const char *grade = vg_doc_str(doctor, "grade"), *cpuid = vg_doc_str(doctor, "cpuid.text");
    char a[VG_NUM], b[VG_NUM];
    size_t i;
    vg_text *out = &report->out;
    if (!doctor)
        return;
    if (cpuid) {
        vg_text_add(out, "\nCPUID ");
        vg_text_md(out, cpuid);
        vg_text_add(out, ".\n");
    }
    latency = json_object_get(doctor, "latency");
    json_array_foreach(latency, i, one) {
        vg_text_printf(out, "%s %s %s", i ? "," : "\nA dependent load takes, by the memory walked:",
                       vg_num_bytes(a, vg_doc_num(one, "bytes")), vg_num_time(b, vg_doc_num(one, "ns")));
    }
    vg_text_add(out, json_array_size(latency) ? ".\n" : "");
    vg_text_add(out, "\nDoctor's grade of the machine as the run began: ");
    vg_text_md(out, grade ? grade : "n/a");
    json_array_foreach(json_object_get(doctor, "reasons"), i, one) {
        const char *text = vg_doc_str(one, "text"), *word = vg_doc_str(one, "grade");
        vg_text_add(out, i ? "; " : ": ");
        vg_text_md(out, word ? word : "?");
        vg_text_add(out, ": ");
        vg_text_md(out, text ? text : "?");
    }
    vg_text_add(out, ".\n");
}

vg_status vg_part_machine(vg_report *report)
{
    static const fact list[] = {
        {"host", "machine.host"},
        {"CPU", "machine.cpu.model"},
        {"architecture", "machine.cpu.arch"},
        {"stepping", "machine.cpu.stepping"},
        {"microcode", "machine.doctor.microcode"},
        {"instruction sets", "machine.cpu.isa"},
        {"cores, threads", "machine.cpu.cores"},
        {"hardware threads", "machine.cpu.threads"},
        {"kinds of cores", "machine.cpu.core_kinds"},
        {"SMT", "machine.doctor.smt"},
        {"CPUs allowed", "machine.cpu.allowed_cpus"},
        {"packages", "machine.cpu.packages"},
        {"NUMA nodes", "machine.cpu.numa_nodes"},
        {"virtual machine", "machine.cpu.virtual"},
        {"memory", "machine.os.memory_bytes"},
        {"kernel", "machine.os.kernel"},
        {"distribution", "machine.os.distribution"},
        {"governor", "machine.os.governor"},
        {"frequency driver", "machine.os.driver"},
        {"boost", "machine.os.boost"},
        {"clock by the kernel, MHz", "machine.cpu.mhz"},
        {"clock measured, GHz", "machine.doctor.ghz"},
        {"throttled, times since boot", "machine.doctor.throttled"},
        {"time stolen by the hypervisor", "machine.doctor.steal"},
        {"load average", "machine.doctor.load"},
        {"mitigations", "machine.os.mitigations"},
        {"huge pages", "machine.os.thp"},
        {"address randomisation", "machine.os.aslr"},
        {"cgroup CPUs", "machine.os.cgroup_cpus"},
        {"hardware counters", "machine.pmu.available"},
        {"why not", "machine.pmu.reason"},
    };
    vg_part_title(report, 3, "Machine");
    if (!any_has(report, "machine"))
        vg_part_absent(report, "the machine", "a file of Google Benchmark has only its context");
    else
        facts(report, list, sizeof list / sizeof *list);
    for (int d = 0; d < report->count; d++) {
        size_t i;
        json_t *warning;
        caches_line(report, d);
        doctor_lines(report, d);
        json_array_foreach(vg_doc_get(report->docs[d], "machine.warnings"), i, warning) {
            vg_text text = {0};
            value_text(warning, &text, 0);
            vg_text_add(&report->out, "\n> Warning: ");
            vg_text_md(&report->out, text.p ? text.p : "");
            vg_text_add(&report->out, "\n");
            free(text.p);
        }
    }
    return VG_OK;
}

vg_status vg_part_software(vg_report *report)
{
    static const fact list[] = {
        {"vgbench", "generator.version"},
        {"commit", "generator.commit"},
        {"uncommitted changes", "generator.dirty"},
        {"oneDNN", "machine.software.onednn.version"},
        {"oneDNN year", "machine.software.onednn.year"},
        {"oneDNN note", "machine.software.onednn.note"},
        {"Google Benchmark", "machine.software.benchmark.version"},
        {"Google Benchmark build", "machine.software.benchmark.build_type"},
        {"Google Benchmark note", "machine.software.benchmark.note"},
        {"hwloc", "machine.software.hwloc"},
        {"jansson", "machine.software.jansson"},
        {"C library", "machine.software.libc"},
        {"compiler", "machine.software.compiler"},
        {"flags, all files", "machine.software.base_flags"},
        {"flags, by backend", "machine.software.flags"},
        {"OpenMP runtimes", "machine.openmp.runtimes"},
        {"OpenMP environment", "machine.openmp.environment"},
        {"wait policy set by", "machine.openmp.wait_policy_set_by"},
        {"threads bound", "machine.binding.policy"},
        {"CPUs of thread 0, 1, ...", "machine.binding.places"},
        {"CPUs read back", "machine.binding.observed"},
        {"binding read back as asked", "machine.binding.verified"},
        {"not bound because", "machine.binding.reason"},
        {"flush to zero", "machine.ftz"},
        {"built without", "machine.missing"},
    };
    vg_part_title(report, 4, "Software");
    for (int d = 0; d < report->count; d++) {
        vg_text_add(&report->out, "Comparator");
        if (report->count > 1) {
            vg_text_add(&report->out, " of ");
            vg_text_md(&report->out, report->names[d]);
        }
        vg_text_add(&report->out, ": ");
        vg_onednn_name(report->docs[d], &report->out);
        vg_text_add(&report->out, ".\n\n");
    }
    facts(report, list, sizeof list / sizeof *list);
    return VG_OK;
}

/* --- noise ------------------------------------------------------------------------------------ */

static void noise(vg_report *report, const json_t *doc)
{
    char buf[VG_NUM], other[VG_NUM];
    vg_text *out = &report->out;
    const json_t *record = json_object_get(doc, "noise"), *value;
    const char *reason = vg_doc_str(record, "reason"), *key;
    double floor = vg_doc_num(record, "floor"), quantile = vg_doc_num(record, "quantile");
    if (isnan(floor)) {
        vg_part_missing(report, "the A/A noise floor, without which no verdict is given",
                        "vgbench run --only=kernels");
        if (reason) {
            vg_text_add(out, "\nReason: ");
            vg_text_md(out, reason);
            vg_text_add(out, "\n");
        }
        return;
    }
    vg_text_printf(out,
                   "The same row timed against itself, interleaved: %s of %.0f A/A ratios stay "
                   "within **%s**. No difference below that is called.",
                   isnan(quantile) ? "nearly all" : vg_num_percent(other, quantile),
                   vg_doc_num(record, "n"), vg_num_percent(buf, floor));
    const json_t *by = json_object_get(record, "by_threads");
    const char *join = " By threads: ";
    json_object_foreach((json_t *)by, key, value) {
        vg_text_add(out, join);
        vg_text_md(out, key);
        vg_text_printf(out, " thr. %s",
                       vg_num_percent(buf, json_is_number(value) ? json_number_value(value) : NAN));
        join = ", ";
    }
    vg_text_add(out, by ? ".\n" : "\n");
}

/* Spread of the samples within a row: the median over rows, and the widest. */
static vg_status spread(vg_report *report, const vg_rows *rows)
{
    double *half = calloc((size_t)rows->count + 1, sizeof *half);
    vg_samples s = {0};
    char a[VG_NUM], b[VG_NUM];
    int n = 0, least = 0;
    if (!half)
        return vg_fail(VG_ENOMEM, "no memory for %d rows", rows->count);
    for (int i = 0; i < rows->count; i++) {
        const vg_row *row = &rows->rows[i];
        if (isfinite(row->ns.lo) && row->ns.mid > 0)
            half[n++] = (row->ns.hi - row->ns.lo) / (2 * row->ns.mid);
        if (row->n && (!least || row->n < least))
            least = row->n;
    }
    vg_status status = vg_samples_init(&s, half, NULL, n);
    free(half);
    VG_TRY(status);
    if (n)
        vg_text_printf(&report->out,
                       "\nHalf width of the 95 %% interval of a row's median: %s in the "
                       "middle, %s at worst (n=%d rows, at least %d samples a row).\n",
                       vg_num_percent(a, vg_stat_median_sorted(s.sorted, n)),
                       vg_num_percent(b, s.sorted[n - 1]), n, least);
    vg_samples_release(&s);
    return VG_OK;
}

vg_status vg_part_noise(vg_report *report)
{
    vg_part_title(report, 5, "Noise");
    for (int d = 0; d < report->count; d++) {
        vg_part_document(report, d);
        noise(report, report->docs[d]);
        VG_TRY(spread(report, &report->rows[d]));
        VG_TRY(vg_part_drift(report, d));
    }
    return VG_OK;
}
