# SPDX-License-Identifier: Apache-2.0
# vg_add_isa(<backend> CLUSTER <AVX2|AVX512|NEON|SCALAR> FLAGS ... SOURCES ...)
# compiles SOURCES once more, as the rows of <backend>: VG_FN(vg_x) becomes vg_x_<backend>. The only
# place where ISA flags are given. A compiler that does not know the flags leaves the backend out.
include(CheckCCompilerFlag)

function(vg_add_isa backend)
  cmake_parse_arguments(ARG "" "CLUSTER" "FLAGS;SOURCES" ${ARGN})
  string(TOUPPER ${backend} upper)
  if(VG_FUZZ AND NOT backend STREQUAL "scalar")
    return() # parsers are fuzzed, not kernels: one backend is enough for what they look up
  endif()
  if(VG_FUZZ)
    set_source_files_properties(${ARG_SOURCES} PROPERTIES COMPILE_OPTIONS "-O0;-fno-sanitize=all")
  endif()
  if(VG_SANITIZE AND backend MATCHES "^auto_")
    return() # the same C as the scalar rows, where a sanitizer sees it
  endif()
  string(REPLACE ";" " " probe "${ARG_FLAGS}")
  set(CMAKE_REQUIRED_QUIET ON)
  check_c_compiler_flag("${probe}" VG_COMPILER_HAS_${upper})
  if(NOT VG_COMPILER_HAS_${upper})
    message(STATUS "backend ${backend}: flags not known to this compiler, left out")
    return()
  endif()
  add_library(vgkernels_${backend} OBJECT ${ARG_SOURCES})
  target_link_libraries(vgkernels_${backend} PRIVATE vg_kernel_headers)
  target_compile_definitions(vgkernels_${backend}
    PRIVATE VG_ISA=${backend} VG_ISA_IS_${ARG_CLUSTER} VG_ISA_FLAGS="${probe}")
  target_compile_options(vgkernels_${backend} PRIVATE ${ARG_FLAGS})
  set_target_properties(vgkernels_${backend} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
  target_sources(vgkernels PRIVATE $<TARGET_OBJECTS:vgkernels_${backend}>)
  target_compile_definitions(vgkernels PRIVATE VG_HAVE_${upper}=1)
  set_property(GLOBAL APPEND PROPERTY VG_ISA_FLAGS_TEXT "${backend}: ${probe}")
endfunction()
