// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

#include "base/fnv1a.h"
#include "base/text.h"
#include "raft/configuration.h"
#include "raft/quorum.h"
#include "transport/udp_transport.h"

namespace server {
namespace {

constexpr std::uint32_t kMaxMilliseconds = 3'600'000;

base::Error usage(std::string what) {
  return base::Error{base::ErrorCode::InvalidArgument, std::move(what)};
}

// Turns what was written into what is meant.
class Checker {
 public:
  explicit Checker(const RawOptions& raw) : raw_(raw) {}

  base::Result<Options> check() {
    TRY([[maybe_unused]] const auto complete, check_missing());
    TRY([[maybe_unused]] const auto nodes, take_nodes());
    TRY([[maybe_unused]] const auto addresses, take_addresses());
    TRY([[maybe_unused]] const auto times, take_times());
    TRY([[maybe_unused]] const auto tls, take_tls());
    TRY([[maybe_unused]] const auto carried, take_transport());
    TRY([[maybe_unused]] const auto raft, take_raft());
    TRY([[maybe_unused]] const auto format, take_log_format());
    TRY([[maybe_unused]] const auto names, take_names());
    return std::move(options_);
  }

 private:
  // "raftkv.toml:3:1: ", or nothing.
  std::string place(std::string_view key) const {
    const auto found = raw_.places.find(key);
    return found == raw_.places.end() ? "" : found->second;
  }
  base::Error wrong(std::string_view key, const std::string& what) const {
    return usage(fmt::format("{}{}: {}", place(key), key, what));
  }

  template <class Value>
  base::Result<Value> named(std::string_view key, base::Result<Value> value) const {
    if (!value.ok()) return wrong(key, value.error().message);
    return value;
  }

  base::Status check_missing() const {
    const char* missing = !raw_.id       ? "--id"
                          : !raw_.peers  ? "--peers"
                          : !raw_.listen ? "--listen"
                          : !raw_.data   ? "--data"
                                         : nullptr;
    if (missing == nullptr) return base::Done{};
    return usage(fmt::format("{} is missing, on the command line and in a --config file", missing));
  }

  base::Status take_names() {
    if (raw_.data->empty()) return wrong("data", "expected a directory");
    options_.data = *raw_.data;
    options_.cluster = raw_.cluster.value_or(options_.cluster);
    if (options_.cluster.empty()) return wrong("cluster", "expected a name");
    options_.max_clients = raw_.max_clients.value_or(options_.max_clients);
    if (options_.max_clients == 0) return wrong("max-clients", "expected at least 1");
    if (raw_.max_input_mb) {
      if (*raw_.max_input_mb < 32 || *raw_.max_input_mb > 1'048'576)
        return wrong("max-input-mb", "expected 32, two of the longest requests, to 1048576");
      options_.max_input_bytes = std::size_t{*raw_.max_input_mb} << 20U;
    }
    return base::Done{};
  }

  base::Status take_nodes() {
    options_.id = {*raw_.id};
    TRY(options_.peers, named("peers", parse_peers(*raw_.peers)));
    if (options_.peers.size() > raft::kMaxVoters) {
      return wrong("peers", fmt::format("{} nodes are more than {}", options_.peers.size(),
                                        raft::kMaxVoters));
    }
    std::map<std::string, raft::NodeId> owners;
    for (const auto& [id, where] : options_.peers) {
      TRY([[maybe_unused]] const auto fits, named("peers", check_peer_address(where)));
      const auto [other, fresh] = owners.emplace(where.text(), id);
      if (!fresh) {
        return wrong("peers", fmt::format("{} and {} have the same address, {}",
                                          other->second.value, id.value, where.text()));
      }
    }
    if (options_.peers.count(options_.id) == 0)
      return wrong("id", fmt::format("{} is not one of the peers", options_.id.value));
    return base::Done{};
  }

