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

@test "report: CSV, JSON Lines and JUnit, read by strict parsers" {
    "$VGBENCH" report a.json --csv=r.csv --jsonl=r.jsonl --junit=v.xml
    python3 - <<'PY'
import csv, json, xml.dom.minidom
d = json.load(open("a.json"))
rows = list(csv.DictReader(open("r.csv", newline="")))
assert len(rows) == len(d["benchmarks"])
assert {r["verdict"] for r in rows} >= {"FASTER", ""}
lines = [json.loads(l) for l in open("r.jsonl")]
assert lines[0]["kind"] == "run"
assert sum(l["kind"] == "decay" for l in lines) == len(d["decay"])
cases = xml.dom.minidom.parse("v.xml").getElementsByTagName("testcase")
assert len(cases) == len(d["verify"])
PY
}

@test "report: a failed verification is a failure in JUnit, whatever its text" {
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
d["verify"][0].update(failures=3, where='<&"]]>', text="a\u0001\nb")
d["verify"][1].update(skipped="not here")
json.dump(d, open("b.json", "w"))
PY
    "$VGBENCH" report b.json --junit=v.xml
    python3 - <<'PY'
import xml.dom.minidom
d = xml.dom.minidom.parse("v.xml")
assert len(d.getElementsByTagName("failure")) == 1
assert len(d.getElementsByTagName("skipped")) == 1
PY
}

@test "report: a thousand rows within two seconds, a hundred thousand rows at all" {
    python3 - <<'PY'
import copy, json
d = json.load(open("a.json"))
rows = d["benchmarks"]
for name, n in (("big.json", 1000), ("huge.json", 100000)):
    out = []
    for i in range(n):
        e = copy.copy(rows[i % 200])
        e["kernel"] = e["kernel"].replace("/threads", f"/copy:{i // 200}/threads")
        out.append(e)
    json.dump(dict(d, benchmarks=out), open(name, "w"))
PY
    start=$(date +%s%N)
    "$VGBENCH" report big.json >R.md
    [ $((($(date +%s%N) - start) / 1000000)) -lt 4000 ] # 2 s on a quiet machine
    "$VGBENCH" report huge.json --no-plots -o R.md
    [ "$(wc -c <R.md)" -lt 3000000 ]
}
