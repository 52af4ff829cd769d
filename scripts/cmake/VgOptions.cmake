# SPDX-License-Identifier: Apache-2.0
# Flags that every target of the project has. ISA flags are in kernels/isa.cmake only.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(vg_flags INTERFACE)
target_compile_definitions(vg_flags INTERFACE _GNU_SOURCE)
# Results must not depend on how a compiler fuses or reorders: no fast-math, FMA only where written.
target_compile_options(vg_flags INTERFACE
  -ffp-contract=off -fno-math-errno
  -Wall -Wextra -Wshadow -Wno-unused-parameter
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
  $<$<BOOL:${VG_WERROR}>:-Werror>)
# Same source, same bytes: no path of the build machine in the objects.
target_compile_options(vg_flags INTERFACE "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.")
if(VG_SANITIZE)
  target_compile_options(vg_flags INTERFACE -fsanitize=${VG_SANITIZE} -fno-omit-frame-pointer -g1
                         -fno-sanitize-recover=all)
  target_link_options(vg_flags INTERFACE -fsanitize=${VG_SANITIZE})
endif()
if(VG_FUZZ)
  target_compile_options(vg_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
