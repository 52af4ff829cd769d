/* SPDX-License-Identifier: Apache-2.0 */
/** @file cheap_fma.h
 * Valgrind has no fused multiply-add: it calls a C function for every lane, which takes
 * five to ten times as long as simulating the memory accesses of a matrix product. What is counted does
 * not depend on the sums (but for the lines of libm's tables that a loss reads by value, some tens in
 * a training step), so a program that runs under valgrind to be counted may add instead.
 */
#ifndef VG_MEASURE_CHEAP_FMA_H
#define VG_MEASURE_CHEAP_FMA_H

/** Turns every VFMADD231PS of registers in the code of the program (not of oneDNN, whose code is made
 * at run time) into VADDPS of the same operands, destination and length. Instructions, addresses and
 * so all counts stay; values are wrong from here on. Returns how many were turned: 0 where the code
 * may not be written, and on other architectures. */
long vg_cheapen_fma(void);

#endif
