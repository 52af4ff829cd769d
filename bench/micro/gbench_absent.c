/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for gbench.cc where Google Benchmark is not built in. */
#include <stddef.h>

#include "micro/gbench.h"

#if !VG_WITH_GBENCH
const char *vg_gbench_version(void)
{
    return NULL;
}

const char *vg_gbench_build_type(void)
{
    return "";
}
#else
typedef int vg_gbench_is_present; /* ISO C forbids an empty translation unit */
#endif
