/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: what was written comes back, and no damage goes unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/data/checkpoint.h"
#include "harness/data/checkpoint_format.h"
#include "vgbench/memory.h"

static char folder[64], path[128], temporary[160];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/vg_test_ckpt_XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/state.ckpt", folder);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    return 0;
}

static int delete_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(temporary);
    return rmdir(folder);
}

static const float weights[] = {1.5f, -2, 3, 0};
static const int64_t step[] = {41};
static const double mean[] = {0.1, 0.2, 0.3};
static const vg_blob blobs[] = {{"layer001.weight", VG_BLOB_f32, 4, weights},
                                {"step", VG_BLOB_i64, 1, step},
                                {"nothing", VG_BLOB_u8, 0, NULL},
                                {"mean", VG_BLOB_f64, 3, mean}};

static void write_one(int epoch)
{
    json_t *header = json_pack("{s:s, s:i}", "spec", "depth=2", "epoch", epoch);
    if (vg_checkpoint_write(path, header, blobs, 4) != VG_OK)
        fail_msg("%s", vg_status_message());
    json_decref(header);
}

static void what_was_written_comes_back(void **state)
{
    (void)state;
    vg_checkpoint c;
    const void *data;
    write_one(3);
    write_one(4); /* over the one that is there */
    assert_int_equal(access(temporary, F_OK), -1);
    assert_int_equal(vg_checkpoint_read(path, &c), VG_OK);
    assert_int_equal(json_integer_value(json_object_get(c.header, "epoch")), 4);
    assert_int_equal(c.count, 4);
    assert_int_equal(vg_checkpoint_get(&c, "layer001.weight", VG_BLOB_f32, 4, &data), VG_OK);
    assert_memory_equal(data, weights, sizeof weights);
    assert_int_equal((uintptr_t)data % 64, 0);
    assert_int_equal(vg_checkpoint_get(&c, "mean", VG_BLOB_f64, -1, &data), VG_OK);
    assert_memory_equal(data, mean, sizeof mean);
    assert_int_equal(vg_checkpoint_get(&c, "step", VG_BLOB_i32, 1, &data), VG_EFORMAT);
    assert_non_null(strstr(vg_status_message(), "'step' has 1 i64, needed are 1 i32"));
    assert_int_equal(vg_checkpoint_get(&c, "mean", VG_BLOB_f64, 4, &data), VG_EFORMAT);
    assert_int_equal(vg_checkpoint_get(&c, "mean2", VG_BLOB_f64, 3, &data), VG_EFORMAT);
    assert_non_null(strstr(vg_status_message(), "no 'mean2'"));
    vg_checkpoint_release(&c);
}

static uint8_t *slurp(size_t *size)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    *size = (size_t)info.st_size;
    uint8_t *bytes = malloc(*size);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, *size), info.st_size);
    close(fd);
    return bytes;
}

/* Parses a changed copy, in memory of its exact size so that sanitizers see every overrun. */
static vg_status parse(const uint8_t *bytes, size_t size)
{
    void *copy;
    vg_checkpoint c;
    assert_int_equal(vg_alloc(size ? size : 1, 0, &copy), VG_OK);
    memcpy(copy, bytes, size);
    vg_status status = vg_checkpoint_parse("test", copy, size, &c);
    if (status == VG_OK)
        vg_checkpoint_release(&c);
    else
        vg_free(copy);
    return status;
}

/* Every byte that means something is under a check sum; only padding may change. */
static void damage_is_seen_wherever_it_is(void **state)
{
    (void)state;
    size_t size;
    write_one(1);
    uint8_t *bytes = slurp(&size);
    assert_int_equal(size % 64, 0);
    assert_int_equal(parse(bytes, size), VG_OK);
    int unseen = 0;
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= 0x41;
        vg_status status = parse(bytes, size);
        bytes[at] ^= 0x41;
        assert_true(status == VG_OK || status == VG_EFORMAT);
        unseen += status == VG_OK && bytes[at] != 0;
    }
    assert_int_equal(unseen, 0);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(parse(bytes, cut), VG_EFORMAT);
    free(bytes);
}

