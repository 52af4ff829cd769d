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

@test "papers: a bound as the published number, and whose number it is; the guide runs what only training shows, too" {
    mkdir ex
    cat >ex/guide.yaml <<'YAML'
width: 16
batch: 8
depth: 8
seeds: 2
act: sigmoid
variants:
  - claim: below
    quantity: survival
    paper: "<= 0.5"
  - claim: not above
    quantity: survival
    theory: ">= 0.5"
YAML
    cat >ex/training.yaml <<'YAML'
width: 16
batch: 8
depth: 8
data: gaussians
steps: 40
optimizer: sgd
lr: 0.1
variants:
  - claim: stuck
    act: sigmoid
    quantity: trained_update_ratio
    paper: "<= 1e-3"
  - claim: moves
    act: relu
    quantity: trained_update_ratio
    advice: ">= 0.1"
YAML
    VGBENCH_EXPERIMENTS=$PWD/ex run "$VGBENCH" decay --paper=guide threads=1 --quiet -o g.json
    echo "$output"
    [ "$status" -eq 1 ] # one claim is refuted
    [[ "$output" == *"below"*"<= 0.5"*"agrees"*"not above"*">= 0.5"*"DISAGREES"*"training"*"stuck"*"agrees"*"moves"*"agrees"* ]]
    python3 -c 'import json; d = json.load(open("g.json"))
assert [r["claim"]["source"] for r in d["decay"] + d["train"]] == ["paper", "theory", "paper", "advice"]'
    [[ "$output" == *"expected of"*"<= 0.5 paper"*">= 0.5 theory"*">= 0.1 advice"* ]]
    sed -i 's/    paper: "<= 0.5"/    theory: 1\n&/' ex/guide.yaml
    VGBENCH_EXPERIMENTS=$PWD/ex run "$VGBENCH" decay --paper=guide threads=1 --quiet
    [ "$status" -eq 2 ]
    [[ "$output" == *"guide.yaml:10: paper: given already; of paper, theory and advice there is one"* ]]
}

@test "papers: numbers of several seeds have an interval, of one seed they say so" {
    mkdir ex
    cat >ex/few.yaml <<'YAML'
width: 16
batch: 8
depth: 8
seeds: 3
act: tanh
variants:
  - claim: spread
    quantity: last_out_std
    theory: "<= 1"
  - claim: ratio
    quantity: log10_weight_ratio
    theory: "<= 9"
  - claim: jacobian
    quantity: jacobian_singular_value
    theory: "<= 9"
  - claim: alone
    seeds: 1
    quantity: last_out_std
    theory: "<= 1"
  - claim: trained
    data: gaussians
    steps: 8
    quantity: trained_accuracy
    theory: "<= 1"
YAML
    VGBENCH_EXPERIMENTS=$PWD/ex run "$VGBENCH" decay --paper=few threads=1 --quiet -o f.json
    echo "$output"
    [ "$status" -eq 0 ]
    python3 - <<'PY'
import json, math
d = json.load(open("f.json"))
spread, ratio, jacobian, alone = (r["claim"]["here"] for r in d["decay"])
def parse(text):
    value, low, high = (float(t.strip("[],")) for t in text.split())
    assert low < value < high
    return value, low, high
# Student's t of two degrees of freedom
values = [s["last"]["out_std"] for s in d["decay"][0]["by_seed"]]
mean = sum(values) / 3
half = 4.303 * math.sqrt(sum((v - mean) ** 2 for v in values) / 2 / 3)
for got, expected in zip(parse(spread), (mean, mean - half, mean + half)):
    assert abs(got - expected) < 1e-4
parse(ratio)
assert parse(jacobian)[0] == float("%.5g" % d["decay"][2]["jacobian_singular_value"])
assert alone.endswith(" (one seed)") and d["train"][0]["claim"]["here"].endswith(" (one seed)")
PY
}
