#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors that tests/unit/test_golden.c compares the oracle with: PyTorch in float64.

usage: /usr/bin/python3 make_golden.py          (Debian: apt install python3-torch)

One file per case: a one-dimensional float64 array, the tensors of the case one after the other in
the order of the table in test_golden.c. Made with PyTorch 1.13.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20240229)


def normal(*size):
    return torch.randn(*size, generator=generator)


def leaf(value):
    return value.clone().detach().requires_grad_(True)


def save(name, *tensors):
    flat = [np.asarray(torch.as_tensor(t).detach(), dtype=np.float64).ravel() for t in tensors]
    np.save(os.path.join(HERE, name + ".npy"), np.concatenate(flat))


def dense():
    x, w, b, dy = leaf(normal(3, 4)), leaf(normal(5, 4)), leaf(normal(5)), normal(3, 5)
    y = F.linear(x, w, b)
    y.backward(dy)
    save("dense", x, w, b, dy, y, x.grad, w.grad, b.grad)


def activations():
    functions = {
        "relu": F.relu,
        "linear": lambda x: x * 1,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "leaky_relu": lambda x: F.leaky_relu(x, float(np.float32(0.01))),
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "elu": F.elu,
        "selu": F.selu,
        "silu": F.silu,
    }
    for name, function in functions.items():
        x, dy = normal(3, 5) * 3, normal(3, 5)
        x[0, 0], x[0, 1], x[0, 2], x[0, 3] = 0.0, 40.0, -40.0, 1e-9
        x = leaf(x)
        y = function(x)
        y.backward(dy)
        save(name, x, dy, y, x.grad)
    x, slope, dy = leaf(normal(3, 5)), leaf(torch.rand(5, generator=generator)), normal(3, 5)
    y = F.prelu(x, slope)
    y.backward(dy)
    save("prelu", x, slope, dy, y, x.grad, slope.grad)


def norms():
    eps, momentum = float(np.float32(1e-5)), float(np.float32(0.1))
    batch, width = 4, 6
    for name in ("batch_norm", "layer_norm", "group_norm", "rms_norm"):
        x, dy = leaf(normal(batch, width) + 0.5), normal(batch, width)
        gamma, beta = leaf(normal(width)), leaf(normal(width))
        if name == "batch_norm":
            mean, var = normal(width), torch.rand(width, generator=generator) + 0.5
            run_mean, run_var = mean.clone(), var.clone()
            y = F.batch_norm(x, run_mean, run_var, gamma, beta, True, momentum, eps)
            infer = F.batch_norm(x, mean, var, gamma, beta, False, momentum, eps)
            y.backward(dy)
            save(name, x, gamma, beta, mean, var, dy, y, run_mean, run_var, infer, x.grad,
                 gamma.grad, beta.grad)
            continue
        if name == "layer_norm":
            y = F.layer_norm(x, (width,), gamma, beta, eps)
        elif name == "group_norm":
            y = F.group_norm(x, 2, gamma, beta, eps)
        else:
            y = x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + eps) * gamma
        y.backward(dy)
        if name == "rms_norm":
            save(name, x, gamma, dy, y, x.grad, gamma.grad)
        else:
            save(name, x, gamma, beta, dy, y, x.grad, gamma.grad, beta.grad)


def residual():
    x, h, dy = leaf(normal(3, 4)), leaf(normal(3, 4)), normal(3, 4)
    alpha = leaf(normal(1))
    y = x + alpha * h
    y.backward(dy)
    save("rezero", x, h, alpha, dy, y, h.grad, alpha.grad)
    x, h, t = leaf(normal(3, 4)), leaf(normal(3, 4)), leaf(torch.rand(3, 4, generator=generator))
    y = t * h + (1 - t) * x
    y.backward(dy)
    save("highway", x, h, t, dy, y, x.grad, h.grad, t.grad)


def losses():
    batch, classes = 4, 5
    x = normal(batch, classes) * 4
    x[0, 0] = 700.0
    x = leaf(x)
    labels = torch.tensor([0, 4, 2, 2])
    loss = F.cross_entropy(x, labels)
    loss.backward()
    save("softmax_xent", x, labels, loss, x.grad)
    x, target = leaf(normal(batch, classes)), normal(batch, classes)
    loss = F.mse_loss(x, target)
    loss.backward()
    save("mse", x, target, loss, x.grad)


def optimizers():
    f32 = lambda value: float(np.float32(value))
    n, steps = 7, 3
    lr, decay, eps = f32(1e-3), f32(0.01), f32(1e-8)
    betas = (f32(0.9), f32(0.999))
    for name in ("sgd", "momentum", "adam", "adamw"):
        start = normal(n)
        p = leaf(start)
        if name in ("sgd", "momentum"):
            o = torch.optim.SGD([p], lr=lr, momentum=betas[0] if name == "momentum" else 0)
        elif name == "adam":
            o = torch.optim.Adam([p], lr=lr, betas=betas, eps=eps)
        else:
            o = torch.optim.AdamW([p], lr=lr, betas=betas, eps=eps, weight_decay=decay)
        grads = [normal(n) for _ in range(steps)]
        for g in grads:
            p.grad = g.clone()
            o.step()
        save(name, start, *grads, p)


def recurrent():
    batch, seq, inputs, hidden = 2, 3, 4, 3
    cells = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    for name, cell in cells.items():
        net = cell(inputs, hidden)
        with torch.no_grad():
            for p in net.parameters():
                p.copy_(normal(*p.shape))
        x, dhs = leaf(normal(seq, batch, inputs)), normal(seq, batch, hidden)
        hs, _ = net(x)
        hs.backward(dhs)
        w = [net.weight_ih_l0, net.weight_hh_l0, net.bias_ih_l0, net.bias_hh_l0]
        save(name, x, *w, dhs, hs, x.grad, *(p.grad for p in w))


if __name__ == "__main__":
    for make in (dense, activations, norms, residual, losses, optimizers, recurrent):
        make()
