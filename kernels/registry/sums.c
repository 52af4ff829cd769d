/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/sums.h"

#define DECLARE(isa) extern const vg_sums vg_sums_##isa
#ifdef VG_HAVE_AVX512
DECLARE(avx512);
#endif
#ifdef VG_HAVE_AVX2
DECLARE(avx2);
#endif
#ifdef VG_HAVE_NEON
DECLARE(neon);
#endif
DECLARE(scalar);

const vg_sums *vg_sums_of(vg_backend backend)
{
    switch (backend) {
#ifdef VG_HAVE_AVX512
    case VG_BACKEND_avx512:
        return &vg_sums_avx512;
#endif
#ifdef VG_HAVE_AVX2
    case VG_BACKEND_avx2:
        return &vg_sums_avx2;
#endif
#ifdef VG_HAVE_NEON
    case VG_BACKEND_neon:
        return &vg_sums_neon;
#endif
    default:
        return &vg_sums_scalar;
    }
}
