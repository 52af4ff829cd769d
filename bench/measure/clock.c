/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/clock.h"

#include <math.h>
#include <time.h>

#include "measure/stats.h"
#include "results/results.h"

static double read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double vg_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double vg_clock_s(void)
{
    return 1e-9 * read_clock(CLOCK_MONOTONIC);
}

double vg_clock_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

json_t *vg_clock_timer_json(void)
{
    enum { CALLS = 1000, ROUNDS = 31 };
    const double kernel_ns = 1e4; /* reading the clock before and after a kernel of 10 us */
    struct timespec resolution = {0, 0};
    double rounds[ROUNDS];
    volatile double sink = 0;
    for (int r = 0; r < ROUNDS; r++) {
        double begin = vg_clock_ns();
        for (int i = 0; i < CALLS; i++)
            sink = vg_clock_ns();
        rounds[r] = (vg_clock_ns() - begin) / CALLS;
    }
    (void)sink;
    clock_getres(CLOCK_MONOTONIC, &resolution);
    double overhead = vg_stat_median(rounds, ROUNDS);
    json_t *timer = json_object();
    vg_json_set_number(timer, "resolution_ns",
                       (double)resolution.tv_sec * 1e9 + (double)resolution.tv_nsec);
    vg_json_set_number(timer, "overhead_ns", overhead);
    vg_json_set_number(timer, "share_of_10us", 2 * overhead / kernel_ns);
    return timer;
}

/* Clock rate by a chain of dependent operations of known latency: 64-bit imul, 3 cycles on every
 * Intel since Nehalem and AMD since Zen (additions of constants are folded by the renamer of newer
 * cores, and would show 20 GHz); eor, 1 cycle on AArch64. */
double vg_clock_ghz(int rounds)
{
    enum { CHAIN = 16, LOOPS = 10000 };
#if defined(__x86_64__)
    const double cycles = 3;
#else
    const double cycles = 1;
#endif
    double best = 0;
    for (int r = 0; r < rounds; r++) {
        unsigned long x = 1;
        double begin = vg_clock_ns();
        for (int i = 0; i < LOOPS; i++) {
#if defined(__x86_64__)
            __asm__ volatile(".rept 16\n\timul %0, %0\n\t.endr" : "+r"(x) : : "cc");
#elif defined(__aarch64__)
            __asm__ volatile(".rept 16\n\teor %0, %0, #3\n\t.endr" : "+r"(x));
#else
            return (double)NAN;
#endif
        }
        best = fmax(best, cycles * CHAIN * LOOPS / (vg_clock_ns() - begin));
    }
    return best;
}
