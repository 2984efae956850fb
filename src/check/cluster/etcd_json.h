// SPDX-License-Identifier: Apache-2.0
// What is said to etcd's JSON gateway (/v3/...), and what it says: text to text, no sockets.
//
//   put    {"key":"eA==","value":"MQ=="}
//   range  {"key":"eA=="}  ->  {"header":{...},"kvs":[{"key":"eA==","value":"MQ==",...}]}
//
// Bytes are base64, 64-bit numbers are strings, and fields with their default are left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "check/history/operation.h"

namespace check::cluster::etcd_json {

std::string range_request(const std::string& key);
std::string put_request(const std::string& key, const std::string& value);
// Sets `key` to `desired` if it holds `expected`, else reads it, in one transaction.
std::string swap_request(const std::string& key, const history::Value& expected,
                         const std::string& desired);

std::string new_member_request(const std::string& peer_url);
std::string member_request(std::uint64_t id);
std::string transfer_request(std::uint64_t to);

struct Swap {
  bool succeeded = false;
  history::Value found;  // Unless it succeeded.
};

struct Status {
  std::uint64_t member = 0;
  std::uint64_t leader = 0;  // 0: none.
  std::uint64_t term = 0;
  std::uint64_t committed = 0;
};

base::Result<history::Value> range_answer(std::string_view body);
base::Status put_answer(std::string_view body);
base::Result<Swap> swap_answer(std::string_view body);
base::Result<Status> status_answer(std::string_view body);
struct Member {
  std::uint64_t id = 0;
  std::string peer_url;  // "http://10.77.0.2:2380"
};
// Of a list of members, or of what was done to one.
base::Result<std::vector<Member>> members_answer(std::string_view body);

struct Refusal {
  bool nothing_done = false;  // Certainly, now and later.
  std::string words;
};
// The body of an answer whose HTTP status is not 200.
Refusal refusal(std::string_view body);

}  // namespace check::cluster::etcd_json
