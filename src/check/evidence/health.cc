// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/health.h"

#include <algorithm>

namespace check::evidence {

namespace {

template <class Map>
void keep_latest(Map& map) {
  if (map.size() > HealthMeter::kMostTerms) map.erase(map.begin());
}

std::optional<std::uint64_t> percentile(std::vector<std::uint64_t> values, std::size_t percent) {
  if (values.empty()) return std::nullopt;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() * percent / 100);
  std::ranges::nth_element(values, at);
  return *at;
}

}  // namespace

void HealthMeter::Samples::add(std::uint64_t value) {
  values_.push_back(value);
  if (values_.size() > kMostSamples) values_.pop_front();
}

std::optional<std::uint64_t> HealthMeter::Samples::usual() const {
  constexpr std::size_t kUsual = 95;  // Under load, most follow at once.
  return percentile({values_.begin(), values_.end()}, kUsual);
}

std::uint64_t HealthMeter::Samples::above(std::uint64_t limit) const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(values_, [limit](std::uint64_t value) { return value > limit; }));
}

void HealthMeter::on(const Statement& statement, std::uint64_t time_ns) {
  const wire::Message& message = statement.message;
  switch (message.type) {
    case wire::MessageType::RequestVote: {
      if (!statement.from || !message.term) return;
      const auto [election, is_new] = elections_.try_emplace(*message.term);
      if (!is_new) return;
      election->second.transfer = message.transfer;
      const auto heard = heard_ns_.find(*statement.from);
      if (heard != heard_ns_.end()) election->second.waited_ns = time_ns - heard->second;
      return keep_latest(elections_);
    }
    case wire::MessageType::AppendEntries:
    case wire::MessageType::Heartbeat:
    case wire::MessageType::InstallSnapshot:
      return on_leader(statement, time_ns);
    case wire::MessageType::AppendReply:
      if (message.success == false) ++refused_;
      return;
    case wire::MessageType::RequestVoteReply:
    case wire::MessageType::PreVote:
    case wire::MessageType::PreVoteReply:
    case wire::MessageType::HeartbeatReply:
    case wire::MessageType::SnapshotReply:
    case wire::MessageType::TimeoutNow:
    case wire::MessageType::ReadIndex:
    case wire::MessageType::ReadIndexReply:
    case wire::MessageType::Propose:
    case wire::MessageType::ProposeReply:
    case wire::MessageType::Other:
      return;
  }
}

void HealthMeter::on_leader(const Statement& statement, std::uint64_t time_ns) {
  const wire::Message& message = statement.message;
  if (!statement.from || !message.term || !message.term_entered) return;
  const auto [reign, is_new] = reigns_.try_emplace(*message.term);
  if (is_new) reign->second = {*statement.from, time_ns, time_ns};
  if (reign->second.leader == *statement.from) reign->second.until_ns = time_ns;
  keep_latest(reigns_);
  if (!statement.to) return;
  if (!statement.dropped) heard_ns_[*statement.to] = time_ns;
  Link& link = links_[{*statement.from, *statement.to}];
  if (link.term == *message.term) {
    intervals_.add(time_ns - link.last_ns);
  } else {
    link = {*message.term, time_ns, wire::Index()};
  }
  link.last_ns = time_ns;
  for (const wire::Entry& entry : message.entries) {
    if (entry.index <= link.sent) ++resent_;
    link.sent = std::max(link.sent, entry.index);
  }
}

Health HealthMeter::health(const std::string& group, const Members& members) const {
  Health health;
  health.group = group;
  health.elections = elections_.size();
  health.leaders = reigns_.size();
  health.resent_entries = resent_;
  health.refused_appends = refused_;
  health.heartbeat_interval_ns = intervals_.usual();
  if (health.heartbeat_interval_ns) {
    health.heartbeats_missed = intervals_.above(3 * *health.heartbeat_interval_ns);
  }
  // In a leader's silence nobody asks sooner than this.
  const std::uint64_t silence = 2 * health.heartbeat_interval_ns.value_or(0);
  std::vector<std::uint64_t> timeouts;
  for (const auto& [term, election] : elections_) {
    if (election.transfer) ++health.transfers;
    const bool lost = reigns_.find(term) == reigns_.end();
    if (lost && elections_.upper_bound(term) != elections_.end()) ++health.split_votes;
    if (!election.waited_ns || election.transfer) continue;
    if (*election.waited_ns < silence) ++health.needless_elections;
    if (*election.waited_ns >= silence && !lost) timeouts.push_back(*election.waited_ns);
  }
  if (!timeouts.empty()) health.shortest_election_timeout_ns = std::ranges::min(timeouts);
  health.election_timeout_ns = percentile(std::move(timeouts), 50);
  const Reign* before = nullptr;
  for (const auto& [term, reign] : reigns_) {
    if (before != nullptr && reign.from_ns > before->until_ns) {
      const std::uint64_t gap = reign.from_ns - before->until_ns;
      health.leaderless_ns += gap;
      health.longest_leaderless_ns = std::max(health.longest_leaderless_ns, gap);
    }
    before = &reign;
    health.leaderships.push_back(
        {term, members.describe(reign.leader), reign.from_ns, reign.until_ns});
  }
  return health;
}

}  // namespace check::evidence
