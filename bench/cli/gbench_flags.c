/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/gbench_flags.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "micro/gbench.h"

static const char *const known[] = {
    "--benchmark_list_tests",
    "--benchmark_filter",
    "--benchmark_min_time",
    "--benchmark_min_warmup_time",
    "--benchmark_repetitions",
    "--benchmark_dry_run",
    "--benchmark_enable_random_interleaving",
    "--benchmark_report_aggregates_only",
    "--benchmark_display_aggregates_only",
    "--benchmark_format",
    "--benchmark_out",
    "--benchmark_out_format",
    "--benchmark_color",
    "--benchmark_counters_tabular",
    "--benchmark_perf_counters",
    "--benchmark_context",
    "--benchmark_time_unit",
    NULL,
};

static const char *const formats[] = {"console", "json", "csv", NULL};

/* "--benchmark_x" or "--benchmark_x=value" -> value, "" without one; NULL if it is another flag. */
static const char *value_of(const char *flag, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(flag, "--benchmark_", 12) || strncmp(flag + 12, name, length))
        return NULL;
    flag += 12 + length;
    return *flag == '=' ? flag + 1 : *flag ? NULL : flag;
}

static vg_status read_bool(const char *flag, const char *value, bool *result)
{
    static const char *const words[] = {"1", "t", "true",  "y", "yes", "on",
                                        "0", "f", "false", "n", "no",  "off"};
    *result = true;
    for (int i = 0; *value && i < 12; i++)
        if (!strcasecmp(value, words[i])) {
            *result = i < 6;
            return VG_OK;
        }
    return *value ? vg_fail(VG_EINVAL, "%s: true or false is needed", flag) : VG_OK;
}

static vg_status read_format(const char *flag, const char *value, const char **result)
{
    char hint[64], all[64];
    for (int i = 0; formats[i]; i++)
        if (!strcmp(value, formats[i])) {
            *result = formats[i];
            return VG_OK;
        }
    return vg_fail(VG_EINVAL, "%s: allowed are %s%s", flag, vg_words_join(formats, all, sizeof all),
                   vg_did_you_mean(value, formats, hint, sizeof hint));
}

/* 0.05, 0.05s and 100x, whatever the installed version takes: before 1.8.0 a suffix is not read. */
static vg_status read_min_time(const char *flag, const char *value, vg_gbench_flags *flags)
{
    char *end;
    errno = 0;
    double seconds = strtod(value, &end);
    bool suffix = *end && !end[1];
    if (end != value && suffix && *end == 'x' && seconds >= 1 && seconds <= 1e9 &&
        seconds == floor(seconds)) {
        flags->iterations = (int64_t)seconds;
        flags->min_time[0] = '\0';
        return VG_OK;
    }
    if (errno || end == value || !(seconds >= 0) || !isfinite(seconds) ||
        (*end && !(suffix && *end == 's')))
        return vg_fail(VG_EINVAL, "%s: seconds (0.05 or 0.05s) or iterations (100x) are needed",
                       flag);
    const char *version = vg_gbench_version();
    int major = 0, minor = 0;
    sscanf(version ? version : "", "%d.%d", &major, &minor);
    bool wants_suffix = major > 1 || minor >= 8;
    flags->iterations = 0;
    snprintf(flags->min_time, sizeof flags->min_time, "%.9g%s", seconds, wants_suffix ? "s" : "");
    return VG_OK;
}

static vg_status read_count(const char *flag, const char *value)
{
    char *end;
    long n = strtol(value, &end, 10);
    if (end == value || *end || n < 1 || n > 1000000)
        return vg_fail(VG_EINVAL, "%s: a whole number from 1 to 1000000 is needed", flag);
    return VG_OK;
}

