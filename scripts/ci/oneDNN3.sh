#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and tests the oneDNN rows with oneDNN 3.x on a machine that has 2.6, or another 3.x: in a
# throw-away root of a newer Debian, from the package source this machine already uses. Nothing of
# the machine changes. As root, or with user namespaces.
# usage: scripts/ci/oneDNN3.sh [SUITE]      sid (newest oneDNN, the default) or trixie (3.7)
# Exit: 0 verified, 77 not possible here (says why), else failed.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
suite=${1:-sid}
skip() { echo "oneDNN3: $1" >&2; exit 77; }
command -v mmdebstrap >/dev/null || skip "needs mmdebstrap (scripts/setup --full)"

# Where this machine gets Debian from, whatever the format of its lists; not the security archive.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk '$1 !~ /security/ && $2 !~ /security|updates|backports/ { print $1; exit }')
[ -n "$mirror" ] || skip "apt on this machine has no Debian package source"

packages=gcc,libc6-dev,cmake,ninja-build,pkg-config
packages+=,libdnnl-dev,libjansson-dev,librandom123-dev,libcmocka-dev
# No g++, no hwloc, no YAML: what has nothing to do with oneDNN is tested elsewhere.
test_in_root='
set -e
cd /src
dpkg-query -W -f "oneDNN3: \${Package} \${Version}\n" libdnnl-dev
cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DVG_WERROR=ON >/build.log
cmake --build /build --target vgbench test_onednn >>/build.log || { tail -n 40 /build.log; exit 1; }
/build/tests/test_onednn
/build/bench/vgbench verify --backend=onednn
'
pack="tar -C '$source' --exclude=./build --exclude=./.git -cf - ."
start=$SECONDS
mmdebstrap --quiet --variant=apt --include="$packages" --format=null \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --customize-hook="mkdir \"\$1/src\"; $pack | tar -C \"\$1/src\" -xf -" \
    --customize-hook="echo oneDNN3: root of $suite is ready" \
    --customize-hook="chroot \"\$1\" sh -c '$test_in_root'" \
    "$suite" /dev/null "$mirror"
echo "oneDNN3: verified on $suite in $((SECONDS - start)) s"
