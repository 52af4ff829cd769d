/* SPDX-License-Identifier: Apache-2.0 */
#include "vgbench/cpu.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <xmmintrin.h>
#endif

/* CPUID traps in virtual machines (tens of microseconds), so its answer is kept. */
static _Atomic uint32_t cap_mask = UINT32_MAX;

#if defined(__x86_64__)
typedef struct x86_features {
    int avx, osxsave, fma, avx2, f, bw, dq, vl;
    uint64_t xcr0;
} x86_features;

static uint64_t read_xcr0(void)
{
    uint32_t lo, hi;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

static x86_features query(void)
{
    x86_features x = {0};
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return x;
    x.osxsave = c >> 27 & 1;
    x.avx = c >> 28 & 1;
    x.fma = c >> 12 & 1;
    if (x.osxsave)
        x.xcr0 = read_xcr0();
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        x.avx2 = b >> 5 & 1;
        x.f = b >> 16 & 1;
        x.dq = b >> 17 & 1;
        x.bw = b >> 30 & 1;
        x.vl = b >> 31 & 1;
    }
    return x;
}

enum { XCR0_YMM = 0x6, XCR0_ZMM = 0xe6 };

static const char *lacks_avx2(const x86_features *x)
{
    if (!x->avx || !x->avx2)
        return "CPU lacks AVX2";
    if (!x->fma)
        return "CPU lacks FMA";
    if ((x->xcr0 & XCR0_YMM) != XCR0_YMM)
        return "the operating system does not save YMM registers";
    return "";
}

static const char *lacks_avx512(const x86_features *x)
{
    if (*lacks_avx2(x))
        return lacks_avx2(x);
    if (!x->f)
        return "CPU lacks AVX512F";
    if (!x->bw)
        return "CPU lacks AVX512BW";
    if (!x->dq)
        return "CPU lacks AVX512DQ";
    if (!x->vl)
        return "CPU lacks AVX512VL";
    if ((x->xcr0 & XCR0_ZMM) != XCR0_ZMM)
        return "the operating system does not save ZMM registers";
    return "";
}
#endif

static const char *hardware_lacks(uint32_t isa)
{
#if defined(__x86_64__)
    x86_features x = query();
    if (isa == VG_ISA_AVX2)
        return lacks_avx2(&x);
    if (isa == VG_ISA_AVX512)
        return lacks_avx512(&x);
    return isa == VG_ISA_NEON ? "not an AArch64 CPU" : "";
#elif defined(__aarch64__)
    return isa == VG_ISA_NEON || isa == VG_ISA_BASE ? "" : "not an x86-64 CPU";
#else
    return isa == VG_ISA_BASE ? "" : "no SIMD kernels for this architecture";
#endif
}

static const uint32_t clusters[] = {VG_ISA_AVX2, VG_ISA_AVX512, VG_ISA_NEON};
enum { CLUSTERS = sizeof clusters / sizeof *clusters, DETECTED = 1 << 30 };

uint32_t vg_cpu_detect(void)
{
    static _Atomic uint32_t known; /* DETECTED marks a filled cache; racing threads agree */
    uint32_t isa = atomic_load_explicit(&known, memory_order_relaxed);
    if (!(isa & DETECTED)) {
        isa = DETECTED;
        for (int i = 0; i < CLUSTERS; i++)
            if (!*hardware_lacks(clusters[i]))
                isa |= clusters[i];
        atomic_store_explicit(&known, isa, memory_order_relaxed);
    }
    return isa & ~(uint32_t)DETECTED;
}

/* True if @p word is one of the comma-separated words of @p list. */
static int list_has(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0'))
            return 1;
    return 0;
}

static uint32_t environment_mask(void)
{
    static _Atomic uint32_t known;
    uint32_t mask = atomic_load_explicit(&known, memory_order_relaxed);
    if (!(mask & DETECTED)) {
        const char *list = getenv("VG_ISA_MASK");
        mask = DETECTED;
        for (int i = 0; i < CLUSTERS; i++)
            if (!list || !*list || list_has(list, vg_isa_name(clusters[i])))
                mask |= clusters[i];
        atomic_store_explicit(&known, mask, memory_order_relaxed);
    }
    return mask;
}

uint32_t vg_cpu_isa(void)
{
    return vg_cpu_detect() & environment_mask() & atomic_load(&cap_mask);
}

vg_status vg_cpu_cap(const char *max_isa)
{
#if defined(__x86_64__)
    const char *allowed = "scalar, avx2, avx512";
    const uint32_t exist = VG_ISA_AVX2 | VG_ISA_AVX512;
#else
    const char *allowed = "scalar, neon";
    const uint32_t exist = VG_ISA_NEON;
#endif
    uint32_t mask = 0;
    bool known = true;
    if (!strcmp(max_isa, "scalar"))
        mask = 0;
    else if (!strcmp(max_isa, "avx2"))
        mask = VG_ISA_AVX2;
    else if (!strcmp(max_isa, "avx512"))
        mask = VG_ISA_AVX2 | VG_ISA_AVX512;
    else if (!strcmp(max_isa, "neon"))
        mask = VG_ISA_NEON;
    else
        known = false;
    if (!known || mask & ~exist) /* of another architecture: it would leave scalar */
        return vg_fail(VG_EINVAL, "max-isa=%s: allowed on this architecture are %s", max_isa, allowed);
    atomic_store(&cap_mask, mask);
    return VG_OK;
}

const char *vg_cpu_why_not(uint32_t isa)
{
    const char *lacks = hardware_lacks(isa);
    if (*lacks)
        return lacks;
    if (isa & ~environment_mask())
        return "switched off by VG_ISA_MASK";
    if (isa & ~atomic_load(&cap_mask))
        return "above --max-isa";
    return "";
}

const char *vg_isa_name(uint32_t isa)
{
    switch (isa) {
    case VG_ISA_AVX2:
        return "avx2";
    case VG_ISA_AVX512:
        return "avx512";
    case VG_ISA_NEON:
        return "neon";
    default:
        return "base";
    }
}

#if defined(__x86_64__)
enum { MXCSR_FTZ = 0x8000, MXCSR_DAZ = 0x0040 };

void vg_cpu_set_ftz(int on)
{
    unsigned bits = MXCSR_FTZ | MXCSR_DAZ;
    _mm_setcsr(on ? _mm_getcsr() | bits : _mm_getcsr() & ~bits);
}

int vg_cpu_get_ftz(void)
{
    return (_mm_getcsr() & (MXCSR_FTZ | MXCSR_DAZ)) == (MXCSR_FTZ | MXCSR_DAZ);
}
#elif defined(__aarch64__)
enum { FPCR_FZ = 1 << 24 };

void vg_cpu_set_ftz(int on)
{
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    fpcr = on ? fpcr | FPCR_FZ : fpcr & ~(uint64_t)FPCR_FZ;
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
}

int vg_cpu_get_ftz(void)
{
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return (fpcr & FPCR_FZ) != 0;
}
#else
void vg_cpu_set_ftz(int on)
{
    (void)on;
}

int vg_cpu_get_ftz(void)
{
    return 0;
}
#endif
