/* SPDX-License-Identifier: Apache-2.0 */
/** @file doctor.h
 * What `vgbench info` measures beside the machine record, and how far timings here can be trusted.
 */
#ifndef VG_MEASURE_DOCTOR_H
#define VG_MEASURE_DOCTOR_H

#include <jansson.h>

/** {microcode, smt, steal, throttled, load, valgrind, timer{resolution_ns, overhead_ns,
 * share_of_10us}, ghz, cpuid_caches[{level, type, size}], latency[{bytes, ns}], grade "A" to "D",
 * reasons[{grade, text}]}. Takes about a second. @p machine: of vg_machine_json(). */
json_t *vg_doctor_json(const json_t *machine);

#endif
