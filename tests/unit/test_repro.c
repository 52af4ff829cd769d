/* SPDX-License-Identifier: Apache-2.0 */
/* How a report says that its numbers can be had again: commands, and the sum of its data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "reports/repro.h"
#include "reports/sha256.h"

static void sums_are_those_of_the_standard(void **state)
{
    char text[VG_SHA256_TEXT];
    assert_string_equal(vg_sha256("", 0, text),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(vg_sha256("abc", 3, text),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(
        vg_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, text),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_int_equal(vg_sha256_file("/nowhere/x", text), VG_EIO);
}

/* A row of @p op with shape @p words ("{s:i...}" is json). */
static vg_row repro_row(const char *op, const char *dir, json_t *shape)
{
    json_t *made = json_pack("{so}", "shape", shape);
    return (vg_row){.op = op, .dir = dir, .weights = "", .max_isa = "", .impl = "", .threads = 2, .entry = made};
}

/* Lines as benchdnn's documents describe them (tests/benchdnn/doc/driver_*.md of oneDNN). */
static void rows_are_repeated_by_benchdnn(void **state)
{
    struct {
        vg_row row;
        const char *line;
    } cases[] = {
        {repro_row("dense", "bwd_weights",
                   json_pack("{si si si}", "batch", 256, "in", 512, "out", 1024)),
         "benchdnn --ip --mode=P --dir=BWD_WB mb256ic512oc1024\n"},
        {repro_row("relu", "fwd", json_pack("{si si}", "batch", 32, "width", 64)),
         "benchdnn --eltwise --mode=P --dir=FWD_D --tag=ab --alg=relu --alpha=0 32x64\n"},
        {repro_row("prelu", "bwd", json_pack("{si si si}", "batch", 32, "width", 64, "slopes", 1)),
         "benchdnn --prelu --mode=P --dir=BWD_DW --stag=ab:ab 32x64:1x1\n"},
        {repro_row("layer_norm", "bwd", json_pack("{si si}", "batch", 32, "width", 64)),
         "benchdnn --lnorm --mode=P --dir=BWD_DW --tag=ab --flags=CH 32x64\n"},
        {repro_row("rnn", "bwd",
                   json_pack("{si si si si ss}", "batch", 8, "seq", 100, "in", 16, "hidden", 32,
                             "act", "relu")),
         "benchdnn --rnn --mode=P --prop=BWD_DW --alg=VANILLA_RNN --activation=RELU "
         "l1t100mb8sic32slc16dhc32\n"},
        {repro_row("lstm", "fwd",
                   json_pack("{si si si si}", "batch", 8, "seq", 100, "in", 16, "hidden", 32)),
         "benchdnn --rnn --mode=P --prop=FWD_D --alg=VANILLA_LSTM l1t100mb8sic32slc16dhc32\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vg_text out = {0};
        assert_true(vg_repro_benchdnn(&cases[i].row, &out));
        assert_string_equal(out.p, cases[i].line);
        free(out.p);
        json_decref((json_t *)cases[i].row.entry);
    }
}

/* The form that won, as the implementations of dense rows are named, and the cap it ran under. */
static void benchdnn_runs_the_form_that_won(void **state)
{
    static const struct {
        const char *dir, *weights, *impl, *cap, *line;
    } cases[] = {
        {"fwd", "plain", "brg_matmul:avx2, matmul plain, W^T ba, created in 16.2 ms", "avx2",
         "ONEDNN_MAX_CPU_ISA=AVX2 benchdnn --matmul --mode=P --stag=ab --wtag=ba --dtag=ab "
         "--bia_dt=f32 --bia_mask=2 8x16:16x32\n"},
        {"fwd", "packed", "brg_matmul:avx512_core, matmul any, W^T BA16a64b", "avx512",
         "ONEDNN_MAX_CPU_ISA=AVX512_CORE benchdnn --matmul --mode=P --stag=ab --wtag=any --dtag=ab "
         "--bia_dt=f32 --bia_mask=2 8x16:16x32\n"},
        {"fwd", "packed", "brg:avx512_core, inner product any (inference), W AB16b64a", "",
         "benchdnn --ip --mode=P --dir=FWD_I mb8ic16oc32\n"},
        {"fwd", "plain", "brg:avx512_core, inner product any, W ab", "",
         "benchdnn --ip --mode=P --dir=FWD_B mb8ic16oc32\n"},
        {"fwd", "packed", "brg:avx2, inner product plain, W ab", "avx2",
         "ONEDNN_MAX_CPU_ISA=AVX2 benchdnn --ip --mode=P --dir=FWD_B --stag=ab --wtag=ab --dtag=ab "
         "mb8ic16oc32\n"},
        {"bwd_data", "plain", "brg_matmul:avx2, matmul plain, W ab", "",
         "benchdnn --matmul --mode=P --stag=ab --wtag=ab --dtag=ab 8x32:32x16\n"},
        {"bwd_weights", "plain", "brg + gemm:jit:f32, matmul, db by matmul with ones, dW ab", "",
         "benchdnn --matmul --mode=P --stag=ba --wtag=ab --dtag=ab 32x8:8x16 --stag=ab 1x8:8x32\n"},
        {"bwd_weights", "plain", "brg + ref, matmul, db by reduction, dW ab", "avx2",
         "ONEDNN_MAX_CPU_ISA=AVX2 benchdnn --matmul --mode=P --stag=ba --wtag=ab --dtag=ab "
         "32x8:8x16\n"
         "ONEDNN_MAX_CPU_ISA=AVX2 benchdnn --reduction --mode=P --sdt=f32 --ddt=f32 --alg=sum "
         "--stag=ab --dtag=ab 8x32:1x32\n"},
        {"fwd", "plain", "", "neon",
         "benchdnn --ip --mode=P --dir=FWD_B --stag=ab --wtag=ab --dtag=ab mb8ic16oc32\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vg_row row = repro_row("dense", cases[i].dir,
                               json_pack("{si si si}", "batch", 8, "in", 16, "out", 32));
        vg_text out = {0};
        row.weights = cases[i].weights;
        row.impl = cases[i].impl;
        row.max_isa = cases[i].cap;
        assert_true(vg_repro_benchdnn(&row, &out));
        assert_string_equal(out.p, cases[i].line);
        free(out.p);
        json_decref((json_t *)row.entry);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_repeated_by_benchdnn),
        cmocka_unit_test(benchdnn_runs_the_form_that_won),
        cmocka_unit_test(sums_are_those_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
