/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines, nearest words, filters, verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "measure/filter.h"
#include "measure/noise.h"
#include "reports/stats.h"

enum { WORDS = 12 };

typedef struct parsed {
    vg_options options;
    vg_words words;
    const char *text;
    bool flag;
    int64_t number;
    char *argv[WORDS + 1];
} parsed;

/* Parses the words of one line, cut at spaces. */
static vg_status parse(parsed *p, const char *line)
{
    static char copy[400];
    int argc = 0;
    char *rest = NULL;
    const vg_option own[] = {
        {"text", 'x', VG_OPTION_TEXT, &p->text, "T", "", NULL, 0, NULL},
        {"flag", 'f', VG_OPTION_FLAG, &p->flag, NULL, "", NULL, 0, NULL},
        {"number", 0, VG_OPTION_INT, &p->number, "N", "", NULL, 1, NULL},
        {0},
    };
    p->text = NULL;
    p->flag = false;
    strcpy(copy, line);
    for (char *word = strtok_r(copy, " ", &rest); word && argc < WORDS;
         word = strtok_r(NULL, " ", &rest))
        p->argv[argc++] = word;
    p->argv[argc] = NULL;
    return vg_options_parse(argc, p->argv, own, &p->options, &p->words);
}

static void all_forms_of_an_option(void **state)
{
    (void)state;
    parsed p;
    static const char *const forms[] = {"c --text=a", "c --text a", "c -x a", "c -xa", "c -x=a"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        assert_int_equal(parse(&p, forms[i]), VG_OK);
        assert_string_equal(p.text, "a");
    }
    assert_int_equal(parse(&p, "c one -f depth=8 -- --text=a vs"), VG_OK);
    assert_true(p.flag);
    assert_null(p.text);
    assert_int_equal(p.words.count, 4);
    assert_string_equal(p.words.items[0], "one");
    assert_string_equal(p.words.items[2], "--text=a");
    assert_int_equal(parse(&p, "c --flag=0"), VG_OK);
    assert_false(p.flag);
    assert_int_equal(parse(&p, "c --wrong --help"), VG_OK);
    assert_true(p.options.help);
}

static void refused(const char *line, const char *words)
{
    parsed p;
    assert_int_equal(parse(&p, line), VG_EINVAL);
    if (!strstr(vg_status_message(), words))
        fail_msg("'%s' should say '%s'", vg_status_message(), words);
}

static void bad_options_are_named(void **state)
{
    (void)state;
    refused("c --txt=a", "did you mean '--text'");
    refused("c --formt=md", "did you mean '--format'");
    refused("c --format=markdown", "table, md, json, csv");
    refused("c --text", "needs a value");
    refused("c --text=", "needs a value");
    refused("c --number=0", "at least 1");
    refused("c --number=1x", "whole number");
    refused("c --flag=maybe", "0 or 1");
    refused("c --threads=0", "threads");
    refused("c --threads=1,,x", "'x'");
    refused("c --seed=-1", "seed");
    refused("c --max-isa=avx", "avx2");
    refused("c -o r.txt", ".json, .md or .csv");
    refused("c -z", "unknown option '-z'");
}

static void threads_come_from_the_environment_last(void **state)
{
    (void)state;
    parsed p;
    setenv("OMP_NUM_THREADS", "3,2", 1);
    assert_int_equal(parse(&p, "c"), VG_OK);
    assert_int_equal(p.options.threads, 3);
    assert_int_equal(parse(&p, "c --threads=1,2,all,2"), VG_OK);
    assert_int_equal(p.options.thread_list[0], 1);
    assert_int_equal(p.options.thread_list[1], 2);
    assert_int_equal(p.options.thread_count, vg_allowed_cpus() > 2 ? 3 : 2);
    unsetenv("OMP_NUM_THREADS");
    assert_int_equal(parse(&p, "c"), VG_OK);
    assert_int_equal(p.options.threads, vg_allowed_cpus());
}

static void nearest_words(void **state)
{
    (void)state;
    static const char *const words[] = {"sigmoid", "relu", "leaky_relu", "gelu", NULL};
    assert_string_equal(vg_nearest("sigmiod", words), "sigmoid");
    assert_string_equal(vg_nearest("Leaky-ReLU", words), "leaky_relu");
    assert_string_equal(vg_nearest("leaky", words), "leaky_relu");
    assert_null(vg_nearest("batch", words));
    assert_null(vg_nearest("", words));
}

static void filters(void **state)
{
    (void)state;
    vg_filter f;
    assert_int_equal(vg_filter_compile(&f, "^relu/.*avx"), VG_OK);
    assert_true(vg_filter_match(&f, "relu/fwd/avx2"));
    assert_false(vg_filter_match(&f, "prelu/fwd/avx2"));
    vg_filter_release(&f);
    assert_int_equal(vg_filter_compile(&f, "-avx"), VG_OK);
    assert_false(vg_filter_match(&f, "relu/fwd/avx2"));
    assert_true(vg_filter_match(&f, "relu/fwd/scalar"));
    assert_false(vg_filter_match_either(&f, "relu/fwd/scalar", "relu/avx"));
    vg_filter_release(&f);
    assert_int_equal(vg_filter_compile(&f, NULL), VG_OK);
    assert_true(vg_filter_match(&f, "anything"));
    assert_int_equal(vg_filter_compile(&f, "("), VG_EINVAL);
}

static void verdicts_are_gated_by_the_floor(void **state)
{
    (void)state;
    const vg_estimate faster = {1.07, 1.05, 1.10}, unsure = {1.05, 1.01, 1.10},
                      slower = {0.85, 0.80, 0.90}, same = {1, 0.99, 1.01},
                      endless = {1.05, NAN, 1.10};
    assert_int_equal(vg_verdict_of(faster, 0.02), VG_FASTER);
    assert_int_equal(vg_verdict_of(unsure, 0.02), VG_AMBIGUOUS);
    assert_int_equal(vg_verdict_of(slower, 0.02), VG_SLOWER);
    assert_int_equal(vg_verdict_of(same, 0.02), VG_SAME);
    assert_int_equal(vg_verdict_of(faster, (double)NAN), VG_AMBIGUOUS);
    assert_int_equal(vg_verdict_of(endless, 0.02), VG_AMBIGUOUS);
    vg_noise noise = {.count = 0};
    assert_true(isnan(vg_noise_floor(&noise, 0)));
    vg_noise_add(&noise, "a", 1, 1.01, 9);
    vg_noise_add(&noise, "b", 1, 1 / 1.03, 9);
    vg_noise_add(&noise, "c", 2, 1.2, 9);
    assert_true(fabs(vg_noise_floor(&noise, 1) - 0.03) < 1e-12);
    assert_true(fabs(vg_noise_floor(&noise, 0) - 0.2) < 1e-12);
    noise.cpus = 1; /* two threads that take turns: nothing is called */
    assert_true(fabs(vg_noise_floor(&noise, 1) - 0.03) < 1e-12);
    assert_true(isnan(vg_noise_floor(&noise, 2)));
    assert_int_equal(vg_verdict_of(faster, vg_noise_floor(&noise, 2)), VG_AMBIGUOUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_of_an_option),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(threads_come_from_the_environment_last),
        cmocka_unit_test(nearest_words),
        cmocka_unit_test(filters),
        cmocka_unit_test(verdicts_are_gated_by_the_floor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
