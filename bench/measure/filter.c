/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/filter.h"

#include <string.h>

vg_status vg_filter_compile(vg_filter *filter, const char *pattern)
{
    *filter = (vg_filter){.all = true};
    if (!pattern || !*pattern || !strcmp(pattern, "all"))
        return VG_OK;
    filter->negate = pattern[0] == '-';
    pattern += filter->negate;
    int error = regcomp(&filter->regex, pattern, REG_EXTENDED | REG_NOSUB);
    if (error) {
        char reason[128];
        regerror(error, &filter->regex, reason, sizeof reason);
        return vg_fail(VG_EINVAL, "--filter=%s: %s", pattern, reason);
    }
    filter->all = false;
    return VG_OK;
}

static bool hit(const vg_filter *filter, const char *name)
{
    return !regexec(&filter->regex, name, 0, NULL, 0);
}

bool vg_filter_match(const vg_filter *filter, const char *name)
{
    return filter->all || hit(filter, name) != filter->negate;
}

bool vg_filter_match_either(const vg_filter *filter, const char *name, const char *longer)
{
    return filter->all || (hit(filter, name) || hit(filter, longer)) != filter->negate;
}

void vg_filter_release(vg_filter *filter)
{
    if (!filter->all)
        regfree(&filter->regex);
    filter->all = true;
}
