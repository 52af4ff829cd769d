#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR"
    small="width=24 batch=16 seeds=2 threads=1"
}

@test "orthogonal linear layers of gain one half: 0.5^10" {
    run "$VGBENCH" decay depth=11 act=linear init=orthogonal gain=0.5 --format=csv --quiet
    [ "$status" -eq 0 ]
    survival=$(printf '%s\n' "$output" | tail -1 | awk -F, '{print $10}')
    awk -v s="$survival" 'BEGIN { d = s / 9.765625e-4 - 1; exit !(d < 1e-5 && d > -1e-5) }'
}

@test "a sweep has a row per point and variants inherit" {
    run "$VGBENCH" decay $small depth=4,8 act=relu,tanh vs norm=layer --format=csv --quiet
    [ "$status" -eq 0 ]
    [ "$(printf '%s\n' "$output" | wc -l)" -eq 9 ]
}

@test "unknown keys and values: exit 2, the key, what is allowed, the nearest word" {
    run "$VGBENCH" decay dept=3
    [ "$status" -eq 2 ]
    [[ "$output" == *"dept"*"did you mean 'depth'"* ]]
    run "$VGBENCH" decay act=sigmod
    [ "$status" -eq 2 ]
    [[ "$output" == *"act=sigmod"*"leaky_relu"*"did you mean 'sigmoid'"* ]]
    run "$VGBENCH" decay depth=0
    [ "$status" -eq 2 ]
    run "$VGBENCH" decay width=0
    [ "$status" -eq 2 ]
    run "$VGBENCH" decay gate_bias=-1
    [ "$status" -eq 2 ]
    [[ "$output" == *"skip=highway"* ]]
    run "$VGBENCH" decay nosuch.yaml
    [ "$status" -eq 2 ]
    [[ "$output" == *"nosuch.yaml"* ]]
    printf 'act: [relu\n' >bad.yaml
    run "$VGBENCH" decay bad.yaml
    [ "$status" -eq 2 ]
    [[ "$output" == *"bad.yaml:"* ]]
    for words in vs "depth=4 vs" "vs vs depth=4" beta1=1 --seed=4, --seed=,4; do
        run "$VGBENCH" decay $small $words --quiet
        [ "$status" -eq 2 ] || { echo "$words: $status"; false; }
    done
}

@test "a key that changes nothing is said to, a list of seeds is a sweep" {
    run "$VGBENCH" decay $small depth=4 --seed=4,5 lr=0.1 clip_norm=1 --format=csv
    [ "$status" -eq 0 ]
    [ "$(grep -c '^seed=' <<<"$output")" -eq 2 ]
    [ "$(grep -c "lr, clip_norm: have no effect here" <<<"$output")" -eq 1 ]
}

@test "what does not fit into memory is refused with numbers" {
    run "$VGBENCH" decay depth=1000000 width=65536
    [ "$status" -ne 0 ]
    [[ "$output" == *"GiB"* ]]
}

@test "a sweep goes on past a combination that makes no sense" {
    run "$VGBENCH" decay $small depth=4 norm=batch,layer batch=1 --format=csv -o r.json
    [ "$status" -eq 0 ]
    [[ "$output" == *"skipped"*"batch of at least 2"* ]]
    [[ "$output" == *"norm=layer"* ]]
    python3 - <<'PY'
import json
r = json.load(open("r.json"))
(s,) = r["skipped"]
assert s["point"] == 1 and s["name"] == "norm=batch" and "batch of at least 2" in s["reason"]
assert len(r["decay"]) == 1
PY
}

@test "one and two threads give the same numbers" {
    "$VGBENCH" decay width=96 batch=130 seeds=2 depth=9 act=tanh norm=batch skip=residual \
        --threads=1 -o one.json --quiet
    "$VGBENCH" decay width=96 batch=130 seeds=2 depth=9 act=tanh norm=batch skip=residual \
        --threads=2 -o two.json --quiet
    python3 - <<'PY'
import json
a, b = (json.load(open(f))["decay"] for f in ("one.json", "two.json"))
for r in a + b:
    del r["spec"]["threads"], r["label"], r["name"]
assert a == b
PY
}

