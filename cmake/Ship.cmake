# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts down: the programs with man pages and completion, plans, adapters,
# documents, and what an adapter in C++ needs (find_package(seaworthy)). The target `shipped` builds it.
include(CMakePackageConfigHelpers)
set(SHARED ${CMAKE_INSTALL_DATADIR}/seaworthy)
add_custom_target(shipped)

foreach(program seaworthy raftkv raftsim)
  if(NOT TARGET ${program})
    continue()
  endif()
  set(page ${PROJECT_BINARY_DIR}/manual/${program}.1)
  set(completion ${PROJECT_BINARY_DIR}/manual/${program}.bash)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/manual)
  add_custom_command(OUTPUT ${page} ${completion} DEPENDS ${program}
                     COMMAND ${program} --man > ${page} COMMAND ${program} --completion > ${completion} VERBATIM)
  add_custom_target(${program}_manual ALL DEPENDS ${page} ${completion})
  add_dependencies(shipped ${program} ${program}_manual)
  install(TARGETS ${program})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program})
endforeach()

if(TARGET raftkv)
  # The unit names the program where it is installed, which is known only then.
  install(CODE "set(RAFTKV_PROGRAM \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/raftkv\")
                configure_file(\"${PROJECT_SOURCE_DIR}/packaging/raftkv.service.in\"
                               \"${PROJECT_BINARY_DIR}/raftkv.service\" @ONLY)")
  install(FILES ${PROJECT_BINARY_DIR}/raftkv.service DESTINATION lib/systemd/system)
  install(FILES packaging/raftkv.sysusers DESTINATION lib/sysusers.d RENAME raftkv.conf)
  install(PROGRAMS packaging/raftkv_roll.py DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME raftkv-roll)
endif()

foreach(folder plans adapters)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder})
    install(DIRECTORY ${folder} DESTINATION ${SHARED} USE_SOURCE_PERMISSIONS PATTERN CMakeLists.txt EXCLUDE)
  endif()
endforeach()
# The library for those who embed the Raft, found by pkg-config or find_package(seaworthy-raft).
add_dependencies(shipped seaworthy_raft)
install(TARGETS seaworthy_raft EXPORT seaworthy-raft FILE_SET c FILE_SET cxx)
install(EXPORT seaworthy-raft NAMESPACE seaworthy:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/seaworthy-raft
        FILE seaworthy-raft-config.cmake)
file(RELATIVE_PATH FROM_PKGCONFIG /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(packaging/seaworthy-raft.pc.in ${PROJECT_BINARY_DIR}/seaworthy-raft.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/seaworthy-raft.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES README.md ARCHITECTURE.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The modules whose headers an adapter or a plan in C++ includes, or a storage of one's own, and those that they need. Their
# headers and archives lie in folders of their own: `raft` is a module, too.
set(exported "")
foreach(root cluster plan verdict kit)
  module_closure(${root} closure)
  list(APPEND exported ${closure})
endforeach()
list(REMOVE_DUPLICATES exported)
set(dependencies "")
foreach(target IN LISTS exported)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL INTERFACE_LIBRARY)
    add_dependencies(shipped ${target})
  endif()
  get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
  foreach(library IN LISTS libraries)
    if(library MATCHES "([A-Za-z0-9_+]+)::")
      string(APPEND dependencies "find_dependency(${CMAKE_MATCH_1})\n")
    endif()
  endforeach()
endforeach()
set_target_properties(raft PROPERTIES EXPORT_NAME raft_core)  # seaworthy::raft is what programs embed.
install(TARGETS ${exported} EXPORT seaworthy
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/seaworthy
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/seaworthy/modules)
set(PACKAGE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/seaworthy)
install(EXPORT seaworthy NAMESPACE seaworthy:: DESTINATION ${PACKAGE_FOLDER} FILE seaworthyTargets.cmake)
configure_package_config_file(cmake/seaworthyConfig.cmake.in ${PROJECT_BINARY_DIR}/seaworthyConfig.cmake
                              INSTALL_DESTINATION ${PACKAGE_FOLDER})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/seaworthyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/seaworthyConfig.cmake ${PROJECT_BINARY_DIR}/seaworthyConfigVersion.cmake
        DESTINATION ${PACKAGE_FOLDER})
