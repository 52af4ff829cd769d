/* SPDX-License-Identifier: Apache-2.0 */
/* tanh a on [0, 9.5] as polynomials of t = a - centre, looked up by the leading bits of a: 32 pieces of
 * degree 5, four per octave from 2^-4 up, or 8 of degree 9, one per octave from 2^-3 up; the first
 * one begins at 0. Row 0 holds the centres, near the middle of the piece where tanh is within 2^-7
 * ulp of a float (Gal's method), so that the constant terms in row 1 cost no accuracy; then the
 * coefficients of t, t^2, ... Fitted with Sollya: relative error below 6e-9, from 4 up below 3e-8. */
#ifndef VG_SIMD_TANH_TABLE_H
#define VG_SIMD_TANH_TABLE_H

#include "simd/vec.h"

#if VG_HAS_TABLE_32
enum { VG_TANH_ROWS = 7, VG_TANH_SHIFT = 21 };
#define VG_TANH_FIRST 0x1p-4f
static const _Alignas(64) float vg_tanh_table[7][32] = {
    {0x1.1ffe8p1f, 0x1.5ffe74p1f, 0x1.a0006ep1f, 0x1.e0010ap1f, 0x1.1ffee2p2f, 0x1.60019p2f,
     0x1.9ffe7p2f, 0x1.e0019p2f, 0x1.1ffe7p3f, 0x1.6p3f, 0x1.ap3f, 0x1.ep3f, 0, 0x1.5ffee6p-4f,
     0x1.a0003p-4f, 0x1.e000c2p-4f, 0x1.2000dep-3f, 0x1.5ffecep-3f, 0x1.9fff9ap-3f, 0x1.dfff3p-3f,
     0x1.1fffe4p-2f, 0x1.600068p-2f, 0x1.9ffe82p-2f, 0x1.e000eap-2f, 0x1.1ffeb2p-1f,
     0x1.600038p-1f, 0x1.a00154p-1f, 0x1.dfffbp-1f, 0x1.1ffeb6p0f, 0x1.5fffdap0f, 0x1.9fff1p0f,
     0x1.e00076p0f},
    {0x1.f4bf94p-1f, 0x1.fbd4fp-1f, 0x1.fe767cp-1f, 0x1.ff6f1ap-1f, 0x1.ffdfa6p-1f, 0x1.fffbap-1f,
     0x1.ffff68p-1f, 0x1.ffffecp-1f, 0x1.fffffep-1f, 1, 1, 1, 0, 0x1.5f21bap-4f, 0x1.9e9386p-4f,
     0x1.ddd152p-4f, 0x1.1e1eaap-3f, 0x1.5c91dep-3f, 0x1.9a5ebap-3f, 0x1.d76598p-3f,
     0x1.18a38p-2f, 0x1.52c322p-2f, 0x1.8a869cp-2f, 0x1.bfaf28p-2f, 0x1.050778p-1f,
     0x1.315804p-1f, 0x1.5789bap-1f, 0x1.77d814p-1f, 0x1.9e5bd2p-1f, 0x1.c27894p-1f,
     0x1.d9c6b6p-1f, 0x1.e878b4p-1f},
    {0x1.6418b2p-5f, 0x1.09ae08p-6f, 0x1.88ecdp-8f, 0x1.21a304p-9f, 0x1.02c9bap-11f,
     0x1.18251cp-14f, 0x1.2f6d68p-17f, 0x1.484f1cp-20f, 0x1.061d6ap-24f, 0, 0, 0, 0x1p0f,
     0x1.fc3cc4p-1f, 0x1.fac13ep-1f, 0x1.f90854p-1f, 0x1.f601bcp-1f, 0x1.f12b18p-1f,
     0x1.eb7164p-1f, 0x1.e4dfc8p-1f, 0x1.d98b3ep-1f, 0x1.c7f704p-1f, 0x1.b3ffacp-1f,
     0x1.9e235cp-1f, 0x1.7aebe2p-1f, 0x1.49e694p-1f, 0x1.197ed2p-1f, 0x1.d8354p-2f,
     0x1.6152e4p-2f, 0x1.cea7bep-3f, 0x1.266032p-3f, 0x1.6fce64p-4f},
    {-0x1.5c42d6p-5f, -0x1.07807ep-6f, -0x1.87b7d6p-8f, -0x1.214b48p-9f, -0x1.0266a2p-11f,
     -0x1.1a1e52p-14f, -0x1.25f07ap-17f, -0x1.ce4934p-20f, 0x1.74dbap-23f, 0, 0, 0,
     0x1.071744p-25f, -0x1.5c8ceep-4f, -0x1.9a55b2p-4f, -0x1.d74f34p-4f, -0x1.1888bep-3f,
     -0x1.527912p-3f, -0x1.89e4cep-3f, -0x1.be6ca8p-3f, -0x1.038f38p-2f, -0x1.2dafd6p-2f,
     -0x1.4ff66ap-2f, -0x1.6a1d94p-2f, -0x1.825d7ep-2f, -0x1.897d2ap-2f, -0x1.79c06cp-2f,
     -0x1.5aa25ep-2f, -0x1.1df1e4p-2f, -0x1.970f02p-3f, -0x1.106658p-3f, -0x1.5ee78p-4f},
    {0x1.bbd848p-6f, 0x1.599cp-7f, 0x1.03938ep-8f, 0x1.80df6ep-10f, 0x1.585798p-12f,
     0x1.753eecp-15f, 0x1.94737ap-18f, 0x1.b7813ep-21f, 0x1.56717ap-25f, 0, 0, 0, -0x1.55563ep-2f,
     -0x1.49773ap-2f, -0x1.49447ep-2f, -0x1.41db8p-2f, -0x1.3b2faep-2f, -0x1.2e442ep-2f,
     -0x1.20628cp-2f, -0x1.0fd62ep-2f, -0x1.e92252p-3f, -0x1.9834eep-3f, -0x1.426c1cp-3f,
     -0x1.d770c6p-4f, -0x1.bcf6bap-5f, 0x1.d78c7ap-7f, 0x1.0746e4p-4f, 0x1.842596p-4f,
     0x1.c68c64p-4f, 0x1.97d7ap-4f, 0x1.33e12cp-4f, 0x1.a859aep-5f},
    {-0x1.95df9p-7f, -0x1.515df2p-8f, -0x1.033e66p-9f, -0x1.839dfep-11f, -0x1.68a796p-13f,
     -0x1.62618ap-16f, -0x1.1d14fap-18f, 0x1.a66018p-20f, -0x1.14cdd2p-22f, 0, 0, 0,
     0x1.ea7d9ep-14f, 0x1.bd3e6p-5f, 0x1.63337cp-4f, 0x1.aa99c6p-5f, 0x1.61845cp-4f,
     0x1.b49812p-4f, 0x1.efbee2p-4f, 0x1.1b4d5p-3f, 0x1.31bf5p-3f, 0x1.4ffc16p-3f, 0x1.5c6396p-3f,
     0x1.58836ap-3f, 0x1.39e9d2p-3f, 0x1.e96fa2p-4f, 0x1.476ca6p-4f, 0x1.639ed8p-5f,
     0x1.e128aep-9f, -0x1.59e526p-6f, -0x1.9bb448p-6f, -0x1.55992p-6f},
    {0x1.048954p-8f, 0x1.f63c8ep-10f, 0x1.9460c6p-11f, 0x1.332db4p-12f, 0x1.1fb184p-14f,
     0x1.35e012p-17f, 0x1.4e480ep-20f, 0x1.5b0ca4p-23f, 0x1.4da5eap-27f, 0, 0, 0, 0x1.0e5d44p-3f,
     -0x1.801676p4f, 0x1.74a59ap4f, -0x1.b800f4p3f, 0x1.def5acp-2f, -0x1.188ef4p0f,
     0x1.95cfeep-1f, -0x1.17e018p-5f, 0x1.06fc2p-4f, -0x1.149eaep-6f, -0x1.a0232ep-8f,
     0x1.8aa0cp-5f, -0x1.7ef7cp-5f, -0x1.fdbc6ap-5f, -0x1.12cfa6p-4f, -0x1.9b5e1p-5f,
     -0x1.0622ep-5f, -0x1.36f1d4p-7f, 0x1.669b32p-10f, 0x1.2f341cp-8f},
};
#else
enum { VG_TANH_ROWS = 11, VG_TANH_SHIFT = 23 };
#define VG_TANH_FIRST 0x1p-3f
static const _Alignas(64) float vg_tanh_table[11][8] = {
    {0x1.7ffe82p1f, 0x1.80019p2f, 0x1.17fe7p3f, 0, 0, 0x1.80002ep-2f, 0x1.8000d6p-1f,
     0x1.800116p0f},
    {0x1.fd77c2p-1f, 0x1.fffe64p-1f, 0x1.fffffep-1f, 0, 0, 0x1.6ef566p-2f, 0x1.4532bep-1f,
     0x1.cf6ffcp-1f},
    {0x1.4351b2p-7f, 0x1.9c61d8p-16f, 0x1.b0847p-24f, 0, 0x1p0f, 0x1.be3faep-1f, 0x1.317312p-1f,
     0x1.72137ap-3f},
    {-0x1.41b9e4p-7f, -0x1.9b5b1ep-16f, 0x1.d031dap-22f, 0, 0x1.05878cp-34f, -0x1.3fd566p-2f,
     -0x1.8403ap-2f, -0x1.4ef982p-3f},
    {0x1.a8bb3cp-8f, 0x1.11f21p-16f, 0x1.0b28f6p-24f, 0, -0x1.555556p-2f, -0x1.6dd7c6p-3f,
     0x1.566652p-5f, 0x1.67b098p-4f},
    {-0x1.a00da8p-9f, -0x1.187b3p-17f, -0x1.401262p-18f, 0, 0x1.09cadcp-21f, 0x1.584a78p-3f,
     0x1.9895f8p-4f, -0x1.9915eep-6f},
    {0x1.3f3788p-10f, 0x1.c16d0ap-19f, 0x1.7bb7b2p-25f, 0, 0x1.110b2cp-3f, 0x1.bad5aap-6f,
     -0x1.02c3c2p-4f, -0x1.5d04d4p-9f},
    {-0x1.8bb93ep-12f, -0x1.00b59p-20f, 0x1.c3de1cp-17f, 0, 0x1.1d31bap-13f, -0x1.1b852p-4f,
     -0x1.1a6586p-10f, 0x1.d3e3dep-8f},
    {0x1.7c47fcp-14f, 0x1.24f998p-22f, -0x1.4bff94p-24f, 0, -0x1.c1ac82p-5f, -0x1.648a06p-1f,
     0x1.bef272p-9f, -0x1.03633cp-8f},
    {-0x1.fcb9f6p-18f, -0x1.f8bc02p-24f, -0x1.91ce1ap-17f, 0, 0x1.c1417p-9f, 0x1.9c12b2p-8f,
     -0x1.340ab8p-7f, 0x1.a3f382p-11f},
    {-0x1.f6ef3cp-19f, 0x1.be99dp-26f, 0x1.28942ap-24f, 0, 0x1.07d89p-6f, 0x1.405ed6p4f,
     0x1.035802p-3f, 0x1.03a1b2p-12f},
};
#endif

#endif
