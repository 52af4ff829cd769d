/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "measure/binding.h"
#include "vgbench/cpu.h"
#include "vgbench/onednn.h"

static const char *const format_names[] = {"table", "md", "json", "csv", NULL};
static const char *const isa_names[] = {"scalar", "avx2", "avx512", "neon", NULL};

/* What the common table writes to before it becomes a vg_options. */
typedef struct common_values {
    const char *threads, *backend, *seed, *format, *max_isa, *bind;
} common_values;

enum { COMMON_MAX = 12 };

static void common_table(vg_option table[COMMON_MAX], vg_options *o, common_values *v)
{
    const vg_option rows[] = {
        {"threads", 't', VG_OPTION_TEXT, &v->threads, "N", "threads; bench: a list, 1,2,all", NULL,
         0, NULL},
        {"backend", 'b', VG_OPTION_TEXT, &v->backend, "NAME",
         "best scalar auto_avx2 auto_avx512 auto_neon avx2 avx512 neon onednn", NULL, 0, NULL},
        {"bind", 0, VG_OPTION_TEXT, &v->bind, "WHERE",
         "threads to CPUs: compact spread none core:0-3 pu:2 S0:0-7 (compact)", NULL, 0, NULL},
        {"seed", 0, VG_OPTION_TEXT, &v->seed, "N", "seed of all generated data (1)", NULL, 0, NULL},
        {"format", 0, VG_OPTION_CHOICE, &v->format, "FORMAT", "table, md, json or csv on stdout",
         format_names, 0, NULL},
        {"output", 'o', VG_OPTION_LIST, &o->outputs, "FILE",
         "also write FILE (.json .md .csv); may be repeated", NULL, 0, NULL},
        {"max-isa", 0, VG_OPTION_CHOICE, &v->max_isa, "ISA",
         "cap own kernels and oneDNN: scalar, avx2, avx512, neon", isa_names, 0, NULL},
        {"quiet", 'q', VG_OPTION_FLAG, &o->quiet, NULL, "no progress, no remarks", NULL, 0, NULL},
        {"yes", 'y', VG_OPTION_FLAG, &o->yes, NULL, "do not ask", NULL, 0, NULL},
        {"strict", 0, VG_OPTION_FLAG, &o->strict, NULL,
         "refuse (exit 3) to time in an environment that spoils the numbers", NULL, 0, NULL},
        {"help", 'h', VG_OPTION_FLAG, &o->help, NULL, "this text", NULL, 0, NULL},
        {0},
    };
    _Static_assert(sizeof rows <= COMMON_MAX * sizeof(vg_option), "COMMON_MAX");
    memcpy(table, rows, sizeof rows);
}

/* --- looking options up -------------------------------------------------------------------- */

static const vg_option *find_in(const vg_option *table, const char *name, size_t length)
{
    for (const vg_option *o = table; o && o->name; o++) {
        if (o->kind == VG_OPTION_PREFIX
                ? !strncmp(name, o->name, strlen(o->name))
                : strlen(o->name) == length && !strncmp(name, o->name, length))
            return o;
    }
    return NULL;
}

static const vg_option *find_letter(const vg_option *table, char letter)
{
    for (const vg_option *o = table; o && o->name; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static vg_status unknown_option(const char *word, const vg_option *own, const vg_option *common)
{
    const char *names[64];
    char dashed[64][40], bare[40], hint[64];
    int count = 0;
    for (int i = 0; i < 2; i++)
        for (const vg_option *o = i ? common : own; o && o->name && count < 63; o++) {
            snprintf(dashed[count], sizeof *dashed, "--%s", o->name);
            names[count] = dashed[count];
            count++;
        }
    names[count] = NULL;
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, "="), word);
    return vg_fail(VG_EINVAL, "unknown option '%s'%s", word,
                   vg_did_you_mean(bare, names, hint, sizeof hint));
}

/* --- values -------------------------------------------------------------------------------- */

static vg_status set_flag(const vg_option *o, const char *value)
{
    static const char *const no[] = {"0", "no", "false", "off"}, *const yes[] = {"1", "yes", "true",
                                                                                 "on"};
    bool *target = o->value;
    *target = true;
    if (!value)
        return VG_OK;
    for (int i = 0; i < 4; i++) {
        if (!strcmp(value, yes[i]))
            return VG_OK;
        if (!strcmp(value, no[i])) {
            *target = false;
            return VG_OK;
        }
    }
    return vg_fail(VG_EINVAL, "--%s=%s: a switch takes no value, or 0 or 1", o->name, value);
}

static vg_status set_int(const vg_option *o, const char *value)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno || end == value || *end || number < o->minimum)
        return vg_fail(VG_EINVAL, "--%s=%s: a whole number of at least %lld is needed", o->name,
                       value, (long long)o->minimum);
    *(int64_t *)o->value = number;
    return VG_OK;
}

static vg_status set_real(const vg_option *o, const char *value)
{
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end || !isfinite(number))
        return vg_fail(VG_EINVAL, "--%s=%s: a number is needed", o->name, value);
    *(double *)o->value = number;
    return VG_OK;
}

