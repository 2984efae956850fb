// SPDX-License-Identifier: Apache-2.0
#include "replica/replica.h"

#include <algorithm>
#include <utility>

#ifdef SEAWORTHY_BROKEN
#include "journal/recovery.h"
#include "mutant/mutant.h"
#endif

namespace replica {

base::Result<Replica> Replica::open(io::Disk& disk, const Config& config, Outlet& outlet) {
#ifdef SEAWORTHY_BROKEN
  if (config.broken == Broken::LostTail) {  // Forgets the last batch that was synced.
    TRY(const journal::Recovered recovered, journal::recover(disk, config.journal));
    if (recovered.end.last != 0) {
      TRY([[maybe_unused]] const auto cut, recovered.file->truncate(recovered.end.last));
    }
  }
#endif
  TRY(journal::Opened opened, journal::Journal::open(disk, config.journal));
  raft::HardState& state = opened.hard_state;
  const raft::Term end = opened.entries.empty() ? raft::Term() : opened.entries.back().id.term;
  if (MUTANT(ForgetsItsVoteInARestart)) state.vote.reset();
  if (MUTANT(ClaimsItsVoteInARestart) && state.vote) state.vote = config.raft.self;
  if (MUTANT(TermWithoutAVoteIsForgotten) && !state.vote) state.term = end;
  if (MUTANT(EmptyLogMeansANewServer) && opened.entries.empty()) state = {};
  if (MUTANT(OldTailIsDroppedInARestart) && raft::Term() < end && end < state.term) {
    opened.entries.pop_back();
  }
  const bool noop = !opened.entries.empty() && opened.entries.back().payload == nullptr;
  if (MUTANT(LastNoopIsLostInARestart) && noop) opened.entries.pop_back();
  if (MUTANT(TakesItsTermFromTheLog) && !opened.entries.empty()) {
    opened.hard_state = {opened.entries.back().id.term, std::nullopt};
  }
#ifdef SEAWORTHY_BROKEN
  if (config.broken == Broken::ForgetsVote) opened.hard_state.vote.reset();  // May vote again.
#endif
  return Replica(config, std::move(opened), outlet);
}

Replica::Replica(const Config& config, journal::Opened opened, Outlet& outlet)
    : config_(config),
      outlet_(outlet),
      journal_(std::move(opened.journal)),
      node_(config.raft, opened.hard_state, std::move(opened.entries)) {}

std::size_t Replica::waiting() const {
  return proposers_.size() + new_reads_.size() + writes_.size() + reads_waiting_;
}

void Replica::tick() { step(raft::Tick{}); }

void Replica::receive(raft::NodeId from, raft::Message message) {
  step(raft::Receive{from, std::move(message)});
}

void Replica::write(RequestId id, raft::Payload command) {
  if (waiting() >= config_.max_waiting) {
    outlet_.answer(id, NotDone{NotDone::Reason::Overloaded});
    return;
  }
  proposers_.push_back(id);
  proposals_.push_back(std::move(command));
}

void Replica::read(RequestId id, kv::Query query, std::optional<RequestId> after) {
  if (waiting() >= config_.max_waiting) {
    outlet_.answer(id, NotDone{NotDone::Reason::Overloaded});
    return;
  }
  new_reads_.push_back({id, std::move(query), after});
}

base::Status Replica::finish_turn() {
  propose();
  ask_for_reads();  // After the writes, so that `after` finds those of this turn.
  outlet_.flush();
  while (must_sync_) {
    TRY([[maybe_unused]] const auto synced, sync());
    outlet_.flush();
    if (MUTANT(SyncsOnceATurnAtMost)) break;
  }
  return base::Done{};
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
  raft::Effects effects = node_.step(input);
  if (effects.must_sync()) {
    journal_.append(effects);
    must_sync_ = true;
  }
  for (const raft::Envelope& envelope : effects.send_now) outlet_.send(envelope);
  for (raft::Held<raft::Envelope>& held : effects.send_durable) held_.push_back(std::move(held));
  if (effects.proposed) accept(*effects.proposed);
#ifdef SEAWORTHY_BROKEN
  if (config_.broken == Broken::EarlyAck) {  // A leader takes for committed what it alone has.
    std::erase_if(effects.apply, [&](const auto& entry) { return entry.id.index <= applied_; });
    if (node_.role() == raft::Role::Leader) {
      effects.apply.clear();
      for (auto i = applied_.next(); i <= node_.last().index; i = i.next())
        effects.apply.push_back(node_.log().at(i));
    }
  }
#endif
  for (const raft::Entry& entry : effects.apply) apply(entry);
  for (const raft::Readable& readable : effects.readable) on_readable(readable);
  for (const raft::ReadId id : effects.unreadable) {
    const auto found = asked_reads_.find(id);
    CHECK(found != asked_reads_.end(), id);
    for (const Read& read : found->second) {
      if (MUTANT(AnswersReadsThatFailed)) {
        outlet_.answer(read.request, Done{machine_.read(read.query)});
      } else {
        outlet_.answer(read.request, NotDone{});
      }
    }
    reads_waiting_ -= found->second.size();
    asked_reads_.erase(found);
  }
  answer_reads();
  give_up_if_not_leading();
}

void Replica::propose() {
  if (proposals_.empty()) return;
  step(raft::Propose{std::exchange(proposals_, {})});
  CHECK(proposers_.empty());  // The Node answered within the step.
}

void Replica::accept(const raft::Proposed& proposed) {
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
    const bool full = std::get<raft::Refused>(proposed).reason == raft::Refused::Reason::Overloaded;
    const auto reason = full ? NotDone::Reason::Overloaded : NotDone::Reason::NotLeader;
    for (const RequestId request : proposers_) outlet_.answer(request, NotDone{reason});
  }
  proposers_.clear();
}

