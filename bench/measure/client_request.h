/* SPDX-License-Identifier: Apache-2.0 */
/** @file client_request.h
 * Requests of a program to the valgrind it may run under: the instruction sequence and the numbers
 * of valgrind.h and callgrind.h, which are a stable interface. Written out here, so that valgrind
 * is needed where kernels are simulated, not where the program is built. Without valgrind a request
 * costs a few instructions and gives 0.
 */
#ifndef VG_MEASURE_CLIENT_REQUEST_H
#define VG_MEASURE_CLIENT_REQUEST_H

#include <stdint.h>

enum { VG_REQUEST_RUNNING = 0x1001, VG_REQUEST_CALLGRIND = ('C' << 24) + ('T' << 16) };

/** Requests of callgrind, in the order of its header. */
typedef enum vg_callgrind_request {
    VG_CALLGRIND_DUMP = VG_REQUEST_CALLGRIND,
    VG_CALLGRIND_ZERO,
    VG_CALLGRIND_TOGGLE,  /**< collecting on or off, for the calling thread */
    VG_CALLGRIND_DUMP_AT, /**< writes what was collected as a part of that name, and zeroes it */
    VG_CALLGRIND_START,   /**< instruments from here on; the simulated caches are empty then */
    VG_CALLGRIND_STOP
} vg_callgrind_request;

static inline uintptr_t vg_client_request(uintptr_t request, const void *argument)
{
    volatile uintptr_t words[6] = {request, (uintptr_t)argument, 0, 0, 0, 0};
    uintptr_t answer = 0;
#if defined(__x86_64__) && defined(__linux__)
    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi\n\t"
                     "rolq $61, %%rdi; rolq $51, %%rdi\n\t"
                     "xchgq %%rbx, %%rbx"
                     : "=d"(answer)
                     : "a"(&words[0]), "0"(answer)
                     : "cc", "memory");
#elif defined(__aarch64__) && defined(__linux__)
    __asm__ volatile("mov x3, %1; mov x4, %2\n\t"
                     "ror x12, x12, #3; ror x12, x12, #13\n\t"
                     "ror x12, x12, #51; ror x12, x12, #61\n\t"
                     "orr x10, x10, x10; mov %0, x3"
                     : "=r"(answer)
                     : "r"(answer), "r"(&words[0])
                     : "cc", "memory", "x3", "x4");
#else
    (void)words;
#endif
    return answer;
}

#endif
