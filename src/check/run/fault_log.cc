// SPDX-License-Identifier: Apache-2.0
#include "check/run/fault_log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "check/run/append_line.h"
#include "check/run/json_complaint.h"

namespace check::run {

namespace {

using Json = nlohmann::ordered_json;
using faults::FaultRecord;
using faults::FaultState;

std::string line_of(const FaultRecord& record) {
  Json json = {{"time", record.time.value()}, {"id", record.id}, {"fault", record.fault}};
  json["nodes"] = Json::array();
  for (const history::NodeId node : record.nodes) json["nodes"].push_back(node.value);
  if (!record.pairs.empty()) {
    json["pairs"] = Json::array();
    for (const auto& pair : record.pairs) {
      json["pairs"].push_back(Json::array({pair.from.value, pair.to.value}));
    }
  }
  if (record.lane > 0) {
    json["lane"] = record.lane;
    json["step"] = record.step;
  }
  if (record.leader) json["leader"] = record.leader->value;
  json["state"] = faults::name(record.state);
  json["observed"] = record.observed;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::optional<FaultState> state_of(const std::string& word) {
  for (const FaultState state :
       {FaultState::Armed, FaultState::Fired, FaultState::Healed, FaultState::Failed}) {
    if (faults::name(state) == word) return state;
  }
  return std::nullopt;
}

FaultRecord record_of(const Json& json) {
  FaultRecord record;
  record.time = history::Moment(json.at("time").get<std::uint64_t>());
  record.id = json.at("id");
  record.fault = json.at("fault");
  for (const Json& node : json.at("nodes")) record.nodes.insert({node.get<std::uint32_t>()});
  if (json.contains("pairs")) {
    for (const Json& pair : json.at("pairs")) {
      record.pairs.insert(history::DirectedPair{{pair.at(0).get<std::uint32_t>()},
                                                {pair.at(1).get<std::uint32_t>()}});
    }
  }
  record.lane = json.value("lane", std::uint32_t{0});
  record.step = json.value("step", std::uint32_t{0});
  if (json.contains("leader")) {
    record.leader = history::NodeId{json.at("leader").get<std::uint32_t>()};
  }
  record.state = state_of(json.at("state")).value_or(FaultState::Failed);
  record.observed = json.at("observed");
  return record;
}

}  // namespace

base::Result<std::unique_ptr<FaultLog>> FaultLog::create(const std::string& path,
                                                         faults::Stop& stop) {
  TRY(const int fd, create_line_file(path));
  return std::unique_ptr<FaultLog>(new FaultLog(fd, path, stop));
}

FaultLog::~FaultLog() { ::close(fd_); }

void FaultLog::append(const FaultRecord& record) {
  const std::lock_guard lock(mutex_);
  const base::Status written = append_lines(fd_, line_of(record), path_);
  if (written.ok()) {
    events_ += 1;
  } else {
    stop_.request(written.error().message);
  }
  std::erase_if(in_force_, [&](const FaultRecord& active) { return active.id == record.id; });
  if (record.state == FaultState::Fired) in_force_.push_back(record);
}

std::string FaultLog::in_force() const {
  const std::lock_guard lock(mutex_);
  std::string result;
  for (const FaultRecord& record : in_force_) {
    result += (result.empty() ? "" : ", ") + record.fault;
  }
  return result;
}

std::uint64_t FaultLog::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

base::Result<std::vector<FaultRecord>> read_faults(const std::string& text,
                                                   const std::string& file) {
  std::vector<FaultRecord> records;
  std::size_t line_number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    line_number += 1;
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // Torn: the writer died in the middle of it.
    try {
      records.push_back(record_of(Json::parse(text.substr(begin, end - begin))));
    } catch (const nlohmann::json::exception& error) {
      return json_complaint(fmt::format("{}:{}", file, line_number), "a fault as JSON", error);
    }
    begin = end + 1;
  }
  return records;
}

}  // namespace check::run
