/* SPDX-License-Identifier: Apache-2.0 */
/** @file fence.h
 * Order of non-temporal stores.
 */
#ifndef VG_BASE_FENCE_H
#define VG_BASE_FENCE_H

/** Makes this thread's non-temporal stores visible before whatever tells others of them: on x86 they are not
 * ordered by an ordinary store, as its other stores are. */
static inline void vg_store_fence(void)
{
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#endif
}

#endif
