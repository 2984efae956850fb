// SPDX-License-Identifier: Apache-2.0
// What raftkv's client makes of each answer; and its RESP.
#include "check/cluster/raftkv_client.h"

#include <gtest/gtest.h>

#include "check/cluster/canned_server.h"
#include "check/cluster/local_hosts.h"
#include "check/cluster/raftkv_cluster.h"
#include "check/cluster/resp_client.h"

namespace check::cluster {
namespace {

using history::Outcome;
using std::chrono::milliseconds;
using Kind = RespReply::Kind;

constexpr milliseconds kLong{5000};
constexpr milliseconds kShort{100};

Exchange<RespReply> answer_to_get(const std::string& bytes, bool byte_by_byte, bool close,
                                  milliseconds timeout = kLong) {
  const CannedServer server({{{bytes}, byte_by_byte, close}});
  RespClient client(CannedServer::kLoopback, server.port());
  const std::array<std::string_view, 2> words = {"GET", "x"};
  return client.call(words, Deadline::after(timeout));
}

TEST(RespClient, ReadsEveryKindOfReplyHoweverItIsCut) {
  for (const bool byte_by_byte : {false, true}) {
    const auto expect = [byte_by_byte](const std::string& bytes, Kind kind,
                                       const std::string& text) {
      const Exchange<RespReply> exchange = answer_to_get(bytes, byte_by_byte, false);
      ASSERT_TRUE(std::holds_alternative<RespReply>(exchange)) << std::get<Broken>(exchange).note;
      EXPECT_EQ(std::get<RespReply>(exchange).kind, kind);
      EXPECT_EQ(std::get<RespReply>(exchange).text, text);
    };
    expect("+OK\r\n", Kind::Text, "OK");
    expect("$-1\r\n", Kind::Nil, "");
    expect("$0\r\n\r\n", Kind::Text, "");
    expect("$5\r\na\r\nbc\r\n", Kind::Text, "a\r\nbc");
    expect(":42\r\n", Kind::Integer, "42");
    expect("-ERR no\r\n", Kind::Error, "ERR no");
  }
}

TEST(RespClient, WhatIsNotOneReplyIsNoAnswer) {
  const auto expect = [](const std::string& bytes, bool close, const std::string& note) {
    const Exchange<RespReply> exchange = answer_to_get(bytes, false, close, kShort);
    ASSERT_TRUE(std::holds_alternative<Broken>(exchange));
    EXPECT_TRUE(std::get<Broken>(exchange).sent);
    EXPECT_NE(std::get<Broken>(exchange).note.find(note), std::string::npos)
        << std::get<Broken>(exchange).note;
  };
  expect("", false, "in time");
  expect("$5\r\nabc", false, "in time");
  expect("$5\r\nabc", true, "closed before it answered");
  expect("*1000000000\r\n", false, "an array");
  expect("$99999999999999999999\r\n", false, "not RESP");
  expect("HTTP/1.1 400 Bad Request\r\n\r\n", false, "not RESP");
  expect("+OK\r\n+OK\r\n", false, "more than one answer");
}

// The client of a raftkv that answers one request with `bytes` and then falls silent.
class OneAnswer {
 public:
  explicit OneAnswer(const std::string& bytes)
      : server_({{{bytes}, false, false}}, hosts_.address(NodeId{1}), RaftkvCluster::kClientPort) {
    auto made = RaftkvCluster::make(hosts_, {"raftkv", "/bin/true", ""});
    EXPECT_TRUE(made.ok());
    cluster_ = std::move(made).value();
    client_ = cluster_->create_client();
    EXPECT_TRUE(client_->connect(NodeId{1}, kShort).ok());
  }
  RaftClient& client() { return *client_; }

 private:
  LocalHosts hosts_{1};
  CannedServer server_;
  std::unique_ptr<RaftClusterConfig> cluster_;
  std::unique_ptr<RaftClient> client_;
};

TEST(RaftkvClient, OnlyNotDoneIsCertainlyNotDone) {
  const auto write = [](const std::string& reply) {
    return OneAnswer(reply).client().write("x", "1").outcome;
  };
  EXPECT_EQ(write("+OK\r\n"), Outcome::Ok);
  EXPECT_EQ(write("-NOTDONE no leader\r\n"), Outcome::Fail);
  EXPECT_EQ(write("-UNKNOWN leadership lost\r\n"), Outcome::Info);
  EXPECT_EQ(write("-ERR who knows\r\n"), Outcome::Info);
  EXPECT_EQ(write("$-1\r\n"), Outcome::Info);
  EXPECT_EQ(write("+QUEUED\r\n"), Outcome::Info);
  EXPECT_EQ(write(""), Outcome::Info);
}

TEST(RaftkvClient, UnansweredReadIsFail) {
  for (const char* reply : {"-UNKNOWN x\r\n", "-NOTDONE x\r\n", ":1\r\n", ""}) {
    EXPECT_EQ(OneAnswer(reply).client().read("x").outcome, Outcome::Fail) << reply;
  }
  EXPECT_EQ(OneAnswer("$1\r\n7\r\n").client().read("x").found, "7");
  EXPECT_EQ(OneAnswer("$-1\r\n").client().read("x").outcome, Outcome::Ok);
}

TEST(RaftkvClient, SwapIsDoneIfWhatWasThereIsWhatWasExpected) {
  const auto swap = [](const std::string& reply, const history::Value& expected) {
    return OneAnswer(reply).client().cas("x", expected, "new");
  };
  EXPECT_EQ(swap("$3\r\nold\r\n", "old").outcome, Outcome::Ok);
  EXPECT_EQ(swap("$-1\r\n", std::nullopt).outcome, Outcome::Ok);
  const Answer other = swap("$5\r\nother\r\n", "old");
  EXPECT_EQ(other.outcome, Outcome::Fail);
  EXPECT_TRUE(other.found_known);
  EXPECT_EQ(other.found, "other");
  const Answer absent = swap("$-1\r\n", "old");
  EXPECT_EQ(absent.outcome, Outcome::Fail);
  EXPECT_TRUE(absent.found_known);
  EXPECT_EQ(absent.found, std::nullopt);
  EXPECT_EQ(swap("-UNKNOWN x\r\n", "old").outcome, Outcome::Info);
  EXPECT_FALSE(swap("-NOTDONE x\r\n", "old").found_known);
}

TEST(RaftkvCluster, ReadsInfo) {
  const NodeStatus status =
      parse_info("# Raft\r\nrole:leader\r\nterm:3\r\nleader:2\r\ncommit:17\r\nother:x\r\n");
  EXPECT_TRUE(status.leader);
  EXPECT_EQ(status.term, 3U);
  EXPECT_EQ(status.believed_leader, NodeId{2});
  EXPECT_EQ(status.commit, 17U);
  const NodeStatus nothing = parse_info("role:follower\nterm:x\nleader:0\n:\n\r\n");
  EXPECT_FALSE(nothing.leader);
  EXPECT_FALSE(nothing.term || nothing.believed_leader || nothing.commit);
}

}  // namespace
}  // namespace check::cluster
