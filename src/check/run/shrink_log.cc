// SPDX-License-Identifier: Apache-2.0
#include "check/run/shrink_log.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "check/run/json_complaint.h"
#include "check/run/line_tail.h"

namespace check::run {

namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const ShrinkLog::Entry& entry) {
  const Json json = {{"plan", fmt::format("{:016x}", entry.plan)},
                     {"what", entry.what},
                     {"fails", entry.fails},
                     {"runs", entry.runs},
                     {"failed", entry.failed}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

ShrinkLog::Entry entry_of(const Json& json) {
  ShrinkLog::Entry entry;
  const std::string plan = json.at("plan");
  for (const char c : plan) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    entry.plan = entry.plan << 4U | (digit & 15U);
  }
  entry.what = json.at("what");
  entry.fails = json.at("fails");
  entry.runs = json.at("runs");
  entry.failed = json.at("failed");
  return entry;
}

}  // namespace

base::Result<ShrinkLog> ShrinkLog::open(const std::string& path) {
  ShrinkLog log(path);
  LineTail lines(path);
  std::uintmax_t whole = 0;
  while (lines.next()) {
    try {
      const Entry entry = entry_of(Json::parse(lines.line()));
      log.entries_[entry.plan] = entry;
    } catch (const nlohmann::json::exception& error) {
      return lines.wrong(json_complaint("the line", "a tried plan as JSON", error));
    }
    whole += lines.line().size() + 1;
  }
  std::error_code error;
  if (std::filesystem::exists(path, error)) std::filesystem::resize_file(path, whole, error);
  return log;
}

std::optional<ShrinkLog::Entry> ShrinkLog::find(std::uint64_t plan) const {
  const auto known = entries_.find(plan);
  return known == entries_.end() ? std::nullopt : std::optional(known->second);
}

base::Status ShrinkLog::add(const Entry& entry) {
  entries_[entry.plan] = entry;
  std::ofstream file(path_, std::ios::app);
  file << line_of(entry) << std::flush;
  if (file) return base::Done{};
  return base::Error{base::ErrorCode::Io, fmt::format("cannot write {}", path_)};
}

}  // namespace check::run
