// SPDX-License-Identifier: Apache-2.0
// Random runs of a correct Raft, with loss, repetition, other orders and crashes, and seen in
// another order by the judge: nothing is ever found. The same runs with one false message: it is.
//
// EVIDENCE_SEED=N runs seed N alone; EVIDENCE_SEEDS=N runs N seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <variant>

#include "base/prng.h"
#include "check/evidence/judge.h"
#include "raft/test_cluster.h"

namespace check::evidence {
namespace {

using Event = std::variant<wire::Observation, NodeEvent>;
using Stream = std::vector<Event>;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

template <class To, class From>
To same(From from) {
  return To(from.value());
}

// As docs/formats/peer-protocol.md has it, and its decoder.
struct Converted {
  wire::Message out;

  void operator()(const raft::PreVote& in) {
    out.type = wire::MessageType::PreVote;
    out.term_entered = false;
    end_of_log(in.term, in.last);
  }
  void operator()(const raft::RequestVote& in) {
    out.type = wire::MessageType::RequestVote;
    end_of_log(in.term, in.last);
  }
  void operator()(const raft::PreVoteReply& in) {
    out.type = wire::MessageType::PreVoteReply;
    out.term_entered = !in.granted;
    reply(in.term, in.granted);
  }
  void operator()(const raft::VoteReply& in) {
    out.type = wire::MessageType::RequestVoteReply;
    reply(in.term, in.granted);
  }
  void operator()(const raft::AppendEntries& in) {
    out.type = wire::MessageType::AppendEntries;
    out.term = same<wire::Term>(in.term);
    out.prev_index = same<wire::Index>(in.previous.index);
    out.prev_term = same<wire::Term>(in.previous.term);
    out.commit = same<wire::Index>(in.commit);
    for (const raft::Entry& entry : in.entries) {
      const std::string content = entry.payload ? *entry.payload : std::string();
      out.entries.push_back({.index = same<wire::Index>(entry.id.index),
                             .term = same<wire::Term>(entry.id.term),
                             .hash = wire::hash_of(content)});
    }
  }
  void operator()(const raft::AppendReply& in) {
    out.type = wire::MessageType::AppendReply;
    reply(in.term, in.success);
    out.prev_index = same<wire::Index>(in.previous);
    if (in.success) out.match = same<wire::Index>(in.match);
  }

 private:
  void end_of_log(raft::Term term, const raft::EntryId& last) {
    out.term = same<wire::Term>(term);
    out.last_index = same<wire::Index>(last.index);
    out.last_term = same<wire::Term>(last.term);
  }
  void reply(raft::Term term, bool success) {
    out.term = same<wire::Term>(term);
    out.success = success;
  }
};

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed)
      : random_(seed), cluster_(pick_size(), pick_config(seed)), ids_(cluster_.ids()) {}

  Stream run() {
    constexpr int kSteps = 3000;
    for (int i = 0; i < kSteps; ++i) {
      disturb();
      cluster_.take_trace();
      see();
    }
    while (!unseen_.empty()) see_one(unseen_.begin());
    return std::move(stream_);
  }

 private:
  using Pair = std::pair<raft::NodeId, raft::NodeId>;

  bool chance(std::uint64_t percent) { return random_.between(1, 100) <= percent; }
  raft::NodeId any() { return ids_[random_.between(0, ids_.size() - 1)]; }
  std::uint32_t pick_size() { return static_cast<std::uint32_t>(random_.between(2, 5)); }

  raft::Config pick_config(std::uint64_t seed) {
    raft::Config config;
    config.seed = seed;
    config.max_append_bytes = random_.between(1, 300);
    config.max_inflight_messages = static_cast<std::uint32_t>(random_.between(1, 6));
    loss_ = random_.between(0, 20);
    doubling_ = random_.between(0, 20);
    reordering_ = random_.between(0, 50);
    delivery_ = random_.between(30, 90);
    return config;
  }

  void disturb() {
    if (chance(delivery_)) return move_a_message();
    const std::uint64_t dice = random_.between(1, 1000);
    const raft::NodeId id = any();
    if (dice <= 350) {
      cluster_.step(id, raft::Tick{});
    } else if (dice <= 450) {
      if (cluster_.is_up(id)) cluster_.time_out(id);
    } else if (dice <= 650) {
      cluster_.step(id, raft::Propose{{raft::make_payload("c" + std::to_string(++commands_))}});
    } else if (dice <= 800) {
      sync(id);
    } else if (dice <= 890) {
      crash_or_restart(id);
    } else if (dice <= 960) {
      cluster_.server(id).syncs_at_once = chance(50);
    } else if (dice <= 975) {
      for (int i = 0; i < 3; ++i) cluster_.cut(any(), any());
    } else {
      cluster_.heal();
    }
  }

