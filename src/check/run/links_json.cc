// SPDX-License-Identifier: Apache-2.0
#include "check/run/links_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace check::run {

std::string links_json(const Links& links, const monitor::Audit& audit) {
  using Json = nlohmann::ordered_json;
  Json json = {{"audit", {{"complete", audit.complete}, {"sentence", audit.sentence}}}};
  json["links"] = Json::array();
  for (const auto& [pair, counters] : links) {
    json["links"].push_back({{"from", pair.from.value},
                             {"to", pair.to.value},
                             {"bytes", counters.bytes},
                             {"messages", counters.chunks},
                             {"connections", counters.connections},
                             {"dropped", counters.dropped}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string links_table(const Links& links) {
  std::uint32_t nodes = 0;
  for (const auto& [pair, counters] : links) {
    nodes = std::max({nodes, pair.from.value, pair.to.value});
  }
  std::string table = "  kB from\\to";
  for (std::uint32_t to = 1; to <= nodes; ++to)
    table += fmt::format("{:>9}", fmt::format("n{}", to));
  table += '\n';
  for (std::uint32_t from = 1; from <= nodes; ++from) {
    table += fmt::format("  {:>10}", fmt::format("n{}", from));
    for (std::uint32_t to = 1; to <= nodes; ++to) {
      const auto found = links.find({{from}, {to}});
      table += found == links.end() ? fmt::format("{:>9}", from == to ? "-" : "0")
                                    : fmt::format("{:>9}", found->second.bytes / 1000);
    }
    table += '\n';
  }
  return table;
}

}  // namespace check::run
