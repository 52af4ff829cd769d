# SPDX-License-Identifier: Apache-2.0
# Run at every build: writes OUTPUT, a header with the commit of SOURCE and whether its files differ
# from it, and touches it only when that changed. Without git, or outside a clone, it says so.
set(commit "")
set(dirty "-1")
if(GIT AND EXISTS "${SOURCE}/.git")
  execute_process(COMMAND "${GIT}" -C "${SOURCE}" rev-parse HEAD OUTPUT_VARIABLE commit
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    set(commit "")
  else()
    # What a run writes into the gallery does not change the program.
    execute_process(COMMAND "${GIT}" -C "${SOURCE}" status --porcelain --untracked-files=no -- .
                            ":(exclude)reports/gallery"
                    OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes STREQUAL "")
      set(dirty "0")
    else()
      set(dirty "1")
    endif()
  endif()
endif()
set(text "#define VG_COMMIT \"${commit}\"\n#define VG_DIRTY ${dirty} /* -1: not known */\n")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" before)
endif()
if(NOT "${before}" STREQUAL "${text}")
  file(WRITE "${OUTPUT}" "${text}")
endif()
