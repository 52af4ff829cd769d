#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vgbench run, on shapes that take no time.
bats_require_minimum_version 1.5.0

# bats does not see a failing `! command`.
refute() {
    ! "$@"
}

matches_schema() {
    PYTHONWARNINGS=ignore python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" "$@"
}

setup() {
    VG="${VGBENCH:-build/dev/bench/vgbench}"
    TMP="$BATS_TEST_TMPDIR"
    TINY="--quick --quiet --threads=1 --shapes=$TMP/tiny.txt"
    printf 'relu 4 8\n' > "$TMP/tiny.txt"
}

@test "kernels only: folder, results, report, and its path last" {
    run --separate-stderr "$VG" run $TINY --only=kernels -d "$TMP/d"
    [ "$status" -eq 0 ]
    [ "$output" = "$TMP/d/report.md" ]
    [ -s "$TMP/d/report.md" ]
    [ "$(ls -A "$TMP/d" | grep -c '^\.')" -eq 0 ]
    python3 - "$TMP/d/results.json" <<'PY'
import json, sys
def no(x): raise ValueError(x)
d = json.load(open(sys.argv[1]), parse_constant=no)
assert d["suite"] == "quick" and "partial" not in d
assert d["command"].startswith("vgbench run --quick")
assert {e["op"] for e in d["benchmarks"]} == {"relu"}
assert d["noise"]["floor"] is not None
assert d["machine"]["doctor"]["grade"] in "ABCD" and d["machine"]["doctor"]["latency"]
assert d["elapsed_s"] > 0
PY
    grep -q '^Doctor.s grade of the machine as the run began: [A-D]' "$TMP/d/report.md"
    grep -q '^A dependent load takes, by the memory walked: 8 KiB ' "$TMP/d/report.md"
    grep -Eq '^\| clock measured, GHz \| [0-9.]+ \|' "$TMP/d/report.md"
    grep -q 'Raw data.*\[results.json\](results.json), SHA-256' "$TMP/d/report.md"
    grep -q '^Time of the run: [0-9.]* s\.' "$TMP/d/report.md"
    matches_schema "$TMP/d/results.json"
    commit=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["generator"]["commit"])' \
        "$TMP/d/results.json")
    if [ -e "$VG_SOURCE/.git" ] && git -C "$VG_SOURCE" rev-parse HEAD; then
        git -C "$VG_SOURCE" cat-file -e "$commit^{commit}"
    else
        [ "$commit" = None ]
    fi
}

@test "kernels with cold caches: recorded, reported, and not mixed with hot ones" {
    "$VG" run $TINY --only=kernels --cold-cache=all -d "$TMP/d" >/dev/null
    python3 - "$TMP/d/results.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["benchmarks"]
for e in d["benchmarks"]:
    assert e["cold_cache"] == "all" and e["cold_check"]["bytes"] >= 2 * 4 * 8 * 4
PY
    matches_schema "$TMP/d/results.json"
    grep -q 'timed with cold caches' "$TMP/d/report.md"
    run --separate-stderr "$VG" run $TINY --only=kernels -d "$TMP/d" --resume
    [ "$status" -eq 2 ]
    grep -q 'cold-cache=all.*cold-cache=none' <<< "$stderr"
}

@test "the plan comes first, with its time" {
    run --separate-stderr "$VG" run --quick --dry-run
    [ "$status" -eq 0 ]
    for part in verify kernels decay; do
        grep -Eq "^  $part .* about [0-9]+ (s|min|h)" <<< "$stderr"
    done
}

@test "an existing folder needs --resume or --force" {
    mkdir "$TMP/d"
    echo precious > "$TMP/d/results.json"
    run --separate-stderr "$VG" run $TINY --only=kernels -d "$TMP/d"
    [ "$status" -eq 2 ]
    grep -q -- '--resume' <<< "$stderr"
    [ "$(cat "$TMP/d/results.json")" = precious ]
    run "$VG" run $TINY --only=kernels -d "$TMP/d" --resume
    [ "$status" -ne 0 ]
    [ "$(cat "$TMP/d/results.json")" = precious ]
    run "$VG" run $TINY --only=kernels -d "$TMP/d" --force
    [ "$status" -eq 0 ]
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$TMP/d/results.json"
}

@test "--resume keeps what is there and adds what is missing" {
    "$VG" run $TINY --only=kernels -d "$TMP/d" > /dev/null
    cp "$TMP/d/results.json" "$TMP/first.json"
    printf 'relu 4 8\nrelu 5 8\n' > "$TMP/tiny.txt"
    "$VG" run $TINY --only=kernels -d "$TMP/d" --resume > /dev/null
    python3 - "$TMP/first.json" "$TMP/d/results.json" <<'PY'
import json, sys
a, b = ({e["kernel"]: e["samples_ns"] for e in json.load(open(f))["benchmarks"]} for f in sys.argv[1:])
assert set(a) < set(b) and len(b) == 2 * len(a)
assert all(a[k] == b[k] for k in a)
assert "--resume" not in json.load(open(sys.argv[2]))["command"]
PY
}

