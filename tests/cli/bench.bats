#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vgbench bench: tables, results, flags of Google Benchmark.

bats_require_minimum_version 1.5.0

# bats does not see a failing `! command`.
refute() {
    ! "$@"
}

setup() {
    VG="${VGBENCH:-build/dev/bench/vgbench}"
    TMP="$BATS_TEST_TMPDIR"
    FAST="--threads=1 --seconds=0.01 --quiet"
}

has_gbench() {
    "$VG" --version | grep -qv 'Google Benchmark not built in'
}

# Strict parsing: no NaN, no Infinity.
strict_json() {
    python3 -c '
import json, sys
def no(x): raise ValueError("not JSON: " + x)
json.load(open(sys.argv[1]), parse_constant=no)' "$1"
}

@test "the table has one line per direction, and a verdict" {
    run "$VG" bench $FAST --shapes='relu 32 64'
    [ "$status" -eq 0 ]
    [ "$(grep -c '^relu/' <<< "$output")" -eq 2 ]
    grep -Eq '^relu/fwd .*batch:32/width:64 threads:1 .* (FASTER|SLOWER|SAME|AMBIGUOUS|-)(; medians [0-9.]+ \(!\))?$' <<< "$output"
}

@test "results are valid, and every row carries what a report needs" {
    "$VG" bench $FAST --shapes='dense 16 24 8, relu 8 16' -o "$TMP/r.json" > /dev/null
    strict_json "$TMP/r.json"
    python3 - "$TMP/r.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["schema_version"] == 1
for key in ("date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "cpu_scaling_enabled", "caches",
            "load_avg", "library_build_type"):
    assert key in d["context"], key
assert len(d["benchmarks"]) >= 5
for e in d["benchmarks"]:
    for key in ("name", "run_name", "run_type", "repetitions", "repetition_index", "threads", "iterations",
                "real_time", "cpu_time", "time_unit", "kernel", "op", "dir", "backend", "shape",
                "verified"):
        assert key in e, (key, e["name"])
    assert e["name"].startswith(e["kernel"])
    if not e.get("error_occurred"):
        assert e["verified"] is True, e["name"]
        assert min(e["samples_ns"]) > 0 and len(e["samples_ns"]) >= 9, e["name"]
        assert e["ci95_ns"][0] <= e["real_time"] <= e["ci95_ns"][1], e["name"]
        assert e["omp_threads"] == 1 and e["impl"], e["name"]
        assert e["flops"] > 0 and e["bytes"] > 0
assert d["noise"]["floor"] >= 0
assert d["roofline"]["roofs"]
assert d["machine"]["cpu"]["model"]
PY
}

@test "several outputs by extension" {
    run "$VG" bench $FAST --shapes='relu/fwd 8 16' -o "$TMP/a.md" -o "$TMP/a.csv" -o "$TMP/a.json"
    [ "$status" -eq 0 ]
    head -1 "$TMP/a.md" | grep -q '^| kernel and shape |'
    [ "$(wc -l < "$TMP/a.csv")" -eq 2 ]
    strict_json "$TMP/a.json"
}

@test "--format=json writes the document, and nothing else, to standard output" {
    "$VG" bench $FAST --shapes='relu/fwd 8 16' --format=json > "$TMP/o.json"
    strict_json "$TMP/o.json"
}

@test "a filter chooses rows by canonical name, and negates" {
    run "$VG" bench --shapes='relu 8 16' --threads=1 --benchmark_list_tests --filter='/scalar/'
    [ "$status" -eq 0 ]
    [ "$(grep -c . <<< "$output")" -eq 2 ]
    run "$VG" bench --shapes='relu 8 16' --threads=1 --benchmark_list_tests --benchmark_filter='-/scalar/'
    [ "$status" -eq 0 ]
    refute grep -q '/scalar/' <<< "$output"
    grep -q '^relu/fwd/' <<< "$output"
}

