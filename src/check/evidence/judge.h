// SPDX-License-Identifier: Apache-2.0
// Judges Raft's guarantees by what nodes say to each other, while it happens or afterwards.
//
//   Judge judge(Protocol::Etcd);
//   judge.saw_the_beginning();                 // a run, or a capture from the cluster's start
//   judge.observe(observation);  judge.on(node_event);  ...         in the order of their times
//   judge.findings()                           // violations so far
//   judge.finish()                             // one opinion a checker, at least
//
// Checkers: election-safety, one-vote, responses, terms, log-matching, leader-completeness,
// commit-rule, commit-regress, durable-ack. docs/evidence.md says what each concludes from what.
// Memory is bounded; notes() says if something was forgotten. Nothing that was forgotten, lost or
// never seen leads to a finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "check/evidence/group.h"
#include "check/evidence/health.h"
#include "check/evidence/node_event.h"
#include "check/verdict/finding.h"
#include "check/wire/observation.h"

namespace check::evidence {

class Judge {
 public:
  static constexpr std::size_t kMostGroups = 1024;  // Messages of more are not judged.

  explicit Judge(wire::Protocol protocol);
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
  ~Judge() = default;

  // Every message between the nodes has been seen since they first started. Without it, what needs
  // to know all messages is not judged.
  void saw_the_beginning() { bench_.sees_all = true; }
  // From now on that is no longer so: bytes were lost, a connection could not be decoded. `what`,
  // a sentence without its full stop, goes into the notes.
  void missed(const std::string& what);

  void observe(const wire::Observation& observation);
  void on(const NodeEvent& event);

  bool proven() const { return !bench_.findings.empty(); }
  // Violations, in the order in which they were proven.
  std::vector<verdict::Finding> findings() const { return bench_.findings.findings(); }
  // The same, and a valid one for each checker that found nothing, which says how much it saw.
  std::vector<verdict::Finding> finish() const;
  // What was not judged, and why: sentences.
  std::vector<std::string> notes() const;

  std::vector<Health> health() const;  // One a group.
  std::uint64_t messages() const { return messages_; }

 private:
  struct Watched {
    Group group;
    HealthMeter meter;
  };
  struct Life {
    std::vector<std::uint64_t> starts_ns;  // The latest, if too many.
    std::uint32_t forgotten_starts = 0;
    std::uint64_t misses = 0;         // As many as there had been at the latest start.
    std::optional<NodeEvent> term;    // The last answer that states a term,
    std::optional<NodeEvent> commit;  // and a commit index.
    std::uint32_t commit_life = 0;    // Which of its lives stated that.
    // What lives up to this one said is not the present member's word: its disk was emptied then.
    std::optional<std::uint32_t> emptied_after;
    std::uint64_t emptied_ns = 0;
  };

  std::uint32_t life_at(history::NodeId node, std::uint64_t time_ns) const;
  std::uint32_t life_of(const wire::Observation& observation);
  bool heard_all(history::NodeId node, std::uint32_t life) const;
  std::optional<MemberId> sender_of(const wire::Observation& observation, std::uint32_t life);
  Watched* watched(const std::string& group);
  void replace(history::NodeId node);
  void on_status(Life& life, const NodeEvent& event);

  Bench bench_;
  std::map<std::string, Watched> groups_;
  std::map<history::NodeId, Life> lives_;
  // The sender's life when a connection was opened.
  std::map<std::pair<std::uint64_t, history::NodeId>, std::uint32_t> connections_;
  std::vector<std::string> missed_;
  std::uint64_t messages_ = 0;
  std::uint64_t misses_ = 0;          // How often something was not seen.
  std::uint64_t commit_answers_ = 0;  // To questions.
  std::uint64_t unjudged_ = 0;        // Of groups beyond the limit.
};

}  // namespace check::evidence
