// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/group.h"

#include <algorithm>

#include "check/evidence/words.h"

namespace check::evidence {

namespace {

using wire::MessageType;

bool speaks_of_term(MessageType type) {
  switch (type) {
    case MessageType::RequestVote:
    case MessageType::RequestVoteReply:
    case MessageType::PreVote:
    case MessageType::PreVoteReply:
    case MessageType::AppendEntries:
    case MessageType::AppendReply:
    case MessageType::Heartbeat:
    case MessageType::HeartbeatReply:
    case MessageType::InstallSnapshot:
    case MessageType::SnapshotReply:
      return true;
    case MessageType::TimeoutNow:
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
    case MessageType::Propose:
    case MessageType::ProposeReply:
    case MessageType::Other:
      return false;
  }
  return false;
}

// Who asks for votes or leads in a term makes it a term.
bool claims_term(MessageType type) {
  return type == MessageType::RequestVote || type == MessageType::AppendEntries ||
         type == MessageType::Heartbeat || type == MessageType::InstallSnapshot;
}

}  // namespace

void Group::find(std::string_view checker, const std::string& about, std::string sentence,
                 std::vector<MessageId> proof) {
  if (!name_.empty()) sentence += " (group " + name_ + ")";
  bench_.findings.add({checker, name_ + '/' + about, std::move(sentence), std::move(proof)});
}

Group::Channel& Group::channel(const Statement& statement) {
  Channel& found = channels_[{statement.connection, *statement.from}];
  // Connections are numbered as they come: the lowest is the oldest.
  if (channels_.size() > kMostChannels) {
    const auto oldest = channels_.begin();
    if (&oldest->second != &found) channels_.erase(oldest);
  }
  return found;
}

void Group::on(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (!speaks_of_term(message.type)) return;
  check_term(statement);
  switch (message.type) {
    case MessageType::RequestVote:
      on_request_vote(statement);
      check_end_of_log(statement);
      break;
    case MessageType::PreVote:
      check_end_of_log(statement);
      break;
    case MessageType::RequestVoteReply:
      on_vote_reply(statement);
      break;
    case MessageType::AppendEntries:
    case MessageType::Heartbeat:
    case MessageType::InstallSnapshot:
      on_leader(statement);
      on_append(statement);
      break;
    case MessageType::AppendReply:
    case MessageType::HeartbeatReply:
      on_append_reply(statement);
      check_end_of_log(statement);
      break;
    case MessageType::PreVoteReply:
    case MessageType::SnapshotReply:
    case MessageType::TimeoutNow:
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
    case MessageType::Propose:
    case MessageType::ProposeReply:
    case MessageType::Other:
      break;
  }
  if (!message.term) return;
  // A term that is only asked for makes nobody enter it.
  if (!message.term_entered) return;
  const auto reach = [this, &message](MemberId member) {
    Speaker& speaker = speakers_[member];
    speaker.reached = std::max(speaker.reached, *message.term);
  };
  if (statement.from) reach(*statement.from);
  if (statement.to && !statement.dropped) reach(*statement.to);
}

// Terms never go back (Raft §5.1). Two statements are compared only if one was certainly formed
// after the other: on one connection, or in a later life of the process.
void Group::check_term(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (!statement.from || !message.term || !message.term_entered) return;
  if (message.type == MessageType::AppendReply && !holds(Premise::AckTellsTerm)) return;
  ++bench_.terms;
  const Said said{*message.term, statement.id};
  const auto complain = [&](const Said& before, const std::string& order) {
    if (claims_term(message.type)) on_reused_terms();
    find("terms", order + who(*statement.from),
         who(*statement.from) + " had entered term " + number(before.term) + cite(before.from) +
             " and " + order + " speaks of term " + number(said.term) + " as its own" +
             cite(said.from),
         {before.from, said.from});
  };
  Speaker& speaker = speakers_[*statement.from];
  const auto raise = [](Said& highest, const Said& other) {
    if (other.term > highest.term) highest = other;
  };
  if (statement.life > speaker.life) {
    raise(speaker.past, speaker.present);
    speaker.present = {};
    speaker.life = statement.life;
  }
  if (statement.life < speaker.life) {
    raise(speaker.past, said);
    return;
  }
  if (said.term < speaker.past.term) complain(speaker.past, "after a restart");
  raise(speaker.present, said);
  if (!holds(Premise::SendsInOrder) || statement.unordered) return;
  Channel& on_connection = channel(statement);
  if (said.term < on_connection.entered.term) {
    complain(on_connection.entered, "later on the same connection");
  }
  raise(on_connection.entered, said);
}

// What a node states as its own commit index never goes back while its process lives (Raft Figure
// 2, commitIndex "increases monotonically"). A connection does not outlive the process.
void Group::check_commit_order(const Statement& statement) {
  const wire::Message& message = statement.message;
  if (!holds(Premise::AppendsInOrder) || statement.unordered) return;
  ++bench_.ordered_commits;
  Channel& on_connection = channel(statement);
  if (message.term != on_connection.commit_term && !holds(Premise::SendsInOrder)) {
    on_connection.commit.reset();
  }
  on_connection.commit_term = *message.term;
  const Claim claim{*message.commit, statement.id};
  if (!on_connection.commit || claim.index >= on_connection.commit->index) {
    on_connection.commit = claim;
    return;
  }
  const Claim& before = *on_connection.commit;
  find("commit-regress", who(*statement.from),
       who(*statement.from) + " stated commit index " + number(before.index) + cite(before.from) +
           " and later, on the same connection, " + number(claim.index) + cite(claim.from),
       {before.from, claim.from});
}

void Group::on_power_cut(MemberId member) {
  const auto speaker = speakers_.find(member);
  if (speaker == speakers_.end() || holds(Premise::AckSurvivesPowerCut)) return;
  speaker->second.ack.reset();
  speaker->second.kept.reset();
}

void Group::on_replaced(MemberId before, MemberId after) {
  std::map<MemberId, Appending> on_their_way;
  for (const auto& [pair, appending] : appendings_) {
    if (pair.second == before) on_their_way[pair.first] = appending;
  }
  for (const auto& [leader, appending] : on_their_way) appendings_[{leader, after}] = appending;
}

void Group::on_reused_terms() {
  reused_ = true;
  on_blind();
}

void Group::on_blind() {
  for (auto& [member, speaker] : speakers_) {
    if (speaker.ack) speaker.ack->unbroken = false;
  }
}

}  // namespace check::evidence
