#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same bits whatever else the machine does.

@test "determinism: the laboratory again and again under load, with any number of threads" {
    command -v python3 >/dev/null || skip "needs python3"
    run "$VG_SOURCE/scripts/determinism" 4 "$VGBENCH"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"4 runs"*"the same bits"* ]]
}