  base::Status take_addresses() {
    TRY(options_.listen, named("listen", os::parse_host_port(*raw_.listen)));
    if (raw_.http) {
      TRY(os::HostPort http, named("http", os::parse_host_port(*raw_.http)));
      options_.http = std::move(http);
    }
    if (raw_.clients) {
      TRY(options_.clients, named("clients", parse_peers(*raw_.clients)));
    }
    // A node that is none of the peers may be added later.
    for (const auto& [id, where] : options_.clients) {
      TRY([[maybe_unused]] const auto fits, named("clients", check_peer_address(where)));
    }
    return base::Done{};
  }

  base::Status take_times() {
    const auto set = [](std::chrono::milliseconds& option, std::optional<std::uint32_t> value) {
      if (value) option = std::chrono::milliseconds(*value);
    };
    const std::pair<const char*, std::optional<std::uint32_t>> all[] = {
        // NOLINT: a list.
        {"heartbeat-ms", raw_.heartbeat_ms},
        {"election-min-ms", raw_.election_min_ms},
        {"election-max-ms", raw_.election_max_ms},
        {"request-timeout-ms", raw_.request_timeout_ms}};
    for (const auto& [key, value] : all) {
      if (value && *value > kMaxMilliseconds) {
        return wrong(key, fmt::format("{} is more than an hour, {}", *value, kMaxMilliseconds));
      }
    }
    set(options_.heartbeat, raw_.heartbeat_ms);
    set(options_.election_min, raw_.election_min_ms);
    set(options_.election_max, raw_.election_max_ms);
    set(options_.request_timeout, raw_.request_timeout_ms);
    if (options_.heartbeat < kTick) {
      return wrong("heartbeat-ms", fmt::format("{} is less than a tick of {} ms",
                                               options_.heartbeat.count(), kTick.count()));
    }
    if (options_.request_timeout < kTick) {
      return wrong("request-timeout-ms",
                   fmt::format("{} is less than a tick of {} ms", options_.request_timeout.count(),
                               kTick.count()));
    }
    if (options_.election_min < 2 * options_.heartbeat) {
      return wrong("election-min-ms",
                   fmt::format("{} is less than two heartbeats of {} ms",
                               options_.election_min.count(), options_.heartbeat.count()));
    }
    if (options_.election_max < options_.election_min) {
      return wrong("election-max-ms",
                   fmt::format("{} is less than election-min-ms, {}", options_.election_max.count(),
                               options_.election_min.count()));
    }
    return base::Done{};
  }

  // All three or none.
  base::Status take_tls() {
    if (!raw_.tls_cert && !raw_.tls_key && !raw_.tls_ca) return base::Done{};
    const char* missing = !raw_.tls_cert  ? "tls-cert"
                          : !raw_.tls_key ? "tls-key"
                          : !raw_.tls_ca  ? "tls-ca"
                                          : nullptr;
    if (missing != nullptr)
      return usage(fmt::format("{} is missing: TLS needs tls-cert, tls-key and tls-ca", missing));
    options_.tls = transport::TlsFiles{*raw_.tls_cert, *raw_.tls_key, *raw_.tls_ca};
    return base::Done{};
  }

  base::Status take_transport() {
    static const std::vector<std::string> kTransports{"tcp", "udp"};
    const std::string transport = raw_.transport.value_or("tcp");
    if (transport != "tcp" && transport != "udp")
      return wrong("transport", base::unknown_word("transport", transport, kTransports));
    options_.udp = transport == "udp";
    if (options_.udp && options_.tls) {
      return wrong("transport", "udp cannot be encrypted; leave the tls options out, or use tcp");
    }
    if (!options_.udp && raw_.datagram_bytes)
      return wrong("datagram-bytes", "only for transport udp");
    options_.datagram_bytes = raw_.datagram_bytes.value_or(options_.datagram_bytes);
    const base::Status fits =
        transport::UdpTransport::check_datagram_bytes(options_.datagram_bytes);
    if (!fits.ok()) return usage(place("datagram-bytes") + fits.error().message);
    return base::Done{};
  }