@test "thread counts are in the names" {
    run "$VG" bench --shapes='relu/fwd 8 16' --threads=1,2 --backend=scalar --benchmark_list_tests
    [ "$status" -eq 0 ]
    grep -q '/threads:1' <<< "$output"
    grep -q '/threads:2' <<< "$output"
}

@test "both spellings of min_time, iterations, formats" {
    has_gbench || skip "built without Google Benchmark"
    for t in 0.001 0.001s 20x; do
        run "$VG" bench $FAST --shapes='relu/fwd 8 16' --backend=scalar --benchmark_min_time=$t \
            --benchmark_repetitions=2 --benchmark_format=json
        [ "$status" -eq 0 ]
        python3 -c '
import json, sys
def no(x): raise ValueError(x)
d = json.loads(sys.argv[1], parse_constant=no)
names = [b.get("aggregate_name", "run") for b in d["benchmarks"]]
assert names.count("run") == 2 and "median" in names, names
if sys.argv[2] == "20x":
    assert d["benchmarks"][0]["iterations"] == 20' "$output" "$t"
    done
    run "$VG" bench $FAST --shapes='relu/fwd 8 16' --backend=scalar --benchmark_min_time=0.001 \
        --benchmark_format=csv
    [ "$status" -eq 0 ]
    grep -q '^name,iterations,real_time' <<< "$output"
}

@test "aggregates only" {
    has_gbench || skip "built without Google Benchmark"
    run "$VG" bench $FAST --shapes='relu/fwd 8 16' --backend=scalar --benchmark_min_time=0.001 \
        --benchmark_repetitions=3 --benchmark_format=console --benchmark_report_aggregates_only=true
    [ "$status" -eq 0 ]
    [ "$(grep -c '^relu/' <<< "$output")" -eq 4 ]
}

@test "the library's environment variables work, and the command line wins" {
    has_gbench || skip "built without Google Benchmark"
    BENCHMARK_FORMAT=json BENCHMARK_REPETITIONS=2 BENCHMARK_MIN_TIME=0.001 \
        "$VG" bench $FAST --shapes='relu/fwd 8 16' --backend=scalar > "$TMP/e.json"
    strict_json "$TMP/e.json"
    BENCHMARK_FORMAT=json run "$VG" bench $FAST --shapes='relu/fwd 8 16' --backend=scalar \
        --benchmark_min_time=0.001 --benchmark_format=csv
    grep -q '^name,iterations' <<< "$output"
}

@test "--benchmark_out is read by compare.py" {
    has_gbench || skip "built without Google Benchmark"
    compare=/usr/share/benchmark/compare.py PYTHON=/usr/bin/python3
    [ -f "$compare" ] || skip "libbenchmark-tools is not installed"
    "$PYTHON" -c "import scipy" 2> /dev/null || skip "compare.py needs scipy"
    for i in 1 2; do
        "$VG" bench $FAST --shapes='relu 8 16' --backend=scalar,best --benchmark_min_time=0.001 \
            --benchmark_out="$TMP/$i.json" > /dev/null
        strict_json "$TMP/$i.json"
    done
    run "$PYTHON" "$compare" -a benchmarks "$TMP/1.json" "$TMP/2.json"
    [ "$status" -eq 0 ]
    grep -q 'relu/fwd/scalar' <<< "$output"
    grep -q 'OVERALL_GEOMEAN' <<< "$output"
}

@test "compare.py reads our own results file" {
    compare=/usr/share/benchmark/compare.py PYTHON=/usr/bin/python3
    [ -f "$compare" ] || skip "libbenchmark-tools is not installed"
    "$PYTHON" -c "import scipy" 2> /dev/null || skip "compare.py needs scipy"
    "$VG" bench $FAST --shapes='relu 8 16' -o "$TMP/1.json" > /dev/null
    run "$PYTHON" "$compare" benchmarks "$TMP/1.json" "$TMP/1.json"
    [ "$status" -eq 0 ]
    grep -q 'OVERALL_GEOMEAN.*0.0000' <<< "$output"
}

