// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/etcd_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "check/cluster/base64.h"

namespace check::cluster::etcd_json {
namespace {

using base::Error;
using base::ErrorCode;
using nlohmann::json;

constexpr std::size_t kLongestQuoteBytes = 300;

// What etcd 3.4 to 3.6 answers before it has handed a change to Raft, or when Raft took nothing of
// it (etcdserver/v3_server.go, processInternalRaftRequestOnce; raft.ErrProposalDropped). Not here,
// and why: "request timed out" and "leader changed" come while the proposal is on its way;
// "database space exceeded" is also said after the change was applied (quotaApplierV3); "server
// stopped" and gRPC's own messages leave it open.
constexpr std::array kNothingDone = {
    std::string_view("etcdserver: key is not provided"),
    std::string_view("etcdserver: duplicate key given in txn request"),
    std::string_view("etcdserver: request is too large"),
    std::string_view("etcdserver: too many requests"),
    std::string_view("etcdserver: not capable"),
    std::string_view("etcdserver: rpc not supported for learner"),
    std::string_view("raft proposal dropped"),
};

Error not_understood(const char* what, std::string_view body) {
  return {ErrorCode::Corrupt, std::string("etcd's answer has no ") + what + ": " +
                                  std::string(body.substr(0, kLongestQuoteBytes))};
}

json parsed(std::string_view body) { return json::parse(body, nullptr, false); }

const json* member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

const json* first_of(const json& object, const char* name) {
  const json* list = member(object, name);
  return list != nullptr && list->is_array() && !list->empty() ? &list->front() : nullptr;
}

std::string text_of(const json& object, const char* name) {
  const json* field = member(object, name);
  return field != nullptr && field->is_string() ? field->get<std::string>() : std::string();
}

// Absent is 0.
std::optional<std::uint64_t> number_of(const json& object, const char* name) {
  const std::string text = text_of(object, name);
  if (text.empty()) return 0;
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The value in a RangeResponse of one key.
base::Result<history::Value> value_in(const json& range, std::string_view body) {
  if (member(range, "header") == nullptr) return not_understood("header", body);
  const json* pair = first_of(range, "kvs");
  if (pair == nullptr) return history::Value();
  std::optional<std::string> value = from_base64(text_of(*pair, "value"));
  if (!value) return not_understood("readable value", body);
  return history::Value(*std::move(value));
}

}  // namespace

std::string range_request(const std::string& key) { return json{{"key", base64_of(key)}}.dump(); }

std::string put_request(const std::string& key, const std::string& value) {
  return json{{"key", base64_of(key)}, {"value", base64_of(value)}}.dump();
}

std::string swap_request(const std::string& key, const history::Value& expected,
                         const std::string& desired) {
  const std::string name = base64_of(key);
  json compare{{"key", name}, {"result", "EQUAL"}};
  if (expected) {
    compare["target"] = "VALUE";
    compare["value"] = base64_of(*expected);
  } else {
    compare["target"] = "CREATE";
    compare["create_revision"] = "0";  // No such key.
  }
  json request;
  request["compare"] = json::array({compare});
  request["success"] =
      json::array({{{"request_put", {{"key", name}, {"value", base64_of(desired)}}}}});
  request["failure"] = json::array({{{"request_range", {{"key", name}}}}});
  return request.dump();
}

std::string new_member_request(const std::string& peer_url) {
  return json{{"peerURLs", json::array({peer_url})}}.dump();
}

std::string member_request(std::uint64_t id) { return json{{"ID", std::to_string(id)}}.dump(); }

std::string transfer_request(std::uint64_t to) {
  return json{{"targetID", std::to_string(to)}}.dump();
}

base::Result<history::Value> range_answer(std::string_view body) {
  return value_in(parsed(body), body);
}

base::Status put_answer(std::string_view body) {
  if (member(parsed(body), "header") == nullptr) return not_understood("header", body);
  return base::Done{};
}

base::Result<Swap> swap_answer(std::string_view body) {
  const json answer = parsed(body);
  if (member(answer, "header") == nullptr) return not_understood("header", body);
  if (const json* field = member(answer, "succeeded"); field != nullptr && *field == true) {
    return Swap{true, std::nullopt};
  }
  const json* response = first_of(answer, "responses");
  const json* range = response == nullptr ? nullptr : member(*response, "response_range");
  if (range == nullptr) return not_understood("response_range", body);
  TRY(history::Value found, value_in(*range, body));
  return Swap{false, std::move(found)};
}

base::Result<Status> status_answer(std::string_view body) {
  const json answer = parsed(body);
  const json* header = member(answer, "header");
  if (header == nullptr) return not_understood("header", body);
  const auto id = number_of(*header, "member_id");
  const auto leader = number_of(answer, "leader");
  const auto term = number_of(answer, "raftTerm");
  const auto index = number_of(answer, "raftIndex");
  if (!id || !leader || !term || !index || *id == 0) return not_understood("status", body);
  return Status{*id, *leader, *term, *index};
}

base::Result<std::vector<Member>> members_answer(std::string_view body) {
  const json answer = parsed(body);
  const json* list = member(answer, "members");
  if (list == nullptr || !list->is_array()) return not_understood("members", body);
  std::vector<Member> members;
  for (const json& entry : *list) {
    const auto id = number_of(entry, "ID");
    if (!id) return not_understood("readable member ID", body);
    const json* url = first_of(entry, "peerURLs");
    members.push_back({*id, url != nullptr && url->is_string() ? url->get<std::string>() : ""});
  }
  return members;
}

Refusal refusal(std::string_view body) {
  std::string words = text_of(parsed(body), "error");
  if (words.empty()) words = body.substr(0, kLongestQuoteBytes);
  const bool certain =
      std::find(kNothingDone.begin(), kNothingDone.end(), words) != kNothingDone.end();
  return {certain, std::move(words)};
}

}  // namespace check::cluster::etcd_json