static vg_status set_choice(const vg_option *o, const char *value)
{
    char hint[64], all[160];
    for (int i = 0; o->choices[i]; i++)
        if (!strcmp(value, o->choices[i])) {
            *(const char **)o->value = o->choices[i];
            return VG_OK;
        }
    return vg_fail(VG_EINVAL, "--%s=%s: allowed are %s%s", o->name, value,
                   vg_words_join(o->choices, all, sizeof all),
                   vg_did_you_mean(value, o->choices, hint, sizeof hint));
}

static vg_status add_to_list(const vg_option *o, const char *value)
{
    vg_option_list *list = o->value;
    if (list->count == VG_OPTION_LIST_MAX)
        return vg_fail(VG_EINVAL, "--%s is given more than %d times", o->name, VG_OPTION_LIST_MAX);
    list->items[list->count++] = value;
    return VG_OK;
}

static vg_status set_value(const vg_option *o, const char *value)
{
    if (o->given)
        *o->given = true;
    if (o->kind != VG_OPTION_FLAG && o->kind != VG_OPTION_PREFIX && (!value || !*value))
        return vg_fail(VG_EINVAL, "--%s needs a value: --%s=%s", o->name, o->name,
                       o->argument ? o->argument : "VALUE");
    switch (o->kind) {
    case VG_OPTION_FLAG:
        return set_flag(o, value);
    case VG_OPTION_TEXT:
        *(const char **)o->value = value;
        return VG_OK;
    case VG_OPTION_INT:
        return set_int(o, value);
    case VG_OPTION_REAL:
        return set_real(o, value);
    case VG_OPTION_CHOICE:
        return set_choice(o, value);
    case VG_OPTION_LIST:
    case VG_OPTION_PREFIX:
        return add_to_list(o, value);
    }
    return VG_OK;
}

/* --- the walk ------------------------------------------------------------------------------ */

/* The option in argv[*index], whose value may be the next word. */
static vg_status read_option(int argc, char **argv, int *index, const vg_option *own,
                             const vg_option *common)
{
    const char *word = argv[*index], *value = NULL;
    const vg_option *o;
    if (word[1] == '-') {
        const char *name = word + 2, *equals = strchr(name, '=');
        size_t length = equals ? (size_t)(equals - name) : strlen(name);
        o = find_in(own, name, length);
        o = o ? o : find_in(common, name, length);
        value = equals ? equals + 1 : NULL;
    } else {
        o = find_letter(own, word[1]);
        o = o ? o : find_letter(common, word[1]);
        value = word[2] ? word + 2 + (word[2] == '=') : NULL;
        if (o && o->kind == VG_OPTION_FLAG && value)
            o = NULL; /* -qx: letters are not joined */
    }
    if (!o)
        return unknown_option(word, own, common);
    if (o->kind == VG_OPTION_PREFIX)
        return set_value(o, word);
    if (!value && o->kind != VG_OPTION_FLAG && *index + 1 < argc)
        value = argv[++*index];
    return set_value(o, value);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

static vg_status read_words(int argc, char **argv, const vg_option *own, const vg_option *common,
                            vg_words *words)
{
    int count = 0; /* words replace the arguments that were read already */
    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        if (!options_end && !strcmp(argv[i], "--"))
            options_end = true;
        else if (!options_end && argv[i][0] == '-' && argv[i][1])
            VG_TRY(read_option(argc, argv, &i, own, common));
        else
            words->items[count++] = argv[i];
    }
    words->count = count;
    return VG_OK;
}

/* --- threads, ISA, formats ------------------------------------------------------------------ */

int vg_allowed_cpus(void)
{
    return vg_binding_allowed();
}

enum { THREADS_MAX = 4096 };

vg_status vg_threads_parse(const char *text, vg_options *options)
{
    char copy[256], *rest = NULL;
    int count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        char *end = word;
        long n = strcmp(word, "all") ? strtol(word, &end, 10) : vg_allowed_cpus();
        bool bad = strcmp(word, "all") && (end == word || *end);
        if (bad || n < 1 || n > THREADS_MAX)
            return vg_fail(VG_EINVAL, "--threads=%s: '%s' is neither all nor a number from 1 to %d",
                           text, word, THREADS_MAX);
        bool known = false;
        for (int i = 0; i < count; i++)
            known |= options->thread_list[i] == n;
        if (known)
            continue;
        if (count == VG_MAX_THREAD_COUNTS)
            return vg_fail(VG_EINVAL, "--threads: more than %d counts", VG_MAX_THREAD_COUNTS);
        options->thread_list[count++] = (int)n;
    }
    if (!count)
        return vg_fail(VG_EINVAL, "--threads=%s: a number or all is needed", text);
    options->thread_count = count;
    options->threads = options->thread_list[0];
    return VG_OK;
}

static vg_status resolve_threads(const char *text, vg_options *options)
{
    options->threads_text = text;
    if (text)
        return vg_threads_parse(text, options);
    const char *omp = getenv("OMP_NUM_THREADS");
    long n = omp ? strtol(omp, NULL, 10) : 0; /* "4,2" nests: the first is the outer level */
    options->threads = n >= 1 && n <= THREADS_MAX ? (int)n : vg_allowed_cpus();
    options->thread_list[0] = options->threads;
    options->thread_count = 1;
    return VG_OK;
}