@test "results are valid JSON with every part of a record" {
    run "$VGBENCH" decay $small depth=9 -o r.json --quiet
    [ "$status" -eq 0 ]
    python3 - <<'PY'
import json
def no(x): raise ValueError(x)
r = json.load(open("r.json"), parse_constant=no)["decay"][0]
for key in ("spec seeds params matrices loss layers by_seed rate theory survival verdict findings "
            "advice").split():
    assert key in r, key
assert len(r["layers"]) == 9 and len(r["by_seed"]) == 2
assert r["rate"]["from"] == 4 and r["rate"]["to"] == 8
assert r["spec"]["init"] == "he_normal" and r["spec"]["backend"] != "best"
PY
}

@test "a dump has every tensor in .npy 1.0 and a manifest" {
    run "$VGBENCH" decay $small depth=3 norm=layer skip=residual in_dim=5 --dump d --quiet
    [ "$status" -eq 0 ]
    for t in x target loss input.weight head.grad_bias layer001.weight2 layer003.grad_gamma \
             layer002.grad_pre layer002.act_in layer003.grad_out; do
        [ -s "d/$t.npy" ] || { echo "$t is missing"; false; }
    done
    [ "$(head -c 8 d/x.npy | od -An -tx1 | tr -d ' ')" = 934e554d50590100 ]
    python3 -c 'import json; m = json.load(open("d/manifest.json")); assert m["spec"]["depth"] == 3'
    run "$VGBENCH" decay $small depth=3,4 --dump e --quiet
    [ -s e/0001/manifest.json ] && [ -s e/0002/x.npy ]
    python3 -c 'import json; assert len(json.load(open("e/index.json"))) == 2'
    run "$VGBENCH" decay $small depth=2 --dump d --quiet
    [ "$status" -eq 2 ]
    [[ "$output" == *"--force"* && -s d/layer003.out.npy ]]
    echo mine >e/0001/notes
    run "$VGBENCH" decay $small depth=2 --dump e --force --quiet
    [ "$status" -eq 0 ]
    [ ! -e e/0002 ] && [ ! -e e/index.json ] && [ -s e/layer002.out.npy ] && [ -s e/0001/notes ]
}

@test "norms of the gradients in a record are those of the dump" {
    for net in "norm=layer skip=residual" "act=tanh loss_scale=1024" "skip=highway" "norm=batch"; do
        run "$VGBENCH" decay $small seeds=1 depth=5 $net --dump d --force --quiet -o r.json
        [ "$status" -eq 0 ]
        python3 - <<'PY'
import array, json, math
def norm(path):
    raw = open(path, "rb").read()
    values = array.array("f", raw[10 + int.from_bytes(raw[8:10], "little"):])
    return math.sqrt(math.fsum(v * v for v in values))
record = json.load(open("r.json"))["decay"][0]
for layer in record["layers"]:
    for key, tensor in ("grad_weight_l2", "grad_weight"), ("grad_bias_l2", "grad_bias"):
        expected = norm("d/layer%03d.%s.npy" % (layer["index"], tensor))
        assert expected > 0 and abs(layer[key] / expected - 1) < 1e-6, (layer["index"], key, layer[key], expected)
PY
    done
    "$VGBENCH" decay model=gru seq_len=12 $small --quiet -o r.json
    python3 - <<'PY'
import json
r = json.load(open("r.json"))["decay"][0]
assert r["layers"][0]["grad_bias_l2"] is None
assert "same weights" in r["null_reasons"]["layers.grad_bias_l2"]
PY
}

@test "samples of a file: its features and classes, as train takes them" {
    { echo a,b,c,label; for i in $(seq 40); do echo "$((i % 7)),$((i % 5)),$((i % 3)),$((i % 4))"; done; } >t.csv
    run "$VGBENCH" decay $small depth=4 data=csv:t.csv --quiet -o t.json
    [ "$status" -eq 0 ]
    python3 -c 'import json; s = json.load(open("t.json"))["decay"][0]["spec"]; assert (s["in_dim"], s["classes"]) == (3, 4)'
}

