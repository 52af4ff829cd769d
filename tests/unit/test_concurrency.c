/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever calls from wherever gets the same bits: more threads than CPUs, thread counts changed
 * between calls, calls from inside another parallel region, several calling threads at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "lab.h"

#if defined(_OPENMP)
#include <omp.h>
#endif

static const char *const nets[] = {
    "depth=6 width=40 batch=70 in_dim=17 classes=5 act=gelu norm=layer skip=residual norm_at=pre",
    "depth=5 width=33 batch=65 act=tanh norm=batch", "model=lstm width=24 batch=33 seq_len=9"};
enum { NETS = sizeof nets / sizeof *nets, CALLERS = 6, ROUNDS = 8 };

/* FNV-1a over loss and gradients of one run. */
static uint64_t bits_of(const lab_net *lab)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    double loss = vg_net_loss(lab->net);
    const vg_arena *arena = vg_net_arena(lab->net);
    const uint8_t *parts[] = {(const uint8_t *)&loss, (const uint8_t *)vg_net_grads(lab->net)};
    size_t sizes[] = {sizeof loss, (size_t)arena->floats * sizeof(float)};
    for (int p = 0; p < 2; p++)
        for (size_t i = 0; i < sizes[p]; i++)
            hash = (hash ^ parts[p][i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t run_with(const char *net, int threads)
{
    char words[300];
    snprintf(words, sizeof words, "%s threads=%d", net, threads);
    lab_net lab = lab_run(words, false, true);
    uint64_t bits = bits_of(&lab);
    lab_release(&lab);
    return bits;
}

static void more_threads_than_cpus(void **state)
{
    (void)state;
    for (int i = 0; i < NETS; i++) {
        uint64_t one = run_with(nets[i], 1);
        for (int threads = 2; threads <= 16; threads *= 2)
            if (run_with(nets[i], threads) != one)
                fail_msg("%s: other bits with %d threads", nets[i], threads);
    }
}

/* A team is made with its number of threads; what the application sets later is its own affair. */
static void thread_counts_changed_between_calls(void **state)
{
    (void)state;
    char words[300];
    snprintf(words, sizeof words, "%s threads=3", nets[0]);
    lab_net lab = lab_run(words, false, true);
    uint64_t before = bits_of(&lab);
    static const int counts[] = {1, 7, 2, 4};
    for (int i = 0; i < 4; i++) {
#if defined(_OPENMP)
        omp_set_num_threads(counts[i]);
        omp_set_dynamic(i & 1); /* the runtime may now grant fewer than asked for */
#endif
        setenv("OMP_NUM_THREADS", i & 1 ? "1" : "5", 1);
        assert_int_equal(vg_net_run(lab.net), VG_OK);
        assert_true(bits_of(&lab) == before);
        assert_true(run_with(nets[0], counts[i]) == before);
    }
#if defined(_OPENMP)
    omp_set_dynamic(0);
#endif
    lab_release(&lab);
}

static void calls_from_inside_a_parallel_region(void **state)
{
    (void)state;
    uint64_t alone = run_with(nets[1], 4);
    int wrong = 0;
#if defined(_OPENMP)
#pragma omp parallel num_threads(3) reduction(+ : wrong)
#endif
    wrong += run_with(nets[1], 4) != alone;
    assert_int_equal(wrong, 0);
#if defined(_OPENMP)
    omp_set_max_active_levels(2); /* nested regions really get threads of their own */
#pragma omp parallel num_threads(2) reduction(+ : wrong)
    wrong += run_with(nets[1], 3) != alone;
    omp_set_max_active_levels(1);
#endif
    assert_int_equal(wrong, 0);
}

typedef struct caller {
    pthread_t thread;
    int index, wrong;
    const uint64_t *want;
} caller;

static void *call(void *context)
{
    caller *c = context;
    for (int round = 0; round < ROUNDS; round++) {
        int net = (c->index + round) % NETS;
        c->wrong += run_with(nets[net], 1 + (c->index + round) % 3) != c->want[net];
        /* Messages of failures are per thread. */
        vg_spec spec;
        char text[32], part[48];
        vg_spec_init(&spec);
        snprintf(text, sizeof text, "bad%d", c->index);
        snprintf(part, sizeof part, "act=%s:", text);
        c->wrong += vg_spec_set(&spec, "act", text) == VG_OK ||
                    !strstr(vg_status_message(), part);
    }
    return NULL;
}

static void several_calling_threads(void **state)
{
    (void)state;
    uint64_t want[NETS];
    caller callers[CALLERS];
    for (int i = 0; i < NETS; i++)
        want[i] = run_with(nets[i], 1);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.index = i, .want = want};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].wrong, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(more_threads_than_cpus),
                                       cmocka_unit_test(thread_counts_changed_between_calls),
                                       cmocka_unit_test(calls_from_inside_a_parallel_region),
                                       cmocka_unit_test(several_calling_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
