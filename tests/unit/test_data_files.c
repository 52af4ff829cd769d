/* SPDX-License-Identifier: Apache-2.0 */
/* Data sets from files: what is read, and that whatever is wrong with a file is one clear line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/data.h"
#include "harness/data/checkpoint.h"
#include "harness/data/dataset.h"
#include "harness/data/npy.h"
#include "harness/data/number.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/vg_test_data_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int delete_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

static int delete_folder(void **state)
{
    (void)state;
    return nftw(folder, delete_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, const void *bytes, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void put_text(const char *name, const char *text) { put(name, text, strlen(text)); }

/* data=KIND:FOLDER/NAME with more words "key=value". */
static vg_status open_as(const char *kind, const char *name, const char *words, vg_dataset **d)
{
    char value[200], copy[200], *rest = NULL;
    vg_spec spec;
    vg_spec_init(&spec);
    snprintf(value, sizeof value, "%s:%s%s%s", kind, folder, *name ? "/" : "", name);
    assert_int_equal(vg_spec_set(&spec, "data", value), VG_OK);
    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(w, '=');
        *equals = '\0';
        assert_int_equal(vg_spec_set(&spec, w, equals + 1), VG_OK);
    }
    assert_int_equal(vg_spec_resolve(&spec, VG_FOR_TRAIN), VG_OK);
    vg_dataset_options options = {.standardise = VG_STANDARDISE_none};
    vg_status status = vg_dataset_open(&spec, &options, d);
    if (status == VG_OK) {
        assert_int_equal(spec.in_dim, (*d)->in_dim);
        assert_int_equal(spec.classes, (*d)->classes);
    }
    return status;
}

static vg_dataset *opens(const char *kind, const char *name, const char *words)
{
    vg_dataset *d;
    if (open_as(kind, name, words, &d) != VG_OK)
        fail_msg("%s:%s %s: %s", kind, name, words, vg_status_message());
    return d;
}

static void refuses(const char *kind, const char *name, const char *words, const char *part)
{
    vg_dataset *d = NULL;
    if (open_as(kind, name, words, &d) == VG_OK)
        fail_msg("%s:%s %s: accepted; '%s' was expected", kind, name, words, part);
    assert_null(d);
    if (!strstr(vg_status_message(), part))
        fail_msg("%s:%s: '%s' does not name '%s'", kind, name, vg_status_message(), part);
    if (strchr(vg_status_message(), '\n'))
        fail_msg("more than one line: %s", vg_status_message());
}

/* --- IDX ----------------------------------------------------------------------------------------- */

static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 3,
                                 0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15,
                                 20, 21, 22, 23, 24, 25, 250, 251, 252, 253, 254, 255},
                     labels[] = {0, 0, 8, 1, 0, 0, 0, 4, 1, 0, 2, 1};

/* A gzip file of one stored block: what `gzip` makes of noise. */
static size_t gzip_stored(const uint8_t *data, size_t size, uint8_t *out)
{
    static const uint8_t head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1};
    uint32_t crc = vg_crc32(0, data, size), length = (uint32_t)size;
    uint8_t *p = out;
    memcpy(p, head, sizeof head);
    p += sizeof head;
    *p++ = (uint8_t)size;
    *p++ = (uint8_t)(size >> 8);
    *p++ = (uint8_t)~size;
    *p++ = (uint8_t)(~size >> 8);
    memcpy(p, data, size);
    memcpy(p + size, &crc, 4);
    memcpy(p + size + 4, &length, 4);
    return (size_t)(p + size + 8 - out);
}

static void put_mnist(const char *part)
{
    char name[64];
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", part);
    put(name, images, sizeof images);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", part);
    put(name, labels, sizeof labels);
}

