// SPDX-License-Identifier: Apache-2.0
#include "check/run/search_log.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace check::run {

namespace {

using Json = nlohmann::ordered_json;

double to_milliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

}  // namespace

base::Result<SearchLog> SearchLog::create(const std::string& path) {
  std::ofstream file(path);
  if (!file) {
    return base::Error{base::ErrorCode::Unavailable, path + ": the file cannot be written"};
  }
  return SearchLog(std::move(file), path);
}

base::Status SearchLog::append(const TriedPlan& tried) {
  const Json line = {{"plan", tried.number},
                     {"file", tried.file},
                     {"from", tried.from},
                     {"seed", tried.seed},
                     {"at", to_milliseconds(tried.at_s)},
                     {"took", to_milliseconds(tried.took_s)},
                     {"states", tried.states},
                     {"new", tried.fresh},
                     {"total", tried.total},
                     {"verdict", verdict::name(tried.verdict)},
                     {"why", tried.why}};
  file_ << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
  if (file_) return base::Done{};
  return base::Error{base::ErrorCode::Unavailable, path_ + ": a line could not be written"};
}

std::string first_complaint(const RunDirectory& directory) {
  const auto text = directory.read("verdict.json");
  if (!text.ok()) return {};
  const Json json = Json::parse(text.value(), nullptr, false);
  if (!json.is_object() || !json.contains("checkers")) return {};
  for (const Json& checker : json["checkers"]) {
    if (checker.value("verdict", "valid") == "valid") continue;
    return checker.value("name", "") + ": " + checker.value("sentence", "");
  }
  return {};
}

}  // namespace check::run
