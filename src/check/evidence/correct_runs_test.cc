// SPDX-License-Identifier: Apache-2.0
// Random runs of a correct Raft, with loss, repetition, other orders and crashes, and seen in
// another order by the judge: nothing is ever found. The same runs with one false message: it is.
//
// EVIDENCE_SEED=N runs seed N alone; EVIDENCE_SEEDS=N runs N seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "base/prng.h"
#include "check/evidence/judge.h"
#include "check/evidence/random_run_test.h"

namespace check::evidence {
namespace {

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

std::vector<verdict::Finding> judged(const Stream& stream) {
  Judge judge(wire::Protocol::Raftkv);
  judge.saw_the_beginning();
  for (const Event& event : stream) {
    if (const auto* seen = std::get_if<wire::Observation>(&event)) judge.observe(*seen);
    if (const auto* of_node = std::get_if<NodeEvent>(&event)) judge.on(*of_node);
  }
  return judge.findings();
}

std::vector<wire::Observation*> messages_of(Stream& stream) {
  std::vector<wire::Observation*> messages;
  for (Event& event : stream) {
    if (auto* seen = std::get_if<wire::Observation>(&event)) messages.push_back(seen);
  }
  return messages;
}

// Makes one message false; says whether there was one that could be.
using Mutant = std::function<bool(std::vector<wire::Observation*>&)>;

bool term_goes_back(std::vector<wire::Observation*>& messages) {
  std::map<std::pair<std::uint64_t, history::NodeId>, wire::Term> highest;
  for (wire::Observation* seen : messages) {
    wire::Message& message = seen->message;
    if (!message.term_entered || message.type != wire::MessageType::AppendReply) continue;
    wire::Term& before = highest[{seen->connection, seen->from}];
    if (before == message.term && before > wire::Term(1)) {
      message.term = wire::Term(before.value() - 1);
      message.success = false;
      message.match.reset();
      return true;
    }
    before = *message.term;
  }
  return false;
}

bool second_vote(std::vector<wire::Observation*>& messages) {
  std::map<std::pair<history::NodeId, wire::Term>, history::NodeId> votes;
  for (wire::Observation* seen : messages) {
    wire::Message& message = seen->message;
    if (message.type != wire::MessageType::RequestVoteReply) continue;
    const std::pair voter(seen->from, *message.term);
    if (*message.success) {
      votes.emplace(voter, seen->to);
    } else if (votes.contains(voter) && votes[voter] != seen->to) {
      message.success = true;
      return true;
    }
  }
  return false;
}

bool other_content(std::vector<wire::Observation*>& messages) {
  std::map<std::pair<wire::Index, wire::Term>, int> times;
  for (wire::Observation* seen : messages) {
    for (wire::Entry& entry : seen->message.entries) {
      if (++times[{entry.index, entry.term}] < 2) continue;
      entry.hash += 1;
      return true;
    }
  }
  return false;
}

bool second_leader(std::vector<wire::Observation*>& messages) {
  std::map<wire::Term, history::NodeId> leaders;
  for (wire::Observation* seen : messages) {
    if (seen->message.type != wire::MessageType::AppendEntries) continue;
    if (leaders.emplace(*seen->message.term, seen->from).second) continue;
    std::swap(seen->from, seen->to);
    return true;
  }
  return false;
}

bool commit_goes_back(std::vector<wire::Observation*>& messages) {
  std::map<std::pair<std::uint64_t, history::NodeId>, wire::Index> commits;
  for (wire::Observation* seen : messages) {
    wire::Message& message = seen->message;
    if (message.type != wire::MessageType::AppendEntries) continue;
    wire::Index& commit = commits[{seen->connection, seen->from}];
    if (commit > wire::Index()) {
      message.commit = wire::Index(commit.value() - 1);
      return true;
    }
    commit = std::max(commit, *message.commit);
  }
  return false;
}

bool forgets_what_it_acknowledged(std::vector<wire::Observation*>& messages) {
  std::map<history::NodeId, wire::Term> acknowledged;
  std::map<wire::Term, wire::Index> committed;
  std::map<history::NodeId, wire::Term> reached;  // A higher term may have ended its leadership.
  for (wire::Observation* seen : messages) {
    wire::Message& message = seen->message;
    if (message.term && message.term_entered) {
      reached[seen->from] = std::max(reached[seen->from], *message.term);
      reached[seen->to] = std::max(reached[seen->to], *message.term);
    }
    if (message.type == wire::MessageType::AppendEntries && reached[seen->from] == *message.term) {
      committed[*message.term] = std::max(committed[*message.term], *message.commit);
    }
    if (message.type == wire::MessageType::AppendReply && message.match > wire::Index() &&
        committed[*message.term] > wire::Index()) {
      acknowledged[seen->from] = *message.term;
    }
    if (message.type != wire::MessageType::RequestVote || !acknowledged.contains(seen->from) ||
        *message.term <= acknowledged[seen->from]) {
      continue;
    }
    message.last_index = wire::Index();
    message.last_term = wire::Term();
    return true;
  }
  return false;
}

std::string told(const std::vector<verdict::Finding>& findings) {
  std::string text;
  for (const verdict::Finding& finding : findings) {
    text += finding.checker + ": " + finding.sentence + '\n';
  }
  return text;
}

TEST(CorrectRuns, NeverYieldAFindingAndOneFalseMessageDoes) {
  const std::uint64_t first = number_from_environment("EVIDENCE_SEED", 1);
  const bool alone = std::getenv("EVIDENCE_SEED") != nullptr;
  const std::uint64_t count = alone ? 1 : number_from_environment("EVIDENCE_SEEDS", 200);
  std::cout << "seeds: " << first << ".." << first + count - 1 << '\n';
  const std::vector<std::pair<std::string, Mutant>> mutants = {
      {"terms", term_goes_back},
      {"one-vote", second_vote},
      {"log-matching", other_content},
      {"election-safety", second_leader},
      {"commit-regress", commit_goes_back},
      {"durable-ack", forgets_what_it_acknowledged},
  };
  std::map<std::string, int> made;
  std::size_t events = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::string repeat = "repeat: EVIDENCE_SEED=" + std::to_string(seed) + " evidence_test";
    const base::CheckContext context(repeat);
    const Stream stream = RandomRun(seed).run();
    events += stream.size();
    const std::vector<verdict::Finding> findings = judged(stream);
    ASSERT_TRUE(findings.empty()) << told(findings) << repeat;
    for (const auto& kind : mutants) {
      const std::string& checker = kind.first;
      Stream mutated = stream;
      std::vector<wire::Observation*> messages = messages_of(mutated);
      if (!kind.second(messages)) continue;
      ++made[checker];
      const std::vector<verdict::Finding> found = judged(mutated);
      const bool named = std::ranges::any_of(found, [&checker](const verdict::Finding& finding) {
        return finding.checker == checker;
      });
      ASSERT_TRUE(named) << "not found: " << checker << '\n' << told(found) << repeat;
    }
  }
  std::cout << events << " events\n";
  for (const auto& [checker, mutant] : mutants) {
    std::cout << checker << ": " << made[checker] << " mutants, all found\n";
    EXPECT_TRUE(alone || made[checker] > 0) << checker;
  }
}

}  // namespace
}  // namespace check::evidence
