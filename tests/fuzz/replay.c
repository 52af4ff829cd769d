/* SPDX-License-Identifier: Apache-2.0 */
/* main() of a fuzz target where the compiler has no libFuzzer: runs the target on every file of the
 * folders (and files) given, once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/data/file.h"
#include "vgbench/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    uint8_t *bytes;
    size_t size;
    if (vg_file_load(path, &bytes, &size) != VG_OK)
        return -1;
    /* Memory of the exact size: an overrun is seen by sanitizers and valgrind. */
    uint8_t *exact = malloc(size ? size : 1);
    memcpy(exact, bytes, size);
    vg_free(bytes);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 1;
}

static int run_folder(const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort), done = 0;
    if (count < 0)
        return run_file(path);
    for (int i = 0; i < count; i++) {
        char file[4096];
        if (names[i]->d_name[0] != '.' &&
            snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name) < (int)sizeof file)
            done += run_file(file) == 1;
        free(names[i]);
    }
    free(names);
    return done;
}

int main(int argc, char **argv)
{
    int done = 0;
    for (int i = 1; i < argc; i++) {
        int n = run_folder(argv[i]);
        if (n < 0) {
            fprintf(stderr, "%s\n", vg_status_message());
            return 1;
        }
        done += n;
    }
    printf("%d inputs\n", done);
    return done ? 0 : 1;
}
