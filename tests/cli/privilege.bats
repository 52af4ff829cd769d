#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Texts of the user are data: no shell, no gnuplot command, no path out of the folder is made of them.

setup() {
    VG="${VGBENCH:-build/dev/bench/vgbench}"
    export OMP_WAIT_POLICY=passive
    cd "$BATS_TEST_TMPDIR"
}

@test "privilege: hostile names reach neither a shell nor gnuplot" {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
    mkdir q
    names=("q/a';system('touch pwned1');'.csv" 'q/b`touch pwned2`$(touch pwned3).csv' 'q/c"; !touch pwned4 #".csv')
    words=()
    for n in "${names[@]}"; do
        printf 'a,b,label\n1,2,0\n3,4,1\n5,6,0\n7,8,1\n2,2,0\n3,3,1\n' >"$n"
        [ ${#words[@]} -eq 0 ] || words+=(vs)
        words+=("data=csv:$n" in_dim=2 classes=2 depth=9 width=8 batch=4 seeds=1 threads=1)
    done
    "$VG" decay "${words[@]}" --plot p.svg -o r.json --quiet >/dev/null
    grep -q '<svg' p.svg
    grep -q 'touch pwned2' p.svg # the name is in the plot, as text
    mkdir out
    "$VG" report r.json -o out/r.md >/dev/null 2>&1
    ls
    [ -z "$(find . -name 'pwned*')" ]
    [ "$(ls | sort | tr '\n' ' ')" = "out p.svg q r.json " ]
}

@test "privilege: names cannot leave their folder" {
    for words in 'decay --paper=../experiments/guide' 'decay --paper=/etc/passwd' 'bench --shapes=..'; do
        run "$VG" $words
        [ "$status" -eq 2 ] || { echo "$words: $status $output"; return 1; }
        [ "${#lines[@]}" -eq 1 ]
    done
}

@test "privilege: no shell in the sources, no set-uid on the program" {
    run grep -rnE '\b(system|popen|wordexp|execlp? *\("(sh|bash)")\(' "$VG_SOURCE/bench" "$VG_SOURCE/reports" \
        "$VG_SOURCE/kernels" --include='*.c' --include='*.cc' --include='*.h'
    [ "$status" -eq 1 ] || { echo "$output"; return 1; }
    [ ! -u "$VG" ] && [ ! -g "$VG" ]
}

@test "reliability: the page is what its recorded outputs give" {
    command -v python3 >/dev/null || skip "needs python3"
    "$VG_SOURCE/scripts/reliability" --check
}
