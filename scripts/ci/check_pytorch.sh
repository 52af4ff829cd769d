#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# PyTorch recomputes dumps of networks in float64; and a damaged dump must disagree.
# usage: check_pytorch.sh VGBENCH     exit 77: no PyTorch (CTest says "skipped")
set -euo pipefail
vgbench=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import torch, numpy' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "SKIPPED: PyTorch cannot be imported (Debian package python3-torch, or pip install torch):"
    echo "gradients are checked against finite differences only"
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export OMP_WAIT_POLICY=passive
small="width=24 batch=16 seeds=1 threads=1"

# every norm, place, skip, loss, kink; the recurrent cells, stacked
"$vgbench" decay $small depth=5 act=gelu,prelu norm=none,layer,batch \
    skip=none,residual,highway loss=softmax_xent,mse --dump "$dir/a" --quiet >/dev/null
"$vgbench" decay $small depth=16 act=relu,elu norm_at=pre,post \
    skip=none,scaled,rezero in_dim=7 final_norm=1 norm=rms vs norm=group groups=2 --dump "$dir/b" --quiet >/dev/null
"$vgbench" decay $small depth=16 act=sigmoid,silu,selu,leaky_relu init=he_normal,orthogonal \
    bias_std=0.1 loss_scale=1024 --dump "$dir/c" --quiet >/dev/null
"$vgbench" decay width=24 batch=10 seeds=1 threads=1 seq_len=16 depth=1,2 data=recall,adding \
    backend=scalar model=rnn vs model=rnn act=relu init_rec=identity vs model=lstm vs model=gru update_bias=1 \
    --dump "$dir/d" --quiet >/dev/null
# gradients that become subnormal, and zero
"$vgbench" decay $small depth=66 act=sigmoid loss_scale=1,65536 vs ftz=1 --dump "$dir/e" --quiet >/dev/null
"$python" "$source/scripts/verify_with_pytorch.py" "$dir"/[abcde] >"$dir/log" || {
    grep -v ': agrees' "$dir/log"
    exit 1
}
grep -c ': agrees' "$dir/log" | sed 's/$/ networks agree with PyTorch float64/'

# one bit of one gradient
printf '\x01' | dd of="$dir/a/0001/layer002.grad_pre.npy" bs=1 seek=$((128 + 403)) conv=notrunc \
    2>/dev/null
printf '\x41' | dd of="$dir/d/0001/time003.grad_hidden.npy" bs=1 seek=$((128 + 403)) conv=notrunc \
    2>/dev/null
for damaged in a/0001 d/0001; do
    if "$python" "$source/scripts/verify_with_pytorch.py" "$dir/$damaged" >/dev/null; then
        echo "$damaged: a damaged dump agrees"
        exit 1
    fi
done
