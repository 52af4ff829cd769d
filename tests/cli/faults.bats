#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What goes wrong around the program: what was finished is kept, what is partial says so, the exit
# code is right, one line says why, and no temporary file stays.
bats_require_minimum_version 1.5.0

setup() {
    VG="${VGBENCH:-build/dev/bench/vgbench}"
    export OMP_WAIT_POLICY=passive
    cd "$BATS_TEST_TMPDIR"
    small="depth=4 width=16 batch=16 seeds=1 threads=1"
    # More points than a test can wait for.
    many="depth=24 width=96 threads=1 act=relu,tanh,gelu,silu,elu,selu,sigmoid,linear \
        init=he_normal,xavier_normal,lecun_normal,orthogonal data_seed=1,2,3,4,5,6,7,8,9,10,11,12"
}

# A file of 40 KiB is too large for it.
small_disk() {
    [ "$(id -u)" -eq 0 ] || skip "needs root to mount a small tmpfs"
    mkdir -p disk
    mount -t tmpfs -o size=40k tmpfs disk 2>/dev/null || skip "tmpfs cannot be mounted here"
}

teardown() {
    cd "$BATS_TEST_TMPDIR"
    ! mountpoint -q disk || umount disk
}

no_temporary_files() {
    [ -z "$(find . -name '*.tmp' -o -name '*.part' -o -name '.*.swp')" ]
}

fake() { # a program $1 that does $2, first in PATH
    mkdir -p bin
    printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"
    chmod +x "bin/$1"
    export PATH="$PWD/bin:$PATH"
}

# Starts decay in the background and waits for three rows.
start_many() {
    "$VG" decay $many --format=csv -o r.json --quiet >rows.csv 2>said 3>&- &
    child=$!
    for _ in $(seq 300); do
        [ "$(wc -l <rows.csv)" -gt 3 ] && return 0
        sleep 0.05
    done
    return 1
}

kept_and_partial() {
    python3 -c 'import json; r = json.load(open("r.json")); assert r["partial"] and len(r["decay"]) >= 3'
}

@test "faults: disk full: results, checkpoint, dump" {
    small_disk
    run "$VG" decay $small depth=40,41,42,43 -o disk/r.json --quiet
    [ "$status" -eq 1 ]
    [[ $output == *"disk/r.json: cannot be written: No space left on device"* ]]
    [ -z "$(ls -A disk)" ]
    run "$VG" train $small width=64 steps=5 --samples=100 --checkpoint disk/c -q
    [ "$status" -eq 1 ]
    [[ $output == *"No space left on device"* ]]
    [ -z "$(ls -A disk/c)" ]
    run "$VG" decay $small width=48 --dump disk/d --quiet
    [ "$status" -eq 1 ]
    [[ $output == *"No space left on device"* ]]
    [ -z "$(find disk -size 0 -type f)" ]
}

@test "faults: disk full: the checkpoint before stays whole" {
    small_disk
    "$VG" train depth=2 width=8 batch=8 steps=4 --samples=64 threads=1 --checkpoint disk/c -q >/dev/null
    cp disk/c/checkpoint.vgc before
    head -c 40960 /dev/zero >disk/fill 2>/dev/null || true
    run "$VG" train depth=2 width=8 batch=8 steps=8 --samples=64 threads=1 --checkpoint disk/c --resume -q
    [ "$status" -ne 0 ]
    cmp before disk/c/checkpoint.vgc
    [ ! -e disk/c/checkpoint.vgc.tmp ]
}

@test "faults: an unwritable place is said in one line" {
    for place in /proc/x /dev/null/x; do
        run --separate-stderr "$VG" decay $small -o "$place.json" --quiet
        [ "$status" -eq 1 ]
        [ "${#stderr_lines[@]}" -eq 1 ]
        run --separate-stderr "$VG" run --quick --quiet --only=decay -d "$place"
        [ "$status" -eq 1 ]
        [ "${#stderr_lines[@]}" -eq 1 ]
    done
    if [ "$(id -u)" -ne 0 ]; then
        mkdir -m 500 closed
        run "$VG" decay $small -o closed/r.json --quiet
        [ "$status" -eq 1 ]
    fi
}

@test "faults: SIGINT, SIGTERM and SIGHUP keep what is finished" {
    for signal in INT TERM HUP; do
        rm -f r.json
        start_many
        kill -$signal "$child"
        code=0
        wait "$child" || code=$?
        [ "$code" -eq 1 ] || { echo "$signal: $code"; return 1; }
        kept_and_partial
        grep -q '^interrupted: ' said
    done
    no_temporary_files
}

@test "faults: a reader that goes away: the file keeps what is finished" {
    { "$VG" decay $many --format=csv -o r.json --quiet 2>said || echo "$?" >code; } | head -n 4 >rows.csv
    [ "$(cat code)" -eq 1 ]
    [ "$(wc -l <rows.csv)" -eq 4 ]
    python3 -c 'import json; r = json.load(open("r.json")); assert r["partial"] and r["decay"]'
    no_temporary_files
}

