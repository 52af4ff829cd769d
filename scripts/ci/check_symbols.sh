#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The library defines nothing but vg_ symbols. usage: check_symbols.sh LIBRARY
set -euo pipefail
foreign=$(nm -A -g --defined-only "$1" | awk '{print $NF, $1}' | grep -v '^vg_' || true)
# Sanitizers and coverage bring their own.
foreign=$(grep -Ev '^(__asan|__odr|__ubsan|__tsan|__gcov|asan\.|tsan\.)' <<<"$foreign" || true)
if [ -n "$foreign" ]; then
    echo "symbols without the vg_ prefix:"
    echo "$foreign"
    exit 1
fi
echo "$(nm -g --defined-only "$1" 2>/dev/null | grep -c ' vg_') vg_ symbols, no others"
