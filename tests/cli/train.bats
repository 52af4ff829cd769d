#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

setup() {
    cd "$BATS_TEST_TMPDIR"
    export OMP_WAIT_POLICY=passive
    small="depth=4 width=32 batch=64 threads=1"
}

# Runs python with the results of r.json as r and the first training record as t.
check() {
    python3 -c "
import json, sys, math
r = json.load(open('r.json')); t = r['train'][0]
$1"
}

@test "train: loss falls, the record has steps, layers, epochs, and matches its schema" {
    "$VGBENCH" train $small epochs=3 --samples=1000 -o r.json -q
    check '
assert t["stopped"] == "steps" and t["done_steps"] == 39 == t["total_steps"]
assert t["data"]["train"] == 800 and t["data"]["steps_per_epoch"] == 13
assert t["steps"][-1]["loss"] < t["steps"][0]["loss"]
assert len(t["steps"][0]["layers"]) == 4 and len(t["epochs"]) == 3
assert t["steps"][0]["layers"][0]["update_ratio"] > 0
assert t["reached"] is None'
    if python3 -c 'import jsonschema' 2>/dev/null; then
        python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" r.json
    fi
}

@test "train: one and two threads, and any interval of records, give the same weights" {
    common="depth=5 width=80 batch=96 epochs=2 norm=batch skip=residual clip_norm=1 --samples=700 -q"
    "$VGBENCH" train $common threads=1 --checkpoint one >one.txt
    "$VGBENCH" train $common threads=2 --every=3 --checkpoint two >two.txt
    for f in one/weights/*.npy; do cmp "$f" "two/weights/${f##*/}"; done
}

@test "train: every optimizer and schedule learns" {
    for o in sgd momentum adam adamw; do
        case $o in sgd) lr=0.05 ;; momentum) lr=0.01 ;; *) lr=0.002 ;; esac
        for s in constant cosine warmup_cosine step; do
            "$VGBENCH" train $small optimizer=$o schedule=$s lr=$lr epochs=3 --samples=600 \
                -o r.json -q >/dev/null
            check 'assert t["epochs"][-1]["train_loss"] < 0.95 * t["steps"][0]["loss"], t["spec"]'
        done
    done
}

@test "train: target, early stop, and what is told while it trains" {
    "$VGBENCH" train $small epochs=50 target_loss=1.8 --samples=1000 --eval-every=5 -o r.json -q
    check 'assert t["reached"] is True and t["stopped"] == "target" and t["loss"] <= 1.8
assert t["steps_to_target"] % 5 == 0 and 0 < t["time_to_target_s"] <= t["train_s"]'
    "$VGBENCH" train $small epochs=60 lr=0.01 --samples=300 --patience=2 -o r.json -q
    check 'assert t["stopped"] == "early" and t["done_steps"] < t["total_steps"]'
    run "$VGBENCH" train depth=24 width=32 batch=64 act=sigmoid epochs=4 --samples=1000 threads=1 \
        -o r.json --log log.jsonl
    [ "$status" -eq 0 ]
    [[ "$output" == *"step 1: vanishing"*"skip=residual"* ]]
    check 'assert [e for e in t["events"] if e["code"] == "vanishing" and e["step"] == 1]
lines = [json.loads(l) for l in open("log.jsonl")]
assert any("grad_norm/layer_007" in l for l in lines) and any(l.get("code") == "vanishing" for l in lines)'
}

@test "train: a learning rate that is too low is called so, and not vanishing" {
    "$VGBENCH" train depth=8 width=32 batch=64 optimizer=sgd lr=1e-6 epochs=4 --samples=1000 \
        threads=1 -o r.json -q
    check 'codes = [e["code"] for e in t["events"]]
assert "lr_too_low" in codes and "vanishing" not in codes, codes'
}

@test "train: a loss that is not finite ends the run: one line, exit 1, the record is kept" {
    run "$VGBENCH" train $small optimizer=sgd lr=1e6 epochs=3 --samples=600 -o r.json -q
    [ "$status" -eq 1 ]
    [[ "$output" == *"not finite"* ]]
    check 'assert t["stopped"] == "non_finite" and t["events"][-1]["code"] == "non_finite"'
}

@test "train: clipping scales all layers by one number" {
    "$VGBENCH" train $small clip_norm=0.01 steps=3 --samples=300 --every=1 -o r.json -q
    check '
for s in t["steps"]:
    assert s["clip_factor"] < 1 and abs(s["grad_norm_post"] / 0.01 - 1) < 1e-3
    for l in s["layers"]:
        assert abs(l["grad_norm_post"] / l["grad_norm"] / s["clip_factor"] - 1) < 1e-4'
}

