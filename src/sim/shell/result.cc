// SPDX-License-Identifier: Apache-2.0
#include "sim/shell/result.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace sim::shell {

namespace {

using check::verdict::Verdict;

constexpr int kHexBase = 16;

base::Result<Verdict> parse_verdict(const std::string& name) {
  for (const Verdict verdict : {Verdict::Valid, Verdict::Unknown, Verdict::Invalid}) {
    if (name == check::verdict::name(verdict)) return verdict;
  }
  return base::Error{base::ErrorCode::InvalidArgument, "unknown verdict '" + name + "'"};
}

// Throws what the library throws.
base::Result<SeedResult> from_json(const nlohmann::json& line) {
  SeedResult result;
  result.seed = line.at("seed").get<std::uint64_t>();
  TRY(result.verdict, parse_verdict(line.at("verdict").get<std::string>()));
  result.hash = std::stoull(line.at("hash").get<std::string>(), nullptr, kHexBase);
  result.inputs = line.at("inputs").get<std::uint64_t>();
  result.simulated_us = line.at("simulated_us").get<std::uint64_t>();
  result.unknown = line.value("unknown", "");
  for (std::size_t i = 0; i < kProbes; ++i) {
    const auto probe = static_cast<Probe>(i);
    result.coverage.add(probe, line.at("probes").value(std::string(name(probe)), std::uint64_t{0}));
  }
  if (line.contains("violation")) {
    const nlohmann::json& found = line["violation"];
    result.violation =
        Violation{found.at("judge").get<std::string>(), found.at("sentence").get<std::string>(),
                  found.at("node").get<std::uint32_t>(), found.at("event").get<std::uint64_t>(),
                  found.at("time_us").get<std::uint64_t>()};
  }
  return result;
}

}  // namespace

std::string line_of(const SeedResult& result) {
  nlohmann::ordered_json line;
  line["seed"] = result.seed;
  line["verdict"] = check::verdict::name(result.verdict);
  line["hash"] = fmt::format("{:016x}", result.hash);
  line["inputs"] = result.inputs;
  line["simulated_us"] = result.simulated_us;
  line["probes"] = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < kProbes; ++i) {
    const auto probe = static_cast<Probe>(i);
    if (result.coverage.count(probe) == 0) continue;
    line["probes"][std::string(name(probe))] = result.coverage.count(probe);
  }
  if (result.violation) {
    line["violation"] = {{"judge", result.violation->judge},
                         {"sentence", result.violation->sentence},
                         {"node", result.violation->node},
                         {"event", result.violation->event},
                         {"time_us", result.violation->time_us}};
  }
  if (!result.unknown.empty()) line["unknown"] = result.unknown;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

base::Result<SeedResult> parse_result(std::string_view line) {
  try {
    return from_json(nlohmann::json::parse(line));
  } catch (const std::exception&) {
    return base::Error{
        base::ErrorCode::InvalidArgument,
        "not a line of a sweep: it needs seed, verdict, hash, inputs, simulated_us and probes"};
  }
}

}  // namespace sim::shell
