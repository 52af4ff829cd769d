#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Cache behaviour: simulated counters.

setup_file() {
    export DIR=$(mktemp -d)
    command -v valgrind >/dev/null && [ -z "$VG_SANITIZE" ] || return 0
    "$VGBENCH" profile --quiet --counters=sim --shapes='relu 16 64, dense/fwd 16 32 24' \
        --filter='/fwd/' -o "$DIR/a.json" -o "$DIR/a.csv" >"$DIR/a.txt"
}

teardown_file() {
    rm -r "$DIR"
}

matches_schema() {
    PYTHONWARNINGS=ignore python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" "$@"
}

need_valgrind() {
    command -v valgrind >/dev/null || skip "valgrind is not installed"
    [ -z "$VG_SANITIZE" ] || skip "valgrind cannot run a program built with sanitizers"
}

@test "profile: counts of a simulation are there, labelled, and plausible" {
    need_valgrind
    grep -q '^Simulated by callgrind' "$DIR/a.txt"
    grep -q '^kernel,instr,' "$DIR/a.csv"
    matches_schema "$DIR/a.json"
    python3 - "$DIR/a.json" <<'PY'
import json, sys
record = json.load(open(sys.argv[1]))["profile"][0]
assert record["source"] == "simulated" and record["tool"].startswith("callgrind-")
rows = {r["op"] + "/" + r["backend"]: r for r in record["rows"]}
relu = next(r for name, r in rows.items() if name.startswith("relu/") and "onednn" not in name)
lines = 16 * 64 * 4 // 64            # of x, and of y
assert relu["elements"] == 1024 and relu["bytes"] == 8192
assert 2 * lines <= relu["cold"]["l1_misses"] < 2 * lines + 40, relu
assert relu["hot"]["l1_misses"] < 8, relu
assert relu["hot"]["l2_misses"] <= relu["hot"]["l1_misses"]
assert relu["hot"]["l1_bytes"] == relu["hot"]["l1_misses"] * 64
for row in record["rows"]:
    for state in "cold", "hot":
        c = row[state]
        assert c["instructions"] > c["loads"] + c["stores"] > 0
        assert c["instructions"] < 200000
for cache in record["caches"]:
    sets = cache["simulated_size"] // cache["simulated_ways"] // cache["line"]
    assert sets & (sets - 1) == 0
PY
}

@test "profile: two simulations agree exactly" {
    need_valgrind
    "$VGBENCH" profile --quiet --counters=sim --shapes='relu 16 64, dense/fwd 16 32 24' \
        --filter='/fwd/' -o "$DIR/b.json" >/dev/null
    # nor does it matter where from, how long the names are and what the environment holds
    mkdir -p "$DIR/another/place/to/work/in"
    (cd "$DIR/another/place/to/work/in" && env VG_LONG="$(printf 'x%.0s' {1..333})" "$VGBENCH" \
        profile --quiet --counters=sim --shapes='relu 16 64, dense/fwd 16 32 24' \
        --filter='/fwd/' -o "$DIR/another/place/to/work/in/c.json" >/dev/null)
    python3 - "$DIR/a.json" "$DIR/b.json" "$DIR/another/place/to/work/in/c.json" <<'PY'
import json, sys
a, b, c = [json.load(open(f))["profile"] for f in sys.argv[1:]]
assert a == b == c
PY
}

@test "profile: additions in place of fused multiply-adds are counted the same" {
    need_valgrind
    for fma in add fma; do
        OMP_NUM_THREADS=1 setarch -R valgrind --tool=callgrind --cache-sim=yes --vex-iropt-level=0 \
            --instr-atstart=no --collect-atstart=no --combine-dumps=yes \
            --callgrind-out-file="$DIR/out.$fma" "$VGBENCH" simulate --max-isa=avx2 --backend=best \
            --shapes='dense 24 40 32, lstm 3 2 8 16, silu 8 64' --fma=$fma -o "$DIR/list.json" 2>/dev/null
        grep '^totals:' "$DIR/out.$fma" >"$DIR/totals.$fma"
    done
    [ "$(wc -l <"$DIR/totals.add")" -gt 8 ]
    cmp "$DIR/totals.add" "$DIR/totals.fma"
}