@test "train: checkpoints: refused without --resume, for another spec, a broken file" {
    run "$VGBENCH" train $small epochs=2 momentum=0.5 --samples=300 --checkpoint c --resume
    [ "$status" -eq 0 ]
    [[ "$output" == *"c: no checkpoint yet"*"momentum: has no effect"* ]]
    run "$VGBENCH" train $small epochs=2 --samples=300 --checkpoint c -q
    [ "$status" -eq 2 ]
    [[ "$output" == *"--resume"* && "${#lines[@]}" -eq 1 ]]
    run "$VGBENCH" train $small epochs=2 lr=0.5 --samples=300 --checkpoint c --resume -q
    [ "$status" -eq 2 ]
    [[ "$output" == *"another spec: lr is"* && "${#lines[@]}" -eq 1 ]]
    run "$VGBENCH" train $small epochs=2 --samples=400 --checkpoint c --resume -q
    [ "$status" -eq 2 ]
    printf '\x01' | dd of=c/checkpoint.vgc bs=1 seek=3000 conv=notrunc 2>/dev/null
    run "$VGBENCH" train $small epochs=2 --samples=300 --checkpoint c --resume -q
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
}

@test "train: killed at 20 moments and resumed, the weights are the same bits" {
    work="depth=6 width=48 batch=64 epochs=40 norm=batch skip=residual threads=1 --samples=2000 \
        --checkpoint-every=3 -q"
    "$VGBENCH" train $work --checkpoint whole >/dev/null
    state() { stat -c '%i %y' cut/checkpoint.vgc 2>/dev/null || true; }
    for i in $(seq 1 20); do # each run is killed a moment after it wrote a checkpoint of its own
        before=$(state)
        "$VGBENCH" train $work --checkpoint cut --resume >/dev/null 2>&1 3>&- &
        pid=$!
        while [ "$(state)" = "$before" ] && kill -0 "$pid" 2>/dev/null; do :; done
        sleep "0.00$((RANDOM % 10))"
        kill -KILL "$pid"
        status=0
        wait "$pid" || status=$?
        [ "$status" -eq 137 ]
    done
    "$VGBENCH" train $work --checkpoint cut --resume >/dev/null
    for f in whole/weights/*.npy; do cmp "$f" "cut/weights/${f##*/}"; done
}

@test "train: bad input: exit code, one line" {
    while IFS='|' read -r want words; do
        run "$VGBENCH" train $words -q
        [ "$status" -eq "$want" ] || { echo "$words: $status $output"; return 1; }
        [ "${#lines[@]}" -eq 1 ] || { echo "$words: $output"; return 1; }
    done <<'END'
2|optimiser=sgd
2|optimizer=sdg
2|lr=-1
2|epochs=0
2|depth=4 --validation=1
2|depth=4 --resume
2|depth=4,5 --checkpoint=c
1|depth=4 width=16 data=idx:/nowhere
1|depth=4 width=16 -o /nowhere/r.json
1|depth=4 width=16 --log=/nowhere/r.jsonl
1|depth=4 width=16 --checkpoint=/dev/null/c
END
}

@test "train: oneDNN and own kernels: the same curve within 2 percent" {
    "$VGBENCH" train $small backend=onednn steps=20 --samples=800 --every=1 -o r.json -q >/dev/null ||
        skip "no oneDNN in this build"
    cp r.json a.json
    "$VGBENCH" train $small steps=20 --samples=800 --every=1 -o r.json -q >/dev/null
    check 'a = json.load(open("a.json"))["train"][0]
for x, y in zip(a["steps"], t["steps"]):
    assert abs(x["loss"] / y["loss"] - 1) < 0.02 * x["step"] / 20, (x["step"], x["loss"], y["loss"])'
}

@test "train: the time of a step, and its parts add up to it" {
    "$VGBENCH" train depth=3 width=48 batch=64 threads=1 --step-time -o r.json -q >/dev/null
    check '
s = t["step_time"]; b = s["breakdown"]
assert s["step_us"] > 0 and s["flops"] == 6 * 64 * (3 * 48 * 48 + 480)
assert 0 < s["share_of_peak"] < 1.1
assert abs(sum(b["parts"].values()) / b["total_us"] - 1) < 1e-6
assert len(b["layers"]) == 3 and b["ops"]["dense/bwd_weights"]["calls"] == 4
o = s.get("onednn_breakdown")
if o:
    x = o["onednn"]
    total = sum(x[k] for k in ("primitives_us", "reorders_us", "c_steps_us", "own_us", "clock_us", "glue_us"))
    assert abs(total / o["total_us"] - 1) < 1e-6
    calls = sum(c["calls"] for c in o["composition"])
    assert calls == sum(v["calls"] for k, v in o["ops"].items() if k.startswith(("dense", "relu")))
    assert all(c["impl"] for c in o["composition"])'
    # every run says where its steps go, and where its memory is
    "$VGBENCH" train depth=3 width=48 batch=64 threads=2 steps=4 -o r.json -q >/dev/null
    check '
b = t["breakdown"]
assert abs(sum(b["parts"].values()) / b["total_us"] - 1) < 1e-6 and b["n"] >= 3
for l in b["layers"]:
    assert min(l[k] for k in ("forward_us", "backward_us", "optimizer_us", "statistics_us")) > 0
for where in t["placement"].values():
    assert "reason" in where or abs(sum(where.values()) - 1) < 1e-6'
}

