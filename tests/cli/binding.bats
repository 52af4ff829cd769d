#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Threads on CPUs: what --bind asks for is what the system reports.

setup_file() {
    "$VGBENCH" info >"$BATS_FILE_TMPDIR/info"
}

setup() {
    unset OMP_PROC_BIND OMP_PLACES GOMP_CPU_AFFINITY KMP_AFFINITY
    grep -q hwloc "$BATS_FILE_TMPDIR/info" || skip "built without hwloc"
    grep -q gomp "$BATS_FILE_TMPDIR/info" || skip "another OpenMP runtime, or none"
}

binding() { # python condition on b, words of vgbench info
    local condition="$1"
    shift
    "$VGBENCH" info --format=json "$@" >"$BATS_TEST_TMPDIR/info.json"
    python3 - "$BATS_TEST_TMPDIR/info.json" "$condition" <<'PY'
import json, os, sys
d = json.load(open(sys.argv[1]))
b, allowed = d["binding"], sorted(os.sched_getaffinity(0))
assert eval(sys.argv[2]), (b, allowed, d["os"]["affinity"])
PY
}

@test "binding: compact is the default, read back thread by thread" {
    local all='b["verified"] and b["policy"] == "compact" and sorted(b["places"]) == allowed and len(b["observed"]) == len(allowed) and d["cpu"]["allowed_cpus"] == len(allowed)'
    binding "$all and b['asked_by'] == 'default'"
    binding 'b["policy"] == "spread" and b["verified"]' --bind spread
    binding 'b["policy"] == "none" and b["reason"] == "--bind=none"' --bind=none
}

@test "binding: one CPU, and more threads than CPUs" {
    binding 'b["verified"] and b["observed"] == b["places"] and len(b["places"]) == 1' --bind=pu:0 --threads=1
    binding 'b["verified"] and len(b["observed"]) == 8' --threads=8
    run timeout 60 "$VGBENCH" bench --filter='^relu/fwd/' --shapes='relu 64 64' --threads=8 --seconds=0.05 -q
    [ "$status" -eq 0 ]
}

@test "binding: what the user has set in OMP_* stays" {
    OMP_PROC_BIND=false binding 'b["policy"] == "none" and "OMP_PROC_BIND is set" in b["reason"] and not any(b["observed"])'
    run env OMP_PLACES=cores "$VGBENCH" info --bind=compact
    [ "$status" -eq 0 ]
    [[ $output == *"--bind=compact: threads are not bound: OMP_PLACES is set"* ]]
}

@test "binding: where threads run by the user's own settings is read back" {
    # libgomp binds the first thread when it is loaded: its one CPU must not pass for all there are.
    local all='len(b["observed"]) == len(allowed) and d["cpu"]["allowed_cpus"] == len(allowed)'
    OMP_PROC_BIND=close OMP_PLACES=threads binding "$all and b['policy'] == 'none' and b['verified'] is None and sorted(b['observed']) == allowed"
    OMP_PROC_BIND=master OMP_PLACES=threads binding "$all and len(set(b['observed'])) == 1"
    GOMP_CPU_AFFINITY=$(python3 -c 'import os; print(max(os.sched_getaffinity(0)))') \
        binding 'b["observed"] == [allowed[-1]] and d["cpu"]["allowed_cpus"] == 1'
    # bench starts itself again: the new image must see all CPUs, too.
    OMP_PROC_BIND=true OMP_PLACES=threads "$VGBENCH" bench --filter='^relu/fwd/' --shapes='relu 64 64' --seconds=0.02 -q \
        -o "$BATS_TEST_TMPDIR/bound.json"
    python3 -c 'import json, os, sys
m = json.load(open(sys.argv[1]))["machine"]
assert sorted(m["binding"]["observed"]) == sorted(os.sched_getaffinity(0)), m["binding"]' "$BATS_TEST_TMPDIR/bound.json"
}

@test "binding: bad words end with 2, CPUs that are not allowed with 3" {
    run "$VGBENCH" bench --bind=compat
    [ "$status" -eq 2 ]
    [[ $output == *"did you mean 'compact'?"* ]]
    [ "${#lines[@]}" -eq 1 ]
    run "$VGBENCH" bench --bind=core:99999
    [ "$status" -eq 2 ]
    run "$VGBENCH" bench --bind=
    [ "$status" -eq 2 ]
    local last
    last=$(python3 -c 'import os; a = sorted(os.sched_getaffinity(0)); print(a[0] if len(a) > 1 else "")')
    [ -n "$last" ] || skip "one CPU"
    run taskset -c "$last" "$VGBENCH" info --bind=N:0-1
    [ "$status" -eq 3 ]
    [[ $output == *"is not among those that this process may use"* ]]
}
