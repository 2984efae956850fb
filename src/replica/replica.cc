// SPDX-License-Identifier: Apache-2.0
#include "replica/replica.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "mutant/mutant.h"

namespace replica {
namespace {

NotDone::Reason reason_of(raft::Refused::Reason reason) {
  using Reason = raft::Refused::Reason;
  switch (reason) {
    case Reason::NotLeader:
      return NotDone::Reason::NotLeader;
    case Reason::Overloaded:
      return NotDone::Reason::Overloaded;
    case Reason::Transferring:
      return NotDone::Reason::Transferring;
    case Reason::ChangePending:
      return NotDone::Reason::ChangePending;
    case Reason::NotReady:
      return NotDone::Reason::NotReady;
    case Reason::NotCaughtUp:
      return NotDone::Reason::NotCaughtUp;
    case Reason::Invalid:
      break;
  }
  return NotDone::Reason::Invalid;
}

}  // namespace

std::size_t Replica::waiting() const {
  return proposers_.size() + writes_.size() + reads_.waiting() + changes_.waiting() +
         snapshot_requests_.size();
}

bool Replica::is_damaged() const {
  return node_.floor() != raft::EntryId() || !snapshots_.findings().empty();
}

void Replica::tick(std::uint64_t missed) {
  must_tend_ = true;
  changes_.tick();
  step(raft::Tick{missed});
}

void Replica::receive(raft::NodeId from, raft::Message message) {
  step(raft::Receive{from, std::move(message)});
}

void Replica::write(RequestId id, raft::Payload command) {
  if (waiting() >= config_.max_waiting) {
    outlet_.answer(id, NotDone{NotDone::Reason::Overloaded});
    return;
  }
  // One Propose is appended as a whole or not at all, and one batch of the journal.
  const std::uint64_t bytes = proposed_bytes_ + raft::weight_bytes(command);
  if (!proposals_.empty() && bytes > config_.raft.max_uncommitted_bytes) {
    outlet_.answer(id, NotDone{NotDone::Reason::Overloaded});
    return;
  }
  proposed_bytes_ = bytes;
  proposers_.push_back(id);
  proposals_.push_back(std::move(command));
}

void Replica::read(RequestId id, std::string query, std::optional<RequestId> after) {
  const std::size_t bytes = reads_.query_bytes();
  const bool are_long = bytes > 0 && bytes + query.size() > config_.max_query_bytes;
  if (are_long || waiting() >= config_.max_waiting) {
    outlet_.answer(id, NotDone{NotDone::Reason::Overloaded});
    return;
  }
  reads_.add({id, std::move(query), after});
}

void Replica::change_membership(RequestId id, raft::Configuration target) {
  propose();          // What was asked for before comes before it in the log.
  apply_committed();  // What is decided is answered before the core accepts another.
  asking_ = id;
  step(raft::ChangeMembership{std::move(target)});
}

void Replica::transfer(RequestId id, raft::NodeId to) {
  propose();
  apply_committed();
  asking_ = id;
  transfer_to_ = to;
  step(raft::TransferLeadership{to});
}

base::Status Replica::finish_turn() {
  base::Status done = do_turn();
  if (done.ok()) return done;
  step(raft::StorageFailed{});
  fail_snapshot_requests();
  outlet_.flush();
  return done;
}

base::Status Replica::do_turn() {
  propose();
  // After the writes, so that `after` finds those of this turn.
  if (const std::optional<raft::ReadId> id = reads_.ask()) step(raft::Read{*id});
  outlet_.flush();
  // Clients wait for what a leader applies; for what a follower does, only its leader, for a sync.
  if (node_.role() == raft::Role::Leader && apply_committed()) outlet_.flush();
  // What cannot be installed here must not be durable in the log.
  while ((must_sync_ || to_stage_) && !failure_) {
    if (must_sync_) {
      TRY([[maybe_unused]] const base::Done synced, sync());
    } else {
      stage(*std::exchange(to_stage_, std::nullopt));
    }
    outlet_.flush();
    if (MUTANT(SyncsOnceATurnAtMost)) break;
  }
  if (failure_) return *failure_;
  if (apply_committed()) outlet_.flush();
  return tend();
}

// Releases what waited for the disk. What the Node does thereupon may need another sync.
base::Status Replica::sync() {
  must_sync_ = false;
  TRY(const raft::Receipt receipt, journal_.sync());
  while (!held_.empty() && held_.front().opens_for(receipt)) {
    outlet_.send(held_.front().open(receipt));
    held_.pop_front();
  }
  step(raft::Persisted{receipt});
  return base::Done{};
}

void Replica::step(const raft::Input& input) {
  raft::Effects effects = std::move(effects_);  // A step within this one has others.
  node_.step(input, effects);
  if (effects.must_sync()) {
    journal_.append(effects);
    must_sync_ = true;
  }
  if (effects.drop_through) journal_.drop_through(*effects.drop_through);
  for (const raft::Envelope& envelope : effects.send_now) outlet_.send(envelope);
  for (raft::Held<raft::Envelope>& held : effects.send_durable) held_.push_back(std::move(held));
  if (effects.proposed) accept(*effects.proposed);
  if (effects.install) install(effects.install->snapshot);
#ifdef SEAWORTHY_BROKEN
  if (config_.broken == Broken::EarlyAck) {  // A leader takes for committed what it alone has.
    const raft::LogIndex known = committed_.empty() ? applied_ : committed_.back().id.index;
    std::erase_if(effects.apply, [&](const auto& entry) { return entry.id.index <= known; });
    if (node_.role() == raft::Role::Leader) {
      effects.apply.clear();
      for (auto i = known.next(); i <= node_.last().index; i = i.next())
        effects.apply.push_back(node_.log().at(i));
    }
  }
#endif
  if (committed_.empty()) {
    committed_.swap(effects.apply);
  } else {
    std::ranges::move(effects.apply, std::back_inserter(committed_));
  }
  for (const raft::Readable& readable : effects.readable) on_readable(readable);
  for (const raft::ReadId id : effects.unreadable) on_unreadable(id);
  answer_reads();
  give_up_if_not_leading();
  if (committed_.empty()) changes_.settle(node_, outlet_);  // Else when that is applied.
  send_chunks(effects.send_chunks);
  if (effects.stage) to_stage_ = std::move(effects.stage);
  effects.clear();
  effects_ = std::move(effects);
}

void Replica::propose() {
  if (proposals_.empty()) return;
  raft::Input input = raft::Propose{std::move(proposals_)};
  step(input);
  proposals_ = std::move(std::get<raft::Propose>(input).commands);  // For its memory.
  proposals_.clear();
  proposed_bytes_ = 0;
  CHECK(proposers_.empty());  // The Node answered within the step.
}

void Replica::accept(const raft::Proposed& proposed) {
  if (const std::optional<RequestId> request = std::exchange(asking_, std::nullopt)) {
    return accept_change(*request, proposed);
  }
  if (const auto* accepted = std::get_if<raft::Accepted>(&proposed)) {
    CHECK(accepted->count == proposers_.size(), accepted->count, proposers_.size());
    const bool kept = MUTANT(LedTermIsNotRenewed) && led_term_ > raft::Term();
    if (!kept) led_term_ = accepted->first.term;
    raft::LogIndex index = accepted->first.index;
    if (MUTANT(AnswersOfATurnAreMixedUp)) std::ranges::reverse(proposers_);
    for (const RequestId request : proposers_) {
      writes_.push_back({request, {accepted->first.term, index}});
      index = index.next();
    }
  } else {
    const NotDone::Reason reason = reason_of(std::get<raft::Refused>(proposed).reason);
    for (const RequestId request : proposers_) outlet_.answer(request, NotDone{reason});
  }
  proposers_.clear();
}

void Replica::accept_change(RequestId request, const raft::Proposed& proposed) {
  const std::optional<raft::NodeId> to = std::exchange(transfer_to_, std::nullopt);
  const auto* accepted = std::get_if<raft::Accepted>(&proposed);
  if (accepted == nullptr) {
    outlet_.answer(request, NotDone{reason_of(std::get<raft::Refused>(proposed).reason)});
  } else if (to) {
    // The core gives up after one such time; then the voters may need another to elect somebody.
    changes_.begin_transfer(request, *to, node_.term(),
                            std::uint64_t{2} * config_.raft.election_ticks_max);
  } else {
    changes_.begin_change(request, accepted->first);
  }
}

bool Replica::apply_committed() {
  if (committed_.empty() || failure_) return false;  // What was to be before them is not here.
  apply(committed_);
  committed_.clear();
  answer_reads();
  changes_.settle(node_, outlet_);
  return true;
}

// Commands that follow one another go to the state machine together.
void Replica::apply(std::span<const raft::Entry> entries) {
  const auto is_command = [](const raft::Entry& entry) {
    return entry.kind == raft::EntryKind::Command;
  };
  while (!entries.empty()) {
    const auto end = std::ranges::find_if_not(entries, is_command);
    const auto commands = entries.first(static_cast<std::size_t>(end - entries.begin()));
    answers_.clear();
    if (!commands.empty()) machine_.apply(commands, answers_);
    CHECK(answers_.size() == commands.size(), answers_.size(), commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) on_applied(commands[i], &answers_[i]);
    entries = entries.subspan(commands.size());
    if (entries.empty()) return;
    on_applied(entries.front(), nullptr);
    entries = entries.subspan(1);
  }
}

void Replica::on_applied(const raft::Entry& entry, machine::Answer* answer) {
  CHECK(entry.id.index == applied_.next(), entry.id.index, applied_);
  applied_ = entry.id.index;
  bytes_since_snapshot_ += raft::weight_bytes(entry.payload);
  outlet_.applied(entry);
  if (writes_.empty() || writes_.front().entry.index != entry.id.index) return;
  const Write write = writes_.front();
  writes_.pop_front();
  if (write.entry == entry.id || MUTANT(AnswersByIndexAlone)) {
    CHECK(answer != nullptr);
    outlet_.answer(write.request, Done{std::move(*answer)});
  } else {
    outlet_.answer(write.request, Unknown{});
  }
}

void Replica::on_readable(const raft::Readable& readable) {
  const auto place = [this](const Reads::Read& read) {
    if (!read.after || writes_.empty() || *read.after < writes_.front().request) {
      return raft::LogIndex();
    }
    const auto write =
        std::lower_bound(writes_.begin(), writes_.end(), *read.after,
                         [](const Write& one, RequestId request) { return one.request < request; });
    const bool waits = write != writes_.end() && write->request == *read.after;
    return waits ? write->entry.index : raft::LogIndex();
  };
  const auto answer = [this](const Reads::Read& read) {
    outlet_.answer(read.request, Done{machine_.read(read.query)});
  };
  reads_.on_readable(readable, applied_, place, answer);
}

void Replica::on_unreadable(raft::ReadId id) {
  for (const Reads::Read& read : reads_.take_unreadable(id)) {
    if (MUTANT(AnswersReadsThatFailed)) {
      outlet_.answer(read.request, Done{machine_.read(read.query)});
    } else {
      outlet_.answer(read.request, NotDone{});
    }
  }
}

void Replica::answer_reads() {
  while (const std::optional<Reads::Read> read = reads_.take_ready(applied_)) {
    outlet_.answer(read->request, Done{machine_.read(read->query)});
  }
}

void Replica::give_up_if_not_leading() {
  const bool leads = node_.role() == raft::Role::Leader;
  const bool gives_up = !(leads && node_.term() == led_term_) && !MUTANT(WritesOutliveALeadership);
  if (!writes_.empty() && gives_up) apply_committed();  // Of some more is known.
  if (!writes_.empty() && gives_up) {
    for (const Write& write : writes_) {
      const bool later = MUTANT(LaterWritesAreToldNotDone) && &write != &writes_.front();
      outlet_.answer(write.request,
                     MUTANT(UnknownIsToldAsNotDone) || later ? Outcome(NotDone{}) : Unknown{});
    }
    writes_.clear();
  }
  // They may wait for writes that will never be applied.
  const bool lost = std::exchange(led_, leads) && !leads;
  if (!lost || MUTANT(ReadyReadsOutliveALeadership)) return;
  for (const Reads::Read& read : reads_.take_all_ready()) outlet_.answer(read.request, NotDone{});
}

}  // namespace replica
