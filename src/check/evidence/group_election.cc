// SPDX-License-Identifier: Apache-2.0
// Who asked for votes, who gave them, who led (Raft §5.2, §5.4.1).
#include <algorithm>

#include "check/evidence/group.h"
#include "check/evidence/words.h"

namespace check::evidence {

namespace {

constexpr std::size_t kMostAsked = 64;  // Terms, of one candidate and one voter.

}  // namespace

void Group::on_request_vote(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (!statement.from || !message.term || !message.term_entered) return;
  if (statement.to) {
    Asking& asking = askings_[{*statement.from, *statement.to}];
    if (!std::ranges::count(asking.asked, *message.term)) asking.asked.push_back(*message.term);
    if (!statement.dropped) asking.pending.push_back(*message.term);
    if (statement.repeated) asking.pending.push_back(*message.term);
    asking.last_from = statement.id;
    if (asking.asked.size() > kMostAsked) {
      asking.asked.erase(asking.asked.begin());
      asking.complete = false;
    }
    if (asking.pending.size() > kMostAsked) asking.pending.erase(asking.pending.begin());
  }
  TermRecord& record = terms_.at(*message.term);
  const Candidacy* known = record.find_candidacy(*statement.from);
  if (known == nullptr && record.candidacies.size() < TermRecord::kMostVotes) {
    record.candidacies.push_back(
        {*statement.from, message.last_index, message.last_term, statement.id});
  }
  // A candidate asks once in a term, with one log.
  if (known != nullptr &&
      (known->last_index != message.last_index || known->last_term != message.last_term)) {
    on_reused_terms();
  }
  // To ask is to have voted for oneself (Raft §5.2).
  add_vote(record, {*statement.from, *statement.from, statement.id});
}

void Group::on_vote_reply(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (!statement.from || !statement.to) return;
  const auto found = askings_.find({*statement.to, *statement.from});
  Asking* asking = found == askings_.end() ? nullptr : &found->second;
  const bool granted = message.success.value_or(false);
  if (granted && asking != nullptr) check_answer(statement, *asking);
  const std::optional<wire::Term> term = granted ? granted_term(statement, asking) : std::nullopt;
  if (asking != nullptr && !asking->pending.empty()) {
    const auto answered =
        message.term ? std::ranges::find(asking->pending, *message.term) : asking->pending.end();
    asking->pending.erase(answered == asking->pending.end() ? asking->pending.begin() : answered);
  }
  if (!term) return;
  const Vote vote{*statement.from, *statement.to, statement.id};
  TermRecord& record = terms_.at(*term);
  add_vote(record, vote);
  check_restriction(record, vote, statement.life);
}

// The term of the request that was granted. Where the reply does not tell, there must be only one
// request that it can answer.
std::optional<wire::Term> Group::granted_term(const Statement& statement, Asking* asking) {
  if (holds(Premise::GrantRepeatsTerm)) return statement.message.term;
  if (asking == nullptr || !bench_.sees_all || asking->pending.size() != 1) return std::nullopt;
  return asking->pending.front();
}

// A vote is given for a term that somebody asked for.
void Group::check_answer(const Statement& statement, const Asking& asking) {
  const std::optional<wire::Term> term = statement.message.term;
  if (!term || !bench_.sees_all || asking.pending.size() != 1) return;
  if (!asking.complete && *term < std::ranges::min(asking.asked)) return;
  if (std::ranges::count(asking.asked, *term) > 0) return;
  find("responses", who(*statement.from),
       who(*statement.from) + " granted " + who(*statement.to) + " a vote for term " +
           number(*term) + cite(statement.id) + ", but was asked for term " +
           number(asking.pending.front()) + cite(asking.last_from),
       {asking.last_from, statement.id});
}

// At most one vote a voter and term, also across restarts (Raft §5.2).
void Group::add_vote(TermRecord& record, const Vote& vote) {
  ++bench_.votes;
  for (const Vote& other : record.votes) {
    if (other.voter != vote.voter) continue;
    if (!bench_.members.differ(other.candidate, vote.candidate)) return;
    const auto deed = [&](const Vote& one) {
      const std::string whom =
          one.candidate == one.voter ? "asked for votes itself" : "voted for " + who(one.candidate);
      return whom + cite(one.from);
    };
    find("one-vote", who(vote.voter),
         "in term " + number(record.term) + ' ' + who(vote.voter) + ' ' + deed(other) + " and " +
             deed(vote),
         {other.from, vote.from});
    return;
  }
  if (record.votes.size() < TermRecord::kMostVotes) record.votes.push_back(vote);
}

// A vote goes only to a candidate whose log is at least as up to date as the voter's (Raft §5.4.1).
// Of the voter's log this much is known: it has what it acknowledged.
void Group::check_restriction(const TermRecord& record, const Vote& vote, std::uint32_t life) {
  if (reused_) return;
  const Candidacy* candidacy = record.find_candidacy(vote.candidate);
  const auto voter = speakers_.find(vote.voter);
  if (candidacy == nullptr || !candidacy->last_index || !candidacy->last_term) return;
  if (voter == speakers_.end()) return;
  const auto check = [&](const Ack& ack, wire::Index index, MessageId commit_from) {
    if (ack.term >= record.term && ack.life >= life) return false;
    const std::optional<wire::Term> term = term_of(ack, index);
    if (!term ||
        std::pair(*candidacy->last_term, *candidacy->last_index) >= std::pair(*term, index)) {
      return false;
    }
    std::vector<MessageId> proof = {ack.from, candidacy->from, vote.from};
    if (commit_from != MessageId()) proof.push_back(commit_from);
    find("leader-completeness", "vote of " + who(vote.voter),
         who(vote.voter) + " acknowledged index " + number(index) + " of term " + number(*term) +
             cite(ack.from) + ", and in term " + number(record.term) + " voted" + cite(vote.from) +
             " for " + who(vote.candidate) + ", whose log ends at index " +
             number(*candidacy->last_index) + " of term " + number(*candidacy->last_term) +
             cite(candidacy->from),
         std::move(proof));
    return true;
  };
  const Speaker& speaker = voter->second;
  if (speaker.kept && check(speaker.kept->ack, speaker.kept->index, speaker.kept->commit_from)) {
    return;
  }
  if (speaker.ack && speaker.ack->unbroken) check(*speaker.ack, speaker.ack->index, MessageId());
}

// At most one leader a term (Raft §5.2, Election Safety).
void Group::on_leadership(TermRecord& record, const Statement& statement) {
  const MemberId member = *statement.from;
  if (record.leader) {
    if (!bench_.members.differ(*record.leader, member)) return;
    record.contested = true;
    find("election-safety", "term " + number(record.term),
         "in term " + number(record.term) + " both " + who(*record.leader) +
             cite(record.leader_from) + " and " + who(member) + cite(statement.id) +
             " spoke as leader",
         {record.leader_from, statement.id});
    return;
  }
  ++bench_.leaders;
  record.leader = member;
  record.leader_from = statement.id;
  const Candidacy* candidacy = record.find_candidacy(member);
  if (reused_ || candidacy == nullptr || !candidacy->last_index) return;
  if (candidacy->last_term && *candidacy->last_index > wire::Index()) {
    add_to_view(record, *candidacy->last_term, *candidacy->last_index, *candidacy->last_index,
                candidacy->from);
  }
  for (auto& [term, earlier] : terms_) {
    if (term < record.term) check_log_end(earlier, record);
  }
}

}  // namespace check::evidence
