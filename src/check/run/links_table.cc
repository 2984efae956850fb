// SPDX-License-Identifier: Apache-2.0
#include "check/run/links_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "check/run/json_complaint.h"

namespace check::run {

namespace {

constexpr std::uint32_t kMostNodes = 64;

// (from, to) -> bytes
using Bytes = std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>;

std::string table_of(const Bytes& bytes, std::uint32_t nodes) {
  std::string table = fmt::format("{:>8}", "kB");
  for (std::uint32_t to = 1; to <= nodes; ++to) {
    table += fmt::format("{:>9}", fmt::format("to n{}", to));
  }
  table += '\n';
  for (std::uint32_t from = 1; from <= nodes; ++from) {
    table += fmt::format("{:>8}", fmt::format("n{}", from));
    for (std::uint32_t to = 1; to <= nodes; ++to) {
      const auto found = bytes.find({from, to});
      table += found == bytes.end() ? fmt::format("{:>9}", "-")
                                    : fmt::format("{:>9}", found->second / 1000);
    }
    table += '\n';
  }
  return table;
}

}  // namespace

base::Result<std::string> links_table(const std::string& text, const std::string& file) {
  try {
    Bytes bytes;
    std::uint32_t nodes = 0;
    const nlohmann::json links = nlohmann::json::parse(text);
    for (const nlohmann::json& link : links.at("links")) {
      const auto from = std::min(link.at("from").get<std::uint32_t>(), kMostNodes);
      const auto to = std::min(link.at("to").get<std::uint32_t>(), kMostNodes);
      bytes[{from, to}] = link.at("bytes").get<std::uint64_t>();
      nodes = std::max({nodes, from, to});
    }
    return table_of(bytes, nodes);
  } catch (const nlohmann::json::exception& error) {
    return json_complaint(file, "what a monitor counted, as JSON", error);
  }
}

}  // namespace check::run
