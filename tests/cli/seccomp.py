# SPDX-License-Identifier: Apache-2.0
"""Runs a program under a seccomp filter that refuses perf_event_open with EPERM, as the default one of
container runtimes does: seccomp.py PROGRAM ARGUMENT..."""
import ctypes, os, platform, struct, sys
CALL = {"x86_64": 298, "aarch64": 241}[platform.machine()]       # perf_event_open
code = b"".join(struct.pack("HBBI", *i) for i in (
    (0x20, 0, 0, 0), (0x15, 0, 1, CALL), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000)))
text = ctypes.create_string_buffer(code)
libc = ctypes.CDLL(None)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(text)))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