@test "profile: without valgrind it says what is missing and where it comes from" {
    PATH=/nowhere run "$VGBENCH" profile --counters=sim --shapes='relu 4 4' --filter=relu/fwd
    [ "$status" -eq 1 ]
    [[ $output == *"valgrind is not installed"*"Debian package valgrind"* ]]
    [[ $output == *"relu/fwd/"*" n/a "*"8"* ]] # the model goes on
    [[ $output != *"Simulated by"* ]]
    PATH=/nowhere run "$VGBENCH" profile --counters=sim depth=1 width=16 batch=8
    [ "$status" -eq 1 ]
    [[ $output == *"depth=1 width=16 batch=8 "*" 0.0"*" n/a "* ]] # and so does the clock
    [[ $output != *"Simulated by"* ]]
}

@test "profile: what stands in the way is said, and everything else goes on" {
    # seccomp as containers have it: no perf_event_open
    run python3 "$VG_SOURCE/tests/cli/seccomp.py" "$VGBENCH" profile --counters=pmu --shapes='relu 4 8' --filter=relu/fwd
    [ "$status" -eq 1 ]
    [[ $output == *"n/a: not permitted (EPERM): a seccomp profile"*"--cap-add=PERFMON"*"relu/fwd/"* ]]
    run env HWLOC_XMLFILE=/nowhere.xml "$VGBENCH" profile --counters=none --shapes='relu 4 8' --filter=relu/fwd -o "$DIR/h.json"
    [ "$status" -eq 0 ]
    ! grep -q '"topology_source": "hwloc' "$DIR/h.json" || [[ $output == *"HWLOC_XMLFILE=/nowhere.xml cannot be used"*"relu/fwd/"* ]]
    local more=$(($(nproc) + 1))
    run "$VGBENCH" profile --scaling --threads=1,$more --filter='relu/fwd/(avx|scalar|neon)' --shapes='relu 4 8'
    [ "$status" -eq 0 ]
    [[ $output == *"$more threads on "*" they take turns"*"$more (1 used)"* ]]
}

@test "profile: a filter that selects nothing is a usage error" {
    run "$VGBENCH" profile --filter=nothing_like_this
    [ "$status" -eq 2 ]
    [[ $output == *"--filter=nothing_like_this"* ]]
    run "$VGBENCH" profile --counters=sim --filter=relu/fwd/avx512 --shapes='relu 4 4'
    [ "$status" -eq 2 ]
    [[ $output == *"no kernel row of "*" matches --filter=relu/fwd/avx512"* ]]
    run "$VGBENCH" profile --counters=sim --backend=avx512 --filter=relu/fwd --shapes='relu 4 4'
    [ "$status" -eq 2 ]
    [[ $output == *"runs no AVX-512"* ]]
    run "$VGBENCH" profile --counters=yes
    [ "$status" -eq 2 ]
    [[ $output == *"auto"* ]]
}