  void move_a_message() {
    auto& wire = flying_;
    if (wire.empty()) return;
    const std::size_t at = chance(reordering_) ? random_.between(0, wire.size() - 1) : 0;
    const raft::TestCluster::Flight flight = wire[at];
    if (!chance(doubling_)) wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(at));
    if (!chance(loss_)) cluster_.deliver(flight);
    constexpr std::size_t kLongest = 500;
    if (wire.size() > kLongest) wire.erase(wire.begin(), wire.begin() + kLongest / 2);
  }

  void sync(raft::NodeId id) {
    const auto& unsynced = cluster_.server(id).unsynced;
    if (!cluster_.is_up(id) || unsynced.empty()) return;
    cluster_.persist(id, unsynced[random_.between(0, unsynced.size() - 1)].step);
  }

  void crash_or_restart(raft::NodeId id) {
    // What the old process said on its connections is seen before a new one speaks.
    if (!cluster_.is_up(id)) {
      while (!unseen_.empty()) see_one(unseen_.begin());
    }
    NodeEvent event;
    event.node = {id.value};
    event.time_ns = ++time_ns_;
    if (cluster_.is_up(id)) {
      if (chance(50)) sync(id);
      collect();
      cluster_.crash(id);
      event.kind = NodeEventKind::Ended;
    } else {
      cluster_.restart(id);
      event.kind = NodeEventKind::Started;
    }
    stream_.push_back(event);
    for (const raft::NodeId other : ids_) connections_.erase(std::minmax(id, other));
  }

  // Of what was sent, the judge sees each connection in order, and connections as it happens. What
  // it has not seen has not arrived.
  void see() {
    collect();
    while (!unseen_.empty() && chance(80)) {
      auto one = unseen_.begin();
      std::advance(one, static_cast<std::ptrdiff_t>(random_.between(0, unseen_.size() - 1)));
      see_one(one);
    }
  }

  void collect() {
    for (const raft::TestCluster::Flight& flight : cluster_.wire()) {
      const raft::NodeId to = flight.envelope.to;
      const auto [connection, is_new] =
          connections_.try_emplace(std::minmax(flight.from, to), next_connection_);
      if (is_new) ++next_connection_;
      Converted converted;
      std::visit(converted, flight.envelope.message);
      wire::Observation seen;
      seen.from = {flight.from.value};
      seen.to = {to.value};
      seen.connection = connection->second;
      seen.message = std::move(converted.out);
      unseen_[connection->second].push_back({std::move(seen), flight});
    }
    cluster_.wire().clear();
  }

  struct Sent {
    wire::Observation seen;
    raft::TestCluster::Flight flight;
  };
  using Unseen = std::map<std::uint64_t, std::deque<Sent>>;

  void see_one(Unseen::iterator connection) {
    wire::Observation seen = std::move(connection->second.front().seen);
    flying_.push_back(connection->second.front().flight);
    connection->second.pop_front();
    if (connection->second.empty()) unseen_.erase(connection);
    seen.id = ++messages_;
    seen.time_ns = ++time_ns_;
    stream_.push_back(std::move(seen));
  }

  base::Prng random_;
  std::uint64_t loss_ = 0;  // Percent, like those below.
  std::uint64_t doubling_ = 0;
  std::uint64_t reordering_ = 0;
  std::uint64_t delivery_ = 0;
  raft::TestCluster cluster_;
  std::vector<raft::NodeId> ids_;
  std::deque<raft::TestCluster::Flight> flying_;
  std::map<Pair, std::uint64_t> connections_;
  std::uint64_t next_connection_ = 1;
  Unseen unseen_;
  Stream stream_;
  std::uint64_t messages_ = 0;
  std::uint64_t time_ns_ = 0;
  std::uint64_t commands_ = 0;
};

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
  for (wire::Observation* seen : messages) {
    wire::Message& message = seen->message;
    if (message.type == wire::MessageType::AppendEntries) {
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
