// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <fmt/core.h>

#include <charconv>

namespace server {
namespace {

base::Error usage(std::string what) {
  return base::Error{base::ErrorCode::InvalidArgument, std::move(what)};
}

base::Status check_times(const Options& options) {
  if (options.heartbeat < kTick) {
    return usage(fmt::format("heartbeat-ms: {} is less than a tick of {} ms",
                             options.heartbeat.count(), kTick.count()));
  }
  if (options.election_min < 2 * options.heartbeat) {
    return usage(fmt::format("election-min-ms: {} is less than two heartbeats of {} ms",
                             options.election_min.count(), options.heartbeat.count()));
  }
  if (options.election_max < options.election_min) {
    return usage(fmt::format("election-max-ms: {} is less than election-min-ms, {}",
                             options.election_max.count(), options.election_min.count()));
  }
  return base::Done{};
}

base::Status check_missing(const RawOptions& raw) {
  const char* missing = !raw.id       ? "--id"
                        : !raw.peers  ? "--peers"
                        : !raw.listen ? "--listen"
                        : !raw.data   ? "--data"
                                      : nullptr;
  if (missing == nullptr) return base::Done{};
  return usage(fmt::format("{} is missing, on the command line and in a --config file", missing));
}

}  // namespace

base::Result<std::map<raft::NodeId, os::HostPort>> parse_peers(std::string_view text) {
  std::map<raft::NodeId, os::HostPort> peers;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    raft::NodeId id;
    const std::string_view digits = pair.substr(0, equals);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), id.value);
    if (equals == std::string_view::npos || error != std::errc{} ||
        end != digits.data() + digits.size() || id.value == 0) {
      return usage(
          fmt::format("'{}' is not a peer: expected ID=HOST:PORT with an id from 1 on", pair));
    }
    TRY(os::HostPort where, os::parse_host_port(pair.substr(equals + 1)));
    if (!peers.emplace(id, std::move(where)).second)
      return usage(fmt::format("peers: {} is there twice", id.value));
  }
  if (peers.empty()) return usage("peers: expected at least one, ID=HOST:PORT");
  return peers;
}

base::Result<Options> check_options(const RawOptions& raw) {
  TRY([[maybe_unused]] const auto complete, check_missing(raw));
  Options options;
  options.id = {*raw.id};
  TRY(options.peers, parse_peers(*raw.peers));
  if (options.peers.count(options.id) == 0)
    return usage(fmt::format("id: {} is not one of the peers", options.id.value));
  TRY(options.listen, os::parse_host_port(*raw.listen));
  options.data = *raw.data;
  if (options.data.empty()) return usage("data: expected a directory");
  options.cluster = raw.cluster.value_or(options.cluster);
  const auto set = [](std::chrono::milliseconds& option, std::optional<std::uint32_t> value) {
    if (value) option = std::chrono::milliseconds(*value);
  };
  set(options.heartbeat, raw.heartbeat_ms);
  set(options.election_min, raw.election_min_ms);
  set(options.election_max, raw.election_max_ms);
  set(options.request_timeout, raw.request_timeout_ms);
  options.max_clients = raw.max_clients.value_or(options.max_clients);
  TRY([[maybe_unused]] const auto fit, check_times(options));
  return options;
}

}  // namespace server
