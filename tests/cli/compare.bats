#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vgbench compare, on made-up test data.

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

# slow FACTOR: b.json is a.json with every tanh row FACTOR times slower
slow() {
    python3 - "$1" <<'PY'
import json, sys
d = json.load(open("a.json"))
for e in d["benchmarks"]:
    if e["op"] == "tanh":
        e["samples_ns"] = [x * float(sys.argv[1]) for x in e["samples_ns"]]
json.dump(d, open("b.json", "w"))
PY
}

@test "compare: a run with itself is SAME, exit code 0" {
    run "$VGBENCH" compare a.json a.json --fail-on=regression
    [ "$status" -eq 0 ]
    [[ $output == *"0 FASTER, 0 SLOWER"* ]]
}

@test "compare: a slow-down fails with --fail-on=regression only" {
    slow 1.1
    run "$VGBENCH" compare a.json b.json
    [ "$status" -eq 0 ]
    [[ $output == *"18 SLOWER"* ]]
    run "$VGBENCH" compare a.json b.json --fail-on=regression
    [ "$status" -eq 1 ]
    run "$VGBENCH" compare b.json a.json --fail-on=regression
    [ "$status" -eq 0 ]
    [[ $output == *"18 FASTER"* ]]
}

@test "compare, report: what fails verification is a regression, and is said first" {
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
e = next(e for e in d["benchmarks"] if e["op"] == "tanh")
e["verified"] = False
e.pop("samples_ns"), e.pop("real_time")
json.dump(d, open("b.json", "w"))
PY
    run "$VGBENCH" compare a.json b.json --fail-on=regression
    [ "$status" -eq 1 ]
    [[ $output == *"Verification fails in the new results"*tanh/* ]]
    run "$VGBENCH" compare b.json b.json --fail-on=regression
    [ "$status" -eq 0 ]
    "$VGBENCH" report b.json -q -o b.md
    sed '/^## 2/,$d' b.md | grep -q '2 rows failed verification.*tanh/'
}

@test "compare: --min-effect is the least that is called" {
    slow 1.1
    run "$VGBENCH" compare a.json b.json --fail-on=regression --min-effect=20%
    [ "$status" -eq 0 ]
    run "$VGBENCH" compare a.json b.json --fail-on=regression --min-effect=0.05
    [ "$status" -eq 1 ]
    run --separate-stderr "$VGBENCH" compare a.json b.json --min-effect=much
    [ "$status" -eq 2 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "compare: JSON for tools, by format and by file name" {
    slow 1.1
    "$VGBENCH" compare a.json b.json --format=json |
        python3 -c 'import json, sys; d = json.load(sys.stdin); assert d["tally"]["slower"] == 18 and d["regressed"]
assert {k["kernel"] for k in d["kernels"] if k["verdict"] == "SLOWER"} == {f"tanh/{w}/{b}, 1 thr." for w in ("fwd", "bwd") for b in ("scalar", "avx512", "onednn")}'
    "$VGBENCH" compare a.json b.json -o c.json -o c.md
    python3 -m json.tool c.json >/dev/null
    grep -q '18 SLOWER' c.md
}

@test "compare: CSV has rows, kernels, networks and failures, each with its kind" {
    slow 1.1
    python3 - <<'PY'
import json
d = json.load(open("b.json"))
d["decay"][-1]["verdict"] = "vanishing"
e = d["benchmarks"][0]
e["verified"] = False
e.pop("samples_ns"), e.pop("real_time")
json.dump(d, open("b.json", "w"))
PY
    "$VGBENCH" compare a.json b.json --format=csv >c.csv
    "$VGBENCH" compare a.json b.json -o o.csv >/dev/null
    cmp c.csv o.csv
    python3 - <<'PY'
import csv, json
rows = list(csv.DictReader(open("c.csv", newline="")))
kinds = {r["kind"] for r in rows}
assert kinds == {"kernel", "row", "network", "verification"}, kinds
assert sum(r["kind"] == "row" and r["verdict"] == "SLOWER" for r in rows) == 18
assert all((r["p_holm"] == "") == (r["verdict"] == "n/a") for r in rows if r["kind"] == "row")
assert any(r["kind"] == "network" and r["verdict"] == "WORSE" for r in rows)
PY
}

@test "compare: capped and cold rows are told from the others, files by their folders" {
    mkdir old new
    python3 - <<'PY'
import copy, json
d = json.load(open("a.json"))
for key, value in ("max_isa", "avx2"), ("cold_cache", "all"):
    e = copy.deepcopy(d["benchmarks"][0])
    e[key] = value
    d["benchmarks"].append(e)
for name in "old", "new":
    json.dump(d, open(name + "/results.json", "w"))
PY
    "$VGBENCH" compare old/results.json new/results.json -o c.json -o c.csv >c.md
    grep -q '^## new compared with old' c.md
    grep -q '` cap avx2 |' c.md
    grep -q '` cold |' c.md
    python3 - <<'PY'
import csv, json
rows = [r for r in csv.DictReader(open("c.csv", newline="")) if r["kind"] == "row"]
assert len({(r["name"], r["max_isa"], r["cold_cache"]) for r in rows}) == len(rows)
rows = json.load(open("c.json"))["rows"]
assert len({(r["kernel"], r.get("max_isa"), r.get("cold_cache")) for r in rows}) == len(rows)
PY
}

@test "compare: a verdict that got worse is a regression" {
    python3 -c '
import json
d = json.load(open("a.json"))
d["decay"][-1]["verdict"] = "vanishing"
json.dump(d, open("b.json", "w"))'
    run "$VGBENCH" compare a.json b.json --fail-on=regression
    [ "$status" -eq 1 ]
    [[ $output == *WORSE* ]]
}

@test "compare: other machines are warned of" {
    python3 "$VG_SOURCE/tests/data/make_example.py" 2 >b.json
    run "$VGBENCH" compare a.json b.json
    [[ $output == *Warning* && $output == *machine.software.onednn.version* ]]
}

@test "compare: backends of one run" {
    run "$VGBENCH" compare --by=backend --base=onednn a.json
    [ "$status" -eq 0 ]
    [[ $output == *"against onednn"* ]]
    [[ $output == *"| backend | threads | rows | geo. mean [95 % CI] | FASTER |"* ]]
    [ "$(grep -cE '^\| (avx512|scalar) \| 1 \| [0-9]+ \| [0-9.]+x \[' <<<"$output")" -eq 2 ]
    run "$VGBENCH" compare --by=backend --base=onednnn a.json
    [ "$status" -eq 2 ]
    [[ $output == *"allowed are best, scalar"*"did you mean 'onednn'?" ]]
    run "$VGBENCH" compare --base=onednn a.json a.json
    [ "$status" -eq 2 ]
    [[ $output == *"goes with --by=backend"* ]]
}

@test "compare: by backend the first lines are one per backend, and nothing is said to have moved" {
    "$VGBENCH" compare --by=backend --base=onednn a.json >C.md
    head -5 C.md | grep -qE '^- avx512 on 1 thread: \*\*[0-9]+ FASTER, [0-9]+ SLOWER\*\*, [0-9]+ SAME, [0-9]+ AMBIGUOUS$'
    grep -qE '^- scalar on 1 thread: \*\*0 FASTER, [0-9]+ SLOWER' C.md
    run ! grep -qE 'rows: \*\*|moved|did not move' C.md
    grep -q '^\*\*Kernels that are faster or slower than the base\*\*' C.md
    "$VGBENCH" compare a.json a.json | grep -q 'did not move'
}

@test "compare: a busy or noisy machine is warned of, with the run it concerns" {
    "$VGBENCH" compare a.json a.json >C.md
    run ! grep -q 'busy\|noisy\|grade D' C.md
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
d["context"]["load_avg"] = [3.4, 1, 1]
json.dump(d, open("busy.json", "w"))
d["context"]["load_avg"] = [0.1, 1, 1]
d["noise"]["by_threads"]["2"] = 0.08
json.dump(d, open("noisy.json", "w"))
d["noise"]["by_threads"]["2"] = 0.01
d["machine"]["doctor"] = {"grade": "D", "reasons": []}
json.dump(d, open("ill.json", "w"))
PY
    "$VGBENCH" compare a.json busy.json |
        grep -q '^> \*\*Warning: the machine was busy as the new run began\*\* (load average 1.7 per CPU)'
    "$VGBENCH" compare busy.json a.json | grep -q 'busy as the old run began'
    "$VGBENCH" compare --by=backend --base=onednn busy.json | grep -q 'busy as the run began'
    "$VGBENCH" compare noisy.json a.json | grep -q 'the old run was noisy\*\*: its A/A floor is 8.0 %, grade D'
    "$VGBENCH" compare a.json ill.json | grep -q 'grade D as the new run began'
}

@test "compare: JSON and CSV carry the spread between the runs" {
    python3 "$VG_SOURCE/tests/data/make_example.py" 3 >b.json
    "$VGBENCH" compare a.json b.json --format=json >c.json
    "$VGBENCH" compare a.json b.json --format=csv >c.csv
    python3 - <<'PY'
import csv, json
c = json.load(open("c.json"))
rows = {r["name"]: float(r["new"]) for r in csv.DictReader(open("c.csv", newline="")) if r["kind"] == "spread"}
assert c["spread"] > 0 and abs(rows["rows"] - c["spread"]) < 1e-6, (c["spread"], rows)
assert (c["spread_kernels"] is not None) == ("kernels" in rows)
d = json.load(open("a.json"))
d["benchmarks"] = d["benchmarks"][:8]
json.dump(d, open("few.json", "w"))
PY
    "$VGBENCH" compare few.json few.json --format=json | grep -q '"spread": null'
    run ! grep -q '^spread' <("$VGBENCH" compare few.json few.json --format=csv)
}

@test "compare: wrong numbers of files, malformed files" {
    run "$VGBENCH" compare a.json
    [ "$status" -eq 2 ]
    run "$VGBENCH" compare --by=backend a.json a.json
    [ "$status" -eq 2 ]
    head -c 3000 a.json >cut.json
    run --separate-stderr "$VGBENCH" compare a.json cut.json
    [ "$status" -eq 1 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
}