  base::Result<bool> yes_or_no(const char* key, const std::optional<std::string>& text) const {
    static const std::vector<std::string> kWords{"no", "yes"};
    if (!text || *text == "no") return false;
    if (*text == "yes") return true;
    return wrong(key, base::unknown_word("word", *text, kWords));
  }

  base::Status take_raft() {
    static const std::vector<std::string> kStorages{"mapped", "segments"};
    if (raw_.storage && *raw_.storage != "segments" && *raw_.storage != "mapped")
      return wrong("storage", base::unknown_word("storage", *raw_.storage, kStorages));
    if (raw_.storage == "mapped") options_.storage = journal::Kind::Mapped;
    if (raw_.segment_mb) {
      if (raw_.storage == "mapped") return wrong("segment-mb", "only with storage = segments");
      if (*raw_.segment_mb < 1 || *raw_.segment_mb > 1024)
        return wrong("segment-mb", "expected 1 to 1024");
      options_.segment_bytes = std::uint64_t{*raw_.segment_mb} << 20U;
    }
    TRY(options_.join, yes_or_no("join", raw_.join));
    TRY(options_.lease, yes_or_no("lease", raw_.lease));
    TRY(options_.follower_reads, yes_or_no("follower-reads", raw_.follower_reads));
    options_.clock_drift_per_mille =
        raw_.clock_drift_per_mille.value_or(options_.clock_drift_per_mille);
    if (raw_.clock_drift_per_mille && !options_.lease) {
      return wrong("clock-drift-per-mille", "only with lease = yes");
    }
    if (options_.clock_drift_per_mille > 500) {
      return wrong("clock-drift-per-mille", "more than 500: no lease would ever hold");
    }
    if (raw_.snapshot_log_mb)
      options_.snapshot_log_bytes = std::uint64_t{*raw_.snapshot_log_mb} << 20U;
    options_.snapshot_entries = raw_.snapshot_entries.value_or(options_.snapshot_entries);
    if (raw_.snapshot_keep_entries) options_.snapshot_keep_entries = *raw_.snapshot_keep_entries;
    return base::Done{};
  }

  base::Status take_log_format() {
    if (!raw_.log_format || *raw_.log_format == "text") return base::Done{};
    if (*raw_.log_format == "json") {
      options_.log_format = os::Log::Format::Json;
      return base::Done{};
    }
    static const std::vector<std::string> kFormats{"text", "json"};
    return wrong("log-format", base::unknown_word("format", *raw_.log_format, kFormats));
  }

  const RawOptions& raw_;
  Options options_;
};

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
          fmt::format("'{}' is not a node: expected ID=HOST:PORT with an id from 1 on", pair));
    }
    TRY(os::HostPort where, os::parse_host_port(pair.substr(equals + 1)));
    if (!peers.emplace(id, std::move(where)).second)
      return usage(fmt::format("{} is there twice", id.value));
  }
  if (peers.empty()) return usage("expected at least one, ID=HOST:PORT");
  return peers;
}

base::Status check_peer_address(const os::HostPort& where) {
  // Names as in DNS and /etc/hosts, and IPv6 with its zone.
  const auto may_be_in_it = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || byte >= 0x80 ||
           std::string_view(".-_:%").find(c) != std::string_view::npos;
  };
  const std::string text = where.text();
  if (text.size() > raft::kMaxAddressBytes) {
    return usage(fmt::format("an address has at most {} bytes, and this one {}",
                             raft::kMaxAddressBytes, text.size()));
  }
  if (where.port == 0 || !std::ranges::all_of(where.host, may_be_in_it))
    return usage(fmt::format("'{}' is no address that others can call", text));
  return base::Done{};
}

codec::ClusterId cluster_id(std::string_view name) { return {base::fnv1a(name)}; }

base::Result<Options> check_options(const RawOptions& raw) { return Checker(raw).check(); }

}  // namespace server