static void idx_is_read(void **state)
{
    (void)state;
    put_mnist("t10k");
    vg_dataset *d = opens("idx", "", "");
    assert_int_equal(d->count, 4);
    assert_int_equal(d->in_dim, 6);
    assert_int_equal(d->classes, 3);
    for (int i = 0; i < 24; i++)
        assert_true(fabsf(d->x[i] - (float)images[16 + i] / 255) < 1e-6f);
    for (int i = 0; i < 4; i++)
        assert_int_equal(d->labels[i], labels[8 + i]);
    vg_dataset_close(d);
    d = opens("idx", "t10k-images-idx3-ubyte", "model=lstm"); /* rows of an image in time */
    assert_true(d->steps == 2 && d->in_dim == 3);
    vg_dataset_close(d);
    d = opens("idx", "t10k-images-idx3-ubyte", "model=rnn in_dim=1");
    assert_true(d->steps == 6 && d->in_dim == 1);
    vg_dataset_close(d);
    d = opens("idx", "", "loss=mse");
    assert_true(d->classes == 1 && d->target[2] == 2 && !d->labels);
    vg_dataset_close(d);
    put_mnist("train"); /* with both parts there is nothing to split */
    d = opens("idx", "", "");
    assert_true(d->count == 8 && d->train_count == 4 && d->validation[0] == 4);
    vg_dataset_close(d);
    refuses("idx", "", "in_dim=7", "in_dim=7");
    refuses("idx", "", "classes=2", "label 2: allowed are whole numbers from 0 to 1");
    refuses("idx", "", "model=lstm seq_len=4", "6 features");
    refuses("idx", "nowhere", "", "nowhere");
}

static void one_batch_of_a_file(void **state)
{
    (void)state;
    put_mnist("t10k");
    vg_spec spec;
    vg_data d;
    char value[128];
    snprintf(value, sizeof value, "idx:%s", folder);
    vg_spec_init(&spec);
    vg_spec_set(&spec, "data", value);
    vg_spec_set(&spec, "in_dim", "6");
    vg_spec_set(&spec, "classes", "3");
    assert_int_equal(vg_spec_resolve(&spec, VG_FOR_DECAY), VG_OK);
    assert_int_equal(vg_data_make(&spec, 3, &d), VG_OK);
    for (int i = 0; i < 3; i++)
        assert_true(d.target[3 * i + d.labels[i]] == 1);
    vg_data_release(&d);
    assert_int_not_equal(vg_data_make(&spec, 100, &d), VG_OK);
    assert_non_null(strstr(vg_status_message(), "batch=100"));
}

static void gzip_is_read_and_checked(void **state)
{
    (void)state;
    uint8_t packed[sizeof images + 32];
    size_t size = gzip_stored(images, sizeof images, packed);
    put("train-images-idx3-ubyte.gz", packed, size);
    put("train-labels-idx1-ubyte", labels, sizeof labels);
#if VG_WITH_ZLIB
    vg_dataset_close(opens("idx", "", ""));
    vg_dataset_close(opens("idx", "train-images-idx3-ubyte.gz", ""));
    for (size_t cut = 1; cut < size; cut++) { /* no part of it is enough */
        put("train-images-idx3-ubyte.gz", packed, cut);
        refuses("idx", "", "", "train-images-idx3-ubyte.gz");
    }
    for (size_t at = 11; at < size; at++) { /* every wrong byte after gzip's headers is seen */
        packed[at] ^= 0x10;
        put("train-images-idx3-ubyte.gz", packed, size);
        refuses("idx", "", "", "train-images-idx3-ubyte.gz");
        packed[at] ^= 0x10;
    }
    uint8_t more[sizeof images + 1] = {0};
    memcpy(more, images, sizeof images);
    uint8_t longer[sizeof more + 32];
    put("train-images-idx3-ubyte.gz", longer, gzip_stored(more, sizeof more, longer));
    refuses("idx", "", "", "more than the 40 bytes");
    more[4] = 0x7f; /* 2 billion images of 6 pixels in 70 bytes */
    put("train-images-idx3-ubyte.gz", longer, gzip_stored(more, sizeof more, longer));
    refuses("idx", "", "", "cannot come out of");
#else
    refuses("idx", "", "", "zlib1g-dev");
#endif
}