one_line_and_code() { # code, words of the message, arguments...
    code=$1 words=$2
    shift 2
    "$VG" "$@" > "$TMP/out" 2> "$TMP/err" && got=0 || got=$?
    [ "$got" -eq "$code" ] || { echo "exit $got, wanted $code: $*"; cat "$TMP/err"; return 1; }
    [ ! -s "$TMP/out" ]
    [ "$(wc -l < "$TMP/err")" -eq 1 ]
    grep -Eq -- "$words" "$TMP/err" || { cat "$TMP/err"; return 1; }
}

@test "cold caches: in the heading, the record and the report, one call per sample" {
    local backends=best
    ! "$VG" bench $FAST --shapes='relu/fwd 8 16' --backend=onednn >/dev/null 2>&1 || backends=best,onednn
    for mode in none wei all; do
        run "$VG" bench $FAST --shapes='dense/fwd 8 256 64, relu/fwd 8 16' --backend=$backends \
            --cold-cache=$mode -o "$TMP/$mode.json" -o "$TMP/$mode.csv"
        [ "$status" -eq 0 ]
        [ $mode = none ] || grep -Eq '^kernel and shape, (cold weights|all cold) ' <<< "$output"
    done
    python3 - "$TMP" <<'PY'
import json, sys
for mode in "none", "wei", "all":
    d = json.load(open(f"{sys.argv[1]}/{mode}.json"))
    for e in d["benchmarks"]:
        assert e.get("cold_cache", "none") == mode, e["kernel"]
        if mode == "none":
            assert "cold_check" not in e
            continue
        assert e["batch"] == 1 and len(e["samples_ns"]) >= 9, e["kernel"]
        check = e["cold_check"]
        if mode == "wei" and e["op"] == "relu":
            assert check["bytes"] == 0 and not check["cold"] and "no weights" in e["note"]
        else:
            assert check["bytes"] >= (65536 if e["op"] == "dense" else 1024)
            assert check["cold"] == (check["cold_ns"] >= 2 * check["hot_ns"])
PY
    [ "$(grep -c ',,wei,$' "$TMP/wei.csv")" -eq 2 ] # no cap, cold: one table can hold rows of every run
    [ "$(grep -c ',,,$' "$TMP/none.csv")" -eq 2 ]
    "$VG" bench $FAST --shapes='relu/fwd 8 16' --backend=best --max-isa=scalar --format=csv >"$TMP/cap.csv"
    cmp <(head -1 "$TMP/cap.csv") <(head -1 "$TMP/wei.csv")
    grep -q ',max_isa,cold_cache,oversubscribed$' "$TMP/cap.csv"
    grep -q ',scalar,,$' "$TMP/cap.csv"
    python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" "$TMP/wei.json" "$TMP/all.json"
    "$VG" report "$TMP/wei.json" -o "$TMP/wei.md" 2> /dev/null
    grep -q 'timed with cold weights' "$TMP/wei.md"
    grep -q '^- \*\*Cold caches\*\*' "$TMP/wei.md"
    grep -q -- '--cold-cache=wei' "$TMP/wei.md"
    one_line_and_code 2 'cold and hot caches' compare "$TMP/none.json" "$TMP/all.json"
    "$VG" compare "$TMP/all.json" "$TMP/all.json" > /dev/null
}

@test "cold caches: bad words, and flags that do not go with them" {
    one_line_and_code 2 "did you mean 'wei'" bench --cold-cache=wie
    one_line_and_code 2 'none, wei, all' bench --cold-cache=hot
    has_gbench || skip "built without Google Benchmark"
    one_line_and_code 2 'one call behind a flush' bench --cold-cache=all --benchmark_repetitions=3
}

