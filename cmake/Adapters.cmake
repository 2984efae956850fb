# SPDX-License-Identifier: Apache-2.0
# Programs of adapters that have to be compiled; only where what they need is there. Where it is not,
# `seaworthy list targets` says so. Never installed: they are for checking libraries, not for users.
find_program(GO go)
set(gocode /usr/share/gocode)  # Where Debian's packages of Go sources lie.
set(hashicorp_raft ${gocode}/src/github.com/hashicorp)
if(GO AND EXISTS ${hashicorp_raft}/raft/api.go AND EXISTS ${hashicorp_raft}/raft-boltdb/bolt_store.go)
  execute_process(COMMAND dpkg-query --show --showformat=\${Version} golang-github-hashicorp-raft-dev
                  OUTPUT_VARIABLE hashicorp_version ERROR_QUIET)
  set(hashicorp_source ${PROJECT_SOURCE_DIR}/adapters/hashicorp/node.go)
  set(hashicorp_node ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/hashicorp-node)
  add_custom_command(
    OUTPUT ${hashicorp_node} DEPENDS ${hashicorp_source}
    COMMAND ${CMAKE_COMMAND} -E env GO111MODULE=off GOFLAGS= GOPATH=${gocode}
            GOCACHE=${PROJECT_BINARY_DIR}/go-cache
            ${GO} build -trimpath -ldflags "-X main.version=${hashicorp_version}" -o ${hashicorp_node}
            ${hashicorp_source}
    COMMENT "Building hashicorp-node with Go" VERBATIM)
  add_custom_target(hashicorp-node ALL DEPENDS ${hashicorp_node})
endif()

find_path(libraft_headers raft/uv.h)
find_library(libraft_library raft)
find_library(libuv_library uv)
if(libraft_headers AND libraft_library AND libuv_library)
  execute_process(COMMAND dpkg-query --show --showformat=\${source:Upstream-Version} libraft-dev
                  OUTPUT_VARIABLE libraft_version ERROR_QUIET)
  add_executable(libraft-node adapters/libraft/node.cc)
  target_link_libraries(libraft-node PRIVATE ${libraft_library} ${libuv_library})
  target_compile_definitions(libraft-node PRIVATE LIBRAFT_VERSION="${libraft_version}")
endif()