static void broken_idx_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at, size;
        uint8_t value;
        const char *part;
    } cases[] = {{0, 40, 1, "offset 0"},          {2, 40, 7, "not an IDX file"},
                 {3, 40, 0, "0 dimensions"},      {3, 40, 9, "9 dimensions"},
                 {3, 40, 1, "too long"},          {4, 40, 0x7f, "truncated"},
                 {7, 40, 3, "too long"},          {0, 39, 0, "truncated"},
                 {0, 15, 0, "truncated in its header"}, {0, 0, 0, "not an IDX file"},
                 {2, 40, 0x0e, "truncated"},      {8, 40, 0xff, "truncated"}};
    put("train-labels-idx1-ubyte", labels, sizeof labels);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t copy[sizeof images];
        memcpy(copy, images, sizeof copy);
        copy[cases[i].at] = cases[i].value;
        put("train-images-idx3-ubyte", copy, cases[i].size);
        refuses("idx", "", "", cases[i].part);
    }
    put_mnist("train");
    static const uint8_t three[] = {0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 2},
                         negative[] = {0, 0, 9, 1, 0, 0, 0, 4, 1, 0, 0xff, 2},
                         huge[] = {0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255,
                                   255, 255, 255, 255};
    put("train-labels-idx1-ubyte", three, sizeof three);
    refuses("idx", "", "", "4 images");
    put("train-labels-idx1-ubyte", negative, sizeof negative);
    refuses("idx", "", "", "sample 2: label -1");
    put("train-images-idx3-ubyte", huge, sizeof huge);
    refuses("idx", "", "", "too large");
    uint8_t infinite[] = {0, 0, 13, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0x7f, 0x80, 0, 0};
    put("train-images-idx3-ubyte", infinite, sizeof infinite);
    put("train-labels-idx1-ubyte", (uint8_t[]){0, 0, 8, 1, 0, 0, 0, 1, 0}, 9);
    refuses("idx", "", "", "offset 12: inf");
    char path[128];
    snprintf(path, sizeof path, "%s/train-labels-idx1-ubyte", folder);
    unlink(path);
    refuses("idx", "", "", "labels");
}

/* --- CSV ----------------------------------------------------------------------------------------- */

static void check_table(const char *words, const char *name)
{
    vg_dataset *d = opens("csv", name, words);
    static const float x[] = {1.5f, -2, 3e5f, 4, 0, 6};
    static const int32_t y[] = {0, 2, 1};
    assert_true(d->count == 3 && d->in_dim == 2 && d->classes == 3);
    for (int i = 0; i < 6; i++)
        assert_true(d->x[i] == x[i]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(d->labels[i], y[i]);
    vg_dataset_close(d);
}

static void csv_is_read(void **state)
{
    (void)state;
    put_text("plain.csv", "1.5,-2,0\n3e5,4,2\n.0,6,1\n");
    put_text("last.csv", "1.5,-2,0\r\n3e5,4,2\r\n0.,6,1");
    put_text("header.csv", "a,b,c\n1.5,-2,0\n3e5,4,2\n0,6,1\n\n");
    put_text("named.csv", "\xef\xbb\xbf" "a,label,b\n1.5,0,-2\n3e5,2,4\n0,1,6\n");
    put_text("first.csv", "0,1.5,-2\n2,3e5,4\n1,0,6\n");
    put_text("words.csv", "1.5;-2;\"ape\"\n\n3e5; +4 ;cow\n0;6;\"bee\"\n");
    put_text("quoted.csv", "\"one, \"\"two\"\"\",b,\"c\nd\"\n\"1.5\",-2,0\n3e5,4,2\n0,6,1\n");
    put_text("tabs.csv", "y\ta\tb\n0\t1.5\t-2\n2\t3e5\t4\n1\t0\t6\n");
    put_text("odd#name.csv", "1.5,-2,0\n3e5,4,2\n0,6,1\n");
    check_table("", "plain.csv");
    check_table("", "last.csv");
    check_table("", "header.csv");
    check_table("", "header.csv#c");
    check_table("", "header.csv#3");
    check_table("", "named.csv");
    check_table("", "first.csv#1");
    check_table("", "words.csv");
    check_table("", "quoted.csv");
    check_table("", "quoted.csv#c\nd");
    check_table("", "tabs.csv");
    check_table("", "odd#name.csv");
    vg_dataset *d = opens("csv", "plain.csv#1", "loss=mse");
    assert_true(d->classes == 1 && d->target[1] == 3e5f && d->x[2] == 4 && d->x[3] == 2);
    vg_dataset_close(d);
}

static void broken_csv_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *words, *part;
    } cases[] = {
        {"", "a.csv", "", "empty"},
        {"\n\n", "a.csv", "", "empty"},
        {"1\n2\n", "a.csv", "", ":1: one column"},
        {"a,b\n", "a.csv", "", "no rows"},
        {"1,2,0\n1,2\n", "a.csv", "", ":2: 2 fields, the first row has 3"},
        {"1,2,0\n\n1,2,0,5\n", "a.csv", "", ":3: more than 3 fields"},
        {"1,2,0\n1,x,0\n", "a.csv", "", ":2: column 2 is 'x'"},
        {"1,2,0\n1,,0\n", "a.csv", "", ":2: column 2 is ''"},
        {"1,2,0\n1,nan,0\n", "a.csv", "", "'nan'"},
        {"1,2,0\n1,inf,0\n", "a.csv", "", "'inf'"},
        {"1,2,0\n1,0x10,0\n", "a.csv", "", "'0x10'"},
        {"1,2,0\n1,1e39,0\n", "a.csv", "", "too large"},
        {"1,2,0\n1,2,-1\n", "a.csv", "", ":2: label -1"},
        {"1,2,0\n1,2,1.5\n", "a.csv", "", "label 1.5"},
        {"1,2,0\n1,2,70000\n", "a.csv", "", "0 to 65535"},
        {"1,2,0\n1,2,7\n", "a.csv", "classes=7", "0 to 6"},
        {"1,2,0\n1,2,x\n", "a.csv", "", ":2: label 'x'"},
        {"1,2,0\n1,2,\n", "a.csv", "", "a label is needed"},
        {"1,2,a\n1,2,b\n", "a.csv", "loss=mse", "'a'"},
        {"1,2,a\n1,2,b\n1,2,c", "a.csv", "classes=2", "more than 2 different"},
        {"1,2,0\n1,\"2,0\n", "a.csv", "", ":2: a quoted field without"},
        {"1,2,0\n1,\"2\"3,0\n", "a.csv", "", ":2: text after the closing quote"},
        {"a,b,c\n1,2,0\n", "a.csv#d", "", "no column 'd'"},
        {"a,b,c\n1,2,0\n", "a.csv#4", "", "1 to 3"},
        {"a,b,c\n1,2,0\n", "a.csv#0", "", "1 to 3"},
        {"a,b,c\n1,2,0\n", "a.csv", "in_dim=3", "in_dim=3"},
        {"a,b,c\n1,2,0\n", "missing.csv", "", "missing.csv"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_text("a.csv", cases[i].text);
        refuses("csv", cases[i].name, cases[i].words, cases[i].part);
    }
    put("a.csv", "1,2,0\n1,\0,0\n", 12);
    refuses("csv", "a.csv", "", ":2: column 2");
    refuses("csv", "", "", "not a regular file");
}

