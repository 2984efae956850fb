// SPDX-License-Identifier: Apache-2.0
// An adapter in C++ that is built outside the tree: a shared object for `--target ./libmine.so`.
//
//   #include "check/cluster/plugin.h"
//
//   class MyCluster final : public check::cluster::ProcessCluster { ... };
//
//   SEAWORTHY_TARGET(hosts) { return new MyCluster(*hosts); }
//
// with find_package(seaworthy) and target_link_libraries(mine PRIVATE seaworthy::cluster). The
// object is loaded once and never unloaded. It has to be built against the headers of the seaworthy
// that loads it: the interface's version is checked, the rest is the compiler's word.
#pragma once

#include "check/cluster/hosts.h"
#include "check/cluster/raft_cluster_config.h"

// Raised whenever hosts.h, raft_client.h, raft_cluster_config.h or what they contain changes.
#define SEAWORTHY_TARGET_ABI 4

// What std::string and its like look like in memory.
#if defined(_GLIBCXX_DEBUG)
#define SEAWORTHY_LIBRARY_ABI 2
#elif defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
#define SEAWORTHY_LIBRARY_ABI 1
#else
#define SEAWORTHY_LIBRARY_ABI 0
#endif

// Followed by the body of a function that takes `check::cluster::Hosts* hosts` (never null,
// outlives the result) and returns a new RaftClusterConfig, or null after it has said why on
// standard error.
#define SEAWORTHY_TARGET(hosts)                                         \
  extern "C" const int seaworthy_target_abi = SEAWORTHY_TARGET_ABI;     \
  extern "C" const int seaworthy_library_abi = SEAWORTHY_LIBRARY_ABI;   \
  extern "C" check::cluster::RaftClusterConfig* seaworthy_make_cluster( \
      check::cluster::Hosts*(hosts))

#include <memory>
#include <string>

#include "base/result.h"

namespace check::cluster {

// Loads the shared object at `path` and lets it make its system.
base::Result<std::unique_ptr<RaftClusterConfig>> load_plugin(const std::string& path, Hosts& hosts);

}  // namespace check::cluster