@test "no null without its reason" {
    "$VGBENCH" decay width=16 batch=4 threads=1 seeds=1 depth=9 vs depth=2 vs act=sigmoid \
        vs depth=40 gain=1e3 vs init=zeros vs model=rnn,lstm,gru depth=1 seq_len=12 -q -o r.json >/dev/null
    "$VGBENCH" decay width=16 batch=4 threads=1 depth=9 --cost --precision -q -o s.json >/dev/null
    python3 - <<'PY'
import json
def nulls(value, path=""):
    if value is None:
        yield path
    items = value.items() if isinstance(value, dict) else \
        [("", v) for v in value] if isinstance(value, list) else []
    for key, item in items:
        if path or key != "spec":
            yield from nulls(item, ".".join(filter(None, (path, key))))
records = sum((json.load(open(f))["decay"] for f in ("r.json", "s.json")), [])
assert len(records) == 9
for r in records:
    assert set(nulls(r)) == set(r.get("null_reasons", {})), r["label"]
over = next(r for r in records if r["spec"]["gain"] == 1e3)
assert "not finite" in over["rate_reason"] and "overflows" in over["theory"]["reason"]
for r in records:
    t = r["theory"]
    if t["within"] is not None:
        assert t["within"] == (t["band"][0] <= r["rate"]["ln_sq_per_layer"] <= t["band"][1])
PY
}

@test "a sick network gets advice without --fixes, by prediction" {
    "$VGBENCH" decay depth=32 width=64 batch=16 seeds=1 threads=1 act=sigmoid vs act=relu \
        --explain -q -o r.json >out
    grep -q "try act=relu init=he_normal: survival .* is predicted; PyTorch: nn.ReLU" out
    python3 - <<'PY'
import json, subprocess
sick, well = json.load(open("r.json"))["decay"]
assert not well["advice"] and len(sick["advice"]) == 3
for a in sick["advice"]:
    assert a["source"] == "theory" and 0.1 < a["survival"] < 10 and a["torch"] and a["keras"]
PY
}

