/* SPDX-License-Identifier: Apache-2.0 */
/** @file load.h
 * What a load average makes of timings: the one rule of the doctor, before a run, and of the report,
 * after it.
 */
#ifndef VG_MEASURE_LOAD_H
#define VG_MEASURE_LOAD_H

/** Load per CPU of the machine, above which timings are of grade C: most CPUs have another program
 * to run. */
#define VG_LOAD_BUSY 0.75
/** And of grade D: a thread of ours has less than a third of its CPU. A run of ours that has just
 * ended leaves at most one per CPU, and must not condemn the next one. */
#define VG_LOAD_FULL 2.0

/** 'A', 'C' or 'D'; 'A' where the load is not known. */
static inline char vg_load_grade(double per_cpu)
{
    return per_cpu > VG_LOAD_FULL ? 'D' : per_cpu > VG_LOAD_BUSY ? 'C' : 'A';
}

#endif
