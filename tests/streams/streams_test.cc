// SPDX-License-Identifier: Apache-2.0
// Recorded streams, judged as `seaworthy analyse` judges a run. Each folder beside this file holds
// the messages and the events of nodes of a real run, cut down by cut.py:
//
//   CHECKER.TARGET     violates what CHECKER guards, and nothing else
//   healthy.PROTOCOL   restarts, changes of leaders, snapshots: nobody finds anything; with more
//                      than one of a protocol, healthy.PROTOCOL-WHAT. WHAT is `members` where a
//                      node is removed and comes back as a new member, and leadership is handed
//                      over
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "check/evidence/judge.h"
#include "check/run/message_judge.h"

namespace check::run {
namespace {

constexpr std::uintmax_t kMostBytes = 200'000;

std::string protocol_of(const RunDirectory& stream) {
  std::ifstream messages(stream.file("messages.jsonl"));
  std::string line;
  std::getline(messages, line);
  const auto first = wire::parse_observation(line);
  return first.ok() ? std::string(wire::name(first.value().protocol)) : first.error().message;
}

std::set<std::string> checkers_that_convict(const std::string& folder) {
  const auto stream = RunDirectory::open(folder);
  EXPECT_TRUE(stream.ok()) << folder;
  RunFacts facts;
  facts.finished = true;
  facts.messages.protocol = protocol_of(stream.value());
  const auto opinion = judge_messages(stream.value(), facts, [] { return true; });
  EXPECT_TRUE(opinion.ok()) << opinion.error().message;
  std::set<std::string> checkers;
  for (const verdict::Finding& finding : opinion.value().findings) {
    if (finding.verdict != verdict::Verdict::Valid) checkers.insert(finding.checker);
  }
  return checkers;
}

// The folders whose names begin so, and what comes behind the point.
std::vector<std::string> endings(const std::string& beginning) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(STREAMS)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(beginning + '.')) found.push_back(name.substr(beginning.size() + 1));
  }
  return found;
}

std::vector<std::string> checkers() {
  std::vector<std::string> names;
  for (const auto& finding : evidence::Judge(wire::Protocol::Etcd).finish()) {
    names.push_back(finding.checker);
  }
  return names;
}

TEST(Stream, ThatBreaksOneRuleIsConvictedByItsCheckerAlone) {
  ASSERT_EQ(checkers().size(), 9U);
  for (const std::string& checker : checkers()) {
    const std::vector<std::string> targets = endings(checker);
    EXPECT_FALSE(targets.empty()) << "no stream violates " << checker;
    for (const std::string& target : targets) {
      const std::string folder = STREAMS "/" + checker + '.' + target;
      EXPECT_EQ(checkers_that_convict(folder), std::set<std::string>{checker}) << folder;
    }
  }
}

TEST(Stream, ThatIsHealthyIsConvictedByNobody) {
  std::set<std::string> seen;
  for (const std::string& name : endings("healthy")) {
    const std::string folder = STREAMS "/healthy." + name;
    EXPECT_EQ(checkers_that_convict(folder), std::set<std::string>()) << folder;
    seen.insert(name.substr(0, name.find('-')));
  }
  for (const wire::Protocol protocol : wire::kProtocols) {
    EXPECT_TRUE(seen.contains(std::string(wire::name(protocol)))) << wire::name(protocol);
  }
}

TEST(Stream, WithMembersShowsThemGoComeAndHandOver) {
  std::size_t streams = 0;
  for (const std::string& name : endings("healthy")) {
    if (!name.ends_with("-members")) continue;
    std::set<wire::Index> changes;  // Of the configuration.
    bool handed_over = false;
    std::ifstream messages(STREAMS "/healthy." + name + "/messages.jsonl");
    for (std::string line; std::getline(messages, line);) {
      const auto seen = wire::parse_observation(line);
      ASSERT_TRUE(seen.ok()) << name << ": " << seen.error().message;
      const wire::Message& message = seen.value().message;
      handed_over = handed_over || message.type == wire::MessageType::TimeoutNow;
      for (const wire::Entry& entry : message.entries) {
        if (entry.kind == wire::EntryKind::Configuration) changes.insert(entry.index);
      }
    }
    EXPECT_GE(changes.size(), 2U) << name;
    EXPECT_TRUE(handed_over) << name;
    streams += 1;
  }
  EXPECT_GE(streams, 2U);
}

TEST(Stream, IsSmallAndBelongsToACheckerOrIsHealthy) {
  const std::vector<std::string> known = checkers();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(STREAMS)) {
    if (entry.path().extension() == ".jsonl") {
      EXPECT_LE(entry.file_size(), kMostBytes) << entry.path();
    } else if (entry.is_directory()) {
      const std::string name = entry.path().stem();
      EXPECT_TRUE(name == "healthy" || std::ranges::count(known, name) == 1) << entry.path();
    }
  }
}

}  // namespace
}  // namespace check::run
