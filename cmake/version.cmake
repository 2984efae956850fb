# SPDX-License-Identifier: Apache-2.0
# cmake -D SOURCE_DIR=... -D NUMBER=0.1.0 -D OUTPUT=version.cc -P version.cmake
# Writes version.cc from the commit of a git work tree, of a `git archive` (export-subst below), or none.
set(COMMIT "$Format:%h$")
if(COMMIT MATCHES "Format")
  set(COMMIT "")
endif()
find_program(GIT git)
if(GIT AND EXISTS ${SOURCE_DIR}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} describe --always --abbrev=12 --dirty --exclude *
                  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(COMMIT ${described})
  endif()
endif()
set(TEXT ${NUMBER})
if(COMMIT)
  set(TEXT "${NUMBER} (${COMMIT})")
endif()
configure_file(${SOURCE_DIR}/src/version/version.cc.in ${OUTPUT} @ONLY)
