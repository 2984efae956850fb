// SPDX-License-Identifier: Apache-2.0
#include "explore/fingerprint.h"

#include <algorithm>
#include <vector>

#include "explore/digest.h"
#include "raft/votes.h"

namespace explore {

namespace {

enum class Kind : std::uint8_t { Server, Waiting, Flight, History, Facts };

class Writer {
 public:
  Writer(Kind kind, Renaming renamed)
      : digest_(static_cast<std::uint64_t>(kind)), renamed_(renamed) {}

  std::uint64_t value() const { return digest_.value(); }

  void add(std::uint64_t number) { digest_.add(number); }
  template <class Line>
  void add(base::Ordinal<Line> position) {
    digest_.add(position.value());
  }
  void add(raft::NodeId id) { digest_.add(renamed_(id).value); }
  void add(raft::EntryId id) {
    add(id.term);
    add(id.index);
  }
  void add(const raft::Entry& entry) {
    add(entry.id);
    add(static_cast<std::uint64_t>(entry.kind));
    if (entry.payload == nullptr) return;
    add(entry.payload->size());
    for (const char byte : *entry.payload) add(static_cast<unsigned char>(byte));
  }
  void add(const raft::HardState& hard_state) {
    add(hard_state.term);
    add(hard_state.vote);
  }
  template <class Value>
  void add(const std::optional<Value>& value) {
    add(std::uint64_t{value.has_value()});
    if (value) add(*value);
  }
  template <class Range>
  void add_each(const Range& range) {
    add(range.size());
    for (const auto& element : range) add(element);
  }

  void add(const raft::PreVote& message) {
    add(message.term);
    add(message.last);
  }
  void add(const raft::PreVoteReply& message) {
    add(message.term);
    add(std::uint64_t{message.granted});
  }
  void add(const raft::RequestVote& message) {
    add(message.term);
    add(message.last);
    add(std::uint64_t{message.transfer});
  }
  void add(const raft::VoteReply& message) {
    add(message.term);
    add(std::uint64_t{message.granted});
  }
  void add(const raft::AppendEntries& message) {
    add(message.term);
    add(message.previous);
    add(message.commit);
    add(message.round);
    add_each(message.entries);
  }
  void add(const raft::AppendReply& message) {
    add(message.term);
    add(message.previous);
    add(message.count);
    add(message.round);
    add(std::uint64_t{message.success});
    add(message.hint);
    add(std::uint64_t{message.lost});
  }
  void add(const raft::SnapshotChunk& message) {
    add(message.term);
    add(message.last);
    add(message.offset);
    add(message.total);
  }
  void add(const raft::SnapshotReply& message) {
    add(message.term);
    add(message.last);
    add(message.offset);
    add(message.next_offset);
    add(std::uint64_t{message.installed});
  }
  void add(const raft::TimeoutNow& message) { add(message.term); }
  void add(const raft::ReadIndexRequest& message) {
    add(message.term);
    add(message.context);
  }
  void add(const raft::ReadIndexReply& message) {
    add(message.term);
    add(message.context);
    add(std::uint64_t{message.granted});
    add(message.index);
  }
  void add(const raft::Message& message) {
    add(message.index());
    std::visit([this](const auto& m) { add(m); }, message);
  }

  // The voters in the order of their new names.
  std::vector<raft::NodeId> in_order(std::vector<raft::NodeId> ids) const {
    std::ranges::sort(ids, {}, [this](raft::NodeId id) { return renamed_(id); });
    return ids;
  }

 private:
  Digest digest_;
  Renaming renamed_;
};

// Receipts have come up to durable_step(); of steps behind it, how far behind is all that counts.
std::uint64_t behind(raft::StepNumber step, const raft::Node& node) {
  return step <= node.durable_step() ? 0 : step.since(node.durable_step());
}

void add_progress(Writer& out, const raft::Progress& progress) {
  out.add(static_cast<std::uint64_t>(progress.mode()));
  out.add(std::uint64_t{progress.may_send()});
  out.add(progress.match());
  out.add(progress.next());
  out.add(progress.unanswered().size());
  for (const raft::Progress::Sent& sent : progress.unanswered()) out.add(sent.last);
}

void add_node(Writer& out, const raft::Node& node) {
  out.add(node.id());
  out.add(static_cast<std::uint64_t>(node.role()));
  out.add(raft::HardState{node.term(), node.vote()});
  out.add(behind(node.hard_state_step(), node));
  out.add(node.leader());
  const raft::Log& log = node.log();
  out.add(log.last().index);
  out.add(log.commit());
  out.add(log.persisted());
  for (raft::LogIndex i(1); i <= log.last().index; i = i.next()) {
    out.add(log.at(i));
    out.add(behind(log.step_of(i), node));
  }
  const auto voters = node.quorum().voters();
  for (const raft::NodeId voter : out.in_order({voters.begin(), voters.end()})) {
    if (const raft::Votes* votes = node.find_votes()) {
      out.add(std::uint64_t{votes->granted(voter)});
    }
    const raft::Leader* leadership = node.find_leadership();
    if (leadership != nullptr && voter != node.id()) {
      add_progress(out, leadership->progress(voter));
    }
  }
}

}  // namespace

std::uint64_t fingerprint(const Server& server, Renaming renamed) {
  Writer out(Kind::Server, renamed);
  const raft::Node& node = server.node();
  add_node(out, node);
  out.add(server.hard_state());
  out.add_each(server.log());
  out.add(server.unsynced().size());
  for (const Server::Record& record : server.unsynced()) {
    out.add(behind(record.step, node));
    out.add(record.save);
    out.add(record.truncate_from);
    out.add_each(record.append);
  }
  // They leave together: in which order they were written down makes no difference.
  std::uint64_t waiting_sum = 0;
  for (const Server::Waiting& waiting : server.waiting()) {
    Writer one(Kind::Waiting, renamed);
    const raft::Envelope& envelope = Server::open(waiting);
    one.add(behind(waiting.held.step(), node));
    one.add(envelope.to);
    one.add(envelope.message);
    one.add(waiting.vouched);
    waiting_sum += one.value();
  }
  out.add(waiting_sum);
  out.add(std::uint64_t{server.ballot().has_value()});
  if (server.ballot()) {
    out.add(server.ballot()->term);
    out.add(server.ballot()->candidate);
  }
  return out.value();
}

std::uint64_t fingerprint(const Flight& flight, Renaming renamed) {
  Writer out(Kind::Flight, renamed);
  out.add(flight.from);
  out.add(flight.to);
  out.add(flight.message);
  return out.value();
}

std::uint64_t fingerprint(const History& history, Renaming renamed) {
  Writer out(Kind::History, renamed);
  out.add(history.leaders.size());
  for (const auto& [term, leader] : history.leaders) {
    out.add(term);
    out.add(leader);
  }
  out.add(history.agreed.size());
  for (const History::Agreed& agreed : history.agreed) {
    out.add(agreed.entry);
    out.add(agreed.committed_in);
  }
  return out.value();
}

std::uint64_t fingerprint(const Facts& facts, Renaming renamed) {
  Writer out(Kind::Facts, renamed);
  out.add(facts.server);
  out.add(facts.term);
  out.add(std::uint64_t{facts.leads_anew});
  out.add_each(facts.applied);
  return out.value();
}

}  // namespace explore
