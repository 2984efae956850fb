// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/etcd_json.h"

#include <gtest/gtest.h>

#include <sstream>

#include "check/cluster/base64.h"
#include "golden/golden.h"

namespace check::cluster::etcd_json {
namespace {

std::string argument(const golden::Case& the_case, const char* name) {
  const auto found = the_case.arguments.find(name);
  return found == the_case.arguments.end() ? std::string() : found->second;
}

std::string said(const golden::Case& the_case) {
  const std::string key = argument(the_case, "key");
  if (the_case.command == "put-request") return put_request(key, argument(the_case, "value"));
  if (the_case.command == "range-request") return range_request(key);
  history::Value expected;
  if (the_case.arguments.contains("expected")) expected = argument(the_case, "expected");
  return swap_request(key, expected, argument(the_case, "desired"));
}

std::string described(const Status& status) {
  std::ostringstream out;
  out << "member " << status.member << " leader " << status.leader << " term " << status.term
      << " committed " << status.committed;
  return std::move(out).str();
}

std::string described(const std::vector<Member>& members) {
  std::string all;
  for (const Member& member : members) {
    all.append(all.empty() ? "" : " ").append(std::to_string(member.id));
    all.append(" at ").append(member.peer_url.empty() ? "?" : member.peer_url);
  }
  return all;
}

std::string described(const history::Value& value) {
  return value ? "'" + *value + "'" : "nothing";
}
std::string described(const base::Done& /*done*/) { return "done"; }
std::string described(const Swap& swap) {
  return swap.succeeded ? "succeeded" : "found " + described(swap.found);
}

template <class Value>
std::string understood(const base::Result<Value>& result) {
  return result.ok() ? described(result.value()) : "error: " + result.error().message;
}

std::string answer(const golden::Case& the_case) {
  const std::string body = argument(the_case, "body");
  if (the_case.command == "range") return understood(range_answer(body));
  if (the_case.command == "put") return understood(put_answer(body));
  if (the_case.command == "swap") return understood(swap_answer(body));
  if (the_case.command == "status") return understood(status_answer(body));
  if (the_case.command == "members") return understood(members_answer(body));
  return said(the_case);
}

TEST(EtcdJson, SaysAndUnderstands) {
  golden::run(std::string(TESTDATA) + "/etcd_json.txt", answer);
}

// The words are etcd 3.4's own (etcdserver/api/v3rpc/rpctypes/error.go).
TEST(EtcdJson, OnlyWhatCertainlyDidNothingIsSaidToHaveDoneNothing) {
  const auto refused = [](const std::string& words) {
    return refusal(R"({"error":")" + words + R"(","message":")" + words + R"(","code":14})");
  };
  for (const char* words : {"etcdserver: key is not provided", "etcdserver: request is too large",
                            "etcdserver: too many requests", "raft proposal dropped"}) {
    EXPECT_TRUE(refused(words).nothing_done) << words;
    EXPECT_EQ(refused(words).words, words);
  }
  for (const char* words :
       {"etcdserver: request timed out", "etcdserver: leader changed", "etcdserver: server stopped",
        "etcdserver: request timed out, possibly due to previous leader failure",
        "etcdserver: mvcc: database space exceeded", "context canceled", "transport is closing",
        "all SubConns are in TransientFailure", "etcdserver: no leader", ""}) {
    EXPECT_FALSE(refused(words).nothing_done) << words;
  }
  EXPECT_FALSE(refusal("404 page not found").nothing_done);
  EXPECT_EQ(refusal("404 page not found").words, "404 page not found");
  EXPECT_FALSE(refusal("[1]").nothing_done);
}

TEST(Base64, IsItsOwnInverseAndStrict) {
  std::string bytes;
  for (int length = 0; length < 300; ++length) {
    EXPECT_EQ(from_base64(base64_of(bytes)), bytes);
    bytes += static_cast<char>((length * 7) % 256);
  }
  EXPECT_EQ(base64_of("fo"), "Zm8=");  // RFC 4648 §10.
  EXPECT_EQ(base64_of("foob"), "Zm9vYg==");
  EXPECT_EQ(from_base64("Zm9vYmFy"), "foobar");
  for (const char* wrong : {"Z", "Zm8", "Zm9=", "Zm8==", "====", "Zm8*", "Zm=8", "Z==="}) {
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace check::cluster::etcd_json
