/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of whole networks against finite differences of their loss: along the gradient of each
 * parameter tensor the loss must change by its length. Pairwise coverage of the vocabulary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "finite_difference.h"
#include "harness/random.h"
#include "lab.h"

static void check(const char *more)
{
    char words[512];
    snprintf(words, sizeof words,
             "depth=3 width=16 batch=12 classes=5 backend=scalar threads=1 bias_std=0.1 %s", more);
    lab_check_gradients(words);
}

static void activations_and_losses(void **state)
{
    (void)state;
    static const char *const acts[] = {"relu", "linear", "sigmoid", "tanh", "leaky_relu", "prelu",
                                       "gelu", "gelu_tanh", "elu", "selu", "silu"};
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        char more[128];
        snprintf(more, sizeof more, "act=%s loss=%s in_dim=%d", acts[i],
                 i % 2 ? "mse" : "softmax_xent", i % 3 ? 16 : 7);
        check(more);
    }
}

static void norms_and_places(void **state)
{
    (void)state;
    static const char *const norms[] = {"batch", "layer", "group groups=4", "rms"};
    static const char *const places[] = {"inner", "pre", "post"};
    static const char *const acts[] = {"relu", "tanh", "gelu", "prelu", "silu"};
    int n = 0;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 3; j++, n++) {
            char more[160];
            snprintf(more, sizeof more, "norm=%s norm_at=%s act=%s final_norm=%d loss=%s", norms[i],
                     places[j], acts[n % 5], n & 1, n % 3 ? "softmax_xent" : "mse");
            check(more);
        }
}

static void skips_norms_and_matrices(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "skip=residual act=tanh",
        "skip=residual block_layers=1 act=relu norm=layer norm_at=pre",
        "skip=residual norm=batch norm_at=inner act=gelu",
        "skip=residual norm=rms norm_at=post act=silu loss=mse",
        "skip=residual alpha=0.3 norm=group norm_at=inner groups=2 act=elu",
        "skip=scaled act=prelu prelu_shared=1",
        "skip=scaled norm=batch norm_at=post block_layers=1 act=tanh",
        "skip=scaled norm=rms norm_at=pre act=selu final_norm=1",
        "skip=scaled norm=layer norm_at=inner act=leaky_relu in_dim=9",
        "skip=rezero alpha=0.5 act=relu",
        "skip=rezero alpha=-0.7 norm=layer norm_at=post act=sigmoid block_layers=1",
        "skip=rezero alpha=0.2 norm=batch norm_at=pre act=tanh loss=mse",
        "skip=highway act=tanh gate_bias=-1",
        "skip=highway act=relu norm=layer in_dim=5",
        "skip=highway act=prelu norm=batch gate_bias=0 loss=mse",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i]);
}

/* --- every pair of values ------------------------------------------------------------------- */

/* Keys and the values that a network can be given, each with whether it fits beside the others. */
enum { FACTORS = 11, VALUES_MAX = 11 };
static const struct {
    const char *key, *values[VALUES_MAX];
} factors[FACTORS] = {
    {"act", {"relu", "linear", "sigmoid", "tanh", "leaky_relu", "prelu", "gelu", "gelu_tanh", "elu",
             "selu", "silu"}},
    {"norm", {"none", "batch", "layer", "group", "rms"}},
    {"norm_at", {"inner", "pre", "post"}},
    {"skip", {"none", "residual", "scaled", "rezero", "highway"}},
    {"block_layers", {"1", "2"}},
    {"loss", {"softmax_xent", "mse"}},
    {"in_dim", {"16", "7"}},
    {"final_norm", {"0", "1"}},
    {"init", {"he_normal", "he_uniform", "xavier_normal", "xavier_uniform", "lecun_normal",
              "standard_uniform", "torch_default", "orthogonal", "normal", "identity"}},
    {"prelu_shared", {"0", "1"}},
    {"data", {"teacher", "gaussians", "spirals"}},
};

static int count_values(int f)
{
    int n = 0;
    while (n < VALUES_MAX && factors[f].values[n])
        n++;
    return n;
}

/* Words of a choice, without the keys that have nothing to act on in it. False where the choice makes
 * no sense. */
static bool words_of(const int *choice, char *words, size_t size)
{
    vg_spec spec;
    size_t used = 0;
    vg_spec_init(&spec);
    words[0] = '\0';
    for (int f = 0; f < FACTORS; f++) {
        const char *value = factors[f].values[choice[f]];
        bool needs_norm = !strcmp(factors[f].key, "norm_at") && choice[1] == 0;
        if (needs_norm || (!strcmp(factors[f].key, "prelu_shared") && choice[f] == 0))
            continue;
        used += (size_t)snprintf(words + used, size - used, "%s%s=%s", used ? " " : "",
                                 factors[f].key, value);
        if (vg_spec_set(&spec, factors[f].key, value) != VG_OK)
            return false;
    }
    if (!strcmp(factors[3].values[choice[3]], "rezero")) { /* at 0 the branch has no gradient */
        snprintf(words + used, size - used, " alpha=0.6");
        vg_spec_set(&spec, "alpha", "0.6");
    }
    if (choice[8] == 8) { /* init=normal: 0.01 is too small for a difference to be seen */
        used = strlen(words);
        snprintf(words + used, size - used, " init_std=0.3");
        vg_spec_set(&spec, "init_std", "0.3");
    }
    if (choice[1] == 3) { /* over 2 values a norm is a step of width sqrt(eps): no difference fits in it */
        used = strlen(words);
        snprintf(words + used, size - used, " groups=2");
        vg_spec_set(&spec, "groups", "2");
    }
    vg_spec_set(&spec, "width", "16");
    vg_spec_set(&spec, "batch", "12");
    vg_spec_set(&spec, "threads", "1");
    return vg_spec_resolve(&spec, VG_FOR_DECAY) == VG_OK;
}

