// SPDX-License-Identifier: Apache-2.0
// The TOML file. Exceptions of the library end here.
#include <fmt/core.h>
#include <toml++/toml.h>

#include <limits>

#include "base/text.h"
#include "server/options.h"

namespace server {
namespace {

const std::vector<std::string>& keys() {
  static const std::vector<std::string> kKeys{"id",
                                              "listen",
                                              "data",
                                              "cluster",
                                              "heartbeat-ms",
                                              "election-min-ms",
                                              "election-max-ms",
                                              "request-timeout-ms",
                                              "max-clients",
                                              "peers"};
  return kKeys;
}

class Reader {
 public:
  Reader(std::string path, RawOptions& options) : path_(std::move(path)), options_(options) {}

  base::Status read(const toml::table& table) {
    for (const auto& [key, node] : table) {
      TRY([[maybe_unused]] const auto taken, take(key, node));
    }
    return base::Done{};
  }

  base::Error error(const toml::source_region& where, const std::string& what) const {
    return base::Error{
        base::ErrorCode::InvalidArgument,
        fmt::format("{}:{}:{}: {}", path_, where.begin.line, where.begin.column, what)};
  }

 private:
  base::Status take(const toml::key& key, const toml::node& node) {
    const std::string_view name = key.str();
    if (name == "id") return number(node, options_.id);
    if (name == "listen") return text(node, options_.listen);
    if (name == "data") return text(node, options_.data);
    if (name == "cluster") return text(node, options_.cluster);
    if (name == "heartbeat-ms") return number(node, options_.heartbeat_ms);
    if (name == "election-min-ms") return number(node, options_.election_min_ms);
    if (name == "election-max-ms") return number(node, options_.election_max_ms);
    if (name == "request-timeout-ms") return number(node, options_.request_timeout_ms);
    if (name == "max-clients") return number(node, options_.max_clients);
    if (name == "peers") return peers(node);
    return error(key.source(),
                 fmt::format("unknown key '{}'{}", name, base::did_you_mean(name, keys())));
  }

  base::Status text(const toml::node& node, std::optional<std::string>& option) const {
    const auto* value = node.as_string();
    if (value == nullptr) return error(node.source(), "expected text in quotes");
    if (!option) option = value->get();
    return base::Done{};
  }

  base::Status number(const toml::node& node, std::optional<std::uint32_t>& option) const {
    const auto* value = node.as_integer();
    if (value == nullptr || value->get() < 0 ||
        value->get() > std::numeric_limits<std::uint32_t>::max())
      return error(node.source(), "expected a whole number from 0 to 4294967295");
    if (!option) option = static_cast<std::uint32_t>(value->get());
    return base::Done{};
  }

  // A table of id = "host:port".
  base::Status peers(const toml::node& node) {
    const auto* table = node.as_table();
    if (table == nullptr)
      return error(node.source(), "expected a table: [peers] with lines such as 1 = \"n1:7001\"");
    std::string joined;
    for (const auto& [key, value] : *table) {
      std::optional<std::string> address;
      TRY([[maybe_unused]] const auto taken, text(value, address));
      const std::string pair = fmt::format("{}={}", key.str(), *address);
      if (const auto parsed = parse_peers(pair); !parsed.ok())
        return error(key.source(), parsed.error().message);
      joined += (joined.empty() ? "" : ",") + pair;
    }
    if (!options_.peers) options_.peers = joined;
    return base::Done{};
  }

  std::string path_;
  RawOptions& options_;
};

}  // namespace

base::Status read_config(const std::string& path, RawOptions& options) {
  Reader reader(path, options);
  try {
    return reader.read(toml::parse_file(path));
  } catch (const toml::parse_error& failure) {
    return reader.error(failure.source(), std::string(failure.description()));
  }
}

}  // namespace server
