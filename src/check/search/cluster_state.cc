// SPDX-License-Identifier: Apache-2.0
#include "check/search/cluster_state.h"

#include <algorithm>

namespace check::search {

namespace {

using wire::MessageType;

// So many entries are under way all the time where clients write.
constexpr std::uint64_t kFew = 8;
constexpr std::uint64_t kMany = 64;
// Of messages to a node that does not say anything: a leader's appends and heartbeats for a while.
constexpr std::uint32_t kUnheard = 12;

bool dropped(const wire::Observation& seen) {
  return seen.action.find("drop") != std::string::npos;
}

char role_letter(rules::Role role) {
  switch (role) {
    case rules::Role::Leader:
      return 'L';
    case rules::Role::Candidate:
      return 'C';
    case rules::Role::Follower:
      return 'F';
    case rules::Role::Unknown:
      break;
  }
  return '?';
}

std::uint64_t value_of(const std::optional<wire::Term>& term) { return term ? term->value() : 0; }

}  // namespace

ClusterState::ClusterState(std::uint32_t nodes) {
  for (std::uint32_t k = 1; k <= nodes; ++k) nodes_[{k}];
}

void ClusterState::observe(const wire::Observation& seen) {
  const auto from = nodes_.find(seen.from);
  const auto to = nodes_.find(seen.to);
  if (from == nodes_.end() || to == nodes_.end()) return;
  const wire::Message& message = seen.message;
  if (!std::exchange(group_known_, true)) group_ = message.group;
  if (message.group != group_) return;
  roles_.observe(seen);
  from->second.unheard = 0;
  if (to->second.unheard < kUnheard) to->second.unheard += 1;
  if (message.term && message.term_entered) {
    from->second.term = message.term->value();
    newest_term_ = std::max(newest_term_, message.term->value());
  }
  learn_log(from->second, to->second, message);
  if (message.commit) {
    from->second.commit = message.commit->value();
    if (!dropped(seen)) to->second.commit = message.commit->value();
  }
  learn_flights({seen.from, seen.to}, message);
}

void ClusterState::learn_log(Node& from, Node& to, const wire::Message& message) {
  switch (message.type) {
    case MessageType::AppendEntries:
      if (message.prev_index && message.prev_term) {
        from.log.has(message.prev_index->value(), message.prev_term->value());
      }
      for (const wire::Entry& entry : message.entries) {
        from.log.has(entry.index.value(), entry.term.value());
      }
      break;
    case MessageType::AppendReply:
    case MessageType::SnapshotReply:
      if (message.success == true && message.match) {
        from.log.agrees_with(to.log, message.match->value());
      } else if (message.last_index) {
        from.log.ends_at(message.last_index->value());
      }
      break;
    case MessageType::RequestVote:
    case MessageType::PreVote:
      if (message.last_index && message.last_term) {
        from.log.ends_at(message.last_index->value());
        from.log.has(message.last_index->value(), message.last_term->value());
      }
      break;
    case MessageType::RequestVoteReply:
    case MessageType::PreVoteReply:
    case MessageType::Heartbeat:
    case MessageType::HeartbeatReply:
    case MessageType::InstallSnapshot:
    case MessageType::TimeoutNow:
    case MessageType::ReadIndex:
    case MessageType::ReadIndexReply:
    case MessageType::Propose:
    case MessageType::ProposeReply:
    case MessageType::Other:
      break;
  }
}

void ClusterState::learn_flights(history::DirectedPair pair, const wire::Message& message) {
  Asked& asked = asked_[pair];
  Asked& answered = asked_[{pair.to, pair.from}];
  switch (message.type) {
    case MessageType::RequestVote:
    case MessageType::PreVote:
      asked.vote = true;
      break;
    case MessageType::RequestVoteReply:
    case MessageType::PreVoteReply:
      answered.vote = false;
      break;
    case MessageType::AppendEntries:
    case MessageType::Heartbeat:
      asked.append = true;
      asked.term = value_of(message.term);
      break;
    case MessageType::AppendReply:
    case MessageType::HeartbeatReply:
      answered.append = false;
      break;
    case MessageType::InstallSnapshot:
      asked.snapshot = true;
      break;
    case MessageType::SnapshotReply:
      answered.snapshot = false;
      break;
    case MessageType::ReadIndex:
    case MessageType::Propose:
      asked.other = true;
      break;
    case MessageType::ReadIndexReply:
    case MessageType::ProposeReply:
      answered.other = false;
      break;
    case MessageType::TimeoutNow:
    case MessageType::Other:
      break;
  }
}

const ClusterState::Node& ClusterState::newest() const {
  const auto place = [](const auto& entry) {
    return std::pair(entry.second.log.last_term(), entry.second.log.end());
  };
  return std::ranges::max_element(nodes_, {}, place)->second;
}

char ClusterState::term_letter(const Node& node) const {
  if (node.term == 0) return '?';
  if (node.term == newest_term_) return '=';
  return node.term + 1 == newest_term_ ? '-' : '<';
}

char ClusterState::log_letter(const Node& node) const {
  if (!node.log.known()) return '?';
  const LogOutline& other = newest().log;
  const std::uint64_t end = node.log.end();
  const auto mine = node.log.term_at(end);
  if (mine && end <= other.end() && other.term_at(end) && other.term_at(end) != mine) return 'x';
  if (end > other.end()) return 'X';  // Longer, and of an older term.
  const std::uint64_t missing = other.end() - end;
  if (mine && mine != other.term_at(other.end())) return missing <= kFew ? 'o' : 'O';
  if (missing <= kFew) return '0';
  return missing <= kMany ? '1' : '2';
}

char ClusterState::commit_letter(const Node& node) const {
  if (node.commit == 0 || !node.log.known()) return '?';
  const std::uint64_t open = node.log.end() - std::min(node.commit, node.log.end());
  if (open <= kFew) return '0';
  return open <= kMany ? '1' : '2';
}

// Of what others asked of it, and it has not answered.
std::string ClusterState::flight_letters(history::NodeId id) const {
  bool vote = false;
  bool stale = false;
  bool snapshot = false;
  bool misled = false;
  for (const auto& [pair, asked] : asked_) {
    if (pair.to != id) continue;
    vote = vote || asked.vote;
    stale = stale || (asked.append && asked.term < newest_term_);
    snapshot = snapshot || asked.snapshot;
    misled = misled || (asked.other && role(id) != rules::Role::Leader);
  }
  std::string letters;
  if (vote) letters += 'v';
  if (stale) letters += 'a';
  if (snapshot) letters += 's';
  if (misled) letters += 'm';
  return letters;
}

std::string ClusterState::word(history::NodeId id, const Node& node) const {
  std::string letters = {role_letter(role(id)), term_letter(node), log_letter(node),
                         commit_letter(node)};
  if (node.unheard >= kUnheard) letters += '!';
  return letters + flight_letters(id);
}

std::string ClusterState::text() const {
  std::vector<std::string> words;
  words.reserve(nodes_.size());
  for (const auto& [id, node] : nodes_) words.push_back(word(id, node));
  std::ranges::sort(words);
  std::string text;
  for (const std::string& next : words) text += (text.empty() ? "" : " ") + next;
  return text;
}

}  // namespace check::search
