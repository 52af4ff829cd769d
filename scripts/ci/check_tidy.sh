#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy with the committed .clang-tidy over every C source of a build: zero findings.
# usage: scripts/ci/check_tidy.sh BUILD_FOLDER [FILE...]
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:?usage: scripts/ci/check_tidy.sh BUILD_FOLDER [FILE...]}")
shift
command -v clang-tidy >/dev/null || { echo "clang-tidy is not installed (scripts/setup --full)"; exit 77; }
# Newer versions have checks that this list was not tried with.
version=$(clang-tidy --version | sed -n 's/.*version \([0-9]*\).*/\1/p' | head -1)
if [ "$version" != 14 ] && [ "${VG_TIDY_ANY:-0}" = 0 ]; then
    echo "clang-tidy $version: the list of checks is for 14 (VG_TIDY_ANY=1 runs it all the same)"
    exit 77
fi
if [ $# -gt 0 ]; then
    files=("$@")
else
    mapfile -t files < <(sed -n 's/^ *"file": "\(.*\.c\)",\{0,1\}$/\1/p' "$build/compile_commands.json" | sort -u)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Flags of gcc that clang does not know are no finding. status.c defines what tidy.h replaces.
tidy=(clang-tidy -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument)
fine=0
printf '%s\0' "${files[@]}" | grep -zv '/base/status\.c$' |
    xargs -0 -n 4 -P "$(nproc)" "${tidy[@]}" --extra-arg=-include --extra-arg="$PWD/scripts/ci/tidy.h" >"$log" 2>/dev/null || fine=1
findings=$(grep -cE '(warning|error): ' "$log" || true)
if [ "$findings" -gt 0 ] || [ "$fine" != 0 ]; then
    grep -E '(warning|error): ' "$log" | sort -u || true
    echo "clang-tidy: $findings findings in ${#files[@]} files"
    exit 1
fi
echo "clang-tidy $version: no finding in ${#files[@]} files"