@test "a sweep of many points takes the memory of one" {
    [ -z "$VG_SANITIZE" ] || skip "a sanitizer keeps memory that was freed"
    python3 - "$VGBENCH" <<'PY'
import json, os, subprocess, sys
def peak(points):
    seeds = ",".join(str(i) for i in range(points))
    child = subprocess.Popen([sys.argv[1], "decay", "depth=6", "width=8", "batch=4", "seeds=1", "threads=1",
                              "data_seed=" + seeds, "-o", "s.json", "-o", "s.csv", "--quiet"],
                             stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0
    assert len(json.load(open("s.json"))["decay"]) == points
    assert len(open("s.csv").readlines()) == points + 1
    return usage.ru_maxrss
few, many = peak(50), peak(1000)
assert many < 1.1 * few, (few, many)
PY
    [ -z "$(ls | grep tmp)" ]
}

@test "Ctrl-C keeps what is finished" {
    "$VGBENCH" decay depth=24 width=96 act=relu,tanh,gelu,silu,elu,selu,sigmoid,linear threads=1 \
        init=he_normal,xavier_normal,lecun_normal,orthogonal data_seed=1,2,3,4,5,6,7,8,9,10,11,12 \
        --format=csv -o r.json --quiet >rows.csv &
    child=$!
    for _ in $(seq 300); do # until a few rows are there
        [ "$(wc -l <rows.csv)" -gt 3 ] && break
        sleep 0.1
    done
    kill -INT $child
    wait $child || true
    python3 -c 'import json; r = json.load(open("r.json")); assert r["partial"] and r["decay"]'
}

@test "a list of 20000 entries starts at once and ends when it is told to" {
    : >long.csv # the shell may be slower to open it than the loop to look
    "$VGBENCH" decay depth=2 width=8 batch=8 seeds=1 threads=1 "seed=$(seq -s, 20000)" --format=csv \
        --quiet >long.csv 2>long.err &
    child=$!
    for _ in $(seq 100); do
        [ "$(wc -l <long.csv)" -lt 2 ] || break
        sleep 0.1
    done
    grep -q '^"\?seed=1"\?,' long.csv || { kill -KILL $child; false; }
    kill -TERM $child
    code=0
    wait $child || code=$?
    [ "$code" -eq 1 ]
    grep -q "of 20000 points are kept" long.err
}

@test "a plot is made by gnuplot" {
    command -v gnuplot || skip "gnuplot is not installed"
    run "$VGBENCH" decay $small depth=9 act=relu vs act=sigmoid --plot p.svg --quiet
    [ "$status" -eq 0 ]
    grep -q "<svg" p.svg
}

@test "CSV: every key of the spec is a column; nothing is printed above an error" {
    "$VGBENCH" decay $small depth=4 act=relu,tanh --format=csv -q >a.csv
    "$VGBENCH" decay $small depth=4 act=relu skip=residual --format=csv -q -o b.csv >/dev/null
    "$VGBENCH" train $small depth=2 seeds=1 steps=1 --format=csv -q >t.csv
    "$VGBENCH" train $small depth=2 seeds=1 --step-time -q -o s.csv >/dev/null
    python3 - <<'PY'
import csv
rows = [r for name in "ab" for r in csv.DictReader(open(name + ".csv", newline=""))]
assert len({tuple(v for k, v in r.items() if k.startswith("spec.")) for r in rows}) == len(rows) == 3
assert [r["spec.skip"] for r in rows] == ["none", "none", "residual"]
assert all(r["spec.width"] == "24" and r["spec.depth"] == "4" for r in rows)
train, = csv.DictReader(open("t.csv", newline=""))
assert train["spec.steps"] == train["steps"] == "1" and train["spec.optimizer"] == "adamw"
step, = csv.DictReader(open("s.csv", newline=""))
assert float(step["step_us"]) > 0 and step["spec.depth"] == "2"
PY
    run --separate-stderr "$VGBENCH" decay depth=4 norm=group groups=7 width=8
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "a plot of nothing is no plot, and one line says so; only SVG is made" {
    run --separate-stderr "$VGBENCH" decay $small depth=64 act=linear init=normal init_std=1000000 --plot none.svg -q
    [ "$status" -eq 1 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $stderr == *"nothing to plot"* ]]
    [ ! -e none.svg ]
    for command in "decay $small" "train $small steps=1" roofline; do
        run --separate-stderr "$VGBENCH" $command --plot p.png -q
        [ "$status" -eq 2 ]
        [ -z "$output" ]
        [[ $stderr == *"--plot=p.png"*".svg" ]]
    done
    [ ! -e p.png ]
}

@test "the fix matrix: every fix with its cost, ranked, with advice" {
    run "$VGBENCH" decay --fixes $small depth=16 act=sigmoid init=xavier_normal -o f.json --quiet
    [ "$status" -eq 0 ]
    [[ "$output" == *"step / now [95%]"*"What is wrong"*"vanishing"*"What helps"*", step x"*" ["*"PyTorch:"* ]]
    python3 - <<'PY'
import json
records = json.load(open("f.json"))["decay"]
assert len(records) > 35 and records[0]["name"] == "none"
assert records[0]["advice"] and all(r["cost"]["step_ms"] > 0 for r in records)
# every fix is timed beside the base: its ratio is of those rounds, with the interval of the rounds
assert "step_ratio" not in records[0]["cost"]
for cost in (r["cost"] for r in records[1:]):
    low, high = cost["step_ratio_ci95"]
    assert cost["base_step_ms"] > 0 and 0 < low <= cost["step_ratio"] <= high
by_change = {r["name"]: r["cost"] for r in records}
assert all(by_change[a["change"]]["step_ratio_ci95"] == a["step_ratio_ci95"] for a in records[0]["advice"])
healthy = [r["verdict"] == "healthy" for r in records[1:] if r["equal_matrices"]]
assert healthy[0] and healthy == sorted(healthy, reverse=True)
two = next(r for r in records if r["name"] == "skip=scaled")
assert two["matrices"] == records[0]["matrices"] and two["spec"]["depth"] == 8
ranked = [r for r in records[1:] if r["equal_matrices"]]
assert {r["matrices"] for r in ranked} == {records[0]["matrices"]}
short = [r for r in records if r["name"].startswith("depth/")]
assert [r["name"] for r in short] == ["depth/2 (fewer matrices)", "depth/4 (fewer matrices)"]
assert records[-2:] == short and not any(r["equal_matrices"] for r in short)
assert not any("/" in a["change"] for a in records[0]["advice"])
assert all(r["spec"]["act"] != "linear" for r in records)
names = {r["name"] for r in records}
assert {"act=gelu_tanh init=he_normal", "init=he_uniform", "init=xavier_uniform", "init=standard_uniform",
        "init=torch_default"} <= names
assert "init=lecun_normal" not in names # of square matrices: the base's xavier_normal
layers = [json.dumps(r["layers"]) for r in records]
assert len(set(layers)) == len(layers), "a row is the same network as another"
PY
    "$VGBENCH" report f.json -o f.md
    grep -q "Heat map of the gradient signal by fix and matrix" f.md
    grep -q '^| 1. `.*` | .*x \[.*\] | `.*` | `.*` |' f.md # advice: PyTorch and Keras
    [ "$(grep -c -- '^- \[[x ]\] \|^- n/a ' f.md)" -eq 7 ]
    [ "$(awk '$2 == 1' plots/fix_heat_1_1.dat | wc -l)" -ge 8 ] # a row per fix, a cell per block
    run "$VGBENCH" decay --fixes depth=4,8
    [ "$status" -eq 2 ]
}

@test "the fix matrix of a recurrent network" {
    plot=()
    ! command -v gnuplot || plot=(--plot p.svg)
    run "$VGBENCH" decay --fixes model=rnn gain=0.9 seq_len=48 width=32 batch=8 seeds=1 threads=1 -o f.json -o f.md -o f.csv --quiet "${plot[@]}"
    [ "$status" -eq 0 ]
    # the base and the best seven have names, the others one between them
    [ -z "${plot[*]}" ] || { grep -q '>time step (1 = the first)<' p.svg && grep -q '>no fix<' p.svg &&
        grep -qE '>[0-9]+ other fixes<' p.svg && ! grep -q 'seq_len/' p.svg; }
    [[ "$output" == *"model=lstm width=16"*"What helps"*"Checklist"*"gated cell"* ]]
    python3 - <<'PY'
import json
records = json.load(open("f.json"))["decay"]
models = {r["spec"]["model"] for r in records}
assert models == {"rnn", "lstm", "gru"} and len(records[0]["layers"]) == 48
lstm = next(r for r in records if r["name"] == "model=lstm width=16")
assert lstm["equal_matrices"] and lstm["recurrent"]["cell_factor_per_step"] > 0.7
advice = [a["change"] for a in records[0]["advice"]]
assert advice and not any(a.startswith("seq_len") for a in advice)
# the matrix with cost, advice and checklist goes into files as well
text = open("f.md").read()
rows = [line for line in text.splitlines() if line.startswith("| ")]
assert len(rows) == 1 + len(records) and {row.count(" | ") for row in rows} == {9}
assert "| step / now [95 %] |" in rows[0] and rows[1].startswith("| none (")
assert "### What is wrong\n\n- vanishing: " in text and "### What helps" in text
assert "1. %s" % advice[0] in text and text.count("PyTorch: ") == len(advice)
assert "### Checklist" in text and text.count("\n- [") == len(records[0]["checklist"])
import csv
table = list(csv.DictReader(open("f.csv")))
assert len(table) == len(records) and float(table[1]["step_ratio"]) > 0 and table[0]["step_ratio"] == ""
assert records[1]["cost"]["peak_fraction"] > 0
short = [r for r in records if r["name"].startswith("seq_len/")]
assert len(short) == 2 and not any(r["equal_matrices"] for r in short)
PY
}

@test "explain: slopes times weights, and findings" {
    run "$VGBENCH" decay --explain $small depth=16 act=relu init=xavier_normal --quiet
    [ "$status" -eq 0 ]
    [[ "$output" == *"by the slopes of f x"*"pass for healthy"*"vanishing"*"[x] ReLU family"* ]]
}

@test "explain: no product says why, and a norm has its part in it" {
    run "$VGBENCH" decay --explain $small depth=10 skip=residual --quiet -o e.json
    [[ "$output" == *"slopes x weights: n/a (with a skip the signal is a sum"* ]]
    grep -q '"explain_reason": *"with a skip' e.json
    run "$VGBENCH" decay --explain $small model=gru seq_len=12 --quiet
    [[ "$output" == *"slopes x weights: n/a (a gated cell has a slope per gate"* ]]
    run "$VGBENCH" decay --explain $small depth=10 norm=layer --quiet
    [[ "$output" == *"by the slopes of f x "*" by the weights and norm = "* ]]
    run "$VGBENCH" decay --explain $small depth=10 --quiet
    [[ "$output" == *" by the weights = "* && "$output" != *"and norm"* ]]
}

@test "precision: what subnormals cost and narrow formats lose" {
    run "$VGBENCH" decay depth=64 width=32 batch=16 seeds=1 threads=1 act=sigmoid init=xavier_normal \
        --precision --quiet -o p.json
    [ "$status" -eq 0 ]
    [[ "$output" == *"backward pass"*"flushed"*"fp16, loss scale 65536"* ]]
    python3 - <<'PY'
import json
p = json.load(open("p.json"))["decay"][0]["precision"]
ftz = p["ftz"]
assert ftz["slowdown"] > 0 and ftz["zero_from_ftz"] >= (ftz["zero_from"] or 0)
assert ftz["subnormal_from"] > 0 and ftz["zero_from_ftz"] > 0
fp16 = [f for f in p["formats"] if f["format"] == "fp16"]
assert fp16[0]["loss_scale"] == 1 and fp16[1]["loss_scale"] == 65536
# 2^16 buys 16 log10(2) / 0.627 decades a layer = 7.7 layers of sigmoid with Xavier weights
assert 6 <= fp16[0]["half_from"] - fp16[1]["half_from"] <= 9
assert all(a >= b for f in p["formats"] for a, b in zip(f["gone"], f["gone"][1:] + [0]) if a > 0.99)
PY
    run "$VGBENCH" report p.json --no-plots
    [ "$status" -eq 0 ]
    [[ "$output" == *"Number format"*"scaled by 65536"* ]]
}

@test "precision: n and interval, nothing where nothing was measured, steps of a recurrent net" {
    run "$VGBENCH" decay depth=8 width=32 batch=16 seeds=1 threads=1 act=relu --precision --quiet -o p.json
    [[ "$output" == *"ms (no subnormals), "*" ms flushed: x"*", n="* ]]
    said=no
    [[ "$output" != *"nothing measured"* ]] || said=yes
    python3 - $said <<'PY'
import json, sys
low, high = json.load(open("p.json"))["decay"][0]["precision"]["ftz"]["slowdown_ci95"]
assert (low <= 1 <= high) == (sys.argv[1] == "yes"), (low, high, sys.argv[1])
PY
    run "$VGBENCH" decay model=rnn act=tanh seq_len=256 gain=0.6 width=16 batch=4 seeds=1 threads=1 --precision --quiet
    [[ "$output" == *"ms with subnormals, "*"half subnormal from step "*"from step "*" down to the first"* ]]
    [[ "$output" != *"from layer"* ]]
}

@test "help spec prints every key" {
    run "$VGBENCH" help spec
    [ "$status" -eq 0 ]
    for key in depth act init norm_at skip gate_bias loss_scale data_seed backend weight_decay; do
        [[ "$output" == *"$key"* ]]
    done
}