static void numbers_are_those_of_the_c_library(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0", "-0", "1", "-1.5", "+2.25e3", ".5", "5.", "1e22", "1e23", "123456789012345678901234",
        "0.1", "9007199254740993", "1.7976931348623157e308", "4.9e-324", "1e-400", "0e999999999",
        "0.000000000000000000000000000001", "3.4028234663852886e38", " 7 ", "00012", "1E+5",
        "2.2250738585072011e-308", "1000000000000000000000e-21"};
    static const char *const bad[] = {"", " ", ".", "-", "e5", "1e", "1e+", "1.2.3", "0x1", "nan",
                                      "inf", "1 2", "1,5", "--1", "1f", "\t1"};
    double value;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(vg_read_number(good[i], strlen(good[i]), &value));
        double want = strtod(good[i], NULL);
        if (memcmp(&value, &want, sizeof value))
            fail_msg("%s: %.17g, strtod says %.17g", good[i], value, want);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (vg_read_number(bad[i], strlen(bad[i]), &value))
            fail_msg("'%s' was read as %g", bad[i], value);
    uint64_t bits = 1;
    for (int i = 0; i < 20000; i++) { /* %.Ne of random doubles */
        char text[64];
        double any;
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&any, &bits, sizeof any);
        if (!isfinite(any))
            continue;
        snprintf(text, sizeof text, i % 2 ? "%.*e" : "%.*g", i % 20, any);
        assert_true(vg_read_number(text, strlen(text), &value));
        double want = strtod(text, NULL);
        assert_memory_equal(&value, &want, sizeof value);
    }
}

/* --- NPY ----------------------------------------------------------------------------------------- */

static void put_npy(const char *name, const char *header, const void *data, size_t size)
{
    uint8_t bytes[512] = "\x93NUMPY\x01";
    size_t length = strlen(header);
    bytes[8] = (uint8_t)length;
    memcpy(bytes + 10, header, length);
    memcpy(bytes + 10 + length, data, size);
    put(name, bytes, 10 + length + size);
}