/* A forger who makes the check sums right must not get further than the checks behind them. */
static void forged_counts_are_refused(void **state)
{
    (void)state;
    size_t size;
    write_one(1);
    uint8_t *bytes = slurp(&size);
    static const uint64_t values[] = {0, 1, 1000, UINT32_MAX, UINT64_C(1) << 62, UINT64_MAX};
    static const size_t fields[] = {offsetof(vg_ckpt_head, blobs),
                                    offsetof(vg_ckpt_head, file_bytes),
                                    offsetof(vg_ckpt_head, header_bytes)};
    for (size_t f = 0; f < 3; f++)
        for (size_t v = 0; v < 6; v++) {
            vg_ckpt_head head;
            memcpy(&head, bytes, sizeof head);
            memcpy((char *)&head + fields[f], &values[v], f ? 8 : 4);
            head.crc = vg_crc32(0, &head, offsetof(vg_ckpt_head, crc));
            uint8_t *copy = malloc(size);
            memcpy(copy, bytes, size);
            memcpy(copy, &head, sizeof head);
            assert_int_equal(parse(copy, size), VG_EFORMAT);
            free(copy);
        }
    for (int e = 0; e < 4; e++)
        for (size_t v = 2; v < 6; v++)
            for (int offset = 0; offset < 2; offset++) {
                uint8_t *copy = malloc(size);
                memcpy(copy, bytes, size);
                vg_ckpt_entry *table = (vg_ckpt_entry *)(copy + 64);
                *(offset ? &table[e].offset : &table[e].count) = values[v];
                vg_ckpt_head *head = (vg_ckpt_head *)copy;
                head->table_crc = vg_crc32(0, table, 4 * sizeof *table);
                head->crc = vg_crc32(0, head, offsetof(vg_ckpt_head, crc));
                assert_int_equal(parse(copy, size), VG_EFORMAT);
                free(copy);
            }
    free(bytes);
}

static void what_cannot_be_written_leaves_the_old_one(void **state)
{
    (void)state;
    json_t *header = json_object();
    vg_checkpoint c;
    write_one(7);
    int fd = open(temporary, O_WRONLY | O_CREAT, 0666); /* another process writes it now */
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(vg_checkpoint_write(path, header, blobs, 4), VG_EIO);
    close(fd);
    assert_int_equal(vg_checkpoint_read(path, &c), VG_OK);
    assert_int_equal(json_integer_value(json_object_get(c.header, "epoch")), 7);
    vg_checkpoint_release(&c);
    write_one(8); /* what a killed writer left is no obstacle */
    assert_int_equal(access(temporary, F_OK), -1);
    assert_int_equal(vg_checkpoint_write("/nonexistent/x", header, blobs, 4), VG_EIO);
    vg_blob bad = {"", VG_BLOB_u8, 0, NULL};
    assert_int_equal(vg_checkpoint_write(path, header, &bad, 1), VG_EINVAL);
    vg_blob twice[] = {blobs[1], blobs[1]};
    assert_int_equal(vg_checkpoint_write(path, header, twice, 2), VG_EFORMAT);
    assert_non_null(strstr(vg_status_message(), "two blobs"));
    json_decref(header);
}

static void crc_is_that_of_gzip(void **state)
{
    (void)state;
    assert_int_equal(vg_crc32(0, "123456789", 9), 0xcbf43926u);
    assert_int_equal(vg_crc32(vg_crc32(0, "1234", 4), "56789", 5), 0xcbf43926u);
    assert_int_equal(vg_crc32(0, "", 0), 0);
    uint8_t many[5000];
    uint32_t in_pieces = 0;
    for (int i = 0; i < 5000; i++)
        many[i] = (uint8_t)(i * i >> 3);
    for (int i = 0; i < 5000; i += 100)
        in_pieces = vg_crc32(in_pieces, many + i, 100);
    assert_int_equal(vg_crc32(0, many, 5000), in_pieces); /* by tables and by bits */
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, delete_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_was_written_comes_back), IN_FOLDER(damage_is_seen_wherever_it_is),
        IN_FOLDER(forged_counts_are_refused), IN_FOLDER(what_cannot_be_written_leaves_the_old_one),
        cmocka_unit_test(crc_is_that_of_gzip)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
