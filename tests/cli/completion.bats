#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bash completion and the manual page, both made of the program's own help.

setup() {
    PATH=$(dirname "$VGBENCH"):$PATH
    source "$VG_SOURCE/scripts/completion/vgbench.bash"
}

# proposals LINE: what TAB offers at the end of LINE
proposals() {
    COMP_LINE=$1 COMP_POINT=${#1}
    IFS=' =' read -ra COMP_WORDS <<<"$1"
    COMP_WORDBREAKS=' ='
    COMPREPLY=()
    _vgbench
    echo "${COMPREPLY[*]}"
}

@test "completion: commands and topics" {
    [[ " $(proposals "vgbench ") " == *" bench "*" decay "*" report "* ]]
    [ "$(proposals "vgbench comp")" = compare ]
    [ "$(proposals "vgbench help resi")" = residual ]
}

@test "completion: options and their values" {
    [[ " $(proposals "vgbench compare --") " == *" --fail-on"*" --min-effect"* ]]
    [ "$(proposals "vgbench report --prof")" = "--profile=" ] || [ "$(proposals "vgbench report --prof")" = "--profile" ]
    [[ " $(proposals "vgbench bench --max-isa=") " == *" avx2 "* ]]
}

@test "completion: the values of an option are the words that are allowed, and no prose of its help" {
    [ "$(proposals "vgbench profile --counters=")" = "auto pmu sim none" ]
    [ "$(proposals "vgbench bench --cold-cache=")" = "none wei all" ]
    [ "$(proposals "vgbench verify --format=")" = "table md json csv junit" ]
    [ "$(proposals "vgbench compare --by=")" = "run backend" ]
    [ "$(proposals "vgbench run --only=k")" = kernels ]
    [ "$(proposals "vgbench bench --bind=")" = "compact spread none" ]
    [ "$(proposals "vgbench bench --threads=")" = all ]
    [[ " $(proposals "vgbench decay --paper=") " == *" he2015 "* ]]
    sets=$(cd "$VG_SOURCE/bench/shapes" && echo *.txt)
    [ "$(proposals "vgbench bench --shapes=")" = "${sets//.txt/}" ]
    [[ "$(proposals "vgbench bench --backend=avx512,auto_n")" == *avx512,auto_neon ]]
    [[ "$(proposals "vgbench compare --base=one")" == *onednn ]]
}

@test "completion: where the words are one's own nothing is offered, and nothing is run to find out" {
    cd "$BATS_TEST_TMPDIR"
    [ "$(proposals "vgbench run --filter=")" = "" ]
    [ "$(proposals "vgbench run --dir=")" = "" ]
    [ -z "$(ls)" ]
}

@test "completion: spec keys and values, also after a comma" {
    [[ " $(proposals "vgbench decay in") " == *" in_dim= init= "* ]]
    [ "$(proposals "vgbench decay act=si")" = "sigmoid silu" ]
    [[ " $(proposals "vgbench train depth=8 act=relu,ta") " == *"tanh "* ]]
}

@test "completion: the nearest word where none begins so" {
    [ "$(proposals "vgbench bnech")" = bench ]
    [[ "$(proposals "vgbench decay act=sigmod")" == *sigmoid ]]
    [[ "$(proposals "vgbench decay dept")" == depth* ]]
    [ "$(proposals "vgbench report --no-plts")" = --no-plots ]
}

@test "man page: every command with its options, and no complaint of the formatter" {
    "$VG_SOURCE/scripts/manpage" "$VGBENCH" >"$BATS_TEST_TMPDIR/vgbench.1"
    for command in $("$VGBENCH" help | sed -n '/^Topics/q; s/^  \([a-z]*\) .*/\1/p' | grep -v '^help$'); do
        grep -q "^.SS vgbench $command" "$BATS_TEST_TMPDIR/vgbench.1"
    done
    grep -q 'fail\\-on' "$BATS_TEST_TMPDIR/vgbench.1"
    command -v groff >/dev/null || skip "groff is not installed"
    run groff -man -Tutf8 -ww "$BATS_TEST_TMPDIR/vgbench.1"
    [ "$status" -eq 0 ]
    [[ $output != *warning* ]]
    [[ $output == *"SLOWER when"* ]]
}

@test "help topics and README quote the gallery as it is" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    "$VG_SOURCE/scripts/gallery_numbers" --check
    run "$VGBENCH" help vanishing
    [ "$status" -eq 0 ]
    [[ $output == *"sigmoid, Xavier"* ]]
}