@test "faults: kill -9 leaves no half file, and the folder can be used again" {
    printf 'relu 4 8\n' >tiny.txt
    for delay in 0.1 0.5; do
        "$VG" run --quick --quiet --threads=1 --shapes="$PWD/tiny.txt" --only=kernels -d k --force \
            >/dev/null 2>&1 3>&- &
        child=$!
        sleep $delay
        kill -KILL "$child" 2>/dev/null || true
        wait "$child" || true
        [ ! -e k/results.json ] || python3 -c 'import json; json.load(open("k/results.json"))'
    done
    "$VG" run --quick --quiet --threads=1 --shapes="$PWD/tiny.txt" --only=kernels -d k --force >/dev/null
    python3 -c 'import json; assert "partial" not in json.load(open("k/results.json"))'
}

@test "faults: out of memory is one line" {
    [ -z "$VG_SANITIZE" ] || skip "a sanitizer needs more address space than the limit"
    for limit in 250000 120000; do
        run bash -c "ulimit -v $limit; '$VG' decay depth=64 width=1024 batch=512 threads=1 seeds=1 --quiet -o m.json"
        [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { echo "$limit: $status $output"; return 1; }
        [[ $output == *memory* || $output == *hread* ]] || { echo "$limit: $output"; return 1; }
        [ ! -e m.json ]
        run bash -c "ulimit -v $limit; '$VG' train depth=64 width=1024 batch=512 threads=1 steps=1 -q"
        [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { echo "$limit: $status $output"; return 1; }
    done
}

@test "faults: gnuplot that is missing, fails, dies or hangs costs the plot, not the results" {
    export VGBENCH_PLOT_SECONDS=1
    for what in 'exit 3' 'kill -9 $$' 'exec sleep 30' 'cat >/dev/null; exit 0'; do
        fake gnuplot "$what"
        rm -f p.svg r.json
        begin=$SECONDS
        run "$VG" decay $small depth=9 act=relu vs act=tanh --plot p.svg -o r.json --quiet
        [ "$status" -ne 0 ]
        [[ $output == *plot* || $output == *p.svg* ]] || { echo "$what: $output"; return 1; }
        [ ! -e p.svg ]
        [ $((SECONDS - begin)) -lt 15 ]
        python3 -c 'import json; assert len(json.load(open("r.json"))["decay"]) == 2'
    done
    no_temporary_files
}

@test "faults: valgrind that fails, dies or hangs: said, and nothing hangs" {
    export VGBENCH_SIM_SECONDS=1
    for what in 'exit 3' 'kill -9 $$' 'trap "" TERM; sleep 30' 'exit 0'; do
        fake valgrind "$what"
        begin=$SECONDS
        run "$VG" profile --counters=sim --shapes='relu 4 4' --filter=relu/fwd --quiet
        [ "$status" -eq 1 ] || { echo "$what: $status $output"; return 1; }
        [ $((SECONDS - begin)) -lt 15 ]
        [ -n "$output" ]
    done
}

@test "faults: two runs into one folder: the second is refused" {
    printf 'relu 4 8\n' >tiny.txt
    mkdir d
    exec 9<d
    flock -x 9
    run "$VG" run --quick --quiet --shapes="$PWD/tiny.txt" --only=kernels -d d --force
    [ "$status" -eq 1 ]
    [[ $output == *"another vgbench writes into this folder"* ]]
    run "$VG" train depth=2 width=8 batch=8 steps=4 --samples=64 threads=1 --checkpoint d -q
    [ "$status" -eq 1 ]
    [[ $output == *"another vgbench writes into this folder"* ]]
    [ -z "$(ls -A d)" ]
    exec 9<&-
}

@test "faults: a clock that jumps changes no duration" {
    [ -z "$VG_SANITIZE" ] || skip "a sanitizer's library must come first, so nothing can be preloaded"
    command -v cc >/dev/null || skip "needs a C compiler"
    cat >jump.c <<'C'
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static int calls;
int clock_gettime(clockid_t id, struct timespec *t)
{
    int code = (int)syscall(SYS_clock_gettime, id, t);
    if (id == CLOCK_REALTIME) /* to and fro by a week */
        t->tv_sec += ++calls % 2 ? 604800 : -604800;
    return code;
}
time_t time(time_t *out)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return out ? (*out = t.tv_sec) : t.tv_sec;
}
C
    cc -shared -fPIC -o jump.so jump.c
    LD_PRELOAD="$PWD/jump.so" "$VG" train $small epochs=2 --samples=200 -o t.json -q >/dev/null
    LD_PRELOAD="$PWD/jump.so" "$VG" decay $small --cost -o c.json --quiet >/dev/null
    python3 - <<'PY'
import json
t = json.load(open("t.json"))["train"][0]
times = [v for k, v in t.items() if k.endswith("_s") and "per" not in k and isinstance(v, (int, float))]
assert times and all(0 <= v < 600 for v in times), times
assert 0 < json.load(open("c.json"))["decay"][0]["cost"]["step_ms"] < 60000
PY
}