@test "profile: a spec gives the bytes of each network, by the model and by simulation" {
    need_valgrind
    "$VGBENCH" profile --quiet --counters=sim depth=2 width=32 batch=16 norm=none,layer \
        -o "$DIR/s.json" -o "$DIR/s.csv" >"$DIR/s.txt"
    matches_schema "$DIR/s.json"
    grep -q '^Simulated by callgrind' "$DIR/s.txt"
    python3 - "$DIR/s.json" <<'PY'
import json, sys
record = json.load(open(sys.argv[1]))["profile"][0]
assert record["kind"] == "steps" and record["threads"] == 1
plain, normed = record["rows"]
assert plain["spec"]["norm"] == "none" and normed["spec"]["norm"] == "layer"
assert normed["bytes"] > plain["bytes"] > 0
for row in plain, normed:
    assert row["cold"]["l3_misses"] > row["hot"]["l3_misses"]
    assert row["hot"]["instructions"] > 10000
    assert row["cost"]["step_ms"] > 0 and row["counted_step_ms"] > 0
    rate = row["hot"]["l1_bytes"] / row["counted_step_ms"] * 1e3
    assert abs(row["bytes_per_s"]["l1"] / rate - 1) < 2e-8   # three numbers of nine digits
    lo, hi = row["counted_step_ms_ci95"]
    assert lo <= row["counted_step_ms"] <= hi and row["counted_n"] >= 3 and row["counted_path"]
# what a reader computes from the table is what the table says
lines = open(sys.argv[1].replace("s.json", "s.csv")).read().splitlines()
import csv
for shown, row in zip(csv.DictReader(lines), record["rows"]):
    assert shown["rates of"] == row["counted_path"] == record["isa"] and shown["path"] == row["spec"]["backend"]
    assert float(shown["step ms lo"]) <= float(shown["step ms"]) <= float(shown["step ms hi"])
    assert abs(float(shown["into L1"]) / float(shown["its ms"]) * 1e3 / float(shown["L1 B/s"]) - 1) < 1e-6
    assert shown["oneDNN ms"] == "n/a" or float(shown["oneDNN ms"]) > 0
PY
    "$VGBENCH" report "$DIR/s.json" -o "$DIR/s.md" >/dev/null
    grep -q 'counted path, ms \[95 %\]' "$DIR/s.md"
    grep -q "| [0-9.e-]* \[[0-9.e-]*, [0-9.e-]*\] ([a-z0-9_]*) | [0-9.e-]* \[" "$DIR/s.md"
    # no cell or row is missing without its reason
    run "$VGBENCH" profile --counters=none depth=1 width=16 batch=8
    [ "$status" -eq 0 ]
    [[ $output == *"counts n/a: --counters=none was asked for"* ]]
    run "$VGBENCH" profile --counters=none --shapes='relu 4 8' --filter=relu/fwd
    [ "$status" -eq 0 ]
    [[ $output == *"counts n/a: --counters=none was asked for"*"Rows of the backends best"*" (best: "*"--backend has others"* ]]
    run "$VGBENCH" profile --counters=sim depth=2 backend=auto_avx512
    [ "$status" -eq 2 ]
    run "$VGBENCH" profile --counters=none depth=2 width=99999999
    [ "$status" -ne 0 ]
    [ "${#lines[@]}" -eq 1 ]
    run "$VGBENCH" profile --counters=none depth=2 nrom=layer
    [ "$status" -eq 2 ]
    run "$VGBENCH" profile --counters=none --filter=relu depth=2
    [ "$status" -eq 2 ]
}

@test "profile: cold weights, cold all: counted, timed beside hot ones, shown to be cold" {
    need_valgrind
    "$VGBENCH" profile --quiet --counters=sim --cold-cache=wei --shapes='dense/fwd 16 64 64, relu/fwd 16 64' \
        -o "$DIR/wei.json" >"$DIR/wei.txt"
    "$VGBENCH" profile --quiet --counters=none --cold-cache=all --backend=scalar depth=1 width=64 batch=32 \
        -o "$DIR/all.json" >"$DIR/all.txt"
    matches_schema "$DIR/wei.json" "$DIR/all.json"
    grep -q 'x hot' "$DIR/wei.txt"
    grep -q 'with all cold' "$DIR/all.txt"
    python3 - "$DIR/wei.json" "$DIR/all.json" <<'PY'
import json, sys
wei, net = [json.load(open(f))["profile"][0] for f in sys.argv[1:]]
assert wei["cold_cache"] == "wei" and net["cold_cache"] == "all"
for row in wei["rows"]:
    c, lines = row["cold_cache"], 64 * 64 * 4 // 64
    assert c["mode"] == "wei" and c["n"] >= 5
    assert row["hot"]["l3_misses"] <= row["cold_weights"]["l3_misses"] <= row["cold"]["l3_misses"]
    if row["op"] == "dense":
        assert c["check"]["bytes"] >= (64 * 64 + 64) * 4 and c["cold_ns"] > 0 < c["hot_ns"]
        assert row["cold_weights"]["l3_misses"] >= lines - 8, row
        assert row["cold_weights"]["l3_misses"] < row["cold"]["l3_misses"] - 16 * 64 * 4 // 64 // 2
    else:
        assert c["check"]["bytes"] == 0 and c["note"] == "no weights: hot"
(step,) = net["rows"]
assert step["cold_cache"]["check"]["bytes"] >= 2 * 64 * 64 * 4
assert abs(step["counted_step_ms"] * 1e6 / step["cold_cache"]["cold_ns"] - 1) < 1e-8  # nine digits
PY
    run "$VGBENCH" profile --cold-cache=some
    [ "$status" -eq 2 ]
    run "$VGBENCH" profile --scaling --cold-cache=wei
    [ "$status" -eq 2 ]
}

