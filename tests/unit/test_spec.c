/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/spec.h"
#include "harness/sweep.h"

static vg_status parse(const char *line, vg_sweep *sweep)
{
    char copy[512], *words[32], *rest = NULL;
    int count = 0;
    strcpy(copy, line);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        words[count++] = w;
    return vg_sweep_parse(count, words, sweep);
}

static void fails_with(const char *line, const char *part)
{
    vg_sweep sweep;
    vg_status status = parse(line, &sweep);
    vg_spec spec;
    if (status == VG_OK) {
        status = vg_sweep_point(&sweep, 0, &spec, NULL);
        if (status == VG_OK)
            status = vg_spec_resolve(&spec, VG_FOR_DECAY);
        vg_sweep_release(&sweep);
    }
    assert_int_not_equal(status, VG_OK);
    if (!strstr(vg_status_message(), part))
        fail_msg("%s: '%s' does not name '%s'", line, vg_status_message(), part);
}

static vg_spec point(const char *line, int64_t index)
{
    vg_sweep sweep;
    vg_spec spec;
    assert_int_equal(parse(line, &sweep), VG_OK);
    assert_int_equal(vg_sweep_point(&sweep, index, &spec, NULL), VG_OK);
    assert_int_equal(vg_spec_resolve(&spec, VG_FOR_DECAY), VG_OK);
    vg_sweep_release(&sweep);
    return spec;
}

static void defaults_are_those_of_the_vocabulary(void **state)
{
    (void)state;
    vg_spec s = point("", 0);
    assert_int_equal(s.depth, 32);
    assert_int_equal(s.width, 256);
    assert_int_equal(s.batch, 256);
    assert_int_equal(s.in_dim, 256);
    assert_int_equal(s.classes, 10);
    assert_int_equal(s.act, VG_OP_relu);
    assert_int_equal(s.init, VG_INIT_he_normal);
    assert_int_equal(s.init_io, VG_INIT_lecun_normal);
    assert_int_equal(s.seeds, 8);
    assert_int_equal(s.loss, VG_OP_softmax_xent);
    assert_int_equal(s.block_layers, 1);
    assert_string_equal(s.data, "teacher");
    s = point("act=selu", 0);
    assert_int_equal(s.init, VG_INIT_lecun_normal);
    s = point("act=tanh", 0);
    assert_int_equal(s.init, VG_INIT_xavier_normal);
    s = point("skip=scaled depth=16", 0);
    assert_int_equal(s.block_layers, 2);
    assert_true(s.alpha == 0.25);
}

static void lists_multiply_and_vs_inherits(void **state)
{
    (void)state;
    vg_sweep sweep;
    assert_int_equal(parse("depth=8,32,128 act=sigmoid,tanh,relu init=xavier_normal", &sweep),
                     VG_OK);
    assert_int_equal(sweep.points, 9);
    vg_sweep_release(&sweep);
    const char *line = "depth=64 act=sigmoid vs act=relu vs norm=layer skip=residual";
    assert_int_equal(parse(line, &sweep), VG_OK);
    assert_int_equal(sweep.points, 3);
    vg_sweep_release(&sweep);
    assert_int_equal(point(line, 1).act, VG_OP_relu);
    assert_int_equal(point(line, 1).norm, VG_OP_none);
    vg_spec last = point(line, 2);
    assert_int_equal(last.act, VG_OP_sigmoid);
    assert_int_equal(last.norm, VG_OP_layer_norm);
    assert_int_equal(last.depth, 64);
    /* the last list varies fastest */
    assert_int_equal(point("depth=8,16 act=relu,tanh", 1).act, VG_OP_tanh);
    assert_int_equal(point("depth=8,16 act=relu,tanh", 2).depth, 16);
}

static bool varies(const vg_sweep *sweep, const char *name)
{
    int count;
    uint64_t varying;
    const vg_key *keys = vg_spec_keys(&count);
    assert_int_equal(vg_sweep_varying(sweep, &varying), VG_OK);
    for (int i = 0; i < count; i++)
        if (!strcmp(keys[i].name, name))
            return varying >> i & 1;
    fail_msg("no key %s", name);
    return false;
}

