/* SPDX-License-Identifier: Apache-2.0 */
/** @file status.h
 * The result of every vgbench call that can fail.
 *
 * A function that fails returns a status other than VG_OK and leaves one line of text for the
 * calling thread: what was wrong, which value, what is allowed. Nothing is printed by the library.
 */
#ifndef VGBENCH_STATUS_H
#define VGBENCH_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vg_status {
    VG_OK = 0,
    VG_EINVAL,       /**< an argument is outside its domain; nothing was written */
    VG_ENOMEM,       /**< memory could not be had; nothing was written */
    VG_EUNSUPPORTED, /**< not built in, or not on this CPU */
    VG_EIO,          /**< a file could not be read or written */
    VG_EFORMAT,      /**< a file or text is malformed */
    VG_EEXTERNAL     /**< a library (oneDNN, hwloc, ...) reported an error */
} vg_status;

#if defined(__GNUC__)
#define VG_PRINTF(fmt_index, first) __attribute__((format(printf, fmt_index, first)))
#else
#define VG_PRINTF(fmt_index, first)
#endif

/** Records the message of the calling thread and returns @p status, so that a failing function can
 * end in `return vg_fail(VG_EINVAL, "groups=%d must divide width=%d", g, w);`. Longer messages are
 * cut at 511 bytes. */
vg_status vg_fail(vg_status status, const char *format, ...) VG_PRINTF(2, 3);

/** The message of the last failure on the calling thread; "" if there was none. Valid until the
 * next vg_fail() on the same thread. */
const char *vg_status_message(void);

/** A short fixed name: "ok", "invalid argument", ... */
const char *vg_status_name(vg_status status);

/** Forwards a failure to the caller. Use where nothing has to be released. */
#define VG_TRY(expr)                                                                               \
    do {                                                                                           \
        vg_status vg_try_status_ = (expr);                                                         \
        if (vg_try_status_ != VG_OK)                                                               \
            return vg_try_status_;                                                                 \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
