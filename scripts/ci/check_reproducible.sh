#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Same source, same bytes: builds the program twice, in folders of different names and lengths and at
# different times, and compares it; then renders one report twice.
# usage: scripts/ci/check_reproducible.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export SOURCE_DATE_EPOCH=1700000000
sources=(CMakeLists.txt CMakePresets.json README.md LICENSE kernels bench reports scripts tests/oracle)
mkdir -p "$folder/one/tests"
cp -r "${sources[@]:0:8}" "$folder/one/"
cp -r tests/oracle "$folder/one/tests/"
cp -r "$folder/one" "$folder/another-longer-name" # of the same state, whatever happens to the tree meanwhile
build() { # name of the source folder, name of the build folder
    # Without optimisation: what could differ are paths, times and order, not code generation.
    cmake -S "$folder/$1" -B "$folder/$2" -G Ninja -DCMAKE_BUILD_TYPE=Release -DVG_BUILD_TESTS=OFF \
        -DCMAKE_C_FLAGS_RELEASE="-O0 -g" -DCMAKE_CXX_FLAGS_RELEASE="-O0 -g" >"$folder/log" 2>&1 &&
        cmake --build "$folder/$2" --target vgbench >>"$folder/log" 2>&1 || {
        tail -n 20 "$folder/log" >&2
        exit 1
    }
}
build one b1
sleep 1 # another second, another timestamp
build another-longer-name b2-elsewhere
for file in bench/vgbench kernels/libvgkernels.a reports/libvgreports.a bench/libvgbench_core.a; do
    if ! cmp -s "$folder/b1/$file" "$folder/b2-elsewhere/$file"; then
        echo "$file differs between two builds of the same source"
        cmp -l "$folder/b1/$file" "$folder/b2-elsewhere/$file" | wc -l
        exit 1
    fi
done
for i in 1 2; do
    python3 tests/data/make_example.py 3 >"$folder/r$i.json"
    "$folder/b1/bench/vgbench" report "$folder/r$i.json" -o "$folder/r$i/report.md" >/dev/null 2>&1 || {
        mkdir -p "$folder/r$i"
        "$folder/b1/bench/vgbench" report "$folder/r$i.json" -o "$folder/r$i/report.md" >/dev/null
    }
done
diff -r <(sed 's/r[12]\.json/r.json/g' "$folder/r1/report.md") <(sed 's/r[12]\.json/r.json/g' "$folder/r2/report.md")
echo "two builds: the same bytes; two renderings: the same bytes"