static void keys_that_vary_are_found(void **state)
{
    (void)state;
    vg_sweep sweep;
    assert_int_equal(parse("depth=8,16 act=relu,relu width=32 data=teacher,spirals vs width=64 "
                           "gain=1 vs depth=16,8",
                           &sweep),
                     VG_OK);
    assert_true(varies(&sweep, "depth") && varies(&sweep, "width") && varies(&sweep, "data"));
    assert_true(varies(&sweep, "gain")); /* given in one variant only */
    assert_false(varies(&sweep, "act") || varies(&sweep, "batch"));
    vg_sweep_release(&sweep);
}

static void aliases_are_understood(void **state)
{
    (void)state;
    assert_int_equal(point("act=swish", 0).act, VG_OP_silu);
    assert_int_equal(point("init=kaiming_uniform", 0).init, VG_INIT_he_uniform);
    assert_int_equal(point("init=glorot_normal", 0).init, VG_INIT_xavier_normal);
    assert_int_equal(point("loss=cross_entropy", 0).loss, VG_OP_softmax_xent);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    fails_with("dept=3", "did you mean 'depth'");
    fails_with("act=sigmod", "did you mean 'sigmoid'");
    fails_with("act=sigmod", "leaky_relu");
    fails_with("depth=0", "depth=0");
    fails_with("width=0", "width=0");
    fails_with("depth=1e3", "depth=1e3");
    fails_with("depth=99999999999999999999", "whole number");
    fails_with("gain=nan", "gain=nan");
    fails_with("act=relu,", "empty");
    fails_with("depth", "key=value");
    fails_with("norm_at=post", "norm_at needs");
    fails_with("gate_bias=-3", "gate_bias needs skip=highway");
    fails_with("norm=group groups=7", "groups=7 does not divide width=256");
    fails_with("norm=batch batch=1", "batch of at least 2");
    fails_with("norm=layer width=1", "passes no gradient");
    fails_with("norm=group groups=8 width=8", "fewer groups");
    fails_with("classes=1", "classes of at least 2");
    fails_with("model=rnn data=adding loss=softmax_xent", "classes of at least 2");
    fails_with("block_layers=2", "block_layers=2 needs");
    fails_with("skip=highway norm=layer norm_at=pre", "inner only");
    fails_with("data=adding", "model=rnn");
    fails_with("backend=auto_neon backend=avx51", "avx512");
}

static void files_say_the_line(void **state)
{
    (void)state;
    char path[] = "/tmp/vg_spec_XXXXXX.yaml", line[64];
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    fputs("about: two nets\ndepth: [4, 8]\nvariants:\n  - act: tanh\n  - {act: relu, seeds: 2}\n",
          f);
    fclose(f);
    snprintf(line, sizeof line, "%s width=32", path);
    vg_sweep sweep;
    vg_status status = parse(line, &sweep);
    if (status == VG_EUNSUPPORTED) {
        unlink(path);
        skip();
    }
    assert_int_equal(status, VG_OK);
    assert_int_equal(sweep.points, 4);
    vg_sweep_release(&sweep);
    assert_int_equal(point(line, 3).depth, 8);
    assert_int_equal(point(line, 3).seeds, 2);
    assert_int_equal(point(line, 0).width, 32);
    f = fopen(path, "w");
    fputs("depth: 4\nact: sigmod\n", f);
    fclose(f);
    fails_with(path, ".yaml:2: act=sigmod");
    f = fopen(path, "w");
    fputs("depth: 4\n  act: tanh\n", f);
    fclose(f);
    fails_with(path, ".yaml:2: ");
    unlink(path);
}

static void records_hold_every_key(void **state)
{
    (void)state;
    vg_spec spec = point("depth=4", 0);
    json_t *json = vg_spec_json(&spec);
    int count;
    vg_spec_keys(&count);
    assert_int_equal(json_object_size(json), count);
    assert_string_equal(json_string_value(json_object_get(json, "init")), "he_normal");
    assert_true(json_is_null(json_object_get(json, "target_loss")));
    json_decref(json);
    char label[128];
    assert_string_equal(vg_spec_label(&spec, label, sizeof label), "depth=4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_vocabulary),
        cmocka_unit_test(lists_multiply_and_vs_inherits),
        cmocka_unit_test(keys_that_vary_are_found),
        cmocka_unit_test(aliases_are_understood),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(files_say_the_line),
        cmocka_unit_test(records_hold_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