/* oneDNN reads the variables at its first call, and its own spelling differs between releases. */
static vg_status cap_isa(const char *isa)
{
    VG_TRY(vg_cpu_cap(isa));
    const char *word = vg_onednn_cap_word(isa);
    if (word) {
        setenv("ONEDNN_MAX_CPU_ISA", word, 1);
        setenv("DNNL_MAX_CPU_ISA", word, 1);
    }
    return VG_OK;
}

vg_status vg_format_of_file(const char *path, vg_format *format)
{
    static const struct {
        const char *extension;
        vg_format format;
    } known[] = {{".json", VG_FORMAT_JSON}, {".md", VG_FORMAT_MD}, {".csv", VG_FORMAT_CSV}};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = strlen(known[i].extension);
        if (length > n && !strcmp(path + length - n, known[i].extension)) {
            *format = known[i].format;
            return VG_OK;
        }
    }
    if (!strcmp(path, "-")) {
        *format = VG_FORMAT_JSON;
        return VG_OK;
    }
    return vg_fail(VG_EINVAL, "--output=%s: the name must end in .json, .md or .csv", path);
}

/* A number; where it stands for the key of a spec also a list, of which o->seed is the first. */
static vg_status read_seed(const char *text, vg_options *o)
{
    o->seed = 1;
    for (const char *p = text; p;) {
        char *end;
        errno = 0;
        uint64_t seed = strtoull(p, &end, 10);
        bool more = o->specs && *end == ',';
        if (errno || end == p || *p == '-' || (*end && !more))
            return vg_fail(VG_EINVAL, "--seed=%s: a whole number of at least 0 is needed", text);
        o->seed = p == text ? seed : o->seed;
        p = more ? end + 1 : NULL;
    }
    return VG_OK;
}

static vg_status finish(const common_values *v, vg_options *o)
{
    VG_TRY(resolve_threads(v->threads, o));
    for (int i = 0; i < o->thread_count; i++)
        vg_binding_note_threads(o->thread_list[i]);
    o->backend = v->backend;
    o->seed_text = v->seed;
    VG_TRY(read_seed(v->seed, o));
    for (int i = 0; v->format && format_names[i]; i++)
        if (!strcmp(v->format, format_names[i]))
            o->format = (vg_format)i;
    if (o->outputs.count > VG_MAX_OUTPUTS)
        return vg_fail(VG_EINVAL, "--output is given more than %d times", VG_MAX_OUTPUTS);
    for (int i = 0; i < o->outputs.count; i++) {
        vg_format format;
        VG_TRY(vg_format_of_file(o->outputs.items[i], &format));
    }
    o->max_isa = v->max_isa;
    return v->max_isa ? cap_isa(v->max_isa) : VG_OK;
}

vg_status vg_options_parse(int argc, char **argv, const vg_option *own, vg_options *options,
                           vg_words *words)
{
    const char *no_color = getenv("NO_COLOR");
    common_values values = {0};
    vg_option common[COMMON_MAX];
    *options = (vg_options){0};
    options->specs = argc > 0 && (!strcmp(argv[0], "decay") || !strcmp(argv[0], "train"));
    *words = (vg_words){.items = (const char **)argv + 1};
    options->color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
    if (asks_for_help(argc, argv)) {
        options->help = true;
        return VG_OK;
    }
    common_table(common, options, &values);
    VG_TRY(read_words(argc, argv, own, common, words));
    return finish(&values, options);
}

/* --- help ---------------------------------------------------------------------------------- */

/* @p own: a table whose options stand in place of those of the same name, or NULL. */
static void print_table(FILE *out, const vg_option *table, const vg_option *own)
{
    for (const vg_option *o = table; o && o->name; o++) {
        if (find_in(own, o->name, strlen(o->name)))
            continue;
        char left[64], letter[8] = "";
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        bool prefix = o->kind == VG_OPTION_PREFIX;
        snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name,
                 prefix        ? "..."
                 : o->argument ? "="
                               : "",
                 o->argument && !prefix ? o->argument : "");
        fprintf(out, "  %-26s %s\n", left, o->help);
    }
}

void vg_options_help(FILE *out, const char *usage, const char *text, const vg_option *own)
{
    vg_options options = {0};
    common_values values = {0};
    vg_option common[COMMON_MAX];
    common_table(common, &options, &values);
    fprintf(out, "usage: vgbench %s\n\n%s\n", usage, text);
    if (own && own->name) {
        fprintf(out, "\n");
        print_table(out, own, NULL);
    }
    fprintf(out, "\nOptions of every command:\n");
    print_table(out, common, own);
}

int vg_exit_with(const char *command, vg_status status)
{
    fprintf(stderr, "vgbench %s: %s\n", command, vg_status_message());
    bool usage = status == VG_EINVAL || status == VG_EUNSUPPORTED || status == VG_ENOMEM;
    return usage ? VG_EXIT_USAGE : VG_EXIT_FAILED;
}
