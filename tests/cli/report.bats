#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vgbench report, on made-up test data.

bats_require_minimum_version 1.5.0

setup() {
    dir=$(mktemp -d)
    command -v python3 >/dev/null || skip "python3 is not installed"
    python3 "$VG_SOURCE/tests/data/make_example.py" 1 >"$dir/a.json"
    cd "$dir"
}

teardown() {
    cd /
    rm -rf "$dir"
}

@test "report: twice the same bytes, and oneDNN within ten lines" {
    mkdir one
    "$VGBENCH" report a.json -o one/R.md
    "$VGBENCH" report a.json -o R.md
    cmp R.md one/R.md
    diff -r plots one/plots
    head -10 R.md | grep -q "oneDNN 2.6.3 (2022)"
    grep -q "SHA-256 .$(sha256sum a.json | cut -d' ' -f1)" R.md
}

@test "report: the first ten lines say what is faster, by how much and how sure, and what mends a gradient" {
    "$VGBENCH" report a.json >R.md
    head -10 R.md | grep -qE '^- \*\*oneDNN takes [0-9.]+x \[[0-9.]+, [0-9.]+\] the time .* of [0-9]+ cases .* in [0-9]+, oneDNN in [0-9]+; grade [A-D]\)'
    head -10 R.md | grep -qE '^- \*\*Of the gradient of a sigmoid.* with `.*` .*n=[0-9]+ seeds\)'
    grep -qE '^- \*\*First to a validation .*: `.*`\*\* after [0-9.]+ .?s of steps .*; as it is, `.*` reached it in 0 of [0-9]+ runs' \
        <("$VGBENCH" report "$VG_SOURCE/reports/gallery/race/results.json" | sed '/^## 2/,$d')
    "$VGBENCH" report a.json --profile=decay >D.md
    head -10 D.md | grep -q '^- \*\*Of the gradient of a sigmoid'
    run ! grep -q 'oneDNN takes' D.md
}

@test "report: the load as the run began is graded as the doctor grades it" {
    for case in "0.7 C quiet" "0.8 C busy" "1.9 C busy" "2.1 D busy"; do
        read -r per_cpu grade busy <<<"$case"
        python3 - "$per_cpu" a.json >l.json <<'PY'
import json, sys
d = json.load(open(sys.argv[2]))
d["context"]["load_avg"] = [float(sys.argv[1]) * d["context"]["num_cpus"]] * 3
d["noise"].update(floor=0.01, n=24, by_threads={})
print(json.dumps(d))
PY
        "$VGBENCH" report l.json >L.md
        grep -q "How sure:\*\* grade $grade" L.md
        [ "$(grep -c 'the machine was busy' L.md)" -eq "$([ $busy = busy ] && echo 1 || echo 0)" ]
    done
    grep -q 'a load average over 0.75 per CPU as the run began' L.md
    grep -q 'D: a higher floor, none, a load average over 2 per CPU' L.md
}

@test "report: from standard input it is the same, but for the sum of the file" {
    "$VGBENCH" report a.json | grep -v '^Raw data' >file.md
    "$VGBENCH" report - <a.json >stdin.md
    diff -B file.md stdin.md
}

