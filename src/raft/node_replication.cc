// SPDX-License-Identifier: Apache-2.0
// What the log holds and how far it is committed: Raft §5.3 and §5.4.2.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "mutant/mutant.h"
#include "raft/node.h"

namespace raft {

namespace {

// Could a correct leader have sent this? Entries follow `previous` one by one, terms do not fall.
bool is_well_formed(const AppendEntries& request) {
  EntryId before = request.previous;
  if ((before.index == LogIndex()) != (before.term == Term())) return false;
  if (before.index.value() > std::numeric_limits<std::uint64_t>::max() - request.entries.size()) {
    return false;
  }
  for (const Entry& entry : request.entries) {
    if (entry.id.index != before.index.next() || entry.id.term < before.term) return false;
    if ((entry.payload == nullptr) != (entry.kind == EntryKind::Noop)) return false;
    const bool configures = entry.kind == EntryKind::Configuration;
    if (configures && !decode_configuration(*entry.payload).ok()) return false;
    before = entry.id;
  }
  return before.term <= request.term;
}

// The consistency check (Raft §5.3). What is gone from our log was committed; whoever leads has the
// same there (hazard B30).
bool fits(const Log& log, EntryId previous) {
  if (previous.index < log.base().index) return true;
  if (MUTANT(MatchesByIndexAlone) && log.find_id(previous.index)) return true;
  if (MUTANT(MatchesALaterTermToo) && log.find_id(previous.index) > previous) return true;
  return log.contains(previous);
}

// What the log has behind `previous`, which fits, known to the leader or not.
std::uint64_t all_behind(const Log& log, EntryId previous) {
  return log.last().index.since(previous.index);
}

// Up to here the log, which fits, is the leader's.
LogIndex verified_end(const Log& log, const AppendEntries& request) {
  const bool heartbeat = request.entries.empty();
  if (MUTANT(CommitsWhatWasNotVerified)) return log.last().index;
  if (MUTANT(HeartbeatCommitsAll) && heartbeat) return log.last().index;
  return request.previous.index.plus(request.entries.size());
}

}  // namespace

void Node::on(NodeId from, const AppendEntries& request, Effects& out) {
  if (!is_well_formed(request)) return;
  AppendReply reply;
  reply.term = term();
  reply.previous = request.previous.index;
  reply.lost = floor_ != EntryId();
  if (request.term < term() && !MUTANT(OldLeaderIsObeyed)) {
    promise(hard_state_step_, {from, reply}, out);
    return;
  }
  follow(from, out);
  reply.round = request.round;
  const bool heartbeat = request.entries.empty();
  StepNumber needs =
      MUTANT(HeartbeatIsAnsweredBeforeTheSync) && heartbeat ? durable_step_ : hard_state_step_;
  if (fits(log_, request.previous)) {
    store(request.entries, out);
#ifdef SEAWORTHY_BROKEN
    const LogIndex end = request.previous.index.plus(request.entries.size());
    const LogIndex cut = std::max(end, log_.commit()).next();
    if (config_->broken == Broken::TruncatesAcked && cut <= log_.last().index) {
      truncate_from(cut, out);  // What the message does not speak of goes, though it may be older.
    }
#endif
    reply.success = true;
    reply.count = request.entries.size();
    // match(): up to here this message speaks for the leader's log; what we may have beyond is
    // unknown to it.
    const bool found = request.previous.index > LogIndex();
    if (MUTANT(HeartbeatAcknowledgesAll) && heartbeat && found)
      reply.count = all_behind(log_, request.previous);
    if (MUTANT(AcknowledgesAllItHas)) reply.count = all_behind(log_, request.previous);
    const bool doubled = MUTANT(DoubledAppendIsNotAwaited) && out.append.empty();
    if (!MUTANT(AcknowledgesBeforeTheSync) && !doubled) {
      needs = std::max(needs, log_.step_of(reply.match()));
    }
    const LogIndex commit = std::min(request.commit, verified_end(log_, request));
    if (commit > log_.commit() || MUTANT(CommitGoesBack)) log_.commit_to(commit, out.apply);
    answer_asked_reads(out);
  } else {
    CHECK(request.previous.index > log_.commit(), request.previous.index, log_.commit());
    reply.hint = log_.last_at_or_below(request.previous.index, request.previous.term);
  }
  promise(needs, {from, reply}, out);
}

// Raft Figure 2, AppendEntries 3 and 4. What is there already stays, and so does what follows it:
// the message may be older than that.
void Node::store(const Entries& entries, Effects& out) {
  const auto first_new = std::ranges::find_if_not(entries, [this](const Entry& entry) {
    return entry.id.index <= log_.base().index ||
           (log_.contains(entry.id) && !MUTANT(TruncatesWithoutConflict)) ||
           (log_.find_id(entry.id.index) && MUTANT(KeepsConflictingEntries)) ||
           (log_.find_id(entry.id.index) > entry.id && MUTANT(KeepsEntriesOfLaterTerms));
  });
  if (first_new == entries.end()) return;
  if (first_new->id.index <= log_.last().index) truncate_from(first_new->id.index, out);
  for (auto entry = first_new; entry != entries.end(); ++entry) {
    append(*entry, out);
    if (entry->kind != EntryKind::Configuration) continue;
    membership_.append(entry->id.index, decode_configuration(*entry->payload).value());
  }
}

void Node::truncate_from(LogIndex index, Effects& out) {
  open_record(out);
  log_.truncate_from(index);
  membership_.truncate_from(index);
  out.truncate_from = index;
}

void Node::on(NodeId from, const AppendReply& reply, Effects& out) {
  Leader* leadership = find_own_leadership();
  if (leadership == nullptr) return;
  if (reply.term != term() && !MUTANT(AnswerOfAnEarlierTermCounts)) return;
  leadership->on_reply(from, reply, log_, out);
  advance(*leadership, out);
}

// Only entries of the leader's own term are committed by counting; those before come with them
// (Raft §5.4.2, Figure 8). The leader itself counts for what its disk has.
void Node::advance(Leader& leadership, Effects& out) {
  const LogIndex own =
      MUTANT(OwnEntriesCountBeforeTheirSync) ? log_.last().index : log_.persisted();
  const LogIndex stored = leadership.majority_match(own);
  bool of_own_term = stored > log_.commit() && log_.at(stored).id.term == term();
#ifdef SEAWORTHY_BROKEN
  if (config_->broken == Broken::CommitsByCounting) of_own_term = true;  // Of any term.
#endif
  if (stored > log_.commit() && (of_own_term || MUTANT(CommitsOldTermsByCounting))) {
    log_.commit_to(stored, out.apply);
    answer_asked_reads(out);
    on_committed(leadership, out);
    if (role() != Role::Leader) return;
  }
  leadership.answer_reads(log_, out);
}

}  // namespace raft
