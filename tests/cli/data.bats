#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Data from elsewhere.

@test "fetch-mnist refuses files that are not MNIST and leaves nothing behind" {
    mkdir "$BATS_TEST_TMPDIR/mirror"
    for f in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
        echo no >"$BATS_TEST_TMPDIR/mirror/$f-ubyte.gz"
    done
    command -v curl || skip "curl is not installed"
    MNIST_MIRROR=file://$BATS_TEST_TMPDIR/mirror run "$VG_SOURCE/scripts/fetch-mnist" "$BATS_TEST_TMPDIR/out"
    [ "$status" -eq 1 ]
    [[ $output == *"is not the file of 9912422 bytes"* ]]
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/out")" ]
    rm "$BATS_TEST_TMPDIR"/mirror/*
    MNIST_MIRROR=file://$BATS_TEST_TMPDIR/mirror run "$VG_SOURCE/scripts/fetch-mnist" "$BATS_TEST_TMPDIR/out"
    [ "$status" -eq 1 ]
    [[ $output == *"could not be fetched"* ]]
    run "$VG_SOURCE/scripts/fetch-mnist"
    [ "$status" -eq 2 ]
}