/* Flags whose meaning spans the cases, or that the library would answer by ending the program. */
static vg_status take(const char *flag, vg_gbench_flags *f, bool *taken)
{
    const char *v;
    *taken = true;
    if ((v = value_of(flag, "filter"))) {
        f->filter = v;
        return VG_OK;
    }
    f->native = true;
    if ((v = value_of(flag, "list_tests")))
        return read_bool(flag, v, &f->list_tests);
    if ((v = value_of(flag, "format")))
        return read_format(flag, v, &f->display);
    if ((v = value_of(flag, "out_format")))
        return read_format(flag, v, &f->out_format);
    if ((v = value_of(flag, "out"))) {
        f->out = *v ? v : NULL;
        return *v ? VG_OK : vg_fail(VG_EINVAL, "%s: a file name is needed", flag);
    }
    if ((v = value_of(flag, "display_aggregates_only")))
        return read_bool(flag, v, &f->display_aggregates_only);
    if ((v = value_of(flag, "report_aggregates_only")))
        return read_bool(flag, v, &f->report_aggregates_only);
    if ((v = value_of(flag, "min_time")))
        return read_min_time(flag, v, f);
    *taken = false;
    if ((v = value_of(flag, "repetitions")))
        return read_count(flag, v);
    if ((v = value_of(flag, "counters_tabular")))
        return read_bool(flag, v, &f->tabular);
    if ((v = value_of(flag, "color"))) {
        f->color = isatty(STDOUT_FILENO);
        return !strcmp(v, "auto") ? VG_OK : read_bool(flag, v, &f->color);
    }
    if ((v = value_of(flag, "time_unit"))) {
        static const char *const units[] = {"ns", "us", "ms", "s", NULL};
        for (int i = 0; units[i]; i++)
            if (!strcmp(v, units[i]))
                return VG_OK;
        return vg_fail(VG_EINVAL, "%s: allowed are ns, us, ms, s", flag);
    }
    return VG_OK;
}

static vg_status check_known(const char *flag)
{
    char bare[64], hint[80];
    if (!strncmp(flag, "--v=", 4))
        return VG_OK;
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(flag, "="), flag);
    for (int i = 0; known[i]; i++)
        if (!strcmp(bare, known[i]))
            return VG_OK;
    return vg_fail(VG_EINVAL, "unknown flag '%s'%s", flag,
                   vg_did_you_mean(bare, known, hint, sizeof hint));
}

static vg_status add(const char *flag, vg_gbench_flags *flags)
{
    bool taken;
    VG_TRY(check_known(flag));
    VG_TRY(take(flag, flags, &taken));
    if (!taken && flags->rest_count < VG_OPTION_LIST_MAX)
        flags->rest[flags->rest_count++] = flag;
    return VG_OK;
}

/* The environment twins come first, so that the command line wins. */
static vg_status add_environment(vg_gbench_flags *flags)
{
    static char texts[32][300];
    for (int i = 0; known[i] && i < 32; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s", known[i] + 2);
        for (char *p = name; *p; p++)
            *p = (char)toupper((unsigned char)*p);
        const char *value = getenv(name);
        if (!value)
            continue;
        snprintf(texts[i], sizeof texts[i], "%s=%.220s", known[i], value);
        VG_TRY(add(texts[i], flags));
    }
    return VG_OK;
}

vg_status vg_gbench_flags_read(const vg_option_list *given, vg_gbench_flags *flags)
{
    const char *no_color = getenv("NO_COLOR");
    *flags = (vg_gbench_flags){.out_format = "json"};
    flags->color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
    VG_TRY(add_environment(flags));
    for (int i = 0; i < given->count; i++)
        VG_TRY(add(given->items[i], flags));
    if (flags->native && !vg_gbench_version() && !flags->list_tests)
        return vg_fail(VG_EUNSUPPORTED, "built without Google Benchmark (Debian package "
                                        "libbenchmark-dev): --benchmark_ flags but filter and "
                                        "list_tests are not there");
    return VG_OK;
}

vg_status vg_gbench_flags_apply(const vg_gbench_flags *flags)
{
    static char program[] = "vgbench", min_time[80];
    static char out[] = "--benchmark_out=",
                aggregates[] = "--benchmark_display_aggregates_only=false";
    static char report[] = "--benchmark_report_aggregates_only=false";
    static char repetitions[] = "--benchmark_repetitions=9";
    static char interleave[] = "--benchmark_enable_random_interleaving=true";
    static char list[] = "--benchmark_list_tests=false", filter[] = "--benchmark_filter=.";
    char *argv[VG_OPTION_LIST_MAX + 10];
    int argc = 0;
    argv[argc++] = program;
    argv[argc++] = out; /* the environment's would open a file of its own */
    argv[argc++] = aggregates;
    argv[argc++] = report; /* our reporter drops them: the samples are wanted */
    argv[argc++] = list;
    argv[argc++] = filter;
    argv[argc++] = repetitions;
    argv[argc++] = interleave;
    snprintf(min_time, sizeof min_time, "--benchmark_min_time=%s", flags->min_time);
    if (flags->min_time[0])
        argv[argc++] = min_time;
    for (int i = 0; i < flags->rest_count; i++)
        argv[argc++] = (char *)flags->rest[i];
    argv[argc] = NULL;
    return vg_gbench_version() ? vg_gbench_initialize(argc, argv) : VG_OK;
}