typedef bool covered_pairs[FACTORS][VALUES_MAX][FACTORS][VALUES_MAX];

static int newly_covered(covered_pairs covered, const int *choice, bool mark)
{
    int count = 0;
    for (int f = 0; f < FACTORS; f++)
        for (int g = f + 1; g < FACTORS; g++) {
            bool *pair = &covered[f][choice[f]][g][choice[g]];
            count += !*pair;
            *pair |= mark;
        }
    return count;
}

/* The best of a few random completions of a pair; false where none makes sense. */
static bool complete(covered_pairs covered, const int pair[4], vg_random *random, uint64_t *at,
                     int *best)
{
    int most = 0;
    for (int attempt = 0; attempt < 60; attempt++) {
        int choice[FACTORS];
        char words[512];
        for (int f = 0; f < FACTORS; f++)
            choice[f] = (int)(vg_random_uniform(random, (*at)++) * count_values(f));
        choice[pair[0]] = pair[1];
        choice[pair[2]] = pair[3];
        int gain = newly_covered(covered, choice, false);
        if (gain > most && words_of(choice, words, sizeof words)) {
            most = gain;
            memcpy(best, choice, sizeof choice);
        }
    }
    return most > 0;
}

/* Every pair of values of two keys that can stand together is in a network whose gradients are
 * checked. */
static void every_pair_of_values(void **state)
{
    (void)state;
    static covered_pairs covered;
    vg_random random = {.seed = 4, .what = VG_STREAM_SHUFFLE};
    uint64_t at = 0;
    int checked = 0, impossible = 0;
    for (int f = 0; f < FACTORS; f++)
        for (int g = f + 1; g < FACTORS; g++)
            for (int i = 0; i < count_values(f); i++)
                for (int k = 0; k < count_values(g); k++) {
                    int pair[4] = {f, i, g, k}, choice[FACTORS];
                    char words[512];
                    if (covered[f][i][g][k])
                        continue;
                    if (!complete(covered, pair, &random, &at, choice)) {
                        impossible++;
                        continue;
                    }
                    newly_covered(covered, choice, true);
                    words_of(choice, words, sizeof words);
                    check(words);
                    checked++;
                }
    print_message("%d networks cover the pairs; %d pairs cannot stand together\n", checked, impossible);
    assert_true(checked > 100 && impossible < 40);
}

/* A run with every gradient in memory of its own must not differ from one that reuses buffers. */
static void kept_gradients_are_the_same(void **state)
{
    (void)state;
    static const char *const cases[] = {"skip=residual act=relu", "skip=highway act=tanh",
                                        "skip=scaled norm=layer norm_at=pre", "act=gelu norm=batch",
                                        "skip=rezero alpha=0.5 norm=rms norm_at=post"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[256];
        snprintf(words, sizeof words, "depth=5 width=24 batch=20 threads=1 %s", cases[i]);
        lab_net a = lab_run(words, false, false), b = lab_run(words, true, true);
        assert_memory_equal(vg_net_grads(a.net), vg_net_grads(b.net),
                            (size_t)vg_net_arena(a.net)->floats * sizeof(float));
        lab_release(&a);
        lab_release(&b);
    }
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const cases[] = {"act=tanh", "skip=residual norm=batch norm_at=pre",
                                        "skip=highway norm=layer", "act=prelu norm=group"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[256];
        snprintf(words, sizeof words, "depth=6 width=96 batch=130 threads=1 %s", cases[i]);
        lab_net one = lab_run(words, false, true);
        for (int threads = 2; threads <= 5; threads += 3) {
            snprintf(words, sizeof words, "depth=6 width=96 batch=130 threads=%d %s", threads,
                     cases[i]);
            lab_net more = lab_run(words, false, true);
            size_t bytes = (size_t)vg_net_arena(one.net)->floats * sizeof(float);
            assert_memory_equal(vg_net_values(one.net), vg_net_values(more.net), bytes);
            assert_memory_equal(vg_net_grads(one.net), vg_net_grads(more.net), bytes);
            for (int l = 1; l <= 6; l++) {
                vg_block_stats a, b;
                vg_net_stats(one.net, l, &a);
                vg_net_stats(more.net, l, &b);
                assert_memory_equal(&a, &b, sizeof a);
            }
            lab_release(&more);
        }
        lab_release(&one);
    }
}

/* Micikevicius 2018: a power of two in the loss leaves again without a trace. */
static void loss_scale_is_exact(void **state)
{
    (void)state;
    lab_net a = lab_run("depth=8 width=32 batch=16 act=tanh", false, true);
    lab_net b = lab_run("depth=8 width=32 batch=16 act=tanh loss_scale=65536", false, true);
    const float *ga = vg_net_grads(a.net), *gb = vg_net_grads(b.net);
    for (int64_t i = 0; i < vg_net_arena(a.net)->floats; i++)
        assert_true(ga[i] * 65536 == gb[i]);
    for (int l = 1; l <= 8; l++) {
        vg_block_stats sa, sb;
        vg_net_stats(a.net, l, &sa);
        vg_net_stats(b.net, l, &sb);
        assert_true(sa.delta_l2 == sb.delta_l2 && sa.grad_weight_l2 == sb.grad_weight_l2);
    }
    lab_release(&a);
    lab_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_and_losses),
        cmocka_unit_test(norms_and_places),
        cmocka_unit_test(skips_norms_and_matrices),
        cmocka_unit_test(every_pair_of_values),
        cmocka_unit_test(kept_gradients_are_the_same),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(loss_scale_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
