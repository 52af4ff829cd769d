#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vgbench verify: selection, formats, exit codes. The numbers are test_kernels' business.

bats_require_minimum_version 1.5.0

setup() {
    dir=$(mktemp -d)
}

teardown() {
    rm -rf "$dir"
}

@test "verify: one row, its table line and exit code 0" {
    run --separate-stderr "$VGBENCH" verify --filter='^relu/fwd/scalar$'
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 2 ]
    [[ ${lines[1]} == "relu/fwd/scalar "*" ok" ]]
    [[ $stderr == *"1 rows, "*": 0 rows failed" ]]
}

@test "verify: the bounds of |f'| are checked and printed" {
    run --separate-stderr "$VGBENCH" verify --filter='^(sigmoid|tanh|relu|silu)/bwd/scalar$' -o "$dir/v.json"
    [ "$status" -eq 0 ]
    [[ $output == *"|relu'| over all inputs of 1 rows: at most 1, bound 1, and nothing but 0 and 1"* ]]
    [[ $output == *"|sigmoid'| over all inputs of 1 rows: at most 0.25, bound 0.25"* ]]
    [[ $output == *"|tanh'| over all inputs of 1 rows: at most 1, bound 1"* && $output != *"|silu'|"* ]]
    [ "$(grep -c '"slope_bound"' "$dir/v.json")" -eq 3 ]
}

@test "verify: a sample of the shapes is a sample" {
    run --separate-stderr "$VGBENCH" verify --filter='^dense/fwd/scalar$'
    all=${stderr#*rows, } all=${all%% *}
    run --separate-stderr "$VGBENCH" verify --filter='^dense/fwd/scalar$' --tier=sample
    [ "$status" -eq 0 ]
    few=${stderr#*rows, } few=${few%% *}
    [ "$few" -gt 10 ] && [ "$few" -lt $((all / 3)) ]
}

@test "verify: a leading - leaves rows out" {
    run --separate-stderr "$VGBENCH" verify -q --backend=scalar --filter='-dense|norm|xent|mse|adam|rnn|lstm|gru'
    [ "$status" -eq 0 ]
    [[ $output == *"relu/bwd/scalar"* ]]
    [[ $output != *dense* ]]
}

@test "verify: JSON, JUnit and a results document" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    "$VGBENCH" verify -q --filter='^(relu|add)/fwd/scalar$' --format=json >"$dir/rows.json"
    "$VGBENCH" verify -q --filter='^(relu|add)/fwd/scalar$' --format=junit >"$dir/rows.xml"
    "$VGBENCH" verify -q --filter='^(relu|add)/fwd/scalar$' -o "$dir/r.json" >"$dir/table.txt"
    python3 - "$dir" <<'PY'
import json, sys, xml.dom.minidom as dom
d = sys.argv[1]
rows = json.load(open(d + "/rows.json"))
assert [r["kernel"] for r in rows] == ["relu/fwd/scalar", "add/fwd/scalar"]
assert all(r["verified"] and r["cases"] > 50 and r["tolerance_max"] <= 1 for r in rows)
assert json.load(open(d + "/r.json"))["verify"] == rows
suite, = dom.parse(d + "/rows.xml").getElementsByTagName("testsuite")
assert suite.getAttribute("tests") == "2" and suite.getAttribute("failures") == "0"
PY
}

@test "verify: -o by extension, with the digits a table has no room for" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    "$VGBENCH" verify -q --tier=sample --filter='^tanh/fwd/scalar$' -o "$dir/r.md" -o "$dir/r.csv" -o "$dir/r.json" >/dev/null
    "$VGBENCH" verify -q --tier=sample --filter='^tanh/fwd/scalar$' --format=csv | cmp - "$dir/r.csv"
    grep -q '^| `tanh/fwd/scalar` |.*| ok |$' "$dir/r.md"
    python3 - "$dir" <<'PY'
import csv, json, sys
row, = csv.DictReader(open(sys.argv[1] + "/r.csv"))
own, = json.load(open(sys.argv[1] + "/r.json"))["verify"]
assert row["verdict"] == "ok" and row["where"] == own["where"] and int(row["cases"]) == own["cases"]
for key in "ulp_max", "ulp_shared", "onednn_ulp", "tolerance_max":
    assert key not in own or float(row[key]) == own[key], key
PY
}

@test "verify: a backend that is misspelt, and one that is not in this build" {
    run "$VGBENCH" verify --backend=sclar
    [ "$status" -eq 2 ]
    [[ $output == *"allowed are best, scalar,"*"did you mean 'scalar'?" ]]
    [ "$(uname -m)" = x86_64 ] || skip "NEON is built here"
    run "$VGBENCH" verify --backend=neon
    [ "$status" -eq 2 ]
    [[ $output == *"neon is not in this build; usable here: scalar"* ]]
}

@test "verify: bad words and filters that match nothing: exit code 2, one line" {
    for words in "--format=yaml" "--tier=long" "--filter=(" "--filter=nosuchop" "--backend=sse9" "relu"; do
        run --separate-stderr "$VGBENCH" verify -q $words
        [ "$status" -eq 2 ]
        [ "$(wc -l <<<"$stderr")" -eq 1 ]
    done
}

@test "verify: an output that cannot be written is refused before anything runs" {
    run --separate-stderr "$VGBENCH" verify --filter='^relu/fwd/scalar$' -o "$dir/no/r.json"
    [ "$status" -ne 0 ]
    [ -z "$output" ]
}
