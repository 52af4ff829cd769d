#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a results document of made-up numbers, for tests of the report only.

usage: make_example.py [SEED] > example.json
Nothing in it was measured: times, rates and the machine are drawn from formulas.
"""
import json
import math
import random
import sys

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
rnd = random.Random(seed)
SAMPLES = 15


def digits(x):
    return float(f"{x:.6g}")


def samples(median):
    return [digits(median * math.exp(rnd.gauss(0, 0.006))) for _ in range(SAMPLES)]


def row(op, direction, backend, shape, threads, ns, flops, nbytes, ulp, **more):
    keys = "/".join(f"{k}:{v}" for k, v in shape.items())
    kernel = f"{op}/{direction}/{backend}/{keys}/threads:{threads}"
    s = samples(ns)
    median = sorted(s)[SAMPLES // 2]
    return {
        "name": kernel + "/real_time", "run_name": kernel + "/real_time", "run_type": "iteration",
        "repetitions": SAMPLES, "repetition_index": 0, "threads": 1, "iterations": 100,
        "real_time": median, "cpu_time": median, "time_unit": "ns", "kernel": kernel, "op": op,
        "dir": direction, "backend": backend, "shape": shape, "omp_threads": threads,
        "impl": "made up", "verified": True, "ulp_max": ulp, "samples_ns": s, "prepare_ns": 1500.0,
        "flops": flops, "bytes": nbytes, "roof_fraction": digits(rnd.uniform(0.3, 0.95)),
        "comparison": "within-process", **more,
    }


def dense_rows():
    rows = []
    for direction in ("fwd", "bwd_data", "bwd_weights"):
        for weights in ("plain", "packed"):
            for threads in (1, 2):
                for n in (64, 128, 256, 512):
                    flops = 2.0 * n ** 3
                    nbytes = 12.0 * n * n
                    base = flops / 60 / threads ** 0.9
                    shape = {"batch": n, "in": n, "out": n, "weights": weights}
                    gain = 1.15 - 0.04 * math.log2(n / 64) - (0.02 if weights == "packed" else 0)
                    for backend, t in (("scalar", base * 20), ("avx2", base * 1.6),
                                       ("avx512", base / gain), ("onednn", base)):
                        rows.append(row("dense", direction, backend, shape, threads, t, flops,
                                        nbytes, 1.5))
    return rows


def activation_rows():
    gains = {"relu": 1.0, "sigmoid": 1.5, "tanh": 1.6, "gelu": 1.55}
    rows = []
    for op, gain in gains.items():
        for direction in ("fwd", "bwd"):
            for batch, width in ((32, 64), (128, 256), (4096, 1024)):
                n = batch * width
                base = 300 + n * 0.05
                for backend, t in (("scalar", base * 8), ("avx512", base / gain),
                                   ("onednn", base)):
                    rows.append(row(op, direction, backend, {"batch": batch, "width": width}, 1, t,
                                    float(n), 8.0 * n, 1.2))
    failed = row("gelu", "bwd", "avx2", {"batch": 32, "width": 64}, 1, 1, 1.0, 1.0, None)
    failed.update(verified=False, error_occurred=True, real_time=0.0, samples_ns=[],
                  error_message="failed verification: 12 of 400 values")
    rows.append(failed)
    return rows


def decay_record(act, init, depth, chi, norm="none", skip="none"):
    seeds = list(range(1, 9))
    ln_sq = math.log(chi)
    c = 5.0 if act == "relu" else 2.1
    width = 256
    layers = []
    walk = rnd.gauss(0, 0.01)
    signal = "grad_out" if skip != "none" else "delta"
    for index in range(1, depth + 1):
        away = depth - index
        value = 1e-3 * math.exp(0.5 * ln_sq * away + walk * math.sqrt(away))
        layers.append({
            "index": index, "delta_l2": digits(value), "grad_out_l2": digits(value * 1.1),
            "grad_weight_l2": digits(value * 3), "weight_l2": 16.0, "out_mean": 0.1, "out_std": 0.5,
            "slope_abs_mean": 0.3, "slope_sq_mean": 0.1, "saturated": 0.02, "dead": 0.0,
            "zero": 0.0, "subnormal": 0.0 if value > 1e-37 else 1.0, "underflow_fp16": 0.1,
            "underflow_bf16": 0.0, "ln_sd": digits(0.5 * math.sqrt(c * away / width)),
        })
    survival = layers[0]["delta_l2"] / layers[-1]["delta_l2"]
    rate = {"signal": signal, "ln_sq_per_layer": digits(ln_sq), "sq_per_layer": digits(chi),
            "factor_per_layer": digits(math.sqrt(chi)),
            "half_life_layers": digits(math.log(2) / (-0.5 * ln_sq)) if chi < 1 else None,
            "ci95": [digits(ln_sq - 0.02), digits(ln_sq + 0.02)], "from": 4, "to": depth - 1}
    span = max(depth - 5, 1)
    sd = math.sqrt(c / (width * span * len(seeds)))
    verdict = "healthy" if abs(ln_sq * depth) < 3 else "vanishing" if ln_sq < 0 else "exploding"
    return {
        "spec": {"model": "mlp", "depth": depth, "width": width, "batch": 256, "act": act,
                 "init": init, "norm": norm, "norm_at": "pre", "skip": skip, "seed": 1, "seeds": 8,
                 "backend": "avx512"},
        "seeds": seeds, "params": depth * width * width, "matrices": depth, "loss": 2.3,
        "layers": layers,
        "by_seed": [{"seed": s, "survival": digits(survival * math.exp(rnd.gauss(0, 0.3))),
                     "ln_sq_per_layer": digits(ln_sq + rnd.gauss(0, 0.02))} for s in seeds],
        "rate": rate,
        "theory": {"sq_per_layer": digits(chi), "ln_sq_per_layer": digits(ln_sq - 0.005),
                   "sd_ln": digits(sd), "deviation_sd": digits(0.005 / sd), "formula": "made up",
                   "signal": [digits(math.exp(0.5 * (ln_sq - 0.005) * (depth - i)))
                              for i in range(1, depth + 1)],
                   "valid": True, "within": 0.005 / sd < 4},
        "survival": digits(survival), "verdict": verdict,
        "findings": ([{"code": "vanishing", "layer": 1, "value": digits(survival), "limit": 0.01,
                       "why": "signal at layer 1 against the last"}] if verdict == "vanishing" else []),
        "advice": ([{"change": "skip=residual norm=layer norm_at=pre", "survival": 0.7,
                     "step_ratio": 1.06, "torch": "x + block(norm(x))", "keras": "Add()",
                     "why": "the trunk carries the gradient"}] if verdict == "vanishing" else []),
        "cost": {"step_ms": digits(0.1 * depth), "step_ms_ci95": [digits(0.098 * depth),
                                                                   digits(0.102 * depth)],
                 "gflops": 80.0, "bytes_per_step": 1.0e6 * depth,
                 "onednn_step_ms": digits(0.105 * depth)},
    }


def decay_records():
    nets = [("sigmoid", "xavier_normal", 0.0557, "none", "none"),
            ("tanh", "xavier_normal", 0.97, "none", "none"),
            ("relu", "xavier_normal", 0.5, "none", "none"),
            ("relu", "he_normal", 1.0, "none", "none"),
            ("relu", "he_normal", 0.99, "layer", "residual")]
    records = [decay_record(act, init, depth, chi, norm, skip)
               for act, init, chi, norm, skip in nets for depth in (8, 16, 32, 64)]
    return records + grid_records() + fix_records() + recurrent_records()


def grid_records():
    """Activation x initialisation at one depth."""
    records = []
    for act in ("sigmoid", "tanh", "relu"):
        for init, gain in (("xavier_normal", 1.0), ("he_normal", 2.0), ("lecun_normal", 1.0)):
            chi = {"sigmoid": 0.056, "tanh": 0.97, "relu": 0.5}[act] * gain
            records.append(decay_record(act, init, 24, chi))
            del records[-1]["cost"]
    return records


def fix_records():
    """A base net and its fixes, ranked; the last does twice the work."""
    base = decay_record("sigmoid", "xavier_normal", 20, 0.0557)
    fixes = [base]
    for i, (name, act, init, chi, skip, work) in enumerate((
            ("skip=scaled", "sigmoid", "xavier_normal", 1.0, "scaled", 1),
            ("act=relu init=he_normal", "relu", "he_normal", 0.995, "none", 1),
            ("skip=scaled (same depth)", "sigmoid", "xavier_normal", 1.0, "scaled", 2))):
        fix = decay_record(act, init, 20, chi, skip=skip)
        fix.update(name=name, fix=i, equal_matrices=work == 1, matrices=20 * work)
        fix["cost"]["step_ms"] *= work
        fixes.append(fix)
    return fixes


def recurrent_records():
    records = []
    for model, chi in (("rnn", 0.8), ("lstm", 0.99)):
        record = decay_record("tanh", "orthogonal", 50, chi)
        record["spec"].update(model=model, seq_len=50, depth=1)
        records.append(record)
    return records


def train_record(act, decay):
    steps = []
    for step in range(0, 200, 5):
        loss = 0.2 + 2.1 * math.exp(-step * decay)
        steps.append({"step": step, "loss": digits(loss), "accuracy": digits(1 - loss / 2.4),
                      "lr": 1e-3, "clip_factor": 1.0, "grad_norm_pre": digits(loss),
                      "grad_norm_post": digits(loss),
                      "layers": [{"index": l + 1, "grad_norm": digits(loss * 0.5 ** (4 - l)),
                                  "delta_norm": digits(loss * 0.4 ** (4 - l)),
                                  "update_ratio": digits(1e-3 * (1 + l))} for l in range(4)]})
    return {"spec": {"model": "mlp", "depth": 16, "width": 128, "act": act, "init": "auto"},
            "steps": steps, "events": [], "epochs": [],
            "time_to_target_s": 1.5 if decay > 0.01 else None, "reached": decay > 0.01}


def race():
    def side(reached, time):
        return {"runs": 3, "reached": reached, "steps": 120 if reached else None,
                "steps_ci95": [100, 140] if reached else [None, None], "time_s": time,
                "time_s_ci95": [time, 2 * time] if reached else [None, None],
                "stopped": ["target" if reached else "hopeless"] * 3}
    spec = {"model": "mlp", "depth": 16, "width": 128, "act": "sigmoid"}
    rows = [{"change": change, "spec": spec, "own": side(n, time), "seeds": 3, "matrices": 16,
             "onednn": side(n, 2 * time) if n else None, "largest_stable_lr": lr,
             "loss": 1.2, "accuracy": 0.6}
            for change, n, time, lr in (("act=relu init=he_normal", 3, 0.5, 0.1),
                                        ("optimizer=sgd lr=0.1", 0, None, None),
                                        ("as it is", 0, None, 1.0))]
    return {"spec": spec, "label": "depth=16 act=sigmoid", "target_accuracy": 0.5, "seeds": 3,
            "target_loss": None, "data": "teacher", "rule": "A run ends at the target.",
            "rows": rows}


def verify_records():
    return [{"op": op, "dir": direction, "backend": backend, "cases": 120, "failures": 0,
             "ulp_max": 1.4, "tolerance_max": 0.35, "where": "batch:17/width:33 y[3][5]"}
            for op in ("dense", "relu", "sigmoid", "tanh", "gelu")
            for direction in ("fwd", "bwd") for backend in ("scalar", "avx2", "avx512", "onednn")]


document = {
    "schema_version": 1,
    "generator": {"name": "vgbench", "version": "0.0.0-example", "commit": None, "dirty": None},
    "suite": "quick", "command": "vgbench run --quick (made-up test data)",
    "context": {"date": "2000-01-01T00:00:00+00:00", "host_name": "example", "executable": "vgbench",
                "num_cpus": 2, "mhz_per_cpu": 2000, "cpu_scaling_enabled": False, "caches": [],
                "load_avg": [0.0, 0.0, 0.0], "library_build_type": "release"},
    "machine": {
        "host": "example",
        "cpu": {"model": "Made-up CPU (test data)", "vendor": "none", "arch": "x86_64",
                "isa": ["avx2", "avx512"], "cores": 2, "threads": 2},
        "caches": [{"level": 1, "type": "Data", "size": 49152, "line": 64, "ways": 12, "shared_by": 1},
                   {"level": 2, "type": "Unified", "size": 2097152, "line": 64, "ways": 16,
                    "shared_by": 1},
                   {"level": 3, "type": "Unified", "size": 33554432, "line": 64, "ways": 16,
                    "shared_by": 2}],
        "pmu": {"available": False, "reason": "made-up test data"},
        "software": {"onednn": {"version": "2.6.3" if seed % 2 else "3.12.1",
                                "year": 2022 if seed % 2 else 2026}},
        "warnings": ["made-up test data"],
    },
    "noise": {"floor": 0.011, "quantile": 0.95, "n": 40, "samples": SAMPLES,
              "ratios": [digits(math.exp(rnd.gauss(0, 0.005))) for _ in range(40)],
              "by_threads": {"1": 0.009, "2": 0.021}},
    "roofline": {"roofs": [
        {"name": "fma avx512", "kind": "flops", "value": 9.0e10, "unit": "FLOP/s", "threads": 1,
         "n": 20, "ci95": [8.9e10, 9.1e10]},
        {"name": "read L2", "kind": "bandwidth", "value": 1.0e11, "unit": "B/s", "threads": 1,
         "n": 20, "ci95": [9.8e10, 1.02e11]},
        {"name": "read DRAM", "kind": "bandwidth", "value": 1.4e10, "unit": "B/s", "threads": 1,
         "n": 20, "ci95": [1.38e10, 1.42e10]}]},
    "benchmarks": dense_rows() + activation_rows(),
    "verify": verify_records(),
    "decay": decay_records(),
    "train": [train_record("relu", 0.03), train_record("sigmoid", 0.001)],
    "race": [race()],
}
json.dump(document, sys.stdout, indent=1, allow_nan=False)
print()
