#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Measured peaks, points beneath them, and scaling.

setup_file() {
    export DIR=$(mktemp -d)
    # small caches that this machine has, too: little to stream
    export HWLOC_SYNTHETIC="Package:1 L3:1(size=4194304) L2:1(size=262144) L1d:1(size=32768) Core:1 PU:1"
    local svg=
    ! command -v gnuplot >/dev/null || svg="--format=svg --plot $DIR/roof.svg"
    "$VGBENCH" roofline --quiet --threads=1 --shapes='relu 32 64, dense/fwd 32 64 64' $svg \
        --filter='/fwd/' depth=2 width=32 batch=16 -o "$DIR/r.json" -o "$DIR/r.md" -o "$DIR/r.csv" >"$DIR/r.txt"
}

teardown_file() {
    rm -r "$DIR"
}

matches_schema() {
    PYTHONWARNINGS=ignore python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" "$@"
}

@test "roofline: roofs and points are there and hang together" {
    matches_schema "$DIR/r.json"
    grep -q '^| roof | peak' "$DIR/r.md"
    grep -q 'FMA f32' "$DIR/r.txt"
    python3 - "$DIR/r.json" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))["roofline"]
flops = [x for x in r["roofs"] if x["kind"] == "flops"]
assert flops and all(x["value"] > 1e8 for x in flops)
mixes = {(x["reads"], x["writes"]) for x in r["roofs"] if x["kind"] == "bandwidth"}
assert {(1, 0), (2, 1), (1, 1), (3, 1), (4, 3)} <= mixes
assert all(x["spread"] >= x["repeat"] >= 0 and x["how"] for x in r["roofs"])
assert all(x["tries"] >= 4 and 1 < x["per_cycle"] < 200 for x in flops)  # looked at between the others
kinds = {p["what"] for p in r["points"]}
assert kinds == {"kernel", "layer"}
for p in r["points"]:
    assert abs(p["intensity"] - p["flops"] / p["bytes"]) <= 1e-9 * p["intensity"]
    assert p["ci95_ns"][0] <= p["ns"] <= p["ci95_ns"][1]
    assert ("above_roof" in p) == (p["roof_fraction"] > 1)
    assert p["threads"] == 1
    # the fraction is of the roof that the record shows, the same for all, and below half of it nothing binds
    rate = p["gflops"] * 1e9 if p["roof_kind"] == "flops" else p["bytes"] / p["ns"] * 1e9
    assert abs(p["roof_fraction"] * p["roof"] / rate - 1) < 1e-6
    assert p["roof"] in [x["value"] for x in r["roofs"] if x["kind"] == p["roof_kind"]], p
    assert p["bound"] == (p["roof_kind"] if p["roof_fraction"] >= 0.5 else "neither (latency or instructions)")
for x in r["roofs"]:
    if x["kind"] == "bandwidth":
        assert x["name"].startswith(x["level"] + ", ")
assert {"L1", "L2", "L3", "memory"} <= {x.get("level") for x in r["roofs"]}
layer = next(p for p in r["points"] if p["what"] == "layer" and p["kernel"].startswith("dense/bwd_weights/") and "/in:32/out:32/" in p["kernel"])
assert layer["count"] == 2 and layer["flops"] >= 2 * 2 * 16 * 32 * 32
PY
}

@test "roofline: CSV is one table of roofs, kernels and layers" {
    python3 - "$DIR" <<'PY'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/r.csv", newline="")))
r = json.load(open(sys.argv[1] + "/r.json"))["roofline"]
assert all(None not in x and None not in x.values() for x in rows)
assert [x["name"] for x in rows if x["kind"] == "roof"] == [x["name"] for x in r["roofs"]]
points = [x for x in rows if x["kind"] != "roof"]
assert [(x["kind"], x["name"]) for x in points] == [(p["what"], p["kernel"]) for p in r["points"]]
assert all(float(x["ci95_lo"]) <= float(x["value"]) <= float(x["ci95_hi"]) for x in points)
PY
}

@test "roofline: as table, JSON and SVG" {
    run "$VGBENCH" roofline --format=png
    [ "$status" -eq 2 ]
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
    grep -q 'own kernels' "$DIR/r.txt"
    grep -q 'FMA f32' "$DIR/roof.svg"
    python3 -c 'import sys, xml.dom.minidom as x; [x.parse(f) for f in sys.argv[1:]]' "$DIR/r.txt" "$DIR/roof.svg"
}

