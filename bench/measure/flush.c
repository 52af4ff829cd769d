/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/flush.h"

#include <stdbool.h>
#include <stdint.h>

#include "measure/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

enum { LINE = 64, MOST_LINES = 1024 };

#if defined(__x86_64__)

static bool has_clflushopt(void)
{
    unsigned a, b = 0, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 23 & 1);
}

/* Flushes of different lines overlap; those of clflush do not. */
__attribute__((target("clflushopt"))) static void flush_overlapped(const char *p, const char *end)
{
    for (; p < end; p += LINE)
        _mm_clflushopt((void *)p);
}

static void flush_lines(const char *p, const char *end)
{
    if (has_clflushopt())
        flush_overlapped(p, end);
    else
        for (; p < end; p += LINE)
            _mm_clflush(p);
    _mm_mfence();
}

vg_status vg_flush_usable(void)
{
    return VG_OK; /* clflush came with SSE2, which x86-64 always has */
}

#elif defined(__aarch64__)

static void flush_lines(const char *p, const char *end)
{
    uint64_t type;
    __asm__("mrs %0, ctr_el0" : "=r"(type));
    size_t line = (size_t)4 << (type >> 16 & 15); /* DminLine: log2 of words */
    p -= (uintptr_t)p & (line - 1);
    for (; p < end; p += line)
        __asm__ volatile("dc civac, %0" ::"r"(p) : "memory");
    __asm__ volatile("dsb sy\n\tisb" ::: "memory");
}

vg_status vg_flush_usable(void)
{
    return VG_OK; /* Linux lets user code run dc civac */
}

#else

static void flush_lines(const char *p, const char *end)
{
    (void)p;
    (void)end;
}

vg_status vg_flush_usable(void)
{
    return vg_fail(VG_EUNSUPPORTED,
                   "cold caches: no instruction that flushes a cache line is known "
                   "for this CPU (x86-64 and AArch64 have one)");
}

#endif

static vg_flush_fn *replacement;

vg_flush_fn *vg_flush_replace(vg_flush_fn *other)
{
    vg_flush_fn *before = replacement;
    replacement = other;
    return before;
}

void vg_flush(const void *p, size_t bytes)
{
    const char *begin = p;
    if (replacement)
        replacement(p, bytes);
    else if (p && bytes)
        flush_lines(begin - (uintptr_t)p % LINE, begin + bytes);
}

double vg_flush_read_ns(const void *p, size_t bytes)
{
    static const volatile uint32_t zero = 0; /* unknown to the compiler: keeps the chain */
    const volatile unsigned char *base = p;
    uint32_t lines =
        (uint32_t)((bytes + LINE - 1) / LINE < MOST_LINES ? (bytes + LINE - 1) / LINE : MOST_LINES);
    uint32_t state = 1, mask = zero;
    double begin = vg_clock_ns();
    for (uint32_t i = 0; i < lines; i++) {
        state = state * 1664525u + 1013904223u;
        size_t at = (size_t)((uint64_t)state * lines >> 32) * LINE;
        state += base[at] & mask;
    }
    return vg_clock_ns() - begin;
}

double vg_flush_clock_ns(void)
{
    enum { TRIES = 101 };
    double least = 1e9;
    for (int i = 0; i < TRIES; i++) {
        double begin = vg_clock_ns(), took = vg_clock_ns() - begin;
        least = took < least ? took : least;
    }
    return least;
}
