# SPDX-License-Identifier: Apache-2.0
# libseaworthy_raft: what a program that embeds the Raft links. Its interface is <seaworthy/raft.h> for C and
# <seaworthy/raft/...> for C++; only what these declare is visible (cmake/seaworthy_raft.map). The modules are inside.
set(SEAWORTHY_RAFT_ABI 0)  # In the soname: another one when a program must be linked anew.
set(visible ${PROJECT_SOURCE_DIR}/cmake/seaworthy_raft.map)
add_library(seaworthy_raft SHARED)
file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/embed/seaworthy/raft/*.h)
target_sources(seaworthy_raft PUBLIC
  FILE_SET c TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src/capi FILES ${PROJECT_SOURCE_DIR}/src/capi/seaworthy/raft.h
  FILE_SET cxx TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src/embed FILES ${headers})
set_target_properties(seaworthy_raft PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME raft SOVERSION ${SEAWORTHY_RAFT_ABI}
                      VERSION ${PROJECT_VERSION} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib LINK_DEPENDS ${visible})
target_link_libraries(seaworthy_raft PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,capi,embed>)
# Nobody waits for ever for a thread that asks a resolver which hangs, so that what it runs must stay: dlclose() leaves it.
target_link_options(seaworthy_raft PRIVATE -Wl,--version-script=${visible} -Wl,-z,defs -Wl,-z,nodelete)
target_compile_features(seaworthy_raft INTERFACE cxx_std_20)
