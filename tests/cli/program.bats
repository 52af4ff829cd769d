#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The program as a whole: help, version, info, list.
bats_require_minimum_version 1.5.0

# bats does not see a failing `! command`.
refute() {
    ! "$@"
}

setup() {
    VG="${VGBENCH:-build/dev/bench/vgbench}"
    TMP="$BATS_TEST_TMPDIR"
}

@test "help goes to standard output with exit 0" {
    for words in help --help -h; do
        run --separate-stderr "$VG" $words
        [ "$status" -eq 0 ]
        [ -z "$stderr" ]
        grep -q bench <<< "$output"
    done
}

@test "no command: usage on standard error, exit 2" {
    run --separate-stderr "$VG"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
}

@test "help within 20 ms" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    [ -z "$VG_SANITIZE" ] || skip "the time of the release and dev builds is promised, not that under sanitizers"
    python3 - "$VGBENCH" <<'PY'
import subprocess, sys, time
def once():
    begin = time.perf_counter()
    subprocess.run([sys.argv[1], "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin
best = min(once() for _ in range(20))
print(f"{1e3 * best:.1f} ms")
sys.exit(best >= 0.020)
PY
}

@test "every command explains itself" {
    for command in $("$VG" help | sed -n '/^Topics/q; s/^  \([a-z]*\) .*/\1/p' | grep -v '^help$'); do
        run "$VG" "$command" --help
        [ "$status" -eq 0 ]
        grep -q '^usage: vgbench' <<< "$output"
        run "$VG" help "$command"
        [ "$status" -eq 0 ]
    done
}

@test "an option that a command has of its own is listed once" {
    for command in verify report roofline; do
        [ "$("$VG" "$command" --help | grep -c -- '^  --format=')" -eq 1 ]
    done
}

@test "topics" {
    run "$VG" help spec
    [ "$status" -eq 0 ]
    grep -q act <<< "$output"
    run "$VG" help names
    [ "$status" -eq 0 ]
    run "$VG" help spce
    [ "$status" -eq 2 ]
    grep -q "did you mean 'spec'" <<< "$output"
    run "$VG" help sky
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
    grep -q "no topic 'sky': there are spec, names, .*vanishing.*, run, bench" <<< "$output"
}

@test "shape sets: each with what it is for, by name" {
    run "$VG" help names
    for file in "$VG_SOURCE"/bench/shapes/*.txt; do
        grep -q "^  $(basename "$file" .txt) .* [a-z]" <<< "$output"
    done
    run "$VG" bench --shapes=qick
    [ "$status" -eq 2 ]
    grep -q "(bert, dlrm, extremes, grid, mlp, quick, recurrent, tails).*did you mean 'quick'" <<< "$output"
}

@test "an unknown command names the nearest" {
    run --separate-stderr "$VG" bnech
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    grep -q "did you mean 'bench'" <<< "$stderr"
    [ "$(wc -l <<< "$stderr")" -eq 1 ]
}

@test "version" {
    run "$VG" --version
    [ "$status" -eq 0 ]
    grep -Eq '^vgbench [0-9]' <<< "$output"
}

@test "info in text and JSON, and its alias" {
    run "$VG" info
    [ "$status" -eq 0 ]
    grep -q '^CPU ' <<< "$output"
    grep -q '^oneDNN ' <<< "$output"
    run "$VG" doctor
    [ "$status" -eq 0 ]
    "$VG" info --format=json > "$TMP/m.json"
    python3 - "$TMP/m.json" <<'PY'
import json, sys
m = json.load(open(sys.argv[1]))
assert m["cpu"]["model"] and m["caches"] is not None
assert {i["name"] for i in m["isa"]} == {"avx2", "avx512", "neon"}
assert all(i["usable"] or i["reason"] for i in m["isa"])
assert m["pmu"]["available"] or m["pmu"]["reason"]
dnnl = m["software"]["onednn"]
assert dnnl["version"] or dnnl["reason"]
if dnnl["version"] and tuple(map(int, dnnl["version"].split(".")[:2])) < (3, 7):
    assert dnnl["note"] == "not a current oneDNN"
assert m["ftz"] is False
PY
}

@test "caches come from hwloc, which obeys HWLOC_SYNTHETIC" {
    "$VG" info | grep -q '(hwloc' || skip "built without hwloc"
    run env HWLOC_SYNTHETIC='pack:1 l3:1(size=12345678) l2:4(size=262144) l1d:1(size=32768) core:1 pu:1' "$VG" info
    [ "$status" -eq 0 ]
    grep -Eq '^L2 unified +256 KiB' <<< "$output"
    grep -q 'not this system' <<< "$output"
}

@test "an ISA mask is respected and named as the reason" {
    run env VG_ISA_MASK=none "$VG" info
    [ "$status" -eq 0 ]
    refute grep -Eq '^(avx2|avx512|neon) +usable' <<< "$output"
}

@test "list: rows, filter, formats, keys" {
    run "$VG" list --filter='^relu/fwd/scalar$'
    [ "$status" -eq 0 ]
    [ "$(wc -l <<< "$output")" -eq 1 ]
    run "$VG" list --keys
    grep -Eq '^dense +batch in out' <<< "$output"
    "$VG" list --format=json | python3 -c 'import json, sys; assert len(json.load(sys.stdin)) > 5'
    run "$VG" list --filter=nosuch
    [ "$status" -eq 2 ]
}

@test "list: -o by extension, and --keys in every format" {
    "$VG" list --filter=relu/fwd -o "$TMP/l.json" -o "$TMP/l.md" -o "$TMP/l.csv" >/dev/null
    "$VG" list --filter=relu/fwd --format=json | cmp - "$TMP/l.json"
    "$VG" list --filter=relu/fwd --format=md | cmp - "$TMP/l.md"
    "$VG" list --filter=relu/fwd --format=csv | cmp - "$TMP/l.csv"
    "$VG" list --keys --format=json | python3 -c '
import json, sys
dense = json.load(sys.stdin)[0]
assert dense["op"] == "dense" and dense["extents"] == ["batch", "in", "out"] and dense["weights"]'
    [ "$("$VG" list --keys --format=csv | sed -n 2p)" = "dense,batch in out weights:plain|packed" ]
    [[ "$("$VG" list --keys --format=md | sed -n 3p)" == '| `dense` |'* ]]
    run "$VG" list --keys --filter=relu
    [ "$status" -eq 2 ]
}

@test "a capped program does not use what is above the cap" {
    run "$VG" list --max-isa=scalar --filter='avx'
    [ "$status" -eq 0 ] || skip "no such rows on this architecture"
    refute grep -v 'not here' <<< "$output"
}

@test "NO_COLOR and pipes: no escape sequences" {
    run "$VG" bench --shapes='relu/fwd 8 16' --threads=1 --seconds=0.01 --quiet
    [ "$status" -eq 0 ]
    refute grep -q $'\033' <<< "$output"
}
