// SPDX-License-Identifier: Apache-2.0
// What leaders say of their logs, and call committed (Raft §5.3, §5.4).
#include <algorithm>

#include "check/evidence/group.h"
#include "check/evidence/words.h"

namespace check::evidence {

void Group::on_leader(const Statement& statement) {
  const wire::Message& message = statement.message;
  const bool ordered = add_entries(statement);
  // Without its own term it repeats what another leader once said.
  if (!statement.from || !message.term || !message.term_entered) return;
  TermRecord& record = terms_.at(*message.term);
  on_leadership(record, statement);
  if (!record.led_by(*statement.from)) return;
  const bool states_commit =
      message.commit &&
      (message.type == wire::MessageType::AppendEntries
           ? holds(Premise::AppendStatesCommit)
           : message.type == wire::MessageType::Heartbeat && holds(Premise::HeartbeatStatesCommit));
  if (states_commit) check_commit_order(statement);
  if (reused_) return;
  // A leader that may have been deposed can still send what it formed of a log that was changed
  // since.
  const auto speaker = speakers_.find(*statement.from);
  if (speaker != speakers_.end() && speaker->second.reached > *message.term) return;
  if (ordered) add_log(record, statement);
  if (!message.commit) return;
  ++bench_.commits;
  if (states_commit) {
    add_commit(record, statement);
  } else {
    raise_commit(record, {*message.commit, statement.id});
  }
}

// Log Matching (Raft §5.3): an index and a term name one content, and one entry before it.
bool Group::add_entries(const Statement& statement) {
  const wire::Message& message = statement.message;
  const std::string author = statement.from ? who(*statement.from) : "somebody";
  std::optional<wire::Index> index_before = message.prev_index;
  std::optional<wire::Term> before = message.prev_term;
  for (const wire::Entry& entry : message.entries) {
    ++bench_.entries;
    if (index_before && entry.index != index_before->next()) {
      find("log-matching", "gap of " + author,
           author + " sent entry " + number(entry.index) + " behind entry " +
               number(*index_before) + cite(statement.id),
           {statement.id});
      return false;
    }
    const wire::Term highest = message.term.value_or(entry.term);
    if (entry.term > highest || (before && entry.term < *before)) {
      const bool future = entry.term > highest;
      find("terms", "log of " + author,
           author + " sent entry " + number(entry.index) + " of term " + number(entry.term) +
               (future ? ", later than its own term " + number(highest)
                       : " behind an entry of term " + number(*before)) +
               cite(statement.id),
           {statement.id});
      return false;
    }
    if (const auto conflict = entries_.add(entry, before, statement.id)) {
      const std::string entry_name =
          "the entry with index " + number(entry.index) + " and term " + number(entry.term);
      const bool content = conflict->difference == EntryTable::Difference::Content;
      find("log-matching", content ? "content" : "before",
           content ? entry_name + " has two contents: one" + cite(conflict->earlier) + ", another" +
                         cite(statement.id)
                   : entry_name + " follows one of term " + number(conflict->other_term) +
                         cite(conflict->earlier) + " and one of term " + number(*before) +
                         cite(statement.id),
           {conflict->earlier, statement.id});
      return true;
    }
    index_before = entry.index;
    before = entry.term;
  }
  return true;
}

void Group::add_log(TermRecord& record, const Statement& statement) {
  const wire::Message& message = statement.message;
  if (message.prev_index && message.prev_term && *message.prev_index > wire::Index()) {
    add_to_view(record, *message.prev_term, *message.prev_index, *message.prev_index, statement.id);
  }
  for (auto first = message.entries.begin(); first != message.entries.end();) {
    auto last = first;
    while (std::next(last) != message.entries.end() && std::next(last)->term == first->term &&
           last->index < std::next(last)->index) {
      ++last;
    }
    add_to_view(record, first->term, first->index, last->index, statement.id);
    first = std::next(last);
  }
  if (message.type != wire::MessageType::InstallSnapshot || !message.last_index) return;
  // A snapshot stands for committed entries only (Raft §7).
  if (message.last_term && *message.last_index > wire::Index()) {
    add_to_view(record, *message.last_term, *message.last_index, *message.last_index, statement.id);
  }
  raise_commit(record, {*message.last_index, statement.id});
}

void Group::add_to_view(TermRecord& record, wire::Term term, wire::Index first, wire::Index last,
                        MessageId from) {
  const LogView::Added added = record.log.add(term, first, last, from);
  if (const auto& other = added.contradiction) {
    const MessageId other_from = other->last < last ? other->last_from : other->first_from;
    find("log-matching", "log of the leader of " + number(record.term),
         who(*record.leader) + ", leader of term " + number(record.term) +
             ", changed its own log: it had term " + number(other->term) + " at index " +
             number(std::min(other->last, last)) + cite(other_from) + " and term " + number(term) +
             " at index " + number(last) + cite(from),
         {other_from, from});
    return;
  }
  if (!added.grown) return;
  check_commit_rule(record);
  if (added.first > committed_) return;
  for (auto& [other_term, other] : terms_) {
    if (other_term == record.term || !other.leader || other.contested) continue;
    if (other_term < record.term) check_complete(other, record, added.first, added.last);
    if (other_term > record.term) check_complete(record, other, added.first, added.last);
  }
}

void Group::add_commit(TermRecord& record, const Statement& statement) {
  const Claim claim{*statement.message.commit, statement.id};
  record.add_commit(claim);
  raise_commit(record, claim);
  check_commit_rule(record);
}

void Group::raise_commit(TermRecord& record, Claim claim) {
  const wire::Index before = record.checked_commit;
  record.raise_commit(claim);
  if (record.committed() <= before) return;
  record.checked_commit = record.committed();
  committed_ = std::max(committed_, record.committed());
  for (auto later = terms_.above(record.term); later != terms_.end(); ++later) {
    if (!later->second.leader || later->second.contested) continue;
    check_complete(record, later->second, before.next(), record.committed());
    check_log_end(record, later->second);
  }
  for (auto& [member, speaker] : speakers_) keep(speaker, record);
}

// A leader commits an entry of an older term only together with one of its own term (Raft §5.4.2,
// Figure 8). So what it states as committed while it leads is what it knew when it was elected,
// one value, or has its own term: of two values in the older part of its log one is wrong, in
// whatever order they were seen.
void Group::check_commit_rule(TermRecord& record) {
  if (!record.second_commit || record.broke_commit_rule) return;
  const std::optional<LogView::Run> old = record.log.last_below(record.term);
  if (!old || old->last < record.second_commit->index) return;
  record.broke_commit_rule = true;
  find("commit-rule", "term " + number(record.term),
       who(*record.leader) + ", leader of term " + number(record.term) +
           ", raised its commit index from " + number(record.lowest_commit->index) +
           cite(record.lowest_commit->from) + " to " + number(record.second_commit->index) +
           cite(record.second_commit->from) + ", where its log has an older term: entry " +
           number(old->last) + " is still of term " + number(old->term) + cite(old->last_from),
       {record.lowest_commit->from, record.second_commit->from, old->last_from});
}

// Leader Completeness (Raft §5.4): what was committed in a term is in the logs of the leaders of
// all higher terms. Looks at first..last only.
void Group::check_complete(const TermRecord& earlier, const TermRecord& later, wire::Index first,
                           wire::Index last) {
  last = std::min(last, earlier.committed());
  if (first > last) return;
  for (const LogView::Run& run : earlier.log.runs()) {
    const wire::Index from = std::max(first, run.first);
    const wire::Index to = std::min(last, run.last);
    if (from > to) continue;
    const std::optional<LogView::Run> other = later.log.find_other(run.term, from, to);
    if (!other) continue;
    const wire::Index index = std::max(from, other->first);
    const Claim& commit = *earlier.highest_commit;
    find("leader-completeness", "terms " + number(earlier.term) + " and " + number(later.term),
         "the leader of term " + number(earlier.term) + " had committed up to index " +
             number(commit.index) + cite(commit.from) + ", at index " + number(index) +
             " an entry of term " + number(run.term) + cite(run.last_from) +
             "; the leader of term " + number(later.term) + " has an entry of term " +
             number(other->term) + " there" + cite(other->first_from),
         {commit.from, run.last_from, other->first_from});
    return;
  }
}

// The same of a leader whose log was too short when it asked for the votes.
void Group::check_log_end(const TermRecord& earlier, const TermRecord& later) {
  if (!earlier.leader || !later.leader || later.contested) return;
  const Candidacy* candidacy = later.find_candidacy(*later.leader);
  if (candidacy == nullptr || !candidacy->last_index) return;
  if (*candidacy->last_index >= earlier.committed()) return;
  const Claim& commit = *earlier.highest_commit;
  find("leader-completeness", "terms " + number(earlier.term) + " and " + number(later.term),
       "the leader of term " + number(earlier.term) + " had committed up to index " +
           number(commit.index) + cite(commit.from) + ", but " + who(*later.leader) +
           " became leader of term " + number(later.term) + cite(later.leader_from) +
           " with a log that ends at index " + number(*candidacy->last_index) +
           cite(candidacy->from),
       {commit.from, candidacy->from, later.leader_from});
}

}  // namespace check::evidence
