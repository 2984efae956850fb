// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/shim.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;
using history::Outcome;
using nlohmann::json;

constexpr std::size_t kLongestLine = 16U << 20U;
constexpr std::size_t kLongestQuoteBytes = 200;

const char* name_of(ShimFunction function) {
  switch (function) {
    case ShimFunction::Read:
      return "read";
    case ShimFunction::Write:
      return "write";
    case ShimFunction::Cas:
      return "cas";
    case ShimFunction::Append:
      return "append";
    case ShimFunction::Status:
      return "status";
    case ShimFunction::Add:
      return "add";
    case ShimFunction::Remove:
      return "remove";
    case ShimFunction::Transfer:
      return "transfer";
  }
  return "";
}

// Of the cluster; the others are about a key.
bool is_about_a_member(ShimFunction function) {
  return function == ShimFunction::Add || function == ShimFunction::Remove ||
         function == ShimFunction::Transfer;
}

json json_of(const history::Value& value) { return value ? json(*value) : json(nullptr); }

Error not_understood(const std::string& what, std::string_view line) {
  return {ErrorCode::Corrupt,
          "the shim's answer has " + what + ": " + std::string(line.substr(0, kLongestQuoteBytes))};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::optional<Outcome> outcome_of(const json& answer) {
  const auto type = answer.find("type");
  if (type == answer.end()) return std::nullopt;
  if (*type == "ok") return Outcome::Ok;
  if (*type == "fail") return Outcome::Fail;
  if (*type == "info") return Outcome::Info;
  return std::nullopt;
}

// A register's content under `name`; false if it is absent or something else.
bool take_value(const json& answer, const char* name, history::Value& into) {
  const auto field = answer.find(name);
  if (field == answer.end() || !(field->is_null() || field->is_string())) return false;
  if (field->is_string()) into = field->get<std::string>();
  return true;
}

std::optional<std::uint64_t> number_in(const json& answer, const char* name) {
  const auto field = answer.find(name);
  if (field == answer.end() || !field->is_number_unsigned()) return std::nullopt;
  return field->get<std::uint64_t>();
}

NodeStatus status_in(const json& answer) {
  NodeStatus status;
  const auto leader = answer.find("leader");
  status.leader = leader != answer.end() && *leader == true;
  status.term = number_in(answer, "term");
  status.commit = number_in(answer, "commit");
  if (const auto id = number_in(answer, "believed_leader"); id && *id > 0 && *id <= UINT32_MAX) {
    status.believed_leader = NodeId{static_cast<std::uint32_t>(*id)};
  }
  return status;
}

}  // namespace

std::string shim_line(std::uint64_t id, const ShimRequest& request,
                      std::chrono::milliseconds timeout) {
  json line{{"id", id},
            {"node", request.node.value},
            {"f", name_of(request.function)},
            {"timeout_ms", timeout.count()}};
  if (is_about_a_member(request.function)) {
    line["member"] = request.member.value;
  } else if (request.function != ShimFunction::Status) {
    line["key"] = request.key;
  }
  const bool one_text =
      request.function == ShimFunction::Write || request.function == ShimFunction::Append;
  if (one_text) line["value"] = request.written;
  if (request.function == ShimFunction::Cas) {
    line["value"] = json::array({json_of(request.expected), request.written});
  }
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

base::Result<ShimReply> parse_shim_line(std::string_view line, std::uint64_t id,
                                        const ShimRequest& request) {
  const json answer = json::parse(line, nullptr, false);
  if (!answer.is_object()) return not_understood("no JSON object", line);
  if (number_in(answer, "id") != id) {
    return not_understood("not the id " + std::to_string(id), line);
  }
  const std::optional<Outcome> outcome = outcome_of(answer);
  if (!outcome) return not_understood("no type ok, fail or info", line);
  ShimReply reply;
  reply.outcome = *outcome;
  if (const auto note = answer.find("note"); note != answer.end() && note->is_string()) {
    reply.note = note->get<std::string>();
  }
  const bool ok = *outcome == Outcome::Ok;
  if (request.function == ShimFunction::Read && ok && !take_value(answer, "value", reply.value)) {
    return not_understood("no value that is a string or null", line);
  }
  if (request.function == ShimFunction::Cas && *outcome == Outcome::Fail) {
    reply.found_known = take_value(answer, "found", reply.found);
  }
  if (request.function == ShimFunction::Status && ok) reply.status = status_in(answer);
  return reply;
}

void ShimStarts::failed(const base::Error& error) {
  const std::lock_guard<std::mutex> guard(mutex_);
  if (error.code == ErrorCode::Timeout && !late_) late_ = error;
  failed_ = error;
}

void ShimStarts::succeeded() {
  const std::lock_guard<std::mutex> guard(mutex_);
  failed_.reset();
}

std::optional<Error> ShimStarts::trouble() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return late_ ? late_ : failed_;
}

// A space in front of a JSON object means nothing, but only a program that is up reads it.
base::Status Shim::start() {
  const Deadline deadline = Deadline::after(start_up_);
  TRY(Child child, Child::start(command_));
  const std::optional<Broken> broken = child.send(" ", deadline);
  // Of one that has ended already, too.
  TRY([[maybe_unused]] const base::Done reads, child.await_reading(deadline));
  if (broken) return Error{ErrorCode::Unavailable, broken->note};
  child_ = std::move(child);
  return base::Done{};
}

base::Status Shim::open() {
  if (child_) return base::Done{};
  const base::Status started = start();
  if (started.ok()) {
    if (starts_ != nullptr) starts_->succeeded();
    return base::Done{};
  }
  const Error error{started.error().code, "the client shim '" + joined(command_.words) +
                                              "' was not up within " +
                                              std::to_string(start_up_.count()) +
                                              " ms of its start: " + started.error().message};
  if (starts_ != nullptr) starts_->failed(error);
  return error;
}

base::Result<std::string> Shim::receive_line(const Deadline& deadline) {
  std::string line;
  for (;;) {
    TRY([[maybe_unused]] const base::Done some, child_->receive(line, deadline));
    const std::size_t end = line.find('\n');
    if (end == std::string::npos && line.size() < kLongestLine) continue;
    if (end + 1 == line.size()) return line;
    return not_understood(end == std::string::npos ? "no end" : "more than one line", line);
  }
}

Exchange<ShimReply> Shim::ask(const ShimRequest& request, std::chrono::milliseconds timeout) {
  const std::uint64_t id = ++last_id_;
  // So that a shim which keeps its deadline can still say so.
  const std::string text = shim_line(id, request, timeout * 9 / 10);
  for (;;) {
    const bool kept = child_.has_value();
    if (const base::Status opened = open(); !opened.ok()) {
      return Broken{false, opened.error().message};
    }
    const Deadline deadline = Deadline::after(timeout);
    if (std::optional<Broken> broken = child_->send(text, deadline)) {
      close();
      if (broken->sent || !kept) return *std::move(broken);
      continue;
    }
    return receive(id, request, deadline);
  }
}

Exchange<ShimReply> Shim::receive(std::uint64_t id, const ShimRequest& request,
                                  const Deadline& deadline) {
  const base::Result<std::string> line = receive_line(deadline);
  if (!line.ok()) {
    close();
    return Broken{true, line.error().message};
  }
  base::Result<ShimReply> reply = parse_shim_line(line.value(), id, request);
  if (!reply.ok()) {
    close();
    return Broken{true, reply.error().message};
  }
  return std::move(reply).value();
}

}  // namespace check::cluster
