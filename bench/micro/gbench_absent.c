/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for gbench.cc where Google Benchmark is not built in. */
#include <stddef.h>

#include "micro/gbench.h"

#if !VG_WITH_GBENCH
static vg_status absent(void)
{
    return vg_fail(VG_EUNSUPPORTED, "built without Google Benchmark (Debian package "
                                    "libbenchmark-dev): no --benchmark_ flags");
}

const char *vg_gbench_version(void)
{
    return NULL;
}

const char *vg_gbench_build_type(void)
{
    return "";
}

vg_status vg_gbench_initialize(int argc, char **argv)
{
    (void)argv;
    return argc > 1 ? absent() : VG_OK;
}

void vg_gbench_context(const char *key, const char *value)
{
    (void)key;
    (void)value;
}

vg_status vg_gbench_register(const vg_gbench_row *rows, int count)
{
    (void)rows;
    (void)count;
    return absent();
}

vg_status vg_gbench_register_native(const vg_gbench_row *rows, int count)
{
    (void)rows;
    (void)count;
    return absent();
}

vg_status vg_gbench_round(vg_gbench_sample_fn *sample, void *user)
{
    (void)sample;
    (void)user;
    return absent();
}

vg_status vg_gbench_run(vg_gbench_sample_fn *sample, void *user)
{
    (void)sample;
    (void)user;
    return absent();
}

vg_status vg_gbench_open(const vg_gbench_output *output)
{
    (void)output;
    return absent();
}

vg_status vg_gbench_close(void)
{
    return VG_OK;
}
#else
typedef int vg_gbench_is_present; /* ISO C forbids an empty translation unit */
#endif
