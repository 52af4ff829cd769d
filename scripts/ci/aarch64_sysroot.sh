#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unpacks the AArch64 libraries that the cross build links into a folder, from the package source
# this machine already uses, without touching the machine's own package state.
# usage: aarch64_sysroot.sh FOLDER
set -euo pipefail
folder=$1
[ ! -e "$folder/complete" ] || exit 0
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/debs"
folder=$(cd "$folder" && pwd)
: >"$folder/apt/status"
options=(-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$folder/apt"
         -o Dir::State::lists="$folder/apt/lists" -o Dir::State::status="$folder/apt/status"
         -o Dir::Cache="$folder/apt/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
apt-get "${options[@]}" update -qq
cd "$folder/debs"
apt-get "${options[@]}" download -qq libjansson4 libjansson-dev libcmocka0 libcmocka-dev
for deb in *.deb; do
    dpkg-deb -x "$deb" "$folder"
done
touch "$folder/complete"
