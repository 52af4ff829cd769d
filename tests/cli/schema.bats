#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The example of the tests is what reports/schema/ describes.

setup() {
    python3 -c 'import jsonschema' 2>/dev/null ||
        skip "python3-jsonschema is not installed: results are not checked against reports/schema/"
}

@test "schema: every schema file is a valid schema, and the example matches" {
    python3 "$VG_SOURCE/tests/data/make_example.py" 1 |
        python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" -
}

@test "schema: what does not match is found" {
    for change in 'd["decay"][0]["verdict"] = "fine"' 'd["benchmarks"][0]["samples_ns"][0] = "3"' \
        'del d["context"]' 'd["noise"]["floor"] = -1' 'd["train"][0]["steps"][0]["step"] = 0.5'; do
        run bash -c 'python3 "$VG_SOURCE/tests/data/make_example.py" 1 |
            python3 -c "import json, sys; d = json.load(sys.stdin); $0; json.dump(d, sys.stdout)" |
            python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" -' "$change"
        [ "$status" -eq 1 ]
        [[ $output == *"does not match"* ]]
    done
}

@test "schema: what vgbench measures matches" {
    "$VGBENCH" help | grep -q '  bench ' || skip "this build has no vgbench bench"
    dir=$(mktemp -d)
    "$VGBENCH" bench --filter='relu/fwd' --shapes='relu 8 16' --threads=1 -o "$dir/r.json" >/dev/null
    python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" "$dir/r.json"
    rm -r "$dir"
}