@test "profile: working sets grow through the caches, and the report draws them with the caches" {
    # small caches that this machine has, too: little to stream
    export HWLOC_SYNTHETIC="Package:1 L3:1(size=524288) L2:1(size=131072) L1d:1(size=32768) Core:1 PU:1"
    "$VGBENCH" profile --quiet --working-set --filter='^relu/fwd/(avx|scalar|neon)' -o "$DIR/ws.json" -o "$DIR/ws.csv" >"$DIR/ws.txt"
    grep -q '^kernel,working_set,' "$DIR/ws.csv"
    grep -q 'L3 GB/s' "$DIR/ws.txt"
    matches_schema "$DIR/ws.json"
    python3 - "$DIR/ws.json" <<'PY'
import json, sys
record = json.load(open(sys.argv[1]))["profile"][0]
assert record["kind"] == "working_set"
(row,) = record["rows"]
sets = [p["working_set"] for p in row["sizes"]]
assert sets == sorted(set(sets)) and sets[0] <= 8192 and sets[-1] >= 2 * 2**20
assert all(b / a <= 2.01 for a, b in zip(sets, sets[1:]))
for p in row["sizes"]:
    assert p["bytes"] == p["working_set"]          # relu reads x once and writes y once
    assert p["ci95_ns"][0] <= p["ns"] <= p["ci95_ns"][1]
    assert abs(p["bytes_per_s"] * p["ns"] / 1e9 / p["bytes"] - 1) < 2e-8  # three numbers of nine digits
if "hwloc" in json.load(open(sys.argv[1]))["machine"]["topology_source"]:
    assert [(c["level"], c["size"]) for c in row["caches"]] == [(1, 32768), (2, 131072), (3, 524288)]
    assert [x["name"] for x in row["levels"]] == ["L1", "L2", "L3", "memory"]
    assert all(x["sizes"] > 0 and x["bytes_per_s"] > 0 for x in row["levels"])
PY
    "$VGBENCH" report "$DIR/ws.json" -o "$DIR/ws.md" >/dev/null
    grep -q '#### Working sets' "$DIR/ws.md"
    [ ! -e "$DIR/plots/working_set_1_relu_1.gp" ] || grep -q "L2 128 KiB" "$DIR/plots/working_set_1_relu_1.gp"
    run "$VGBENCH" profile --working-set depth=2
    [ "$status" -eq 2 ]
    run "$VGBENCH" profile --working-set --scaling
    [ "$status" -eq 2 ]
}

@test "profile: a part of run, if asked for" {
    need_valgrind
    "$VGBENCH" run --quick --quiet --only=profile --shapes='relu 4 8' --filter=relu/fwd -d "$DIR/run" >/dev/null
    python3 - "$DIR/run/results.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["profile"][0]["rows"] and "partial" not in d
PY
    grep -q 'Simulated' "$DIR/run/report.md"
    run "$VGBENCH" run --quick --dry-run
    [[ $output != *"working sets"* ]]
}
