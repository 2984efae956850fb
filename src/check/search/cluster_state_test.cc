// SPDX-License-Identifier: Apache-2.0
#include "check/search/cluster_state.h"

#include <gtest/gtest.h>

#include <sstream>

#include "golden/golden.h"

namespace check::search {
namespace {

// "FROM>TO TYPE key=value ..."; prev and last are INDEX:TERM, entries INDEX-INDEX:TERM.
wire::Observation message_of(const std::string& line) {
  std::istringstream words(line);
  wire::Observation seen;
  wire::Message& message = seen.message;
  std::string word;
  char arrow = 0;
  words >> seen.from.value >> arrow >> seen.to.value >> word;
  message.type = wire::message_type(word).value();
  while (words >> word) {
    const std::string key = word.substr(0, word.find('='));
    std::istringstream value(word.substr(word.find('=') + 1));
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    value >> first >> arrow >> second >> arrow >> third;
    if (key == "term") message.term = wire::Term(first);
    if (key == "commit") message.commit = wire::Index(first);
    if (key == "match") message.match = wire::Index(first);
    if (key == "success") message.success = first == 1;
    if (key == "dropped") seen.action = "drop";
    if (key == "prev") {
      message.prev_index = wire::Index(first);
      message.prev_term = wire::Term(second);
    }
    if (key == "last") {
      message.last_index = wire::Index(first);
      message.last_term = wire::Term(second);
    }
    for (std::uint64_t k = first; key == "entries" && k <= second; ++k) {
      message.entries.push_back({.index = wire::Index(k), .term = wire::Term(third)});
    }
  }
  return seen;
}

// After each message the state; "repeat N MESSAGE" shows a message N times.
std::string answer(const golden::Block& block) {
  ClusterState state(3);
  std::string text;
  for (const std::string& line : block) {
    std::istringstream words(line);
    std::string word;
    std::uint64_t times = 1;
    std::string message = line;
    if (words >> word && word == "repeat") {
      words >> times;
      std::getline(words, message);
    }
    for (std::uint64_t k = 0; k < times; ++k) state.observe(message_of(message));
    text += state.text() + "\n";
  }
  if (!text.empty()) text.pop_back();
  return text;
}

TEST(ClusterState, IsWhatMessagesShowWithoutNumbers) {
  golden::run_blocks(TESTDATA "/states.txt", answer);
}

TEST(ClusterState, IsTheSameForOtherNamesAndNumbers) {
  ClusterState one(3);
  ClusterState other(3);
  one.observe(message_of("1>2 AppendEntries term=2 prev=3:1 entries=4-5:2 commit=3"));
  other.observe(message_of("3>1 AppendEntries term=9 prev=80:4 entries=81-82:9 commit=80"));
  EXPECT_EQ(one.hash(), other.hash());
  EXPECT_NE(one.hash(), ClusterState(3).hash());
}

TEST(ClusterState, KnowsNoStrangers) {
  ClusterState state(3);
  const std::string before = state.text();
  state.observe(message_of("0>2 AppendEntries term=2"));
  state.observe(message_of("1>4 AppendEntries term=2"));
  EXPECT_EQ(state.text(), before);
}

}  // namespace
}  // namespace check::search
