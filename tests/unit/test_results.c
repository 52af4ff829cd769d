/* SPDX-License-Identifier: Apache-2.0 */
/* Result documents: validation, one-line errors, atomic saving, no number that is not finite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/results.h"

static char folder[] = "/tmp/vgbench-results-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/r.json", folder);
    unlink(path);
    return rmdir(folder);
}

static const char *file(void)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/r.json", folder);
    return path;
}

static void write_text(const char *text)
{
    FILE *out = fopen(file(), "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

/* Loading @p text fails as VG_EFORMAT with one line that names the file and has @p words in it. */
static void refused(const char *text, const char *words)
{
    json_t *results;
    write_text(text);
    assert_int_equal(vg_results_load(file(), &results), VG_EFORMAT);
    assert_null(results);
    const char *message = vg_status_message();
    if (!strstr(message, file()) || !strstr(message, words) || strchr(message, '\n'))
        fail_msg("'%s' should name the file and say '%s'", message, words);
}

static void malformed_files_are_refused(void **state)
{
    (void)state;
    refused("", "is empty");
    refused("{\"schema_version\": 1, \"context\": {", "truncated");
    refused("hello", "not JSON");
    refused("[1, 2]", "not an object");
    refused("{\"context\": {}}", "schema_version");
    refused("{\"schema_version\": 2, \"context\": {}, \"benchmarks\": []}", "newer");
    refused("{\"schema_version\": \"1\", \"context\": {}, \"benchmarks\": []}", "schema_version");
    refused("{\"schema_version\": 1, \"context\": [], \"benchmarks\": []}", "'context'");
    refused("{\"schema_version\": 1, \"context\": {}, \"benchmarks\": {}}", "'benchmarks'");
    refused("{\"schema_version\": 1, \"context\": {}, \"benchmarks\": [3]}", "benchmarks[0]");
    refused("{\"schema_version\": 1, \"context\": {}, \"benchmarks\": [{\"name\": 3}]}", "'name'");
    refused("{\"schema_version\": 1, \"context\": {}, \"benchmarks\": [{\"name\": \"a\", "
            "\"samples_ns\": [1, 0]}]}", "samples_ns[1]");
    refused("{\"schema_version\": 1, \"context\": {}, \"benchmarks\": [], \"decay\": [{}]}",
            "decay[0]");
    refused("{\"schema_version\": 1, \"context\": {}, \"benchmarks\": [], \"benchmarks\": []}",
            "not JSON");
    refused("{\"schema_version\": 1, \"context\": {}, \"benchmarks\": [{\"name\": \"a\", "
            "\"real_time\": NaN}]}", "not JSON");
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    json_t *results;
    assert_int_equal(vg_results_load("/nonexistent/r.json", &results), VG_EIO);
    assert_int_equal(vg_results_load(folder, &results), VG_EIO);
    assert_int_equal(vg_file_check("/nonexistent/r.json"), VG_EIO);
    assert_int_equal(vg_file_check(folder), VG_EIO);
    assert_int_equal(vg_file_save("/nonexistent/r.json", "x", 1), VG_EIO);
}

static void plain_google_benchmark_files_are_taken(void **state)
{
    (void)state;
    json_t *results;
    write_text("{\"context\": {\"date\": \"x\"}, \"benchmarks\": [{\"name\": \"a\", \"run_type\": "
               "\"iteration\", \"real_time\": 1.5, \"time_unit\": \"ns\"}]}");
    assert_int_equal(vg_results_load(file(), &results), VG_OK);
    json_decref(results);
}

static void what_is_saved_can_be_loaded(void **state)
{
    (void)state;
    struct stat info;
    json_t *results = vg_results_new("bench", "vgbench bench"), *again;
    json_t *entry = json_object();
    vg_json_set_text(entry, "name", "a");
    vg_json_set_number(entry, "real_time", (double)NAN);
    vg_json_set_number(entry, "cpu_time", (double)INFINITY);
    json_array_append_new(json_object_get(results, "benchmarks"), entry);
    assert_int_equal(vg_results_save(results, file()), VG_OK);
    assert_int_equal(vg_results_load(file(), &again), VG_OK);
    assert_true(json_is_null(json_object_get(json_array_get(json_object_get(again, "benchmarks"), 0),
                                             "real_time")));
    json_decref(results);
    json_decref(again);
    assert_int_equal(stat(file(), &info), 0);
}

static void saving_replaces_whole_files(void **state)
{
    (void)state;
    char text[8] = "";
    assert_int_equal(vg_file_save(file(), "first!", 6), VG_OK);
    FILE *old = fopen(file(), "r"); /* a reader keeps the file it has opened */
    assert_int_equal(vg_file_save(file(), "second", 6), VG_OK);
    assert_int_equal(fread(text, 1, 6, old), 6);
    assert_string_equal(text, "first!");
    fclose(old);
    assert_int_equal(vg_file_save("/dev/null", "x", 1), VG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_files_are_refused),
        cmocka_unit_test(files_that_are_not_there),
        cmocka_unit_test(plain_google_benchmark_files_are_taken),
        cmocka_unit_test(what_is_saved_can_be_loaded),
        cmocka_unit_test(saving_replaces_whole_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
