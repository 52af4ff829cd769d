#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What vgbench writes is what reports/schema/ describes, key by key.

bats_require_minimum_version 1.5.0

setup() {
    command -v python3 >/dev/null || skip "python3 is not installed"
    dir=$BATS_TEST_TMPDIR
    export PYTHONWARNINGS=ignore # of jsonschema's releases
}

# matches FILE...
matches() {
    python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" "$@"
}

example() {
    python3 "$VG_SOURCE/tests/data/make_example.py" 1
}

# changed STATEMENT: the example after a statement of Python on d
changed() {
    example | python3 -c "import json, sys; d = json.load(sys.stdin); $1; json.dump(d, sys.stdout)"
}

@test "schema: the example, the first release's results and the gallery match" {
    example | matches - "$VG_SOURCE/tests/data/results_v1.json" "$VG_SOURCE"/reports/gallery/*/results.json
}

@test "schema: what does not match is found" {
    for change in 'd["decay"][0]["verdict"] = "fine"' 'd["benchmarks"][0]["samples_ns"][0] = "3"' \
        'del d["context"]' 'd["noise"]["floor"] = -1' 'd["train"][0]["steps"][0]["step"] = 0.5' \
        'del d["benchmarks"][0]["op"]' 'd["decay"][0]["rate"]["ci95"] = [1]'; do
        run matches - < <(changed "$change")
        [ "$status" -eq 1 ]
        [[ $output == *"does not match"* ]]
    done
}

@test "schema: a key nobody described, NaN and a key that is there twice are refused" {
    run matches - < <(changed 'd["benchmarks"][3]["real_tiem"] = 1')
    [ "$status" -eq 1 ]
    [[ $output == *"'real_tiem' is not described"* ]]
    run matches - < <(example | sed '0,/"real_time": [0-9.]*/s//"real_time": NaN/')
    [ "$status" -eq 1 ]
    [[ $output == *"NaN is no JSON"* ]]
    run matches - < <(example | sed '0,/"schema_version": 1/s//"schema_version": 1, "schema_version": 1/')
    [ "$status" -eq 1 ]
    [[ $output == *"twice"* ]]
}

@test "schema: what the measuring commands write matches" {
    "$VGBENCH" bench --filter='relu/fwd' --shapes='relu 8 16' --threads=1 -q -o "$dir/bench.json" >/dev/null
    "$VGBENCH" verify --filter='^tanh/fwd' -q -o "$dir/verify.json" >/dev/null
    "$VGBENCH" decay depth=8 width=16 batch=16 --cost -q -o "$dir/decay.json" >/dev/null
    matches "$dir"/*.json # what run writes is checked where it runs
}
