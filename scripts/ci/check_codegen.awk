# SPDX-License-Identifier: Apache-2.0
# Reads a disassembly. A backward conditional branch closes a loop; of those with FMAs in them the
# innermost are kept. A tile of n sums has n FMAs there for every step of k. See check_codegen.sh.
function hex(text,   i, value) {
    value = 0
    for (i = 1; i <= length(text); i++)
        value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
    return value
}
/^[0-9a-f]+ <.*>:/ { name = $2; next }
/^ *[0-9a-f]+:/ {
    at = $1
    sub(":", "", at)
    n++
    address[n] = hex(at)
    fma[n] = $2 ~ /^vfn?m(add|sub)/ || $2 ~ /^fml[as]$/
    stack[n] = $0 ~ /\(%rsp|\(%rbp|\[sp/
    if ($2 ~ /^(j[a-z]+|b\.[a-z]+|cbn?z)$/ && $2 != "jmp") {
        for (i = 3; i <= NF; i++)
            if ($i ~ /^[0-9a-f]+$/ && hex($i) < address[n]) {
                loops++
                from[loops] = hex($i)
                to[loops] = n
                where[loops] = name
            }
    }
}
END {
    for (l = 1; l <= loops; l++) {
        count = spills = 0
        first = to[l]
        while (first > 1 && address[first - 1] >= from[l])
            first--
        for (m = 1; m <= loops; m++)
            if (m != l && to[m] < to[l] && to[m] > first && from[m] >= from[l])
                break
        if (m <= loops)
            continue # not innermost
        for (i = first; i <= to[l]; i++) {
            count += fma[i]
            spills += stack[i]
        }
        if (!count)
            continue
        kernels++
        sums += count
        most = count > most ? count : most
        if (spills) {
            printf "%s: %s: a loop of %d FMAs touches the stack %d times\n", isa, where[l], count, spills
            bad++
        }
    }
    # sums of rows 1 .. limit, times vectors, for 1 to 4 vectors by rows, 1 to prefer by columns
    limits["avx512"] = "14 14 9 6"
    limits["avx2"] = "12 6 4 3"
    limits["neon"] = "8 8 8 4"
    split(limits[isa], limit, " ")
    prefer = isa == "avx512" ? 4 : isa == "avx2" ? 2 : 3
    steps = isa == "neon" ? 1 : 2 # of k in an iteration
    for (v = 1; v <= 4; v++) {
        ways = v <= prefer ? 2 : 1
        tiles += ways * limit[v]
        expected += ways * steps * v * limit[v] * (limit[v] + 1) / 2
    }
    printf "%s: %d loops with %d FMAs (expected %d with %d), largest tile %d sums, %d with spills\n",
        isa, kernels, sums, tiles, expected, most, bad
    exit (bad > 0 || kernels < tiles || sums < expected)
}