@test "report: every image it links is there, with alt text" {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
    "$VGBENCH" report a.json -o R.md
    grep -o '!\[[^]]*\]([^)]*)' R.md >images
    [ -s images ]
    run ! grep -q '!\[\]' images
    while read -r image; do
        file=${image##*(}
        [ -s "${file%)}" ]
    done <images
}

@test "report: the points of the roofline have the intervals of their medians" {
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
d["roofline"]["roofs"].append({"name": "copy", "kind": "bandwidth", "value": 5e10, "threads": 1, "n": 9,
                               "reads": 1, "writes": 1, "in_place": 0, "working_set": 30000})
json.dump(d, open("roofs.json", "w"))
PY
    "$VGBENCH" report roofs.json -o R.md
    awk 'NF && (NF != 4 || !($3 <= $2 && $2 <= $4)) { print; bad = 1 } NF { n++ } END { exit bad || !n }' plots/roofline_1.dat
    [ "$(grep -c 'using 1:3:(0):($4-$3) with vectors' plots/roofline_1.gp)" -eq 2 ]
    command -v gnuplot >/dev/null || return 0
    [ -s plots/roofline_1.svg ]
    run ! grep -q 'Plot missing' R.md
}

@test "report: no table is wider than eight columns" {
    "$VGBENCH" report a.json >R.md
    awk -F'|' '/^\|/ && NF - 2 > 8 { print; bad = 1 } END { exit bad }' R.md
}

@test "report: several files stand beside each other" {
    python3 "$VG_SOURCE/tests/data/make_example.py" 2 >b.json
    "$VGBENCH" report a.json b.json >R.md
    grep -q '| a | b |' R.md
    head -10 R.md | grep -q "oneDNN 2.6.3"
    head -10 R.md | grep -q "oneDNN 3.12.1"
}

# refused FILE: one line on stderr, exit code 1, the report that was there untouched
refused() {
    echo before >R.md
    run --separate-stderr "$VGBENCH" report "$1" -o R.md
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [ "$(cat R.md)" = before ]
}

@test "report: malformed files are refused in one line and nothing is overwritten" {
    head -c 5000 a.json >truncated.json
    refused truncated.json
    [[ $stderr == *truncated* ]]
    : >empty.json
    refused empty.json
    echo '{"schema_version": 99, "context": {}, "benchmarks": []}' >newer.json
    refused newer.json
    [[ $stderr == *newer* ]]
    echo '{"schema_version": 1, "context": {}, "benchmarks": [{"name": NaN}]}' >nan.json
    refused nan.json
    echo '[1]' >list.json
    refused list.json
    refused missing.json
    [[ $stderr == *missing.json* ]]
    refused "$dir"
}

@test "report: bad arguments have exit code 2" {
    run "$VGBENCH" report
    [ "$status" -eq 2 ]
    run "$VGBENCH" report a.json --profile=speed
    [ "$status" -eq 2 ]
    run "$VGBENCH" report a.json -o R.json
    [ "$status" -eq 2 ]
    run "$VGBENCH" report a.json --format=json
    [ "$status" -eq 2 ]
    [[ $output == *"allowed are md, csv"* ]]
}

@test "report: an unwritable place is said" {
    run --separate-stderr "$VGBENCH" report a.json -o /nowhere/R.md
    [ "$status" -eq 1 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "report: hostile names break neither Markdown nor gnuplot" {
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
evil = "x|y`touch pwned`<script>alert(1)</script>\n# heading\n'; system('touch pwned') '\"$(touch pwned)"
d["machine"]["host"] = d["machine"]["cpu"]["model"] = d["command"] = evil
for e in d["benchmarks"][:6]:
    e["kernel"] = e["impl"] = e["op"] = evil
for e in d["decay"]:
    e["spec"]["act"] = e["spec"]["init"] = evil
    e["verdict"] = evil
json.dump(d, open("evil.json", "w"))
PY
    "$VGBENCH" report evil.json -o R.md
    run ! grep -q '<script' R.md
    run ! grep -q '^# heading' R.md
    [ -z "$(find . -name 'pwned*')" ]
    awk -F'|' '/^\|/ && NF - 2 > 8 { bad = 1 } END { exit bad }' R.md
}

@test "report: without gnuplot it says so and goes on" {
    run "$VGBENCH" report a.json --gnuplot=/nowhere/gnuplot -o R.md
    [ "$status" -eq 0 ]
    grep -q "Plot missing" R.md
}

@test "report: CSV, JSON Lines and JUnit, read by strict parsers" {
    python3 - <<'PY' # a record that has a kind of its own
import json
d = json.load(open("a.json"))
d["profile"] = [{"kind": "scaling", "rows": []}]
json.dump(d, open("a.json", "w"))
PY
    "$VGBENCH" report a.json --csv=r.csv --jsonl=r.jsonl --junit=v.xml
    python3 - <<'PY'
import csv, json, xml.dom.minidom
d = json.load(open("a.json"))
rows = list(csv.DictReader(open("r.csv", newline="")))
assert len(rows) == len(d["benchmarks"])
assert {r["verdict"] for r in rows} >= {"FASTER", ""}
lines = [json.loads(l) for l in open("r.jsonl")]
assert lines[0]["kind"] == "run"
assert [l["profile_kind"] for l in lines if l["kind"] == "profile"] == ["scaling"]
for part, value in d.items():
    kind = "benchmark" if part == "benchmarks" else part
    count = sum(l["kind"] == kind for l in lines)
    if isinstance(value, list):
        assert count == len(value), part
    elif part in ("noise", "roofline"):
        assert count == 1, part
    else:
        assert lines[0][part] == value, part
cases = xml.dom.minidom.parse("v.xml").getElementsByTagName("testcase")
assert len(cases) == len(d["verify"])
PY
}

@test "report: no two lines of CSV are of the same thing, also where a run had capped and cold rows" {
    python3 - <<'PY'
import copy, json
d = json.load(open("a.json"))
for key, value in ("max_isa", "avx2"), ("cold_cache", "all"):
    e = copy.deepcopy(d["benchmarks"][0])
    e[key] = value
    d["benchmarks"].append(e)
json.dump(d, open("more.json", "w"))
PY
    "$VGBENCH" report more.json --csv=file.csv
    "$VGBENCH" report more.json --format=csv >out.csv
    cmp file.csv out.csv
    python3 - <<'PY'
import csv, json
rows = list(csv.DictReader(open("out.csv", newline="")))
assert len(rows) == len(json.load(open("more.json"))["benchmarks"])
assert len({(r["kernel"], r["max_isa"], r["cold_cache"]) for r in rows}) == len(rows)
PY
}

@test "report: a failed verification is a failure in JUnit, whatever its text" {
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
d["verify"][0].update(failures=3, where='<&"]]>', text="a\u0001\nb")
d["verify"][1].update(skipped="not here")
d["verify"][2].update(failures=0, verified=False, text="out of memory")
json.dump(d, open("b.json", "w"))
PY
    "$VGBENCH" report b.json --junit=v.xml
    python3 - <<'PY'
import xml.dom.minidom
d = xml.dom.minidom.parse("v.xml")
assert len(d.getElementsByTagName("failure")) == 2
assert len(d.getElementsByTagName("skipped")) == 1
PY
}

@test "report: thirteen parts in their order, and none vanishes when its data is missing" {
    "$VGBENCH" report a.json >R.md
    [ "$(grep -c '^## ' R.md)" -eq 13 ]
    grep '^## ' R.md | sort -V | diff - <(grep '^## ' R.md)
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
for part in list(d):
    json.dump({k: v for k, v in d.items() if k != part}, open(f"less_{part}.json", "w"))
PY
    for less in less_*.json; do
        run --separate-stderr "$VGBENCH" report "$less" --no-plots -o less.md
        if [ "$status" -eq 0 ]; then
            [ "$(grep -c '^## ' less.md)" -eq 13 ]
        else # what Google Benchmark's tools need, too
            [ "${#stderr_lines[@]}" -eq 1 ]
            [[ $less == less_benchmarks.json || $less == less_context.json ]]
        fi
    done
    echo '{"schema_version": 1, "context": {}, "benchmarks": []}' >none.json
    "$VGBENCH" report none.json >none.md
    [ "$(grep -c '^## ' none.md)" -eq 13 ]
    for part in "1. Verdict" "2. Scorecard" "5. Noise" "7. Results" "8. Cache" "9. Roofline" \
        "10. Accuracy" "11. Gradient"; do
        awk -v part="## $part" 'index($0, "## ") == 1 { in_part = index($0, part) == 1 }
            in_part && /Not measured in this run: .*`vgbench [a-z]+.*` brings it/ { found = 1 }
            END { exit !found }' none.md
    done
}

@test "report: the performance and the decay report beside the whole one" {
    "$VGBENCH" report a.json --split --no-plots -o R.md
    grep -q '^## 2. Scorecard' R-performance.md
    run ! grep -q '^## 11' R-performance.md
    grep -q '^## 11. Gradient decay' R-decay.md
    run ! grep -q '^## 2\.' R-decay.md
    grep -q '(R-decay.md)' R.md
    "$VGBENCH" report a.json --split --no-plots -o again.md
    cmp <(sed 's/(again/(R/g' again-decay.md) R-decay.md
}

@test "report: what a base net needs stands in the verdict, each fix in its table" {
    "$VGBENCH" report a.json --profile=decay >R.md
    sed -n '/^## 1/,/^## 3/p' R.md | grep -q '^| sigmoid, xavier_normal, depth 20 | .* vanishing | `skip=scaled` |'
    grep -q '^| 1. `skip=scaled` |' R.md
    grep -q '^| 3. `skip=scaled (same depth)`, 40 matrices |' R.md
    grep -q '^| lstm | 50 |' R.md
}

@test "report: what is not known of the machine has a reason; rules and formulas of the method are there" {
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
d["machine"]["os"] = {"governor": None, "mitigations": {"spectre_v2": "Mitigation: IBRS"}}
d["machine"]["doctor"] = {"grade": "C", "reasons": [{"grade": "C", "text": "a | b"}], "microcode": None, "smt": False,
                          "steal": 0.013, "ghz": 3.5, "cpuid": {"verdict": "agrees", "asked": True, "text": "agrees with | the topology"},
                          "latency": [{"bytes": 8192, "ns": 1.5}, {"bytes": 65536, "ns": 4.5}]}
json.dump(d, open("m.json", "w"))
PY
    "$VGBENCH" report m.json --no-plots -o R.md
    grep -qF '| governor | n/a (no control of the clock is visible here) |' R.md
    grep -qF '| microcode | n/a (the kernel does not show it, as in many virtual machines) |' R.md
    grep -qF '| time stolen by the hypervisor | 1.3 % |' R.md
    grep -qF '| mitigations | spectre_v2 Mitigation: IBRS |' R.md
    grep -qxF 'CPUID agrees with &#124; the topology.' R.md
    grep -qxF 'A dependent load takes, by the memory walked: 8 KiB 1.50 ns, 64 KiB 4.50 ns.' R.md
    grep -qF "Doctor's grade of the machine as the run began: C: C: a &#124; b." R.md
    sed -n '/^## 6/,/^## 7/p' R.md >method.md
    for rule in 'Warm-up:' 'Stop:' 'random order'; do
        grep -q "$rule" method.md
    done
    # as the program itself counts
    grep -qF 'layer_norm fwd 8, bwd 13;' method.md
    grep -qF 'adamw step 14;' method.md
    sed -n '/^## 13/,$p' R.md >again.md
    grep -qF '[m.json](m.json)' again.md
    grep -q '^Time of the run: n/a (not recorded)\. This oneDNN: tag `v2.6.3` .* To cite: vgbench 0.0.0-example,' again.md
}

@test "report: a run of other things than kernels says what it measured, not what is missing" {
    for kind in profile roofline race; do
        "$VGBENCH" report "$VG_SOURCE/reports/gallery/$kind/results.json" --no-plots -o $kind.md
        sed '/^## 2/,$d' $kind.md >$kind.verdict
        run ! grep -q 'Not measured in this run' $kind.verdict
        grep -q 'nothing is said of who is faster' $kind.verdict
    done
    grep -qE '^- \*\*Bytes\*\* .*\(simulated\), to those they must: [0-9.]+x in the middle, [0-9.]+x to [0-9.]+x \(n=[0-9]+ rows?\); part 8\.$' profile.verdict
    grep -qE '^- \*\*Scaling:\*\* .* [0-9.]+x in the middle, .*; part 7\.$' profile.verdict
    grep -qE '^- \*\*Roofs:\*\* arithmetic at most [0-9.]+ GFLOP/s on 1 thread, [0-9.]+ GFLOP/s on 2 threads; all [0-9]+, ' roofline.verdict
    grep -q '^- \*\*First to' race.verdict
    # nothing measured at all, and kernels alone: what is missing is said
    echo '{"schema_version": 1, "context": {}, "benchmarks": []}' >none.json
    "$VGBENCH" report none.json | sed '/^## 2/,$d' | grep -q 'Not measured in this run: timed kernels'
    run ! grep -q 'nothing is said of who' <("$VGBENCH" report a.json --no-plots)
}

@test "report: many roofs are folded and say how they were measured; errors of many ulps are anomalies" {
    "$VGBENCH" report a.json --no-plots -o few.md
    run ! grep -qE '^<details><summary>[0-9]+ roofs|over 1000 ulp' few.md
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
one = d["roofline"]["roofs"][0]
d["roofline"]["roofs"] = [dict(one, name=f"roof {i}", how="avx2, grouped") for i in range(30)]
d["roofline"]["roofs"][8]["max_isa"] = "avx2"
d["verify"][3].update(op="gru", ulp_max=65536.0)
d["verify"][4].update(failures=1, ulp_max=1e9)
json.dump(d, open("many.json", "w"))
PY
    "$VGBENCH" report many.json --no-plots -o many.md
    grep -q '^<details><summary>30 roofs</summary>' many.md
    grep -q '^| roof 7 (avx2, grouped) | 90.0 GFLOP/s |' many.md
    grep -q '^| roof 8 (avx2, grouped), \*\*cap avx2\*\* |' many.md
    grep -q '^- 1 row within what is allowed and yet over 1000 ulp off somewhere: gru fwd onednn 65536: ' many.md
    run ! grep -q '1e+09:' many.md
}

@test "report: each base net has a sentence that says which fix to use and what it costs" {
    "$VGBENCH" report a.json --profile=decay --no-plots -o R.md
    grep -qE '^\*\*Use `skip=scaled`\*\*, the first in rank of .* is 1\.0 times .*, without it [0-9.e-]+\. A step takes 2.00 ms, step time to that of the base: 1\.000x \[0\.972, 1\.029\], the same within its interval\.$' R.md
    grep -qE '^\| 1\. `skip=scaled` \| .* \| 2.00 \[1.96, 2.04\], 1\.000x \[0\.972, 1\.029\] \|' R.md
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
base = next(r for r, fix in zip(d["decay"], d["decay"][1:]) if "fix" in fix)
fixes = [r for r in d["decay"] if "fix" in r]
for fix in fixes:
    del fix["cost"]
json.dump(d, open("untimed.json", "w"))
base["verdict"] = "healthy"
json.dump(d, open("well.json", "w"))
base["verdict"] = "vanishing"
for fix in fixes:
    fix["verdict"] = "exploding"
json.dump(d, open("hopeless.json", "w"))
PY
    "$VGBENCH" report untimed.json --no-plots | grep -q '^\*\*Use `skip=scaled`.* What it costs is n/a (steps were not timed'
    "$VGBENCH" report well.json --no-plots -o R.md
    grep -q '^\*\*No fix is needed\*\*: .* which is healthy' R.md
    grep -q '^| sigmoid, xavier_normal, depth 20 | .* healthy | no fix is needed |' R.md
    run ! grep -q '^\*\*Use ' R.md
    "$VGBENCH" report hopeless.json --no-plots | grep -q '^\*\*No fix of equal work leaves this net healthy'
}

@test "report: a race names its winner only where no other's interval overlaps" {
    python3 - <<'PY'
import copy, json
d = json.load(open("a.json"))
first = d["race"][0]["rows"][0]
second = copy.deepcopy(first)
second["change"] = "skip=scaled"
d["race"][0]["rows"].insert(1, second)
second["own"].update(time_s=1.1, time_s_ci95=[1.05, 1.2])
json.dump(d, open("apart.json", "w"))
second["own"].update(time_s=0.6, time_s_ci95=[0.55, 0.7])
json.dump(d, open("close.json", "w"))
second["own"].update(reached=2)
json.dump(d, open("fewer.json", "w"))
PY
    for alone in apart fewer; do
        "$VGBENCH" report $alone.json --no-plots |
            grep -qF ': `act=relu init=he_normal`** after 500 ms of steps (median over the seeds; 3 of 3 runs)'
    done
    "$VGBENCH" report close.json --no-plots |
        grep -qF ': `act=relu init=he_normal` or `skip=scaled`** after about 500 ms of steps (median over the seeds, whose intervals overlap; 3 of 3 runs)'
}

@test "report: findings, ranked advice and the checklist of the nets that need them" {
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
base = next(r for r, fix in zip(d["decay"], d["decay"][1:]) if "fix" in fix)
base["checklist"] = [{"item": "ReLU family", "state": "no", "why": "sigmoid: 0.06"},
                     {"item": "normalisation", "state": "yes", "why": "layer"},
                     {"item": "a|pipe", "state": "n/a", "why": "nothing *has* been updated"}]
base["advice"].append({"change": "skip=scaled", "at": "depth=10", "survival": 1.25, "source": "theory",
                       "torch": "x | f(x)", "keras": "Add()([x, f(x)])", "why": "a | b"})
json.dump(d, open("c.json", "w"))
PY
    "$VGBENCH" report c.json --no-plots | sed -n '/^### What is wrong/,/^### Training/p' >R.md
    # the base net is open, the many others are folded and none of them is healthy
    sed '/^<details>/,$d' R.md >base.md
    grep -q '^\*\*sigmoid, xavier_normal\*\*, depth 20: vanishing' base.md
    grep -q '^| `vanishing` | 1 | .* | 0.0100 | signal at layer 1 against the last |$' base.md
    grep -qF '| 1. `skip=residual norm=layer norm_at=pre` | 0.70 | 1.1x | `x + block(norm(x))` | `Add()` | the trunk' base.md
    grep -qF '| 2. `skip=scaled` at `depth=10` | 1.2 predicted | not timed | <code>x &#124; f(x)</code> | `Add()([x, f(x)])` | a &#124; b |' base.md
    grep -qxF -- '- [ ] ReLU family: sigmoid: 0.06' base.md
    grep -qxF -- '- [x] normalisation: layer' base.md
    grep -qxF -- '- n/a a&#124;pipe: nothing &#42;has&#42; been updated' base.md
    grep -q '^<details><summary>Deepest net of each kind that is not healthy: [0-9]* nets' R.md
    run ! grep -q ': healthy, survival' R.md
    # where every net is healthy, one stands for the rest
    python3 - <<'PY'
import json
d = json.load(open("c.json"))
d["decay"] = [r for r in d["decay"] if r["verdict"] == "healthy" and "fix" not in r]
json.dump(d, open("well.json", "w"))
PY
    "$VGBENCH" report well.json --no-plots >R.md
    [ "$(grep -c ': healthy, survival' R.md)" -eq 1 ]
    grep -q 'n/a: the checklist' R.md
}

@test "report: claims of the guide, what is left of them, and their chart" {
    export VGBENCH_EXPERIMENTS="$VG_SOURCE/bench/experiments"
    "$VGBENCH" decay --paper=he2015 threads=1 --quiet -o paper.json >/dev/null
    "$VGBENCH" report paper.json -o paper.md
    grep -q '^\*\*he2015\*\*: .* claims, .* measured as expected$' paper.md
    "$VGBENCH" decay --paper=guide threads=1 --quiet -o guide.json >/dev/null
    "$VGBENCH" report guide.json -o guide.md
    grep -Eq '^\*\*guide\*\*: [0-9]+ claims, [0-9]+ measured as expected; [0-9]+ hold, [0-9]+ hold only' guide.md
    sed -n '/^## 1/,/^## 2/p' guide.md | grep -q '^- On trial: \*\*guide\*\*: .* do not hold here (part 11)\.$'
    grep -Eq '^\*\*training\*\*: [0-9]+ claims' guide.md # what only training shows
    grep -q '^| batch norm alone stabilises relu | `verdict` | exploding, theory | exploding | yes |.*does not hold' guide.md
    command -v gnuplot >/dev/null || return 0
    [ "$(grep -c . plots/claims_1.dat)" -ge 20 ] # a bar per piece of advice
    [ -s plots/claims_1.svg ]
}

@test "report: what is no number where one belongs is n/a, duplicates are counted" {
    python3 - <<'PY'
import json
d = json.load(open("a.json"))
d["noise"]["floor"] = "NaN"
d["decay"][0]["layers"][3]["delta_l2"] = d["decay"][0]["theory"]["deviation_sd"] = "inf"
d["decay"][1].update(rate=[], cost="x", fix=1, findings={}, theory=[])
d["benchmarks"] += d["benchmarks"][:7]
json.dump(d, open("odd.json", "w"))
PY
    "$VGBENCH" report odd.json >R.md
    grep -q '7 duplicate rows left out' R.md
    run ! grep -qE '[^a-zA-Z](nan|inf|NaN|Inf)[^a-zA-Z]' R.md
    sed 's/"ulp_max": 1.5/"ulp_max": "NaN"/' a.json >text.json
    refused text.json
    [[ $stderr == *"'ulp_max' of benchmarks[0] must be a number"* ]]
}

@test "report: results of the first release still load" {
    "$VGBENCH" report "$VG_SOURCE/tests/data/results_v1.json" >R.md
    grep -q 'FASTER' R.md
    "$VGBENCH" compare "$VG_SOURCE/tests/data/results_v1.json" "$VG_SOURCE/tests/data/results_v1.json" >C.md
    grep -q '0 FASTER, 0 SLOWER' C.md
}

# many N FILE: N rows of different shapes
many() {
    python3 - "$1" "$2" <<'PY'
import copy, json, sys
d = json.load(open("a.json"))
rows, out = d["benchmarks"], []
for i in range(int(sys.argv[1])):
    e = copy.copy(rows[i % 200])
    e["kernel"] = e["kernel"].replace("/threads", f"/copy:{i // 200}/threads")
    out.append(e)
json.dump(dict(d, benchmarks=out), open(sys.argv[2], "w"))
PY
}

# took COMMAND...: its milliseconds of processor time, which a busy machine hardly stretches
took() {
    python3 - "$@" <<'PY'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print(int(1000 * (use.ru_utime + use.ru_stime)))
PY
}

@test "report: a thousand rows within two seconds, with plots within twenty" {
    many 1000 big.json
    time=$(took "$VGBENCH" report big.json --no-plots -o R.md)
    echo "without plots: $time ms"
    [ "$time" -lt 2000 ]
    time=$(took "$VGBENCH" report big.json -o R.md)
    echo "with plots: $time ms"
    [ "$time" -lt 20000 ]
}

@test "report: a hundred thousand rows give a page, not a flood" {
    many 100000 huge.json
    "$VGBENCH" report huge.json --no-plots -o R.md
    [ "$(wc -c <R.md)" -lt 3000000 ]
}
