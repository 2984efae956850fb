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
#include "codec/frame.h"
#include "journal/journal.h"
#include "os/log.h"
#include "os/net.h"
#include "raft/types.h"
#include "transport/tls.h"

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
  std::optional<std::uint32_t> max_input_mb;
  std::optional<std::string> storage;  // "segments", "mapped"
  std::optional<std::uint32_t> segment_mb;
  std::optional<std::string> join;  // "yes", "no"; as `lease` and `follower_reads`.
  std::optional<std::string> lease;
  std::optional<std::string> follower_reads;
  std::optional<std::uint32_t> clock_drift_per_mille;
  std::optional<std::uint32_t> snapshot_log_mb;
  std::optional<std::uint32_t> snapshot_entries;
  std::optional<std::uint32_t> snapshot_keep_entries;
  std::optional<std::string> transport;  // "tcp", "udp"
  std::optional<std::uint32_t> datagram_bytes;
  std::optional<std::string> tls_cert;
  std::optional<std::string> tls_key;
  std::optional<std::string> tls_ca;
  std::optional<std::string> clients;  // As peers.
  std::optional<std::string> http;
  std::optional<std::string> log_format;

  // "FILE:LINE:COLUMN: " of each key that the file gave.
  std::map<std::string, std::string, std::less<>> places;
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
  std::size_t max_input_bytes = std::size_t{512} << 20U;
  journal::Kind storage = journal::Kind::Segments;
  std::uint64_t segment_bytes = std::uint64_t{16} << 20U;
  bool join = false;  // The cluster is there already: this node has yet to be added to it.
  bool lease = false;
  bool follower_reads = false;
  std::uint32_t clock_drift_per_mille = 100;
  std::uint64_t snapshot_log_bytes = std::uint64_t{16} << 20U;
  std::uint64_t snapshot_entries = 0;  // 0: only bytes count.
  std::uint64_t snapshot_keep_entries = 10'000;
  bool udp = false;  // Messages of Raft go in datagrams.
  std::size_t datagram_bytes = 512;
  std::optional<transport::TlsFiles> tls;
  std::map<raft::NodeId, os::HostPort> clients;  // Of those that are known.
  std::optional<os::HostPort> http;
  os::Log::Format log_format = os::Log::Format::Text;
#ifdef SEAWORTHY_BROKEN
  std::string broken;
#endif
};

// One unit of Raft's logical time; all of its times are multiples.
inline constexpr std::chrono::milliseconds kTick{10};

// Fills what is absent in `options` from the file. An unknown key, or a value of a wrong type:
// "FILE:LINE:COLUMN: ...", with the nearest key there is.
base::Status read_config(const std::string& path, RawOptions& options);

// The same of a file that was read.
base::Status parse_config(const std::string& text, const std::string& path, RawOptions& options);

// Checks that all is there and fits together. What does not is named with its place in the file,
// or by its option.
base::Result<Options> check_options(const RawOptions& raw);

// The name as a number that goes into every frame and file.
codec::ClusterId cluster_id(std::string_view name);

base::Result<std::map<raft::NodeId, os::HostPort>> parse_peers(std::string_view text);

// Could a node be called there by the others, and stand in a configuration?
base::Status check_peer_address(const os::HostPort& where);

}  // namespace server
