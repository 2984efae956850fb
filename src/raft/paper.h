// SPDX-License-Identifier: Apache-2.0
// Short words for the tests that go through the paper. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "raft/one_server.h"

namespace raft::paper {

template <class Kind>
std::vector<Kind> only(const std::vector<Envelope>& sent) {
  std::vector<Kind> found;
  for (const Envelope& envelope : sent) {
    if (const Kind* message = std::get_if<Kind>(&envelope.message)) found.push_back(*message);
  }
  return found;
}

inline std::vector<std::uint32_t> receivers(const std::vector<Envelope>& sent) {
  std::vector<std::uint32_t> ids;
  ids.reserve(sent.size());
  for (const Envelope& envelope : sent) ids.push_back(envelope.to.value);
  std::ranges::sort(ids);
  return ids;
}

inline EntryId id(std::uint64_t term, std::uint64_t index) { return {Term(term), LogIndex(index)}; }

inline AppendEntries append(std::uint64_t term, EntryId previous,
                            const std::vector<std::uint64_t>& terms, std::uint64_t commit = 0) {
  return {Term(term), previous, LogIndex(commit), 0,
          OneServer::make_log(terms, previous.index.value() + 1)};
}

inline AppendReply stored(const Node& leader, std::uint64_t match) {
  return {leader.term(), LogIndex(match), 0, 0, true, {}, false};
}

// Gives an input that must be answered by one message of this kind.
template <class Kind>
Kind answer(OneServer& server, std::uint32_t from, const Message& message) {
  const std::vector<Kind> answers = only<Kind>(server.receive(from, message));
  EXPECT_EQ(answers.size(), 1U);
  return answers.empty() ? Kind{} : answers.front();
}

using Terms = std::vector<std::uint64_t>;

}  // namespace raft::paper
