#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The examples run as they stand, and say what they are meant to show.

setup() {
    examples="$VG_SOURCE/bench/experiments/examples"
    "$VGBENCH" info | grep -q 'yaml' && skip "built without YAML"
    out="$BATS_TEST_TMPDIR/out.csv"
}

# survival WORD...: of the one network whose row has all the words
survival() {
    python3 - "$out" "$@" <<'PY'
import csv, sys
rows = [r for r in csv.DictReader(open(sys.argv[1])) if all(w in " ".join(r.values()) for w in sys.argv[2:])]
assert len(rows) == 1, rows
print(rows[0]["survival"])
PY
}

less() {
    python3 -c 'import sys; sys.exit(not float(sys.argv[1]) < float(sys.argv[2]))' "$1" "$2"
}

@test "every example is run here" {
    for file in "$examples"/*.yaml; do
        grep -q "$(basename "$file")" "$VG_SOURCE/tests/cli/examples.bats"
    done
}

@test "depth.yaml: sigmoid vanishes with depth, its cures do not" {
    "$VGBENCH" decay "$examples/depth.yaml" --threads=1 -q -o "$out" >/dev/null
    less "$(survival depth=32 act=sigmoid)" 1e-15
    less 0.2 "$(survival depth=32 act=relu skip=residual)"
}

@test "time.yaml: gates that start open carry the gradient" {
    "$VGBENCH" decay "$examples/time.yaml" --threads=1 -q -o "$out" >/dev/null
    less "$(survival model=lstm forget_bias=0)" "$(survival model=lstm forget_bias=1)"
    less "$(survival model=gru update_bias=0)" "$(survival model=gru update_bias=3)"
}

@test "mend.yaml: later words override the file" {
    run "$VGBENCH" decay "$examples/mend.yaml" act=relu init=he_normal --threads=1 -q
    [ "$status" -eq 0 ]
    [[ $output == *healthy* ]]
}

@test "learn.yaml: what keeps its gradient learns" {
    "$VGBENCH" train "$examples/learn.yaml" --threads=1 -q -o "$BATS_TEST_TMPDIR/t.json" >/dev/null
    python3 - "$BATS_TEST_TMPDIR/t.json" <<'PY'
import json, sys
sigmoid, relu = json.load(open(sys.argv[1]))["train"]
assert relu["loss"] < 0.9 < sigmoid["loss"], (relu["loss"], sigmoid["loss"])
PY
}
