// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "check/plan/plan.h"
#include "check/run/toml_reader.h"
#include "check/search/searcher.h"

namespace check::run {
namespace {

base::Result<plan::Plan> plan_of(const std::string& text) {
  TRY(const plan::Document document, read_toml(text, "mine.toml"));
  return plan::read_plan(document);
}

TEST(PlanText, IsReadAgainAsItWasWritten) {
  plan::Plan plan{.name = "again \"so\"", .about = "points"};
  plan::Step step;
  step.fault = {plan::FaultKind::Kill, plan::Target::Leader, true};
  step.gap = 20;
  step.order = {{3}, {1}, {2}};
  step.at = plan::Point{1, 120, 1};
  step.until = plan::Point{0, 7, 0};
  step.led = {3};
  plan.lanes.push_back(
      {.gap = {1000}, .length = {300, 500}, .written = true, .steps = {step, plan::Step{}}});
  const std::string text = plan::write_plan(plan);
  EXPECT_NE(text.find("at = { turn = 1, acknowledged = 120, leaders = 1 }"), std::string::npos)
      << text;
  const auto again = plan_of(text);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(plan::write_plan(again.value()), text);
  EXPECT_EQ(again.value().lanes.front().steps.front().at, step.at);
}

TEST(PlanText, SaysWhatClientsDo) {
  const auto plan =
      plan_of("name = \"mine\"\n[clients]\nworkload = \"queue\"\nelements = 7\nreads = \"stay\"\n");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan.value().work.kind, plan::WorkKind::Queue);
  EXPECT_FALSE(plan.value().work.rotate_reads);
  EXPECT_TRUE(plan.value().work.rotate_leaders);
  const std::string text = plan::write_plan(plan.value());
  EXPECT_NE(text.find("workload = \"queue\"\ncount = 8\nkeys = 8\nelements = 7\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("reads = \"stay\"\nleaders = \"rotate\"\n"), std::string::npos) << text;
  EXPECT_EQ(plan::write_plan(plan_of(text).value()), text);
}

TEST(PlanText, NamesTheProtocolsItIsFor) {
  const std::string head = "name = \"mine\"\n";
  const auto plan = plan_of(head + "protocols = [\"raftkv\", \"etcd\"]\n");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  const std::vector<wire::Protocol> both = {wire::Protocol::Raftkv, wire::Protocol::Etcd};
  EXPECT_EQ(plan.value().protocols, both);
  const std::string text = plan::write_plan(plan.value());
  EXPECT_NE(text.find("\nprotocols = [\"raftkv\", \"etcd\"]\n"), std::string::npos) << text;
  EXPECT_EQ(plan::write_plan(plan_of(text).value()), text);
  EXPECT_EQ(plan_of(head + "protocols = \"raftkv\"\n").error().message,
            "mine.toml:2:13: 'protocols' must be a list");
  EXPECT_EQ(plan_of(head + "protocols = [\"raftk\"]\n").error().message.substr(0, 60),
            "mine.toml:2:14: unknown protocol 'raftk'; did you mean 'raft");
}

TEST(PlanText, WithWrongWorkIsNamedByItsPlace) {
  const std::string head = "name = \"mine\"\n[clients]\n";
  EXPECT_EQ(plan_of(head + "workload = \"queues\"\n").error().message,
            "mine.toml:3:12: unknown workload 'queues'; did you mean 'queue'? (there are register, "
            "queue)");
  EXPECT_EQ(plan_of(head + "leaders = \"stays\"\n").error().message,
            "mine.toml:3:11: 'leaders' must be \"rotate\" or \"stay\"; did you mean 'stay'?");
  EXPECT_EQ(plan_of(head + "elements = 0\n").error().message,
            "mine.toml:3:1: 'count', 'keys' and 'elements' must be at least 1");
}

TEST(PlanText, WithAWrongPointIsNamedByItsPlace) {
  const std::string head = "name = \"mine\"\n[[lane]]\n[[lane.step]]\nfault = \"kill leader\"\n";
  EXPECT_EQ(plan_of(head + "at = { acknowleged = 3 }\n").error().message,
            "mine.toml:5:8: unknown key 'acknowleged' in 'at'; did you mean 'acknowledged'?");
  EXPECT_EQ(plan_of(head + "until = 3\n").error().message,
            "mine.toml:5:9: 'until' must be a table");
  EXPECT_EQ(plan_of(head + "led = 65\n").error().message,
            "mine.toml:5:7: 'led' must be a whole number from 0 to 64");
}

TEST(PlanText, OfASearchIsReadAgainAsItWasWritten) {
  search::Trace trace;
  trace.talks = {
      {{wire::MessageType::AppendEntries, rules::Role::Leader, rules::Role::Follower}, 900},
      {{wire::MessageType::AppendReply, rules::Role::Follower, rules::Role::Leader}, 900},
      {{wire::MessageType::RequestVote, rules::Role::Candidate, rules::Role::Unknown}, 8}};
  for (const wire::Protocol protocol : wire::kProtocols) {
    search::Searcher searcher({.seed = 1, .nodes = 5, .protocol = protocol});
    searcher.learn(trace, 1000);
    for (std::uint64_t k = 0; k < 100; ++k) {
      const std::string text = plan::write_plan(searcher.next().plan);
      const auto again = plan_of(text);
      ASSERT_TRUE(again.ok()) << again.error().message << '\n' << text;
      EXPECT_EQ(plan::write_plan(again.value()), text);
      trace.states = {k};
      searcher.learn(trace, 1000);
    }
  }
}

}  // namespace
}  // namespace check::run
