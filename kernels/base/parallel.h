/* SPDX-License-Identifier: Apache-2.0 */
/** @file parallel.h
 * The only place that knows OpenMP. Everything else sees "run this on T workers" and a barrier.
 * Built without OpenMP, one worker does everything.
 */
#ifndef VG_BASE_PARALLEL_H
#define VG_BASE_PARALLEL_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

/** Called once per worker: @p worker in 0 .. @p workers-1. */
typedef void vg_worker_fn(void *context, int worker, int workers);

/** Runs @p fn on up to @p threads workers and waits for all. The runtime may grant fewer (inside
 * another region: one), so @p fn must go by the `workers` it is given. */
static inline void vg_parallel(int threads, vg_worker_fn *fn, void *context)
{
#if defined(_OPENMP)
    if (threads > 1) {
#pragma omp parallel num_threads(threads)
        fn(context, omp_get_thread_num(), omp_get_num_threads());
        return;
    }
#endif
    (void)threads;
    fn(context, 0, 1);
}

/** Number of threads a library that brings its own team will use on this thread from now on. */
static inline void vg_parallel_set_library_threads(int threads)
{
#if defined(_OPENMP)
    omp_set_num_threads(threads);
#else
    (void)threads;
#endif
}

/** Ends the workers that wait for the next region, where the runtime can: spinning they would take
 * from what one thread does next. */
static inline void vg_parallel_rest(void)
{
#if defined(_OPENMP) && (_OPENMP >= 201811 || __GNUC__ >= 9)
    omp_pause_resource_all(omp_pause_soft);
#endif
}

/** CPUs this process may run on. */
static inline int vg_parallel_allowed_cpus(void)
{
#if defined(_OPENMP)
    return omp_get_num_procs();
#else
    return 1;
#endif
}

/** CPUs of the @p place-th place to which the runtime binds its threads, into @p cpus; 0: it has no
 * such place, or more than @p size CPUs in it. */
static inline int vg_parallel_place(int place, int *cpus, int size)
{
    int count = 0;
#if defined(_OPENMP) && _OPENMP >= 201511
    if (omp_get_proc_bind() != omp_proc_bind_false && place < omp_get_num_places())
        count = omp_get_place_num_procs(place);
    if (count > 0 && count <= size)
        omp_get_place_proc_ids(place, cpus);
#endif
    (void)place, (void)cpus;
    return count > 0 && count <= size ? count : 0;
}

/** Sense-reversing spin barrier: a tenth of libgomp's when every worker has a CPU of its own, and a
 * disaster when not, so `spin` says which to use. On lines of its own: arrival and release. */
typedef struct vg_barrier {
    _Alignas(64) atomic_int arrived;
    _Alignas(64) atomic_uint sense;
    _Alignas(64) bool spin;
} vg_barrier;

static inline void vg_cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline void vg_barrier_wait(vg_barrier *barrier, int workers)
{
    if (workers == 1)
        return;
#if defined(_OPENMP)
    if (!barrier->spin) {
#pragma omp barrier
        return;
    }
#endif
    /* A worker that sleeps (its CPU was taken away) must not hold the others in a hot loop. */
    enum { SPINS_BEFORE_YIELD = 1 << 14 };
    unsigned sense = atomic_load_explicit(&barrier->sense, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) == workers - 1) {
        atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&barrier->sense, sense + 1, memory_order_release);
        return;
    }
    for (unsigned spins = 0;
         atomic_load_explicit(&barrier->sense, memory_order_acquire) == sense; spins++) {
        if (spins < SPINS_BEFORE_YIELD)
            vg_cpu_relax();
        else
            sched_yield();
    }
}

#endif
