#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a build into a folder and uses the library from there through CMake and pkg-config.
# usage: check_install.sh BUILD_DIR
set -euo pipefail
build=$(cd "$1" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$build" --prefix "$folder/root" >/dev/null
"$folder/root/bin/vgbench" list >/dev/null
test -s "$folder/root/share/man/man1/vgbench.1"
bash -n "$folder/root/share/bash-completion/completions/vgbench"
mkdir "$folder/user"
cat >"$folder/user/main.c" <<'C'
#include <stdio.h>
#include "vgbench/kernel.h"
int main(void)
{
    printf("%d rows, best %s\n", vg_kernel_count(), vg_backend_name(vg_backend_best()));
    return vg_kernel_count() > 0 ? 0 : 1;
}
C
cat >"$folder/user/CMakeLists.txt" <<'C'
cmake_minimum_required(VERSION 3.25)
project(user C)
find_package(vgkernels REQUIRED)
add_executable(user main.c)
target_link_libraries(user vgkernels::vgkernels)
C
cmake -S "$folder/user" -B "$folder/user/build" -DCMAKE_PREFIX_PATH="$folder/root" >/dev/null
cmake --build "$folder/user/build" >/dev/null
"$folder/user/build/user"
pc=$(find "$folder/root" -name vgkernels.pc -printf '%h')
# shellcheck disable=SC2046
cc "$folder/user/main.c" -o "$folder/user/by_pc" $(PKG_CONFIG_PATH="$pc" pkg-config --cflags --libs --static vgkernels)
"$folder/user/by_pc"
