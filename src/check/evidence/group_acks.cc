// SPDX-License-Identifier: Apache-2.0
// What a node acknowledged, it has: at its next election, and after a restart (Raft Figure 2,
// "persistent state"; thesis §3.8).
#include <algorithm>

#include "check/evidence/group.h"
#include "check/evidence/words.h"

namespace check::evidence {

void Group::Span::add(wire::Index index) {
  first = first ? std::min(*first, index) : index;
  last = std::max(last, index);
}

void Group::Span::add(const Span& other) {
  if (!other.first) return;
  add(*other.first);
  add(other.last);
}

bool Group::Span::contains(wire::Index index) const {
  return first && *first <= index && index <= last;
}

void Group::note_previous(Appending& appending, const Statement& statement) {
  const wire::Message& message = statement.message;
  if (*message.term > appending.newest) {
    appending.of_older.add(appending.of_newest);
    appending.of_newest = {};
    appending.newest = *message.term;
  }
  if (!message.prev_index) return;
  const bool newest = *message.term == appending.newest;
  (newest ? appending.of_newest : appending.of_older).add(*message.prev_index);
}

// Only another leader's append or snapshot can make a log shorter.
void Group::on_append(const Statement& statement) {
  const wire::Message& message = statement.message;
  unclear_appends_ = unclear_appends_ || !statement.from || !statement.to || !message.term;
  if (!statement.to || !message.term) {
    on_blind();
    return;
  }
  const auto receiver = speakers_.find(*statement.to);
  if (receiver != speakers_.end() && receiver->second.ack &&
      receiver->second.ack->term != *message.term) {
    receiver->second.ack->unbroken = false;
  }
  if (!statement.from) return;
  Appending& appending = appendings_[{*statement.from, *statement.to}];
  note_previous(appending, statement);
  if (appending.term == *message.term) return;
  appending.first = appending.term == wire::Term();
  appending.term = *message.term;
}

// Whose log the follower says to have.
std::optional<wire::Term> Group::acknowledged_term(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (holds(Premise::AckTellsTerm)) {
    if (!message.term || !message.term_entered) return std::nullopt;
    return message.term;
  }
  // The reply does not tell. The leader has led only once as far as this follower knows, or the
  // follower has voted for it since.
  const auto found = appendings_.find({*statement.to, *statement.from});
  if (found == appendings_.end()) return std::nullopt;
  const Appending& appending = found->second;
  if (appending.first) return appending.term;
  const TermRecord* record = terms_.find(appending.term);
  if (record == nullptr) return std::nullopt;
  const bool voted = std::ranges::any_of(record->votes, [&statement](const Vote& vote) {
    return vote.voter == *statement.from && vote.candidate == *statement.to;
  });
  return voted ? std::optional(appending.term) : std::nullopt;
}

void Group::on_append_reply(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (!statement.from || !statement.to || !message.success || reused_) return;
  if (!*message.success) return check_refusal(statement);
  if (!message.match || *message.match == wire::Index()) return;
  const std::optional<wire::Term> term = acknowledged_term(statement);
  const TermRecord* record = term ? terms_.find(*term) : nullptr;
  if (record == nullptr || !record->led_by(*statement.to)) return;
  ++bench_.acks;
  Speaker& speaker = speakers_[*statement.from];
  if (speaker.ack) {
    const Ack& known = *speaker.ack;
    if (known.life > statement.life || known.term > *term) return;
    if (known.term == *term && known.index >= *message.match) return;
  }
  speaker.ack = Ack{*term, *message.match, statement.id, statement.life, bench_.sees_all};
  keep(speaker, *record);
}

// What the leader has called committed, and the member has acknowledged to that leader.
void Group::keep(Speaker& speaker, const TermRecord& record) {
  if (!speaker.ack || speaker.ack->term != record.term || !record.highest_commit) return;
  const wire::Index index = std::min(speaker.ack->index, record.committed());
  if (index == wire::Index() || (speaker.kept && speaker.kept->index >= index)) return;
  speaker.kept = Kept{*speaker.ack, index, record.highest_commit->from};
}

// Formed when the member had acknowledged: in a higher term, or by a later process.
bool Group::formed_after(const Statement& statement, const Ack& ack) const {
  if (ack.life < statement.life) return true;
  const wire::Message& message = statement.message;
  if (!message.term) return false;
  if (message.term_entered) return *message.term > ack.term;
  return *message.term > ack.term.next();  // It asks for the term after its own.
}

std::optional<wire::Term> Group::term_of(const Ack& ack, wire::Index index) {
  const TermRecord* record = terms_.find(ack.term);
  const auto run = record == nullptr ? std::nullopt : record->log.find(index);
  return run ? std::optional(run->term) : std::nullopt;
}

// A log that holds the entry (index, term) ends there or behind, in that term or a higher one.
void Group::check_end_of_log(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (!statement.from || !message.last_index) return;
  const auto found = speakers_.find(*statement.from);
  if (found == speakers_.end()) return;
  const auto check = [&](const Ack& ack, wire::Index index, MessageId commit_from) {
    if (!formed_after(statement, ack)) return false;
    const std::optional<wire::Term> term = term_of(ack, index);
    const bool shorter = *message.last_index < index;
    if (!shorter && (!message.last_term || !term || *message.last_term >= *term)) return false;
    std::string end = "a log that ends at index " + number(*message.last_index);
    if (message.last_term) end += " of term " + number(*message.last_term);
    std::vector<MessageId> proof = {ack.from, statement.id};
    std::string committed;
    if (commit_from != MessageId()) {
      proof.push_back(commit_from);
      committed = ", which was committed" + cite(commit_from);
    }
    find("durable-ack", who(*statement.from),
         who(*statement.from) + " acknowledged index " + number(index) +
             (term ? " of term " + number(*term) : "") + cite(ack.from) + committed +
             ", and now has " + end + cite(statement.id),
         std::move(proof));
    return true;
  };
  const Speaker& speaker = found->second;
  if (speaker.kept && check(speaker.kept->ack, speaker.kept->index, speaker.kept->commit_from)) {
    return;
  }
  if (speaker.ack && speaker.ack->unbroken) check(*speaker.ack, speaker.ack->index, MessageId());
}

// It refuses what its leader sent in the term that it states: not an append of an older term, held
// up on its way, whose sender leads again.
bool Group::lacks_entry(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (!statement.heard_all || unclear_appends_) return false;
  const TermRecord* record = terms_.find(*message.term);
  if (record == nullptr || !record->led_by(*statement.to)) return false;
  const auto found = appendings_.find({*statement.to, *statement.from});
  return found != appendings_.end() && found->second.newest == *message.term &&
         !found->second.of_older.contains(*message.prev_index);
}

// A restarted node says that it does not have an entry that it acknowledged and that is committed.
void Group::check_refusal(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (!holds(Premise::RefusalMeansMissing) || !message.prev_index || !message.term) return;
  if (*message.prev_index == wire::Index()) return;
  const auto found = speakers_.find(*statement.from);
  if (found == speakers_.end() || !found->second.kept) return;
  const Kept& kept = *found->second.kept;
  if (kept.ack.life >= statement.life || *message.prev_index > kept.index) return;
  if (!lacks_entry(statement)) return;
  const std::optional<wire::Term> term = term_of(kept.ack, *message.prev_index);
  if (message.prev_term && term && *message.prev_term != *term) return;
  find("durable-ack", who(*statement.from),
       who(*statement.from) + " acknowledged index " + number(kept.index) + cite(kept.ack.from) +
           ", which was committed" + cite(kept.commit_from) +
           ", and after a restart says that it has no entry " + number(*message.prev_index) +
           cite(statement.id),
       {kept.ack.from, kept.commit_from, statement.id});
}

}  // namespace check::evidence
