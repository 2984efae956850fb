// SPDX-License-Identifier: Apache-2.0
// What the user asks of `raftkv serve`: on the command line, in a TOML file, or both. What stands
// on the command line wins. docs/samples/raftkv.toml shows every key.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "os/net.h"
#include "raft/types.h"

namespace server {

// As written; absent what nobody said.
struct RawOptions {
  std::optional<std::uint32_t> id;
  std::optional<std::string> peers;  // "1=127.0.0.1:7001,2=..."
  std::optional<std::string> listen;
  std::optional<std::string> data;
  std::optional<std::string> cluster;
  std::optional<std::uint32_t> heartbeat_ms;
  std::optional<std::uint32_t> election_min_ms;
  std::optional<std::uint32_t> election_max_ms;
  std::optional<std::uint32_t> request_timeout_ms;
  std::optional<std::uint32_t> max_clients;
};

struct Options {
  raft::NodeId id;
  std::map<raft::NodeId, os::HostPort> peers;  // This node included.
  os::HostPort listen;
  std::string data;
  std::string cluster = "raftkv";
  std::chrono::milliseconds heartbeat{50};
  std::chrono::milliseconds election_min{300};
  std::chrono::milliseconds election_max{600};
  std::chrono::milliseconds request_timeout{5000};
  std::size_t max_clients = 10'000;
#ifdef SEAWORTHY_BROKEN
  std::string broken;
#endif
};

// One unit of Raft's logical time; all of its times are multiples.
inline constexpr std::chrono::milliseconds kTick{10};

// Fills what is absent in `options` from the file. An unknown key, or a value of a wrong type:
// "FILE:LINE:COLUMN: ...", with the nearest key there is.
base::Status read_config(const std::string& path, RawOptions& options);

// Checks that all is there and fits together.
base::Result<Options> check_options(const RawOptions& raw);

base::Result<std::map<raft::NodeId, os::HostPort>> parse_peers(std::string_view text);

}  // namespace server