matches_schema() {
    python3 -c 'import jsonschema' 2>/dev/null || return 0
    python3 "$VG_SOURCE/tests/cli/check_schema.py" "$VG_SOURCE/reports/schema" "$1"
}

@test "train: the race: a sick net, who cures it, in which order" {
    "$VGBENCH" train --race depth=8 width=16 batch=64 act=sigmoid threads=1 seeds=1 epochs=3 \
        target_accuracy=0.4 --samples=800 -o r.json -q >/dev/null
    matches_schema r.json
    python3 - <<'PY'
import json
race = json.load(open("r.json"))["race"][0]
rows = race["rows"]
assert len(rows) > 30 and rows[0]["own"]["reached"] == 1
order = [(-r["own"]["reached"], r["own"]["time_s"] or 1e9) for r in rows]
assert order == sorted(order)
base = [r for r in rows if r["change"] == "as it is"][0]
assert base["own"]["reached"] == 0
assert {s for r in rows for s in r["own"]["stopped"]} <= {"target", "steps", "hopeless", "non_finite"}
for r in rows:
    assert r["matrices"] <= base["matrices"], r["change"]
assert any(r["largest_stable_lr"] for r in rows)
PY
    run "$VGBENCH" train --race depth=4 width=16 -q
    [ "$status" -eq 2 ]
    [[ "$output" == *"target_loss"* ]]
}

@test "train: the range test of the learning rate" {
    "$VGBENCH" train --lr-find depth=4 width=32 batch=64 optimizer=sgd norm=layer threads=1 \
        --samples=1000 -o r.json -o r.md -q >/dev/null
    matches_schema r.json
    grep -q '^| network | suggested |' r.md # the table of the mode, as on standard output
    check '
f = t["lr_find"]
assert 1e-4 < f["suggestion"] < f["lowest"] <= 10, f
assert 1e-3 < f["largest_stable"] <= 100, f
assert len(f["points"]) <= 100 and f["points"][0]["lr"] == 1e-7'
}

@test "train: the report has the runs, what was seen, the maps and the race" {
    "$VGBENCH" train depth=12 width=16 batch=32 act=sigmoid epochs=3 --samples=300 threads=1 \
        -o r.json -q >/dev/null
    "$VGBENCH" train --race depth=4 width=16 batch=64 act=sigmoid threads=1 seeds=1 epochs=1 \
        target_accuracy=0.9 --samples=300 -o race.json -q >/dev/null
    python3 -c "
import json
r = json.load(open('r.json')); r['race'] = json.load(open('race.json'))['race']
json.dump(r, open('all.json', 'w'))"
    "$VGBENCH" report all.json -o report.md
    grep -q '^### Training' report.md
    grep -q '| vanishing |' report.md
    grep -q 'Time to a validation accuracy of 90' report.md
    grep -q '`as it is` | 0 of 1' report.md
    [ -s plots/gradient_steps_1_1.dat ] && [ -s plots/update_ratio_1_1.dat ]
}

@test "train: recurrent models: an lstm learns to add, steps in time are recorded" {
    "$VGBENCH" train model=lstm width=24 batch=64 seq_len=12 epochs=6 lr=0.01 threads=1 \
        --samples=1500 -o r.json -q >/dev/null
    matches_schema r.json
    check '
assert t["loss"] < 0.5 * t["steps"][0]["loss"], (t["steps"][0]["loss"], t["loss"])
assert t["accuracy"] is None and len(t["steps"][0]["layers"]) == 12
l = t["steps"][3]["layers"]
assert l[0]["grad_out_norm"] > 0 and l[0]["update_ratio"] == l[11]["update_ratio"] > 0'
    "$VGBENCH" train model=gru width=16 batch=32 seq_len=8 data=recall classes=4 steps=4 clip_norm=1 \
        threads=2 --samples=100 -q --checkpoint a >/dev/null
    "$VGBENCH" train model=gru width=16 batch=32 seq_len=8 data=recall classes=4 steps=4 clip_norm=1 \
        threads=1 --samples=100 -q --checkpoint b >/dev/null
    cmp a/weights/layer001.weight_hh.npy b/weights/layer001.weight_hh.npy
}

@test "train: what is said about learning, tried" {
    "$VGBENCH" decay --paper=training --format=csv -o r.json >claims.csv 2>err ||
        { cat claims.csv err; return 1; }
    [ "$(grep -c ',true,' claims.csv)" -ge 14 ]
    matches_schema r.json
    check 'assert len(r["train"]) >= 14 and all(x["claim"]["agrees"] for x in r["train"])'
}