@test "bad input: one line, exit 2" {
    one_line_and_code 2 "did you mean '--filter'" bench --filtr=x
    one_line_and_code 2 "did you mean 'quick'" bench --shapes=qick
    one_line_and_code 2 "did you mean 'sigmoid'" bench --shapes='sigmiod 8 8'
    one_line_and_code 2 'in is missing|has 1' bench --shapes='dense 8'
    one_line_and_code 2 'at least 1' bench --shapes='dense 0 8 8'
    one_line_and_code 2 'address space' bench --shapes='dense 9999999999 9999999999 9999999999'
    one_line_and_code 2 'GiB' bench --shapes='dense 1000000 1000000 1000' --threads=1
    one_line_and_code 2 "did you mean 'avx2'" bench --backend=avx3
    one_line_and_code 2 'threads' bench --threads=0
    one_line_and_code 2 'threads' bench --threads=two
    one_line_and_code 2 'matches' bench --filter=nosuchkernel
    one_line_and_code 2 'filter' bench --filter='['
    one_line_and_code 2 'size' bench --sweep=sizes
    one_line_and_code 2 'json' bench -o results.txt
    one_line_and_code 2 'not an option' bench dense
    one_line_and_code 2 'needs a value' bench --shapes=
    one_line_and_code 2 '--seconds=0' bench --seconds=0
    [ "$(uname -m)" != x86_64 ] || one_line_and_code 2 'scalar, avx2, avx512' bench --max-isa=neon
}

@test "bad flags of Google Benchmark: exit 2" {
    has_gbench || skip "built without Google Benchmark"
    one_line_and_code 2 "did you mean '--benchmark_filter'" bench --benchmark_fliter=x
    one_line_and_code 2 'console, json, csv' bench --benchmark_format=xml
    one_line_and_code 2 'seconds' bench --benchmark_min_time=soon
    one_line_and_code 2 'seconds' bench --benchmark_min_time=-1
    one_line_and_code 2 'whole number' bench --benchmark_repetitions=0
    one_line_and_code 2 'ns, us, ms, s' bench --benchmark_time_unit=h
}

@test "an unwritable output is refused before anything runs" {
    one_line_and_code 1 'cannot be written' bench -o /nonexistent/folder/r.json
}

@test "a good file is not lost to a failed run" {
    echo good > "$TMP/keep.json"
    run "$VG" bench --shapes='dense 0 0 0' -o "$TMP/keep.json"
    [ "$status" -eq 2 ]
    [ "$(cat "$TMP/keep.json")" = good ]
}

@test "shape files: comments, families, errors with line" {
    printf '# comment\nactivations 8 16 # all of them\n\ndense/bwd_data 8 8 8\n' > "$TMP/s.txt"
    run "$VG" bench --shapes="$TMP/s.txt" --threads=1 --backend=scalar --benchmark_list_tests
    [ "$status" -eq 0 ]
    grep -q '^dense/bwd_data/scalar/' <<< "$output"
    refute grep -q '^dense/fwd' <<< "$output"
    grep -q '^silu/bwd/scalar/' <<< "$output"
    printf 'relu 8 16\nrelu 8\n' > "$TMP/bad.txt"
    one_line_and_code 2 's.txt:2|bad.txt:2' bench --shapes="$TMP/bad.txt"
}

@test "the shipped shape sets are well-formed" {
    for set in quick mlp tails bert dlrm; do
        run "$VG" bench --shapes=$set --threads=1 --backend=scalar --benchmark_list_tests
        [ "$status" -eq 0 ]
    done
}

@test "the same case twice has the same names and verification" {
    "$VG" bench $FAST --shapes='relu 8 16' --backend=scalar -o "$TMP/1.json" > /dev/null
    "$VG" bench $FAST --shapes='relu 8 16' --backend=scalar -o "$TMP/2.json" > /dev/null
    python3 - "$TMP/1.json" "$TMP/2.json" <<'PY'
import json, sys
a, b = ([(e["name"], e["ulp_max"]) for e in json.load(open(f))["benchmarks"]] for f in sys.argv[1:])
assert a == b and a
PY
}

