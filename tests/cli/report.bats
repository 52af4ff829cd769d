#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vgbench report, on made-up test data.

bats_require_minimum_version 1.5.0

setup() {
    dir=$(mktemp -d)
    command -v python3 >/dev/null || skip "python3 is not installed"
    python3 "$VG_SOURCE/tests/data/make_example.py" 1 >"$dir/a.json"
    cd "$dir"
}

teardown() {
    cd /
    rm -rf "$dir"
}

@test "report: twice the same bytes, and oneDNN within ten lines" {
    mkdir one
    "$VGBENCH" report a.json -o one/R.md
    "$VGBENCH" report a.json -o R.md
    cmp R.md one/R.md
    diff -r plots one/plots
    head -10 R.md | grep -q "oneDNN 2.6.3 (2022)"
}

@test "report: every image it links is there, with alt text" {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
    "$VGBENCH" report a.json -o R.md
    grep -o '!\[[^]]*\]([^)]*)' R.md >images
    [ -s images ]
    run ! grep -q '!\[\]' images
    while read -r image; do
        file=${image##*(}
        [ -s "${file%)}" ]
    done <images
}

@test "report: no table is wider than eight columns" {
    "$VGBENCH" report a.json >R.md
    awk -F'|' '/^\|/ && NF - 2 > 8 { print; bad = 1 } END { exit bad }' R.md
}

@test "report: several files stand beside each other" {
    python3 "$VG_SOURCE/tests/data/make_example.py" 2 >b.json
    "$VGBENCH" report a.json b.json >R.md
    grep -q '| a | b |' R.md
    head -10 R.md | grep -q "oneDNN 2.6.3"
    head -10 R.md | grep -q "oneDNN 3.12.1"
}

# refused FILE: one line on stderr, exit code 1, the report that was there untouched
refused() {
    echo before >R.md
    run --separate-stderr "$VGBENCH" report "$1" -o R.md
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [ "$(cat R.md)" = before ]
}

@test "report: malformed files are refused in one line and nothing is overwritten" {
    head -c 5000 a.json >truncated.json
    refused truncated.json
    [[ $stderr == *truncated* ]]
    : >empty.json
    refused empty.json
    echo '{"schema_version": 99, "context": {}, "benchmarks": []}' >newer.json
    refused newer.json
    [[ $stderr == *newer* ]]
    echo '{"schema_version": 1, "context": {}, "benchmarks": [{"name": NaN}]}' >nan.json
    refused nan.json
    echo '[1]' >list.json
    refused list.json
    refused missing.json
    [[ $stderr == *missing.json* ]]
    refused "$dir"
}

@test "report: bad arguments have exit code 2" {
    run "$VGBENCH" report
    [ "$status" -eq 2 ]
    run "$VGBENCH" report a.json --profile=speed
    [ "$status" -eq 2 ]
    run "$VGBENCH" report a.json -o R.json
    [ "$status" -eq 2 ]
}

@test "report: an unwritable place is said" {
    run --separate-stderr "$VGBENCH" report a.json -o /nowhere/R.md
    [ "$status" -eq 1 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "report: hostile names break neither Markdown nor gnuplot" {
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
evil = "x|y`touch pwned`<script>alert(1)</script>\n# heading\n'; system('touch pwned') '\"$(touch pwned)"
d["machine"]["host"] = d["machine"]["cpu"]["model"] = d["command"] = evil
for e in d["benchmarks"][:6]:
    e["kernel"] = e["impl"] = e["op"] = evil
for e in d["decay"]:
    e["spec"]["act"] = e["spec"]["init"] = evil
    e["verdict"] = evil
json.dump(d, open("evil.json", "w"))
PY
    "$VGBENCH" report evil.json -o R.md
    run ! grep -q '<script' R.md
    run ! grep -q '^# heading' R.md
    [ -z "$(find . -name 'pwned*')" ]
    awk -F'|' '/^\|/ && NF - 2 > 8 { bad = 1 } END { exit bad }' R.md
}

@test "report: without gnuplot it says so and goes on" {
    run "$VGBENCH" report a.json --gnuplot=/nowhere/gnuplot -o R.md
    [ "$status" -eq 0 ]
    grep -q "Plot missing" R.md
}