@test "--resume keeps the parts that are not measured again, and the report renders alike" {
    "$VG" run $TINY --only=kernels -d "$TMP/d" > /dev/null
    cp "$TMP/d/results.json" "$TMP/first.json"
    "$VG" run $TINY --only=verify --filter=relu -d "$TMP/d" --resume > /dev/null
    python3 - "$TMP/first.json" "$TMP/d/results.json" <<'PY'
import json, sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
assert a["benchmarks"] == b["benchmarks"] and a["noise"] == b["noise"]
assert b["verify"] and not a.get("verify")
PY
    "$VG" report "$TMP/d/results.json" --split -q -o "$TMP/report.md"
    for name in report report-performance report-decay; do
        cmp "$TMP/$name.md" "$TMP/d/$name.md"
    done
}

@test "an interrupt keeps what is finished and says so" {
    printf 'relu 4 8\nrelu 512 2048\nsigmoid 512 2048\ntanh 512 2048\ngelu 512 2048\n' > "$TMP/tiny.txt"
    "$VG" run --quiet --threads=1 --shapes="$TMP/tiny.txt" --only=kernels -d "$TMP/d" > "$TMP/out" &
    pid=$!
    sleep 4
    kill -INT $pid
    wait $pid && code=0 || code=$?
    if [ "$code" -eq 0 ]; then skip "it was done before the interrupt"; fi
    [ "$code" -eq 1 ]
    python3 - "$TMP/d/results.json" <<'PY'
import json, sys
assert json.load(open(sys.argv[1]))["partial"] is True
PY
    [ -s "$TMP/d/report.md" ]
}

refused() { # code, words, arguments...
    code=$1 words=$2
    shift 2
    run --separate-stderr "$VG" run "$@"
    [ "$status" -eq "$code" ] || { echo "exit $status: $stderr"; return 1; }
    [ -z "$output" ]
    [ "$(wc -l <<< "$stderr")" -eq 1 ]
    grep -Eq -- "$words" <<< "$stderr" || { echo "$stderr"; return 1; }
}

@test "bad input: one line and the right exit code" {
    refused 2 "did you mean 'kernels'" --only=kernel
    refused 2 '30m' --budget=soon
    refused 2 'exclude' --quick --publish
    refused 2 'exclude' --resume --force
    refused 2 'names? it with -d' -o r.json
    refused 2 'options only' quick
    refused 1 'cannot be made' -d /proc/nowhere/d
    touch "$TMP/file"
    refused 2 'is a file' -d "$TMP/file"
    refused 2 'other formats' --format=csv
    refused 2 "allowed are verify, .*, fixes; did you mean 'decay'" --only=decoy
}

@test "--strict refuses with exit 3 where the machine is not under control" {
    "$VG" info | grep -q '^beware' || skip "nothing to beware of here"
    run "$VG" run $TINY --only=kernels -d "$TMP/d" --strict
    [ "$status" -eq 3 ]
    [ ! -e "$TMP/d" ]
    for words in "train depth=2 width=8 steps=1" roofline profile "profile --scaling" bench "decay depth=2 width=8 --cost"; do
        run --separate-stderr timeout 20 "$VG" $words --strict
        [ "$status" -eq 3 ] || { echo "$words: $status"; return 1; }
        [ -z "$output" ]
    done
    run "$VG" decay depth=2 width=8 --strict # its numbers are the same in any environment
    [ "$status" -eq 0 ]
}

@test "decay alone" {
    run --separate-stderr "$VG" run --quick --quiet --only=decay -d "$TMP/d"
    [ "$status" -eq 0 ]
    python3 - "$TMP/d/results.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert len(d["decay"]) >= 50
assert all(r["spec"] and r["layers"] for r in d["decay"])
PY
}

@test "fixes: three base nets, each with every fix and its cost; a budget makes them small" {
    run --separate-stderr "$VG" run --quick --quiet --only=fixes --budget=8s -d "$TMP/d"
    [ "$status" -eq 0 ]
    python3 - "$TMP/d/results.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
assert {r["fixes_of"] for r in d["decay"]} == {"act=sigmoid", "act=tanh", "act=relu"}
assert sum("fix" not in r for r in d["decay"]) == 3 and len(d["decay"]) > 100
assert all(r["cost"]["step_ms"] > 0 for r in d["decay"])
PY
    grep -q '^\*\*What mends a deep net' "$TMP/d/report.md"
    matches_schema "$TMP/d/results.json"
}

@test "a budget is one of the whole run: the plan's parts add up to no more" {
    for budget in 30 60; do
        run "$VG" run --publish --dry-run --threads=1,2 --budget=${budget}m -d "$TMP/plan"
        [ "$status" -eq 0 ]
        python3 - $budget "$output" <<'PY'
import re, sys
budget, plan = int(sys.argv[1]), sys.argv[2]
parts = dict(re.findall(r"^  (\w+) .* about (.*)$", plan, re.M))
unit = {"s": 1, "min": 60, "h": 3600}
def seconds(text):
    words = text.split()
    return sum(float(n) * unit[u] for n, u in zip(words[::2], words[1::2]))
total = seconds(re.search(r"in all, with the report +about (.*)$", plan, re.M)[1])
assert {"kernels", "decay", "train", "fixes"} <= parts.keys(), plan
assert 0.5 * 60 * budget < total < 1.1 * 60 * budget, plan
PY
    done
    run "$VG" run --publish --dry-run --threads=1,2 --budget=4m -d "$TMP/plan"
    [[ $output == *"takes longer than --budget=4m"* ]]
    [ ! -e "$TMP/plan" ]
}