void Replica::apply(const raft::Entry& entry) {
  CHECK(entry.id.index == applied_.next(), entry.id.index, applied_);
  applied_ = entry.id.index;
  std::optional<kv::Reply> reply;
  if (entry.kind == raft::EntryKind::Command) reply = machine_.apply(*entry.payload);
  outlet_.applied(entry);
  if (writes_.empty() || writes_.front().entry.index != entry.id.index) return;
  const Write write = writes_.front();
  writes_.pop_front();
  if (write.entry == entry.id || MUTANT(AnswersByIndexAlone)) {
    CHECK(reply.has_value());
    outlet_.answer(write.request, Done{std::move(*reply)});
  } else {
    outlet_.answer(write.request, Unknown{});
  }
}

void Replica::ask_for_reads() {
  if (new_reads_.empty()) return;
  if (MUTANT(NewReadsJoinThoseAsked) && !asked_reads_.empty()) {
    reads_waiting_ += new_reads_.size();
    std::ranges::move(std::exchange(new_reads_, {}),
                      std::back_inserter(asked_reads_.rbegin()->second));
    return;
  }
  last_read_id_ = last_read_id_.next();
  reads_waiting_ += new_reads_.size();
  asked_reads_.emplace(last_read_id_, std::exchange(new_reads_, {}));
  step(raft::Read{last_read_id_});
}

void Replica::on_readable(const raft::Readable& readable) {
  const auto found = asked_reads_.find(readable.id);
  CHECK(found != asked_reads_.end(), readable.id);
  for (Read& read : found->second) {
    if (MUTANT(ReadsOfATurnGetOneAnswer)) read.query = found->second.back().query;
    raft::LogIndex wait_for = readable.index;
    if (read.after) {
      const auto write = std::lower_bound(
          writes_.begin(), writes_.end(), *read.after,
          [](const Write& one, RequestId request) { return one.request < request; });
      if (write != writes_.end() && write->request == *read.after)
        wait_for = std::max(wait_for, write->entry.index);
    }
    ready_reads_.emplace(wait_for, std::move(read));
  }
  asked_reads_.erase(found);
}

void Replica::answer_reads() {
  while (!ready_reads_.empty() && ready_reads_.begin()->first <= applied_) {
    const Read& read = ready_reads_.begin()->second;
    outlet_.answer(read.request, Done{machine_.read(read.query)});
    ready_reads_.erase(ready_reads_.begin());
    if (!MUTANT(AnsweredReadsStayCounted)) --reads_waiting_;
  }
}

void Replica::give_up_if_not_leading() {
  const bool leads = node_.role() == raft::Role::Leader;
  const bool gives_up = !(leads && node_.term() == led_term_) && !MUTANT(WritesOutliveALeadership);
  if (!writes_.empty() && gives_up) {
    for (const Write& write : writes_) {
      const bool later = MUTANT(LaterWritesAreToldNotDone) && &write != &writes_.front();
      outlet_.answer(write.request,
                     MUTANT(UnknownIsToldAsNotDone) || later ? Outcome(NotDone{}) : Unknown{});
    }
    writes_.clear();
  }
  if (leads || ready_reads_.empty() || MUTANT(ReadyReadsOutliveALeadership)) return;
  for (const auto& [index, read] : ready_reads_) outlet_.answer(read.request, NotDone{});
  reads_waiting_ -= ready_reads_.size();
  ready_reads_.clear();
}

}  // namespace replica
