/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool reserve(vg_text *text, size_t more)
{
    if (text->failed)
        return false;
    if (text->len + more + 1 <= text->cap)
        return true;
    size_t cap = text->cap ? text->cap : 4096;
    while (cap < text->len + more + 1)
        cap *= 2;
    char *p = realloc(text->p, cap);
    if (!p) {
        text->failed = true;
        return false;
    }
    text->p = p;
    text->cap = cap;
    return true;
}

static void add_bytes(vg_text *text, const char *s, size_t n)
{
    if (!reserve(text, n))
        return;
    memcpy(text->p + text->len, s, n);
    text->len += n;
    text->p[text->len] = '\0';
}

void vg_text_add(vg_text *text, const char *s)
{
    add_bytes(text, s, strlen(s));
}

static void add_format(vg_text *text, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0 || !reserve(text, (size_t)n)) {
        text->failed = true;
        return;
    }
    vsnprintf(text->p + text->len, (size_t)n + 1, format, args);
    text->len += (size_t)n;
}

void vg_text_printf(vg_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_format(text, format, args);
    va_end(args);
}

/* Length of a character that must not reach a reader's page: control characters, line and
 * paragraph separators, and the bidirectional overrides that can disguise a name. 0: harmless. */
static int unprintable(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    if (u[0] < 0x20 || u[0] == 0x7f)
        return 1;
    if (u[0] == 0xc2 && u[1] >= 0x80 && u[1] <= 0x9f)
        return 2;
    if (u[0] == 0xe2 && u[1] == 0x80 && u[2] >= 0xa8 && u[2] <= 0xae)
        return 3;
    if (u[0] == 0xe2 && u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9)
        return 3;
    return 0;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void vg_text_md(vg_text *text, const char *s)
{
    for (const char *c = s; *c;) {
        int skip = unprintable(c);
        if (skip) {
            add_bytes(text, " ", 1);
            c += skip;
            continue;
        }
        /* An underscore within a word is no emphasis; names stay legible in the source. */
        bool inside = *c == '_' && c > s && is_word(c[-1]) && is_word(c[1]);
        if (strchr("&<>|`*_[]~$\\@\"", *c) && !inside)
            vg_text_printf(text, "&#%d;", *c);
        else if (*c == '#' && c == s)
            vg_text_add(text, "&#35;");
        else
            add_bytes(text, c, 1);
        c++;
    }
}

void vg_text_code(vg_text *text, const char *s)
{
    bool plain = *s != '\0' && s[0] != ' ' && s[strlen(s) - 1] != ' ';
    for (const char *c = s; *c && plain; c++)
        plain = !strchr("`|\\", *c) && !unprintable(c);
    vg_text_add(text, plain ? "`" : "<code>");
    if (plain)
        vg_text_add(text, s);
    else
        vg_text_md(text, s);
    vg_text_add(text, plain ? "`" : "</code>");
}

void vg_text_link(vg_text *text, const char *s)
{
    for (; *s; s++) {
        if (is_word(*s) || strchr("-_./", *s))
            add_bytes(text, s, 1);
        else
            vg_text_printf(text, "%%%02X", (unsigned char)*s);
    }
}

void vg_text_html(vg_text *text, const char *s)
{
    for (const char *c = s; *c;) {
        int skip = unprintable(c);
        if (skip)
            add_bytes(text, " ", 1);
        else if (strchr("&<>\"'", *c))
            vg_text_printf(text, "&#%d;", *c);
        else
            add_bytes(text, c, 1);
        c += skip ? skip : 1;
    }
}

void vg_text_gnuplot(vg_text *text, const char *s)
{
    add_bytes(text, "'", 1);
    for (const char *c = s; *c;) {
        int skip = unprintable(c);
        if (skip)
            add_bytes(text, " ", 1);
        else if (*c == '\'')
            add_bytes(text, "''", 2);
        else if (*c == '`') /* command substitution elsewhere in the language */
            add_bytes(text, "''", 2);
        else
            add_bytes(text, c, 1);
        c += skip ? skip : 1;
    }
    add_bytes(text, "'", 1);
}

void vg_text_csv(vg_text *text, const char *s)
{
    if (!s[strcspn(s, "\",\r\n")]) {
        vg_text_add(text, s);
        return;
    }
    add_bytes(text, "\"", 1);
    for (; *s; s++)
        add_bytes(text, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
    add_bytes(text, "\"", 1);
}

const char *vg_num(char buf[VG_NUM], double x, int digits)
{
    if (!isfinite(x)) {
        snprintf(buf, VG_NUM, "n/a");
        return buf;
    }
    /* What two mathematical libraries differ by in the last place must not decide on a tie. */
    char exact[VG_NUM];
    snprintf(exact, sizeof exact, "%.12g", x);
    x = strtod(exact, NULL);
    double a = fabs(x);
    if (a != 0 && (a < 1e-4 || a >= 1e7)) {
        snprintf(buf, VG_NUM, "%.*e", digits - 1, x);
        return buf;
    }
    int whole = a > 0 ? (int)floor(log10(a)) + 1 : 1;
    int decimals = digits - whole;
    if (decimals < 0)
        decimals = 0;
    /* Rounding may carry into one more place: 9.996 with three digits is 10.0, not 10.00. */
    double scale = pow(10, decimals);
    if (a > 0 && decimals > 0 && round(a * scale) / scale >= pow(10, whole))
        decimals--;
    snprintf(buf, VG_NUM, "%.*f", decimals, x);
    return buf;
}

const char *vg_num_time(char buf[VG_NUM], double ns)
{
    static const struct {
        double above, unit;
        const char *name;
    } units[] = {{999.5e6, 1e9, "s"}, {999.5e3, 1e6, "ms"}, {999.5, 1e3, "us"}, {0, 1, "ns"}};
    char number[VG_NUM];
    if (!isfinite(ns) || ns < 0)
        return vg_num(buf, NAN, 3);
    for (int i = 0; i < 4; i++) {
        if (ns >= units[i].above) {
            snprintf(buf, VG_NUM, "%s %s", vg_num(number, ns / units[i].unit, 3), units[i].name);
            break;
        }
    }
    return buf;
}

const char *vg_num_percent(char buf[VG_NUM], double fraction)
{
    char number[VG_NUM];
    if (!isfinite(fraction))
        return vg_num(buf, NAN, 3);
    snprintf(buf, VG_NUM, "%s %%", vg_num(number, 100 * fraction, fabs(fraction) < 0.1 ? 2 : 3));
    return buf;
}

const char *vg_num_bytes(char buf[VG_NUM], double bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    char number[VG_NUM];
    if (!isfinite(bytes) || bytes < 0)
        return vg_num(buf, NAN, 3);
    int i = 0;
    for (; i < 4 && bytes >= 1024; i++)
        bytes /= 1024;
    bool whole = bytes == floor(bytes) && bytes < 1e4;
    snprintf(buf, VG_NUM, "%s %s", vg_num(number, bytes, whole ? 1 : 3), names[i]);
    return buf;
}

void vg_table_head(vg_text *text, const char *align, const char *const headers[])
{
    size_t columns = strlen(align);
    for (size_t i = 0; i < columns; i++)
        vg_text_printf(text, "| %s ", headers[i]);
    vg_text_add(text, "|\n");
    for (size_t i = 0; i < columns; i++)
        vg_text_add(text, align[i] == 'r' ? "|---:" : align[i] == 'c' ? "|:---:" : "|---");
    vg_text_add(text, "|\n");
}

void vg_row_begin(vg_text *text)
{
    vg_text_add(text, "|");
}

void vg_cell(vg_text *text)
{
    /* The bar that closes the cell before is also the one that opens this. */
    if (text->len && text->p[text->len - 1] == '|')
        vg_text_add(text, " ");
    else
        vg_text_add(text, " | ");
}

void vg_row_end(vg_text *text)
{
    vg_text_add(text, " |\n");
}

void vg_cell_printf(vg_text *text, const char *format, ...)
{
    va_list args;
    vg_cell(text);
    va_start(args, format);
    add_format(text, format, args);
    va_end(args);
}

void vg_cell_md(vg_text *text, const char *s)
{
    vg_cell(text);
    vg_text_md(text, s);
}

void vg_cell_code(vg_text *text, const char *s)
{
    vg_cell(text);
    vg_text_code(text, s);
}

void vg_details_begin(vg_text *text, const char *format, ...)
{
    va_list args;
    vg_text_add(text, "\n<details><summary>");
    va_start(args, format);
    add_format(text, format, args);
    va_end(args);
    vg_text_add(text, "</summary>\n\n");
}

void vg_details_end(vg_text *text)
{
    vg_text_add(text, "\n</details>\n");
}

vg_status vg_file_write(const char *path, const char *p, size_t len)
{
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return vg_fail(VG_EINVAL, "path is too long: %.100s...", path);
    int fd = mkstemp(temporary);
    if (fd < 0)
        return vg_fail(VG_EIO, "cannot write %s: %s", path, strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    int error = fchmod(fd, 0666 & ~mask) ? errno : 0;
    while (len && !error) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno != EINTR)
            error = errno;
        else if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    if (close(fd) && !error)
        error = errno;
    if (!error && rename(temporary, path))
        error = errno;
    if (error) {
        unlink(temporary);
        return vg_fail(VG_EIO, "cannot write %s: %s", path, strerror(error));
    }
    return VG_OK;
}