static void npy_is_read_and_written(void **state)
{
    (void)state;
    char path[128];
    static const float x[] = {1, 2, 3, 4, 5, 6};
    static const int64_t y[] = {1, 0, 2};
    snprintf(path, sizeof path, "%s/x.npy", folder);
    assert_int_equal(vg_npy_write(path, "<f4", x, 3, 2), VG_OK);
    vg_npy a;
    assert_int_equal(vg_npy_read(path, &a), VG_OK);
    assert_true(a.dims == 2 && a.shape[0] == 3 && a.shape[1] == 2 && a.kind == 'f' && a.item == 4);
    assert_memory_equal(a.data, x, sizeof x);
    vg_npy_release(&a);
    snprintf(path, sizeof path, "%s/y.npy", folder);
    assert_int_equal(vg_npy_write(path, "<i8", y, 0, 3), VG_OK);
    vg_dataset *d = opens("npy", "", "");
    assert_true(d->count == 3 && d->in_dim == 2 && d->classes == 3 && d->labels[2] == 2);
    vg_dataset_close(d);
    static const uint8_t big[] = {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0, 0x40, 0x40, 0, 0};
    put_npy("y.npy", "{'descr': '>f4', 'fortran_order': False, 'shape': (3, 1), }\n", big, 12);
    d = opens("npy", "", "loss=mse");
    assert_true(d->classes == 1 && d->target[0] == 1 && d->target[1] == -2 && d->target[2] == 3);
    vg_dataset_close(d);
    put_npy("y.npy", "{\"shape\":(3,),'fortran_order':False,'descr':'|b1'}", "\1\0\1", 3);
    d = opens("npy", "", "");
    assert_true(d->classes == 2 && d->labels[0] == 1 && d->labels[1] == 0);
    vg_dataset_close(d);
}

static void broken_npy_is_refused(void **state)
{
    (void)state;
    static const float x[] = {1, 2, 3, 4};
    static const struct {
        const char *header, *part;
        size_t size;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n", "truncated", 15},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n", "too long", 16},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }\n", "Fortran", 16},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (2, 2), }\n", "'<c8'", 16},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }\n", "'|O'", 16},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 2), }\n", "whole number", 16},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n",
         "too large", 16},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1), }\n",
         "too large", 16},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), 'x': 1}\n", "once each", 16},
        {"{'descr': '<f4', 'shape': (2, 2)}\n", "are needed", 16},
        {"{'descr': '<f4', 'descr': '<f4', 'shape': (2, 2)}\n", "once each", 16},
        {"{'descr': '<f4", "without an end", 16},
        {"", "dictionary", 16},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,4)}", "8 dim", 16},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", "samples x features", 16},
    };
    put_npy("y.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n", "\0\1", 2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_npy("x.npy", cases[i].header, x, cases[i].size);
        refuses("npy", "", "", cases[i].part);
    }
    put("x.npy", "\x93NUMPY\x04\x00", 8);
    refuses("npy", "", "", "not a .npy file");
    put("x.npy", "\x93NUMPY\x04\x00\x00\x00", 10);
    refuses("npy", "", "", "version 4.0");
    put("x.npy", "\x93NUMPY\x02\x00\xff\xff\xff\xff", 12);
    refuses("npy", "", "", "truncated");
    static const float bad[] = {1, 2, NAN, 4};
    put_npy("x.npy", cases[0].header, bad, 16);
    refuses("npy", "", "", "element 2 is nan");
    put_npy("x.npy", cases[0].header, x, 16);
    put_npy("y.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n", "\0\1\1", 3);
    refuses("npy", "", "", "as many");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, delete_folder)
    const struct CMUnitTest tests[] = {IN_FOLDER(idx_is_read),
                                       IN_FOLDER(one_batch_of_a_file),
                                       IN_FOLDER(gzip_is_read_and_checked),
                                       IN_FOLDER(broken_idx_is_refused),
                                       IN_FOLDER(csv_is_read),
                                       IN_FOLDER(broken_csv_is_refused_with_its_line),
                                       cmocka_unit_test(numbers_are_those_of_the_c_library),
                                       IN_FOLDER(npy_is_read_and_written),
                                       IN_FOLDER(broken_npy_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
