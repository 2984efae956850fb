// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/judge.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "check/evidence/words.h"

namespace check::evidence {

namespace {

constexpr std::size_t kMostConnections = 65536;
constexpr std::size_t kMostStarts = 4096;
constexpr std::size_t kMostNotes = 100;

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace

Judge::Judge(wire::Protocol protocol)
    : bench_{.protocol = protocol,
             .members = Members(holds(Premise::NameIsMember, protocol)),
             .findings = {},
             .budget = {}} {}

void Judge::missed(const std::string& what) {
  if (missed_.size() < kMostNotes) missed_.push_back(what);
  bench_.sees_all = false;
  ++misses_;
  for (auto& [name, watched] : groups_) watched.group.on_blind();
}

std::uint32_t Judge::life_at(history::NodeId node, std::uint64_t time_ns) const {
  const auto found = lives_.find(node);
  if (found == lives_.end()) return 0;
  const std::vector<std::uint64_t>& starts = found->second.starts_ns;
  const auto later = std::ranges::upper_bound(starts, time_ns);
  return found->second.forgotten_starts + static_cast<std::uint32_t>(later - starts.begin());
}

// A connection does not outlive its process: what comes late on it was still said by the process
// that lived when it was opened, or, if that is not known, when it was first heard of.
std::uint32_t Judge::life_of(const wire::Observation& observation) {
  if (observation.from.value == 0) return 0;
  const auto [found, is_new] =
      connections_.try_emplace({observation.connection, observation.from}, 0);
  if (is_new) {
    const std::uint64_t opened_ns = observation.opened_ns.value_or(observation.time_ns);
    found->second = life_at(observation.from, std::min(opened_ns, observation.time_ns));
  }
  const std::uint32_t life = found->second;
  if (connections_.size() > kMostConnections) connections_.erase(connections_.begin());
  return life;
}

// Whether nothing was missed since that life of the node began.
bool Judge::heard_all(history::NodeId node, std::uint32_t life) const {
  if (bench_.sees_all) return true;
  const auto found = lives_.find(node);
  if (found == lives_.end()) return false;
  const Life& known = found->second;
  return known.misses == misses_ && life == known.forgotten_starts + known.starts_ns.size();
}

// A member that lost its disk may still be heard, late: nobody any more.
std::optional<MemberId> Judge::sender_of(const wire::Observation& observation, std::uint32_t life) {
  const auto found = lives_.find(observation.from);
  if (found != lives_.end() && found->second.emptied_after &&
      life <= *found->second.emptied_after) {
    return std::nullopt;
  }
  return bench_.members.find_or_add(observation.from, observation.message.sender);
}

Judge::Watched* Judge::watched(const std::string& group) {
  const auto found = groups_.find(group);
  if (found != groups_.end()) return &found->second;
  if (groups_.size() >= kMostGroups) return nullptr;
  return &groups_.try_emplace(group, Watched{Group(bench_, group), {}}).first->second;
}

void Judge::observe(const wire::Observation& observation) {
  if (++messages_ == 1 && !bench_.sees_all) ++misses_;  // What came before it.
  const std::string& action = observation.action;
  const bool altered = has_word(action, "alter") || has_word(action, "corrupt");
  if (altered) {
    bench_.findings.doubt("message " + std::to_string(observation.id) +
                          " had been altered on its way");
  }
  // Not the sender's words.
  if (altered || has_word(action, "answer")) return;
  Watched* watched = this->watched(observation.message.group);
  if (watched == nullptr) {
    ++unjudged_;
    return;
  }
  const wire::Message& message = observation.message;
  const std::uint32_t life = life_of(observation);
  const Statement statement{
      .message = message,
      .id = MessageId(observation.id),
      .connection = observation.connection,
      .from = sender_of(observation, life),
      .to = bench_.members.find_or_add(observation.to, message.receiver),
      .life = life,
      .heard_all = heard_all(observation.from, life),
      .unordered = observation.unordered,
      .dropped = has_word(action, "drop"),
      .repeated = has_word(action, "duplicate"),
  };
  watched->group.on(statement);
  watched->meter.on(statement, observation.time_ns);
}

void Judge::on(const NodeEvent& event) {
  Life& life = lives_[event.node];
  switch (event.kind) {
    case NodeEventKind::Started:
      life.starts_ns.push_back(event.time_ns);
      life.misses = misses_;
      if (life.starts_ns.size() > kMostStarts) {
        life.starts_ns.erase(life.starts_ns.begin());
        ++life.forgotten_starts;
      }
      return;
    case NodeEventKind::Ended:
      return;
    case NodeEventKind::PowerCut:
      if (const auto member = bench_.members.find_or_add(event.node, "")) {
        for (auto& [name, watched] : groups_) watched.group.on_power_cut(*member);
      }
      return;
    case NodeEventKind::Emptied:
      life.term.reset();
      life.commit.reset();
      life.emptied_after = life_at(event.node, event.time_ns);
      life.emptied_ns = event.time_ns;
      replace(event.node);
      return;
    case NodeEventKind::Status:
      return on_status(life, event);
  }
}

void Judge::replace(history::NodeId node) {
  const auto before = bench_.members.find_or_add(node, "");
  bench_.members.replace(node);
  const auto after = bench_.members.find_or_add(node, "");
  if (!before || !after) return;
  for (auto& [name, watched] : groups_) watched.group.on_replaced(*before, *after);
}

// Answers are in order if each question was sent after the answer before.
void Judge::on_status(Life& life, const NodeEvent& event) {
  if (event.asked_ns < life.emptied_ns) return;  // Perhaps the word of the member that was there.
  const std::string node = "node " + std::to_string(event.node.value);
  const auto times = [](const NodeEvent& one) {
    return " (when asked at " + std::to_string(one.time_ns / 1000000) + " ms)";
  };
  const auto follows = [&event](const std::optional<NodeEvent>& earlier) {
    return earlier && event.asked_ns >= earlier->time_ns;
  };
  if (event.term && follows(life.term) && *event.term < *life.term->term) {
    bench_.findings.add({"terms",
                         "status of " + node,
                         node + " stated that it was in term " + number(*life.term->term) +
                             times(*life.term) + ", and later in term " + number(*event.term) +
                             times(event),
                         {}});
  }
  if (event.term) life.term = event;
  const std::uint32_t number_of_life = life_at(event.node, event.asked_ns);
  if (!event.commit || number_of_life != life_at(event.node, event.time_ns)) return;
  if (number_of_life == life.commit_life && follows(life.commit) &&
      *event.commit < *life.commit->commit) {
    bench_.findings.add({"commit-regress",
                         "status of " + node,
                         node + " stated commit index " + number(*life.commit->commit) +
                             times(*life.commit) +
                             ", and later, in the same life of its process, " +
                             number(*event.commit) + times(event),
                         {}});
  }
  ++commit_answers_;
  life.commit = event;
  life.commit_life = number_of_life;
}

std::vector<verdict::Finding> Judge::finish() const {
  std::vector<verdict::Finding> all = findings();
  const auto count = [](std::uint64_t number, const std::string& noun) {
    return std::to_string(number) + ' ' + noun + " seen, none contradicts another";
  };
  const std::array<std::pair<std::string_view, std::string>, 9> valid = {{
      {"election-safety", count(bench_.leaders, "leaders of terms")},
      {"one-vote", count(bench_.votes, "votes")},
      {"responses", count(bench_.votes, "votes")},
      {"terms", count(bench_.terms, "statements of terms")},
      {"log-matching", count(bench_.entries, "entries")},
      {"leader-completeness", count(bench_.commits, "statements of commit indices")},
      {"commit-rule", count(bench_.commits, "statements of commit indices")},
      {"commit-regress",
       count(bench_.ordered_commits + commit_answers_, "statements of commit indices in order")},
      {"durable-ack", count(bench_.acks, "acknowledgements")},
  }};
  for (const auto& opinion : valid) {
    const std::string_view checker = opinion.first;
    const bool found = std::ranges::any_of(
        all, [checker](const verdict::Finding& finding) { return finding.checker == checker; });
    if (found) continue;
    verdict::Finding& finding = all.emplace_back();
    finding.checker = checker;
    finding.verdict = verdict::Verdict::Valid;
    finding.sentence = opinion.second;
  }
  return all;
}

std::vector<std::string> Judge::notes() const {
  std::vector<std::string> notes = missed_;
  if (!bench_.sees_all) {
    notes.emplace_back(
        "not all messages since the cluster's start were seen: answers to votes, and "
        "acknowledgements of what was not committed, are not judged from there on");
  }
  if (bench_.budget.exhausted) {
    notes.emplace_back("contents of old entries were forgotten: only the latest are compared");
  }
  const bool reused = std::ranges::any_of(
      groups_, [](const auto& entry) { return entry.second.group.reuses_terms(); });
  if (reused) {
    notes.emplace_back(
        "nodes went back to earlier terms: what was said in one term is not compared with what was "
        "said in another from there on");
  }
  const bool forgot =
      std::ranges::any_of(groups_, [](const auto& entry) { return entry.second.group.forgot(); });
  if (forgot) notes.emplace_back("old terms were forgotten: only the latest are compared");
  if (unjudged_ > 0) {
    notes.push_back(std::to_string(unjudged_) + " messages of more than " +
                    std::to_string(kMostGroups) + " groups were not judged");
  }
  return notes;
}

std::vector<Health> Judge::health() const {
  std::vector<Health> all;
  all.reserve(groups_.size());
  for (const auto& [name, watched] : groups_) {
    all.push_back(watched.meter.health(name, bench_.members));
  }
  return all;
}

}  // namespace check::evidence
