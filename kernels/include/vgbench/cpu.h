/* SPDX-License-Identifier: Apache-2.0 */
/** @file cpu.h
 * Instruction-set clusters of the running CPU, as far as the operating system saves their state.
 */
#ifndef VGBENCH_CPU_H
#define VGBENCH_CPU_H

#include <stddef.h>
#include <stdint.h>

#include "vgbench/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** ISA clusters. A kernel row names the bits that must all be present. */
enum {
    VG_ISA_BASE = 0,        /**< the compiler's baseline for the target */
    VG_ISA_AVX2 = 1u << 0,  /**< AVX2 + FMA */
    VG_ISA_AVX512 = 1u << 1, /**< AVX-512 F + BW + DQ + VL */
    VG_ISA_NEON = 1u << 2   /**< AArch64 Advanced SIMD (baseline there) */
};

/** Clusters this CPU has and the OS saves (CPUID and XGETBV), whatever any mask says. */
uint32_t vg_cpu_detect(void);

/** Clusters in use: vg_cpu_detect() less what VG_ISA_MASK in the environment and vg_cpu_cap()
 * switch off. VG_ISA_MASK is a comma list of clusters to keep ("avx2", "avx2,avx512", "none"); it
 * is read once, at the first call. */
uint32_t vg_cpu_isa(void);

/** Keeps only @p max_isa ("scalar", "avx2", "avx512", "neon") and what is below it, for the whole
 * process. Call before the first kernel is chosen. VG_EINVAL for another word. */
vg_status vg_cpu_cap(const char *max_isa);

/** Why cluster @p isa (one VG_ISA_ bit) is not in use: "", or "CPU lacks AVX512BW", "not saved by
 * the operating system", "switched off by VG_ISA_MASK", ... */
const char *vg_cpu_why_not(uint32_t isa);

/** "avx2", "avx512", "neon", "base". */
const char *vg_isa_name(uint32_t isa);

/** Flush-to-zero and denormals-are-zero of the calling thread (MXCSR, or FPCR.FZ). */
void vg_cpu_set_ftz(int on);
int vg_cpu_get_ftz(void);

#ifdef __cplusplus
}
#endif
#endif
