#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

setup() {
    cd "$BATS_TEST_TMPDIR"
}

@test "published numbers: every experiment that ships agrees" {
    export VGBENCH_EXPERIMENTS="$VG_SOURCE/bench/experiments"
    run "$VGBENCH" decay --paper=all threads=1 --quiet -o p.json
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" != *DISAGREES* ]]
    python3 -c 'import json; r = json.load(open("p.json"))["decay"]; assert sum("claim" in x for x in r) > 65'
    run "$VGBENCH" decay --paper=nosuch
    [ "$status" -eq 2 ]
    [[ "$output" == *"guide"* ]]
}

@test "papers: what has no value is not judged, changed conditions are said, other tasks are refused" {
    export VGBENCH_EXPERIMENTS="$VG_SOURCE/bench/experiments"
    run "$VGBENCH" decay --paper=he2015 depth=3 width=8 batch=8 seeds=1 threads=1
    [ "$status" -eq 1 ]
    [[ "$output" == *"depth=3 in place of"*"not judged"* ]]
    [[ "$output" != *nan* ]]
    [[ "$output" != *"threads=1 in place of"* ]]
    run "$VGBENCH" decay --paper=he2015 depth=3 width=8 batch=8 seeds=1 --quiet --format=csv
    [[ "$output" != *nan* ]]
    run "$VGBENCH" decay --paper=he2015 --dump d
    [ "$status" -eq 2 ]
    [ ! -e d ]
}
