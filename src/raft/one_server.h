// SPDX-License-Identifier: Apache-2.0
// One server, n1, and a test that plays everybody else. Tests only.
#pragma once

#include <utility>
#include <vector>

#include "raft/test_cluster.h"

namespace raft {

class OneServer {
 public:
  // Of voters n1..nVOTERS, with a disk that holds `term`, `vote` and one entry for each of `log`.
  explicit OneServer(std::uint32_t voters, std::uint64_t term = 0,
                     const std::vector<std::uint64_t>& log = {},
                     std::optional<NodeId> vote = std::nullopt)
      : node_(make_config(voters),
              Recovered{{Term(term), vote}, std::nullopt, 0, {}, make_log(log), {}}) {}

  const Node& node() const { return node_; }

  // Steps, and syncs whatever is to be synced; returns all that left in answer.
  std::vector<Envelope> give(const Input& input) {
    applied_.clear();
    std::vector<Envelope> sent;
    std::vector<Held<Envelope>> held;
    for (std::optional<Input> next = input; next;) {
      const Effects effects = node_.step(*next);
      node_.check_invariants();
      next.reset();
      if (effects.save) saved_ = effects.save;
      if (effects.proposed) proposed_ = effects.proposed;
      applied_.insert(applied_.end(), effects.apply.begin(), effects.apply.end());
      sent.insert(sent.end(), effects.send_now.begin(), effects.send_now.end());
      held.insert(held.end(), effects.send_durable.begin(), effects.send_durable.end());
      if (!effects.must_sync()) continue;
      const Receipt receipt = TestReceipt::of(effects.step);
      for (const Held<Envelope>& waiting : std::exchange(held, {})) {
        sent.push_back(waiting.open(receipt));
      }
      next = Persisted{receipt};
    }
    return sent;
  }
  std::vector<Envelope> receive(std::uint32_t from, Message message) {
    return give(Receive{{from}, std::move(message)});
  }
  // Ticks until it asks for votes; returns what it sent then.
  std::vector<Envelope> time_out() {
    for (std::uint32_t i = 0; i < node_.config().election_ticks_max; ++i) {
      std::vector<Envelope> sent = give(Tick{});
      if (!sent.empty()) return sent;
    }
    return {};
  }
  void become_candidate() {
    time_out();
    for (std::uint32_t id = 2; node_.role() == Role::PreCandidate; ++id) {
      receive(id, PreVoteReply{node_.term().next(), true});
    }
  }
  void become_leader() {
    become_candidate();
    for (std::uint32_t id = 2; node_.role() == Role::Candidate; ++id) {
      receive(id, VoteReply{node_.term(), true});
    }
  }

  const std::optional<HardState>& saved() const { return saved_; }       // The latest.
  const std::optional<Proposed>& proposed() const { return proposed_; }  // The latest.
  const std::vector<Entry>& applied() const { return applied_; }         // By the last input.
  std::vector<std::uint64_t> log_terms() const {
    std::vector<std::uint64_t> terms;
    for (LogIndex i(1); i <= node_.last().index; i = i.next()) {
      terms.push_back(node_.log().at(i).id.term.value());
    }
    return terms;
  }

  // Entries of the given terms, the first at `first`.
  static std::vector<Entry> make_log(const std::vector<std::uint64_t>& terms,
                                     std::uint64_t first = 1) {
    std::vector<Entry> log;
    for (const std::uint64_t term : terms) {
      const EntryId id{Term(term), LogIndex(first + log.size())};
      log.push_back({id, EntryKind::Command, make_payload(describe(id))});
    }
    return log;
  }

 private:
  static Config make_config(std::uint32_t voters) {
    Config config;
    config.self = {1};
    std::vector<NodeId> ids;
    for (std::uint32_t id = 1; id <= voters; ++id) ids.push_back({id});
    config.initial = configuration_of(ids);
    return config;
  }

  Node node_;
  std::optional<HardState> saved_;
  std::optional<Proposed> proposed_;
  std::vector<Entry> applied_;
};

}  // namespace raft
