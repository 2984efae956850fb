// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/conformance.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "check/cluster/deadline.h"

namespace check::cluster {
namespace {

using history::Outcome;
using history::Value;
using std::chrono::milliseconds;

constexpr milliseconds kTimeout{5000};
constexpr milliseconds kPatience{15000};
constexpr milliseconds kShort{1000};  // Long enough for an interpreter to start on a busy machine.

std::unique_ptr<RaftClient> client_of(RaftClusterConfig& system, NodeId node) {
  std::unique_ptr<RaftClient> client = system.create_client();
  const base::Status connected = client->connect(node, kTimeout);
  EXPECT_TRUE(connected.ok()) << (connected.ok() ? "" : connected.error().message);
  return client;
}

void expect_reads(RaftClient& client, const std::string& key, const Value& expected) {
  const Answer answer = client.read(key);
  EXPECT_EQ(answer.outcome, Outcome::Ok) << answer.note;
  EXPECT_EQ(answer.found, expected);
}

void expect_found(const Answer& answer, const Value& found) {
  EXPECT_EQ(answer.outcome, Outcome::Fail) << answer.note;
  EXPECT_TRUE(answer.found_known);
  EXPECT_EQ(answer.found, found);
}

void expect_done(const Answer& answer) { EXPECT_EQ(answer.outcome, Outcome::Ok) << answer.note; }

template <class Action>
milliseconds time_of(Action action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

void await_ready(RaftClusterConfig& system, const LocalHosts& hosts, NodeId node) {
  const Deadline deadline = Deadline::after(kPatience);
  while (!system.ready(node)) {
    ASSERT_TRUE(hosts.running(node)) << hosts.output(node);
    ASSERT_FALSE(deadline.passed()) << hosts.output(node);
    std::this_thread::sleep_for(milliseconds(10));  // Between two looks at the condition.
  }
}

void start_all(RaftClusterConfig& system, const LocalHosts& hosts) {
  for (std::uint32_t id = 1; id <= system.nodes(); ++id) {
    const base::Status started = system.start(NodeId{id});
    ASSERT_TRUE(started.ok()) << started.error().message;
  }
  for (std::uint32_t id = 1; id <= system.nodes(); ++id) await_ready(system, hosts, NodeId{id});
}

void check_register(RaftClusterConfig& system) {
  for (std::uint32_t id = 1; id <= system.nodes(); ++id) {
    SCOPED_TRACE("through node " + std::to_string(id));
    const std::unique_ptr<RaftClient> client = client_of(system, NodeId{id});
    const std::string key = "k" + std::to_string(id);
    expect_reads(*client, key, std::nullopt);
    expect_found(client->cas(key, "1", "2"), std::nullopt);
    expect_reads(*client, key, std::nullopt);
    expect_done(client->cas(key, std::nullopt, "1"));
    expect_found(client->cas(key, std::nullopt, "2"), "1");
    expect_reads(*client, key, "1");
    expect_found(client->cas(key, "7", "2"), "1");
    expect_done(client->cas(key, "1", "2"));
    expect_reads(*client, key, "2");
    const std::string awkward = "a \"b\"\r\n\t\\ {c} \xC3\xA9";
    expect_done(client->write(key, awkward));
    expect_reads(*client, key, awkward);
    expect_done(client->cas(key, awkward, "3"));
    const std::string list = "list" + key;
    expect_done(client->append(list, "1,"));
    expect_done(client->append(list, awkward));
    expect_done(client->append(list, "2,"));
    expect_reads(*client, list, "1," + awkward + "2,");
    client->close();
    expect_reads(*client, key, "3");  // Connects again by itself.
  }
}

void check_status(RaftClusterConfig& system) {
  std::optional<NodeId> leader;
  std::optional<std::uint64_t> term;
  std::optional<std::uint64_t> leaders_commit;
  for (std::uint32_t id = 1; id <= system.nodes(); ++id) {
    const base::Result<NodeStatus> told = system.status(NodeId{id});
    ASSERT_TRUE(told.ok()) << told.error().message;
    const NodeStatus& status = told.value();
    ASSERT_TRUE(status.term && status.commit && status.believed_leader);
    if (!leader) leader = status.believed_leader;
    if (!term) term = status.term;
    EXPECT_EQ(status.believed_leader, leader);
    EXPECT_EQ(status.term, term);
    EXPECT_EQ(status.leader, leader == NodeId{id});
    if (status.leader) leaders_commit = status.commit;
  }
  ASSERT_TRUE(leaders_commit);
  expect_done(client_of(system, *leader)->write("status", "x"));
  const base::Result<NodeStatus> later = system.status(*leader);
  ASSERT_TRUE(later.ok());
  EXPECT_GT(*later.value().commit, *leaders_commit);
}

void check_survives_kill(RaftClusterConfig& system, const LocalHosts& hosts) {
  expect_done(client_of(system, NodeId{1})->write("kept", "through SIGKILL"));
  for (std::uint32_t id = 1; id <= system.nodes(); ++id) {
    const base::Status killed = system.kill(NodeId{id});
    ASSERT_TRUE(killed.ok()) << killed.error().message;
    ASSERT_FALSE(hosts.running(NodeId{id}));
  }
  start_all(system, hosts);
  for (std::uint32_t id = 1; id <= system.nodes(); ++id) {
    expect_reads(*client_of(system, NodeId{id}), "kept", "through SIGKILL");
  }
}

void check_refused(RaftClusterConfig& system, NodeId stopped) {
  ASSERT_TRUE(system.stop(stopped).ok());
  EXPECT_FALSE(system.ready(stopped));
  EXPECT_FALSE(system.status(stopped).ok());
  const std::unique_ptr<RaftClient> client = system.create_client();
  static_cast<void>(client->connect(stopped, kTimeout));  // May look, or wait for the first call.
  const milliseconds taken = time_of([&client] {
    EXPECT_EQ(client->read("x").outcome, Outcome::Fail);
    EXPECT_EQ(client->write("x", "1").outcome, Outcome::Fail);
    EXPECT_EQ(client->cas("x", std::nullopt, "1").outcome, Outcome::Fail);
    EXPECT_EQ(client->append("x", "1").outcome, Outcome::Fail);
  });
  EXPECT_LT(taken, kTimeout);
}

void check_frozen(RaftClusterConfig& system, const LocalHosts& hosts, NodeId node) {
  const std::unique_ptr<RaftClient> client = system.create_client();
  ASSERT_TRUE(client->connect(node, kShort).ok());
  expect_done(client->write("frozen", "before"));
  hosts.pause(node);
  const milliseconds taken = time_of([&client] {
    EXPECT_EQ(client->write("frozen", "1").outcome, Outcome::Info);
    EXPECT_EQ(client->cas("frozen", "before", "2").outcome, Outcome::Info);
    EXPECT_EQ(client->read("frozen").outcome, Outcome::Fail);
  });
  hosts.resume(node);
  EXPECT_GE(taken, 3 * kShort * 8 / 10);  // A shim gives up a little earlier.
  EXPECT_LT(taken, 4 * kShort);
  await_ready(system, hosts, node);
  // What comes late for an earlier request is not taken for the answer to this one.
  expect_done(client->write("other", "after"));
  expect_reads(*client, "other", "after");
}

void check_membership(RaftClusterConfig& system, LocalHosts& hosts) {
  constexpr std::chrono::milliseconds kLimit{10'000};
  Membership* membership = system.membership();
  ASSERT_NE(membership, nullptr);
  const auto leads = [&system](NodeId node) {
    const auto status = system.status(node);
    return status.ok() && status.value().leader;
  };
  const NodeId heir = leads(NodeId{1}) ? NodeId{2} : NodeId{1};
  const auto answer = membership->transfer(heir, kLimit);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_TRUE(leads(heir)) << answer.value();

  const NodeId away{3};
  const base::Status removed = membership->remove(away, kLimit);
  ASSERT_TRUE(removed.ok()) << removed.error().message;
  EXPECT_TRUE(membership->remove(away, kLimit).ok());  // As it is already.
  ASSERT_TRUE(system.kill(away).ok());
  const auto client = system.create_client();
  ASSERT_TRUE(client->connect(NodeId{1}, kLimit).ok());
  EXPECT_EQ(client->write("meanwhile", "1").outcome, history::Outcome::Ok);

  const base::Status added = membership->add(away, kLimit);
  ASSERT_TRUE(added.ok()) << added.error().message;
  ASSERT_TRUE(hosts.empty(away).ok());
  ASSERT_TRUE(system.start(away).ok());
  const base::Status admitted = membership->admit(away, kLimit);
  ASSERT_TRUE(admitted.ok()) << admitted.error().message << hosts.output(away);
  EXPECT_TRUE(membership->admit(away, kLimit).ok());  // As it is already.
  await_ready(system, hosts, away);
  ASSERT_TRUE(client->connect(away, kLimit).ok());
  EXPECT_EQ(client->read("meanwhile").found, history::Value("1"));
  EXPECT_FALSE(membership->add(away, std::chrono::milliseconds(200)).ok());
}

}  // namespace check::cluster
