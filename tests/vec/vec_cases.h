/* SPDX-License-Identifier: Apache-2.0 */
/** @file vec_cases.h
 * What tests/vec/vec_body.c, compiled once per ISA, offers to test_vec.c: every operation of the
 * vector layer as a function on arrays of `lanes` floats.
 */
#ifndef VG_TEST_VEC_CASES_H
#define VG_TEST_VEC_CASES_H

#include <stdint.h>

/** One vector: out[i] from a[i], b[i], c[i]. Masks come as 1 and 0, integers as their bits. */
typedef struct vec_case {
    const char *name;
    void (*run)(const float *a, const float *b, const float *c, float *out);
} vec_case;

typedef struct vec_isa {
    const char *name;
    int lanes;
    const vec_case *cases; /* the last one has no name */
    void (*load_n)(const float *p, int n, float *out);
    void (*store_n)(float *p, int n, const float *in);
    void (*stream)(float *aligned, const float *in);
    void (*first)(int n, float *out);
    int (*count)(const float *a); /* of a[i] > 0 */
    float (*reduce_add)(const float *a);
    float (*reduce_max)(const float *a);
    double (*reduce_add_double)(const float *a);
    void (*one_over)(const float *a, float *out); /* vf_recip(a) */
    int entries; /* of a table */
    /* table of `entries` aligned floats: out[i] = table[index[i] mod entries] */
    void (*lookup)(const float *table, const int32_t *index, float *out);
} vec_isa;

extern const vec_isa vec_isa_scalar, vec_isa_avx2, vec_isa_avx512, vec_isa_neon;

#endif