@test "scaling: speed-up against one thread, with interval, efficiency, imbalance" {
    "$VGBENCH" profile --quiet --scaling --threads=1,2 --filter='gelu/fwd/(avx|scalar|neon)' \
        --shapes='gelu 64 128' -o "$DIR/s.json" >"$DIR/s.txt"
    matches_schema "$DIR/s.json"
    grep -q 'Base: the same row on 1 thread' "$DIR/s.txt"
    python3 - "$DIR/s.json" <<'PY'
import json, sys
record = json.load(open(sys.argv[1]))["profile"][0]
assert record["kind"] == "scaling"
for row in record["rows"]:
    one, two = row["points"]
    assert one["threads"] == 1 and abs(one["speedup"] - 1) < 1e-9 and one["efficiency"] == one["speedup"]
    assert two["threads"] == 2 and two["speedup_ci95"][0] <= two["speedup"] <= two["speedup_ci95"][1]
    assert abs(two["efficiency"] - two["speedup"] / 2) < 1e-8 # nine digits are written
    assert 0 <= two["imbalance"] <= 1 and -0.01 <= two["waiting"] < 1
    for p in one, two: # share and time are of one another, and of the time that is shown
        assert abs(p["waiting_ns"] - p["waiting"] * p["ns"]) <= 1e-6 * p["ns"], p
        assert p["waiting_ci95"][0] <= p["waiting"] <= p["waiting_ci95"][1] and p["waiting_n"] >= 5
    assert one["ns_after"] > 0 and "above_ideal" not in one
    assert ("above_ideal" in two) == (two["speedup_ci95"][0] > 2)
# what is above ideal is flagged, with its reason
d = json.load(open(sys.argv[1]))
d["profile"][0]["rows"][0]["points"][1]["above_ideal"] = "such and such"
json.dump(d, open(sys.argv[1].replace("s.json", "above.json"), "w"))
PY
    matches_schema "$DIR/above.json"
    "$VGBENCH" report "$DIR/above.json" -o "$DIR/above.md" >/dev/null
    grep -q '\] \*\*above ideal\*\*' "$DIR/above.md"
    grep -q 'on 2 threads: such and such' "$DIR/above.md"
}

@test "roofline: bad words are usage errors" {
    run "$VGBENCH" roofline --filter=nothing_like_this --shapes='relu 4 4'
    [ "$status" -eq 2 ]
    run "$VGBENCH" roofline -o x.svg
    [ "$status" -eq 2 ]
}

@test "roofline, working sets: a last cache that is not all there is taken for what can be reached of it" {
    # 1 GiB that no machine here has
    export HWLOC_SYNTHETIC="Package:1 L3:1(size=1073741824) L2:1(size=1048576) L1d:1(size=32768) Core:1 PU:1"
    "$VGBENCH" roofline --quiet --threads=1 --roofs-only -o "$DIR/far.json" >"$DIR/far.txt"
    "$VGBENCH" profile --quiet --working-set --filter='^relu/fwd/(avx|scalar|neon)' -o "$DIR/sets.json" >"$DIR/sets.txt"
    matches_schema "$DIR/far.json" "$DIR/sets.json"
    python3 - "$DIR/far.json" "$DIR/sets.json" <<'PY'
import json, sys
d, sets = [json.load(open(f)) for f in sys.argv[1:]]
if "hwloc" not in d["machine"]["topology_source"] or "last_cache" not in d["roofline"]:
    sys.exit() # without hwloc, or a machine that has so much
last = d["roofline"]["last_cache"]
assert 2 * 2**20 <= last["reach"] <= 2**25 and last["size"] == 2**30 and "is said to have 1024 MiB" in last["reason"]
sizes = {x["level"]: x["working_set"] for x in d["roofline"]["roofs"] if x["kind"] == "bandwidth"}
assert 2**20 < sizes["L3"] <= last["reach"] < sizes["memory"]
row = sets["profile"][0]["rows"][0]
assert row["caches"][-1]["reach"] == row["caches"][-1]["held"] <= 2**25
assert next(x for x in row["levels"] if x["name"] == "memory")["bytes_per_s"] > 0
PY
    ! grep -q '"last_cache"' "$DIR/far.json" || grep -q 'is said to have 1024 MiB' "$DIR/far.txt"
    ! grep -q '"last_cache"' "$DIR/sets.json" || grep -q 'Taken for ' "$DIR/sets.txt"
}
