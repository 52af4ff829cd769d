#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recomputes a dump of `vgbench decay --dump DIR` in PyTorch, in float64, and compares every tensor.

usage: verify_with_pytorch.py DIR... [--tolerance T] [--verbose]

A tensor agrees when |got - ref| <= T max(|ref|, |S|) in the Euclidean norm, S being the same sum
over the magnitudes of its terms (a gradient that vanishes identically still has S > 0), and T is
1e-5 or the growth of rounding errors that is predicted for this tensor, if that is more: a
network whose layers magnify a perturbation (batch norm, group norm over few values, residual sums
without norm, great depth) magnifies roundings too. The growth is measured, not assumed (Parker
1997, Monte Carlo arithmetic): the float64 network is run again with every result changed by up to
2^-24 of its S and by what float32 loses near zero, as float32 would, and T is 8 times the relative change of the tensor, the larger
of two runs. The report prints the largest. With --tolerance T is that number. Activations with a
kink take their branch from the dumped input of f, so that a value that rounds to the other side
of zero is no disagreement. Gradients come from autograd, magnitudes from the formulas below. Exit
code: 0 agrees, 1 disagrees, 2 bad dump, 3 no PyTorch.
"""
import argparse
import json
import os
import sys

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as error:
    print(f"verify_with_pytorch: {error} (Debian package python3-torch, or pip install torch)",
          file=sys.stderr)
    sys.exit(3)

SELU_LAMBDA, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def smallest(spec):
    """What a float32 sum loses near zero, of as many terms as a layer's sums have: half of a subnormal a
    term (a random walk), or the smallest normal number where subnormals are flushed."""
    return (2.0 ** -126 if spec["ftz"] else 2.0 ** -150) * max(spec["batch"], spec["width"]) ** 0.5


class Dump:
    """Tensors of a folder, read when they are asked for."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)
        self.spec = self.manifest["spec"]
        self.names = list(self.manifest["tensors"])

    def has(self, name):
        return name in self.manifest["tensors"]

    def get(self, name):
        array = np.load(os.path.join(self.folder, name + ".npy"))
        if list(array.shape) != self.manifest["tensors"][name]:
            raise ValueError(f"{name}: shape {array.shape} is not that of the manifest")
        return array

    def f64(self, name):
        return torch.from_numpy(self.get(name).astype(np.float64))


