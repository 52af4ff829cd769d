#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The doctor: this machine, and machines that hwloc is told of.

setup() {
    "$VGBENCH" info | grep -q hwloc || skip "built without hwloc"
}

cpu_of() { # also d: the whole environment word, python condition on cpu and caches
    env "$1" "$VGBENCH" info --format=json >"$BATS_TEST_TMPDIR/info.json"
    python3 - "$BATS_TEST_TMPDIR/info.json" "$2" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
c, caches = d["cpu"], {(x["level"], x["type"]): x["size"] for x in d["caches"]}
assert eval(sys.argv[2]), (c, caches, d["warnings"])
PY
}

@test "info: two sockets with three NUMA nodes each" {
    cpu_of "HWLOC_SYNTHETIC=Package:2 NUMANode:3 L3:1(size=33554432) L2:2(size=1048576) L1d:1(size=32768) Core:1 PU:2" \
        'c["packages"] == 2 and c["numa_nodes"] == 6 and c["cores"] == 12 and c["threads"] == 24 and caches[3, "unified"] == 33554432'
}

@test "info: four threads a core" {
    cpu_of "HWLOC_SYNTHETIC=Package:1 L2:2(size=1048576) L1d:1(size=65536) Core:1 PU:4" \
        'c["cores"] == 2 and c["threads"] == 8 and caches[1, "data"] == 65536 and d["doctor"]["smt"] and d["doctor"]["threads_per_core"] == 4'
    run env "HWLOC_SYNTHETIC=Package:1 L2:2(size=1048576) L1d:1(size=65536) Core:1 PU:4" "$VGBENCH" info
    [[ $output == *"1 package, 2 cores of 1 kind, 8 threads"* ]]
    [[ $output == *"SMT"*"on, 4 allowed threads a core"* ]]
    # what no x86 CPU has: CPUID differs, or says that it says nothing
    [[ $output == *"CPUID"*"differs from the topology: "*"L1 data 64 KiB there"* || $output == *"CPUID"*"says nothing of caches"* ]]
}

@test "info: no third level" {
    cpu_of "HWLOC_SYNTHETIC=Package:1 L2:4(size=2097152) L1d:1(size=32768) Core:1 PU:1" \
        '(3, "unified") not in caches and caches[2, "unified"] == 2097152'
}

@test "info: a hybrid CPU has two kinds of cores" {
    cpu_of "HWLOC_XMLFILE=$VG_SOURCE/tests/data/topology/hybrid.xml" \
        'c["cores"] == 4 and c["core_kinds"] == 2 and caches[3, "unified"] == 12582912 and {k["cpus"]: k["efficiency"] for k in c["kinds"]} == {"0-1": 1, "2-3": 0}'
    HWLOC_XMLFILE="$VG_SOURCE/tests/data/topology/hybrid.xml" "$VGBENCH" info >"$BATS_TEST_TMPDIR/info.txt"
    grep -q 'CPUs 0-1: performance' "$BATS_TEST_TMPDIR/info.txt"
    grep -q 'CPUs 2-3: efficient' "$BATS_TEST_TMPDIR/info.txt"
}

@test "info: a topology that is missing or broken is named, and everything else goes on" {
    for file in /nowhere/at_all.xml "$VG_SOURCE/tests/data/topology/broken.xml"; do
        run env HWLOC_XMLFILE="$file" "$VGBENCH" info
        [ "$status" -eq 0 ]
        [[ $output == *"HWLOC_XMLFILE=$file cannot be used"* ]]
        [[ $output == *"grade"* ]]
    done
}

@test "info: ends with a grade and its reasons; timer, clock and latency are measured" {
    "$VGBENCH" info --format=json >"$BATS_TEST_TMPDIR/info.json"
    python3 - "$BATS_TEST_TMPDIR/info.json" <<'PY'
import json, os, sys
d = json.load(open(sys.argv[1]))["doctor"]
assert d["grade"] in "ABCD" and (d["grade"] == "A" or d["reasons"])
assert all(r["grade"] <= d["grade"] and r["text"] for r in d["reasons"])
# the rule of the report (report.bats): C above 0.75 per CPU, D above 2
per_cpu, said = d["load"] / os.sysconf("SC_NPROCESSORS_ONLN"), [r["grade"] for r in d["reasons"] if "load average" in r["text"]]
assert said == (["D"] if per_cpu > 2 else ["C"] if per_cpu > 0.75 else []), (per_cpu, said)
assert 0 < d["timer"]["overhead_ns"] < 1e5 and d["timer"]["resolution_ns"] > 0
assert 0.2 < d["ghz"] < 10
ns = [x["ns"] for x in d["latency"]]
assert len(ns) > 8 and all(x > 0 for x in ns) and max(ns) > min(ns)
PY
    "$VGBENCH" info | grep -q '^grade  *[ABCD]'
}

@test "info: the same lines in every format, and -o by extension" {
    out="$BATS_TEST_TMPDIR"
    "$VGBENCH" info --format=csv -o "$out/i.md" -o "$out/i.csv" -o "$out/i.json" >"$out/stdout.csv"
    cmp "$out/stdout.csv" "$out/i.csv"
    grep -q '^| CPU | ' "$out/i.md"
    python3 - "$out" <<'PY'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/i.csv", newline="")))
machine = json.load(open(sys.argv[1] + "/i.json"))
assert rows[0]["item"] == "CPU" and machine["cpu"]["model"] in rows[0]["value"]
assert [r["value"] for r in rows if r["item"] == "grade"][0] == machine["doctor"]["grade"]
assert all(r["item"] and r["value"] for r in rows)
lines = open(sys.argv[1] + "/i.md").read().splitlines()
assert len(lines) == len(rows) + 2 and all(l.startswith("| ") and l.endswith("|") for l in lines[2:])
PY
}

@test "info: what is not known has its reason, and memory is a whole number of bytes" {
    out="$BATS_TEST_TMPDIR"
    "$VGBENCH" info -o "$out/i.json" >"$out/i.txt"
    run grep -E 'n/a($|[^:])' "$out/i.txt"
    [ -z "$output" ]
    grep -Eq '^CPUID +(agrees with|differs from|says nothing)' "$out/i.txt"
    python3 - "$out/i.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert type(d["os"]["memory_bytes"]) is int and d["os"]["memory_bytes"] % 4096 == 0
for unknown in "governor", "driver", "boost":
    assert d["os"][unknown] is not None or d["os"]["frequency_reason"]
assert d["doctor"]["cpuid"]["verdict"] in ("agrees", "differs", "nothing")
PY
}
