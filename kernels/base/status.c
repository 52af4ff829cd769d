/* SPDX-License-Identifier: Apache-2.0 */
#include "vgbench/status.h"

#include <stdarg.h>
#include <stdio.h>

/* The one piece of per-thread state in the library: an error text must outlive the call that made
 * it without every signature carrying a buffer. */
static _Thread_local char message[512];

vg_status vg_fail(vg_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return status;
}

const char *vg_status_message(void)
{
    return message;
}

const char *vg_status_name(vg_status status)
{
    switch (status) {
    case VG_OK:
        return "ok";
    case VG_EINVAL:
        return "invalid argument";
    case VG_ENOMEM:
        return "out of memory";
    case VG_EUNSUPPORTED:
        return "not supported";
    case VG_EIO:
        return "input/output error";
    case VG_EFORMAT:
        return "malformed input";
    case VG_EEXTERNAL:
        return "external library error";
    }
    return "unknown status";
}
