# SPDX-License-Identifier: Apache-2.0
# cmake --install: the program, the library, headers, a CMake package and a pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS vgbench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY "${CMAKE_SOURCE_DIR}/kernels/include/vgbench" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY "${CMAKE_SOURCE_DIR}/bench/shapes" "${CMAKE_SOURCE_DIR}/bench/experiments"
        DESTINATION ${CMAKE_INSTALL_DATADIR}/vgbench)

install(FILES "${CMAKE_SOURCE_DIR}/scripts/completion/vgbench.bash"
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME vgbench)
# The manual page is the program's own help; what cannot run here cannot say it.
find_program(BASH bash)
if(BASH AND NOT CMAKE_CROSSCOMPILING)
  add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/vgbench.1"
    COMMAND "${CMAKE_SOURCE_DIR}/scripts/manpage" $<TARGET_FILE:vgbench> > "${CMAKE_BINARY_DIR}/vgbench.1"
    DEPENDS vgbench "${CMAKE_SOURCE_DIR}/scripts/manpage" VERBATIM)
  add_custom_target(manpage ALL DEPENDS "${CMAKE_BINARY_DIR}/vgbench.1")
  install(FILES "${CMAKE_BINARY_DIR}/vgbench.1" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

set(exported vgkernels)
set(VG_PC_PRIVATE_LIBS "")
if(VG_WITH_OPENMP)
  string(APPEND VG_PC_PRIVATE_LIBS " ${OpenMP_C_FLAGS}")
endif()
if(VG_WITH_ONEDNN)
  list(APPEND exported vg_onednn_lib)
  string(APPEND VG_PC_PRIVATE_LIBS " ${ONEDNN_LIBRARY}")
endif()
install(TARGETS ${exported} EXPORT vgkernelsTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/vgkernels)
install(EXPORT vgkernelsTargets NAMESPACE vgkernels:: DESTINATION ${package})
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/vgkernelsConfig.cmake.in"
  "${CMAKE_BINARY_DIR}/vgkernelsConfig.cmake" INSTALL_DESTINATION ${package})
write_basic_package_version_file("${CMAKE_BINARY_DIR}/vgkernelsConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/vgkernelsConfig.cmake"
  "${CMAKE_BINARY_DIR}/vgkernelsConfigVersion.cmake" DESTINATION ${package})
# The prefix is found from the file's own place, so that an installed tree may be moved.
file(RELATIVE_PATH VG_PC_UP "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file("${CMAKE_CURRENT_LIST_DIR}/vgkernels.pc.in" "${CMAKE_BINARY_DIR}/vgkernels.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/vgkernels.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
