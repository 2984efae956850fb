// SPDX-License-Identifier: Apache-2.0
// What raft_main_opts() was told, validated and read in.
#pragma once

#include <seaworthy/raft.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "capi/callback_machine.h"
#include "capi/cluster_file.h"

namespace capi {

struct Setup {
  raft_mode mode = RAFT_FRESH;
  raft::NodeId self;
  ClusterFile cluster;
  std::string persist;
  int read_fd = -1;   // -1: none; as for the next two.
  int write_fd = -1;  // The same as read_fd for a socket.
  int listen_fd = -1;
  Callbacks callbacks;
  std::string applied;  // Empty: no record.
  std::optional<raft_unreliable> unreliable;
  std::size_t max_waiting_bytes = std::size_t{256} << 20U;
  std::size_t max_clients = 512;
};

// The options as this library knows them, from those of a program that was compiled with a shorter
// or a longer struct. Requires: what `struct_size` says is there.
base::Result<raft_options> whole_options(const raft_options* options);

base::Result<Setup> read_setup(const raft_options& options);

// What fails before there is a log is not the log's disk: raft_main() returns 3 then, not 4.
template <class Value>
base::Result<Value> of_the_environment(base::Result<Value> result) {
  if (result.ok()) return result;
  const base::ErrorCode code = result.error().code;
  if (code != base::ErrorCode::Io && code != base::ErrorCode::NotFound) return result;
  return base::Error{base::ErrorCode::Unavailable, result.error().message};
}

}  // namespace capi
