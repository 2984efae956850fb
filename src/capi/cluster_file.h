// SPDX-License-Identifier: Apache-2.0
// The file that tells a server of the C interface who its cluster is (docs/capi.md).
//
//   # comment
//   1 127.0.0.1:7001
//   2 127.0.0.1:7002
//   3 127.0.0.1:7003
//   transport udp         # or tcp
//   datagram-bytes 512
//   election-ms 300 600
//   heartbeat-ms 50
//   cluster orders       # servers of other clusters are refused
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/net.h"
#include "raft/types.h"

namespace capi {

struct ClusterFile {
  enum class Transport : std::uint8_t { Udp, Tcp };

  std::map<raft::NodeId, os::HostPort> servers;
  std::string cluster = "raft";
  Transport transport = Transport::Udp;
  std::size_t datagram_bytes = 512;
  std::chrono::milliseconds election_min{300};
  std::chrono::milliseconds election_max{600};
  std::chrono::milliseconds heartbeat{50};
};

// `name` stands before the line number in errors.
base::Result<ClusterFile> parse_cluster_file(std::string_view text, const std::string& name);
base::Result<ClusterFile> read_cluster_file(const std::string& path);

}  // namespace capi