class Tape:
    """The forward pass; remembers which op read which value, for the magnitudes."""

    def __init__(self, dump, noise=None):
        self.dump, self.spec, self.noise = dump, dump.spec, noise
        self.leaf, self.value, self.size, self.readers = {}, {}, {}, []

    def param(self, name):
        tensor = self.dump.f64(name).requires_grad_(True)
        self.leaf[name] = tensor
        return tensor

    def keep(self, tensor, name=None, magnitude=None):
        """A named intermediate; magnitude is S of its forward value."""
        if self.noise:
            tensor = self.rounded(tensor, tensor if magnitude is None else magnitude)
        if tensor.requires_grad:
            tensor.retain_grad()
        if name:
            self.value[name] = tensor
            self.size[name] = magnitude
        return tensor

    def rounded(self, tensor, magnitude):
        """As if computed in float32, the gradient as well: changed by up to a rounding of S. Gradients
        are kept times loss_scale."""
        def change(size, least):
            unit = torch.rand(size.shape, generator=self.noise, dtype=torch.float64)
            return (2 * unit - 1) * (2.0 ** -24 * size.detach().abs() + least)
        least = smallest(self.spec)
        tensor = tensor + change(magnitude, least)
        if tensor.requires_grad:
            least = least / self.spec["loss_scale"]
            tensor.register_hook(lambda grad: grad + change(grad, least))
        return tensor

    def reads(self, magnitude_of_gradient, *inputs):
        """After backward, magnitude_of_gradient() gives S of the op's share of each input's grad."""
        self.readers.append((magnitude_of_gradient, inputs))

    def dense(self, x, prefix, suffix="", name=None):
        weight, bias = self.param(prefix + "weight" + suffix), self.param(prefix + "bias" + suffix)
        return self._dense(x, weight, bias, name)

    def gate(self, x, prefix):
        weight, bias = self.param(prefix + "gate_weight"), self.param(prefix + "gate_bias")
        return self._dense(x, weight, bias, None)

    def _dense(self, x, weight, bias, name):
        y = self.keep(x @ weight.T + bias, name, (x.abs() @ weight.abs().T + bias.abs()).detach())

        def magnitude():
            d = y.grad.abs()
            return d @ weight.abs(), d.T @ x.abs(), d.sum(0)
        self.reads(magnitude, x, weight, bias)
        return y

    def norm(self, x, prefix, name=None):
        kind, eps = self.spec["norm"], self.dump.manifest["norm_eps"]
        gamma = self.param(prefix + "gamma")
        beta = self.param(prefix + "beta") if kind != "rms" else None
        rows, width = x.shape
        groups = self.spec["groups"] if kind == "group" else 1
        part = x.T if kind == "batch" else x.reshape(rows * groups, width // groups)

        def back(t):
            return t.T if kind == "batch" else t.reshape(rows, width)
        mean = part.mean(1, keepdim=True) if kind != "rms" else torch.zeros_like(part[:, :1])
        rstd = 1 / torch.sqrt(((part - mean) ** 2).mean(1, keepdim=True) + eps)
        unit = (part - mean) * rstd
        hat = back(unit)
        y = hat * gamma + (beta if beta is not None else 0)
        size = back((part.abs() + mean.abs()) * rstd) * gamma.abs()
        size = size + (beta.abs() if beta is not None else 0)
        y = self.keep(y, name, size.detach())

        def magnitude():
            d = y.grad.abs()
            g = (d * gamma.abs())
            g = g.T if kind == "batch" else g.reshape(part.shape)
            u = unit.abs()
            dx = rstd * (g + (g.mean(1, keepdim=True) if kind != "rms" else 0)
                         + u * (g * u).mean(1, keepdim=True))
            return back(dx), (d * hat.abs()).sum(0), d.sum(0)
        self.reads(magnitude, x, gamma, *([beta] if beta is not None else []))
        return y

    def act(self, x, prefix, l, name=None):
        act, slope = self.spec["act"], self.spec["slope"]
        where = f"layer{l:03d}.act_in"
        dumped = self.dump.get(where if self.dump.has(where) else f"layer{l:03d}.pre")
        positive = torch.from_numpy(dumped > 0)
        if act == "prelu":
            slope = self.param(prefix + "slope")
        below = x.clamp(max=0.0)  # keeps exp of the unused branch finite; gradient 1 at 0
        terms = {
            "linear": lambda: (x, torch.ones_like(x)),
            "relu": lambda: (x * positive, positive * 1.0),
            "leaky_relu": lambda: (torch.where(positive, x, slope * x),
                                   torch.where(positive, 1.0 + 0 * x, abs(slope) + 0 * x)),
            "prelu": lambda: (torch.where(positive, x, slope * x),
                              torch.where(positive, 1.0 + 0 * x, slope.abs() + 0 * x)),
            "elu": lambda: (torch.where(positive, x, torch.expm1(below)), torch.ones_like(x)),
            "selu": lambda: (SELU_LAMBDA * torch.where(positive, x, SELU_ALPHA
                                                       * torch.expm1(below)),
                             SELU_LAMBDA * SELU_ALPHA * torch.ones_like(x)),
            "sigmoid": lambda: (torch.sigmoid(x), torch.sigmoid(x) * (1 + torch.sigmoid(x))),
            "tanh": lambda: (torch.tanh(x), 1 + torch.tanh(x) ** 2),
            "gelu": lambda: (F.gelu(x), 1 + x.abs() * torch.exp(-x * x / 2) * 0.3989422804014327),
            "gelu_tanh": lambda: (0.5 * x * (1 + torch.tanh(0.7978845608028654
                                                           * (x + 0.044715 * x ** 3))),
                                  1 + x.abs() * torch.exp(-x * x / 2)),
            "silu": lambda: (x * torch.sigmoid(x), torch.sigmoid(x) * (1 + x.abs())),
        }
        y, size = terms[act]()
        y = self.keep(y, name, y.abs().detach() + size.detach() * 0)

        def magnitude():
            d = y.grad.abs()
            if act != "prelu":
                return (d * size,)
            share = (d * below.abs() * ~positive).sum(0)
            return d * size, share if slope.numel() > 1 else share.sum().reshape(1)
        self.reads(magnitude, x, *([slope] if act == "prelu" else []))
        return y

    def skip(self, x, h, prefix, name):
        alpha = self.spec["alpha"]
        if self.spec["skip"] == "rezero":
            alpha = self.param(prefix + "alpha")
        else:
            # the library holds the factor as a float
            alpha = torch.tensor(float(np.float32(alpha)), dtype=torch.float64)
        y = self.keep(x + alpha * h, name, (x.abs() + (alpha * h).abs()).detach())

        def magnitude():
            d = y.grad.abs()
            return d, d * alpha.abs(), (d * h.abs()).sum().reshape(1)
        self.reads(magnitude, x, h, alpha)
        return y

    def highway(self, x, h, t, name):
        y = self.keep(t * h + (1 - t) * x, name, (t * h.abs() + (1 - t) * x.abs()).detach())

        def magnitude():
            d = y.grad.abs()
            return d * (1 + t), d * t, d * (h.abs() + x.abs())
        self.reads(magnitude, x, h, t)
        return y

    # --- recurrent layers: W [gates * hidden][in], gates as PyTorch orders them -------------------

    def gates_of(self, x, h, weight_ih, weight_hh, bias_ih, bias_hh):
        """W_ih x + b_ih and W_hh h + b_hh, apart: the reset gate of gru stands between them."""
        def half(v, weight, bias):
            y = self.keep(v @ weight.T + bias)

            def magnitude():
                d = y.grad.abs()
                return d @ weight.abs(), d.T @ v.abs(), d.sum(0)
            self.reads(magnitude, v, weight, bias)
            return y, (v.abs() @ weight.abs().T + bias.abs()).detach()
        a, size_a = half(x, weight_ih, bias_ih)
        b, size_b = half(h, weight_hh, bias_hh)
        return a, b, size_a + size_b

    def cell(self, x, state, weights, name):
        """One step; returns the new state (h, c). Sizes of gates grow by at most their slope."""
        model, (h, c) = self.spec["model"], state
        a, b, size = self.gates_of(x, h, *weights)
        if model == "rnn":
            relu = self.spec["act"] == "relu"
            positive = torch.from_numpy(self.dump.get(name) > 0) if relu and name else a + b > 0
            y = (a + b) * positive if relu else torch.tanh(a + b)
            return (self.keep(y, name, y.abs().detach() + size), None)
        if model == "lstm":
            i, f, g, o = (a + b).chunk(4, 1)
            s_i, s_f, s_g, s_o = size.chunk(4, 1)
            i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
            # a value that two steps read: its gradient has a term from each
            new_c = self.keep(f * c + i * g)
            s_c = i * s_g + g.abs() * s_i / 4 + c.abs() * s_f / 4 + (f * c).abs() + (i * g).abs()
            y = o * torch.tanh(new_c)
            return (self.keep(y, name, (y.abs() + s_o / 4 + o * s_c).detach()), new_c)
        r, z, n = a.chunk(3, 1)
        hr, hz, hn = b.chunk(3, 1)
        s_r, s_z, s_n = size.chunk(3, 1)
        r, z = torch.sigmoid(r + hr), torch.sigmoid(z + hz)
        n = torch.tanh(n + r * hn)
        y = self.keep((1 - z) * n + z * h, name,
                      ((1 - z) * (n.abs() + s_n + s_r / 4 * hn.abs()) + (z * h).abs()
                       + s_z / 4 * (n.abs() + h.abs())).detach())
        self.reads(lambda: (y.grad.abs() * z,), h)
        return (y, None)

    def recurrent(self, x, l, top):
        """A layer over the sequence [seq][batch][features]; names the states of the top layer."""
        prefix, width = f"layer{l:03d}.", self.spec["width"]
        weights = [self.param(prefix + name) for name in
                   ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        zero = torch.zeros(x[0].shape[0], width, dtype=torch.float64)
        state, states = (zero, zero), []
        for t, step in enumerate(x):
            state = self.cell(step, state, weights, f"time{t + 1:03d}.hidden" if top else None)
            states.append(state[0])
        return states


def check_equations(tape, x, l, states):
    """The recurrence above is torch.nn's: its forward pass in float64 gives the same states."""
    spec = tape.spec
    kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[spec["model"]]
    more = {"nonlinearity": spec["act"]} if spec["model"] == "rnn" else {}
    layer = kind(x[0].shape[1], spec["width"], **more).double()
    with torch.no_grad():
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(layer, name + "_l0").copy_(tape.leaf[f"layer{l:03d}.{name}"])
        theirs = layer(torch.stack([step.detach() for step in x]))[0]
        ours = torch.stack([state.detach() for state in states])
    scale = max(1e-30, float(theirs.abs().max()))
    if not float((theirs - ours).abs().max()) <= 1e-9 * scale + 1e-9 * (spec.get("act") == "relu"):
        raise ValueError(f"layer {l}: the recurrence is not that of torch.nn.{kind.__name__}")


def recurrent_network(tape, dump):
    """The head's input: the last state of the top layer."""
    x = list(dump.f64("x"))
    for l in range(1, tape.spec["depth"] + 1):
        states = tape.recurrent(x, l, l == tape.spec["depth"])
        if not tape.noise:
            check_equations(tape, x, l, states)
        x = states
    return x[-1]


def block(tape, l, x):
    spec, prefix = tape.spec, f"layer{l:03d}."
    normed, at = spec["norm"] != "none", spec["norm_at"]
    post = normed and at == "post"
    plain = spec["skip"] == "none"
    h = tape.keep(tape.norm(x, prefix)) if normed and at == "pre" else x
    h = tape.dense(h, prefix, name=prefix + "pre")
    if normed and at == "inner":
        h = tape.norm(h, prefix, prefix + "act_in")
    h = tape.act(h, prefix, l, prefix + "out" if plain and not post else None)
    if spec["skip"] == "highway":
        z = tape.gate(x, prefix)
        t = tape.keep(torch.sigmoid(z))
        tape.reads(lambda: (t.grad.abs() * t * (1 + t),), z)
        return tape.highway(x, h, t, prefix + "out")
    if not plain:
        if spec["block_layers"] == 2:
            h = tape.dense(h, prefix, "2")
        h = tape.skip(x, h, prefix, None if post else prefix + "out")
    return tape.norm(h, prefix, prefix + "out") if post else h


def network(dump, noise=None):
    """Forward and backward pass; returns the tape and the loss."""
    tape, spec = Tape(dump, noise), dump.spec
    if spec["model"] != "mlp":
        h = recurrent_network(tape, dump)
    else:
        h = dump.f64("x")
        if dump.has("input.weight"):
            h = tape.dense(h, "input.")
        for l in range(1, spec["depth"] + 1):
            h = block(tape, l, h)
    if spec["final_norm"]:
        h = tape.norm(h, "final.")
    logits = tape.dense(h, "head.")
    if spec["loss"] == "mse":
        loss = ((logits - dump.f64("target")) ** 2).mean()
    else:
        loss = F.cross_entropy(logits, torch.from_numpy(dump.get("target")))
    loss.backward()
    return tape, loss


def magnitudes(tape):
    """S of every gradient: the sum over the ops that read the value."""
    total = {}
    for magnitude_of_gradient, inputs in tape.readers:
        for tensor, share in zip(inputs, magnitude_of_gradient()):
            if isinstance(tensor, torch.Tensor) and tensor.requires_grad:
                share = share.detach()
                total[id(tensor)] = total[id(tensor)] + share if id(tensor) in total else share
    return total


def norm_of(array):
    return float(np.linalg.norm(np.asarray(array, dtype=np.float64).ravel()))


BASE, ROUNDINGS, RUNS = 1e-5, 8, 2


def gradient_of(tensor):
    return (tensor.grad if tensor.grad is not None else torch.zeros_like(tensor)).detach()


def everything(tape, loss):
    """Every tensor of a run by its dumped name."""
    found = {"loss": loss.detach()}
    for name, tensor in list(tape.leaf.items()) + list(tape.value.items()):
        prefix, _, last = name.rpartition(".")
        found[name] = tensor.detach()
        found[f"{prefix}.grad_{last}"] = gradient_of(tensor)
    return found


def rounding_growth(dump, exact):
    """Norm of the change of every tensor when all results are rounded: the larger of two runs."""
    change = dict.fromkeys(exact, 0.0)
    for seed in range(RUNS):
        noise = torch.Generator().manual_seed(seed)
        for name, tensor in everything(*network(dump, noise)).items():
            change[name] = max(change[name], norm_of(tensor - exact[name]))
    stored = smallest(dump.spec)  # a file holds gradients without the loss scale
    return {name: change[name] + stored * exact[name].numel() ** 0.5 for name in change}


def compare(name, got, ref, size, tolerance, growth, report):
    """Appends (error / allowed, error, allowed, name)."""
    ref = ref.detach().numpy().reshape(got.shape)
    size = np.asarray(size).reshape(got.shape)
    error = norm_of(got.astype(np.float64) - ref)
    scale = max(norm_of(ref), norm_of(size))
    ratio = error / scale if scale > 0 else (0.0 if error == 0 else float("inf"))
    allowed = tolerance
    if allowed is None:
        allowed = max(BASE, ROUNDINGS * growth.get(name, 0.0) / scale if scale > 0 else 0.0)
    bad = not ratio <= allowed
    report.append((ratio / allowed if not bad else max(ratio / allowed, 2.0), ratio, allowed, name))


def missing(report, text):
    report.append((float("inf"), float("inf"), 0.0, text))


def verify(folder, tolerance, verbose):
    dump = Dump(folder)
    tape, loss = network(dump)
    growth = rounding_growth(dump, everything(tape, loss)) if tolerance is None else {}
    size, report, seen = magnitudes(tape), [], {"x", "target", "loss"}
    compare("loss", dump.get("loss"), loss, abs(loss.item()), tolerance, growth, report)
    for name, tensor in list(tape.leaf.items()) + list(tape.value.items()):
        prefix, _, last = name.rpartition(".")
        gradient = f"{prefix}.grad_{last}"
        seen.update((name, gradient))
        if name in tape.value and dump.has(name):
            compare(name, dump.get(name), tensor, tape.size[name], tolerance, growth, report)
        if dump.has(gradient):
            grad = gradient_of(tensor)
            compare(gradient, dump.get(gradient), grad, size.get(id(tensor), grad.abs()),
                    tolerance, growth, report)
        else:
            missing(report, gradient + " is missing")
    for name in dump.names:
        if name not in seen:
            missing(report, name + " was not recomputed")
    failed = [r for r in report if r[0] > 1]
    worst = max(report)
    for used, ratio, allowed, name in sorted(report, reverse=True) if verbose else failed[:10]:
        print(f"  {name}: {ratio:.3g} of {allowed:.3g}{'' if used <= 1 else '  DISAGREES'}")
    print(f"{folder}: {len(report)} tensors, worst {worst[1]:.3g} of {worst[2]:.3g} at {worst[3]} "
          f"(largest allowed {max(r[2] for r in report):.3g}): "
          f"{'DISAGREES' if failed else 'agrees'}")
    return not failed


def folders(path):
    index = os.path.join(path, "index.json")
    if not os.path.exists(index):
        return [path]
    with open(index, encoding="utf-8") as file:
        return [os.path.join(path, entry["folder"]) for entry in json.load(file)]


def main():
    torch.set_num_threads(1)  # small products: more threads only wait for each other
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("dir", nargs="+")
    parser.add_argument("--tolerance", type=float, default=None)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    good = True
    try:
        for path in arguments.dir:
            for folder in folders(path):
                good = verify(folder, arguments.tolerance, arguments.verbose) and good
    except (OSError, ValueError, KeyError) as error:
        print(f"verify_with_pytorch: {error}", file=sys.stderr)
        return 2
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