@test "more threads than CPUs: one warning, grade D, and nothing is called" {
    "$VG" info | grep -q gomp || skip "another OpenMP runtime, or none"
    local many=$((2 * $(nproc) + 2)) words="--shapes=relu 32 64" filter='--filter=^relu/fwd/'
    run --separate-stderr "$VG" bench "$words" "$filter" --seconds=0.01 --threads=1,$many -q -o "$TMP/many.json"
    [ "$status" -eq 0 ]
    [ "$(grep -c warning <<< "$stderr")" -eq 1 ]
    [[ $stderr == *"$many threads on "*" CPU"*"take turns"* ]]
    grep -Eq "threads:$many .* AMBIGUOUS: $many threads on [0-9]+ CPU" <<< "$output"
    grep -Eq "^threads:$many .*: no mean" <<< "$output"
    grep -Eq '^threads:1 +geometric mean' <<< "$output"
    [ "$(grep -c 'no mean' <<< "$output")" -eq 1 ]
    [[ $("$VG" report "$TMP/many.json" -q) == *"grade D"*"threads outnumbered CPUs"* ]]
    "$VG" compare "$TMP/many.json" --by=backend --base=scalar --format=json > "$TMP/cmp.json"
    # A file from before it was recorded, in which the program called what it saw.
    python3 - "$TMP/many.json" "$TMP/cmp.json" "$TMP/old.json" $many <<'PY'
import json, sys
d, c = (json.load(open(p)) for p in sys.argv[1:3])
many = int(sys.argv[4])
assert any(w.startswith("%d threads on" % many) for w in d["machine"]["warnings"])
crowded = [e for e in d["benchmarks"] if e["omp_threads_asked"] == many]
assert crowded and all("oversubscribed" in e for e in crowded)
assert not any("oversubscribed" in e for e in d["benchmarks"] if e["omp_threads_asked"] == 1)
assert {r["verdict"] for e in crowded for r in e.get("ratios", [])} <= {"AMBIGUOUS"}
rows = [r for r in c["rows"] if r["kernel"].endswith("threads:%d" % many)]
assert rows and all(r["verdict"] == "AMBIGUOUS" and "threads on" in r["reason"] for r in rows), rows
for e in crowded:
    del e["oversubscribed"]
    for r in e.get("ratios", []):
        r["verdict"] = "FASTER"
json.dump(d, open(sys.argv[3], "w"))
PY
    [[ $("$VG" report "$TMP/old.json" -q) == *"more threads than CPUs"* ]]
    "$VG" report "$TMP/old.json" -q --format=csv | python3 -c '
import csv, sys
rows = [r for r in csv.DictReader(sys.stdin) if int(r["threads"]) > 1 and r["verdict"]]
assert all(r["verdict"] == "AMBIGUOUS" for r in rows), rows'
    run --separate-stderr env -u OMP_PROC_BIND "$VG" bench "$words" "$filter" --seconds=0.01 --bind=pu:0 --threads=2 -q
    [[ $stderr == *"2 threads on 1 CPU:"* ]]
}

@test "bench: all rows are under the roofs that the record shows, however late those were found" {
    out="$BATS_TEST_TMPDIR/roofs.json"
    "$VGBENCH" bench --quiet --threads=1 --filter='/fwd/' \
        --shapes='dense/fwd 16 64 64, dense/fwd 32 64 64, dense/fwd 64 64 64, relu/fwd 64 64' -o "$out" >/dev/null
    python3 - "$out" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
shown = {kind: {r["value"] for r in d["roofline"]["roofs"] if r["kind"] == kind} for kind in ("flops", "bandwidth")}
rows = [b for b in d["benchmarks"] if b.get("roof")]
assert len(rows) >= 8
for b in rows:
    assert b["roof"]["value"] in shown[b["roof"]["kind"]], (b["name"], b["roof"])
    assert ("above_roof" in b) == (b["roof_fraction"] > 1)
PY
}
