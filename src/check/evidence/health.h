// SPDX-License-Identifier: Apache-2.0
// How well a group did: numbers, not verdicts.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "check/evidence/statement.h"

namespace check::evidence {

struct Health {
  std::string group;
  std::uint64_t elections = 0;    // Terms in which somebody asked for votes.
  std::uint64_t split_votes = 0;  // Of those, without a leader, and followed by another.
  // Of those, asked for although a leader had reached the candidate within the shortest time after
  // which anybody asked for votes in a leader's silence; not by transfer.
  std::uint64_t needless_elections = 0;
  std::uint64_t transfers = 0;      // Asked for because the leader handed over.
  std::uint64_t leaders = 0;        // Terms with a leader.
  std::uint64_t leaderless_ns = 0;  // From a leader's last words to the first of the next.
  std::uint64_t longest_leaderless_ns = 0;
  std::uint64_t heartbeats_missed = 0;  // A leader silent towards a follower for 3 usual intervals.
  std::uint64_t resent_entries = 0;     // By the same leader to the same follower.
  std::uint64_t refused_appends = 0;
  // Of 100 messages of a leader to a follower, 95 come as soon as this after the one before.
  std::optional<std::uint64_t> heartbeat_interval_ns = {};
  // From a leader's last words to the candidate until it asked for votes: shortest and median.
  std::optional<std::uint64_t> shortest_election_timeout_ns = {};
  std::optional<std::uint64_t> election_timeout_ns = {};

  struct Leadership {
    wire::Term term;
    std::string leader;
    std::uint64_t from_ns = 0;
    std::uint64_t until_ns = 0;  // Its last words.
  };
  std::vector<Leadership> leaderships = {};  // Who led when, by term; the latest, if too many.
};

class HealthMeter {
 public:
  static constexpr std::size_t kMostTerms = 4096;
  static constexpr std::size_t kMostSamples = 1024;

  void on(const Statement& statement, std::uint64_t time_ns);
  Health health(const std::string& group, const Members& members) const;

 private:
  struct Election {
    std::optional<std::uint64_t> waited_ns;  // Since the candidate last heard a leader.
    bool transfer = false;
  };
  struct Reign {
    MemberId leader;
    std::uint64_t from_ns = 0;
    std::uint64_t until_ns = 0;
  };
  struct Link {
    wire::Term term;
    std::uint64_t last_ns = 0;
    wire::Index sent;  // Up to here entries were sent in this term.
  };
  // The latest of many numbers.
  class Samples {
   public:
    void add(std::uint64_t value);
    std::optional<std::uint64_t> usual() const;
    std::uint64_t above(std::uint64_t limit) const;

   private:
    std::deque<std::uint64_t> values_;
  };

  void on_leader(const Statement& statement, std::uint64_t time_ns);

  std::map<wire::Term, Election> elections_;
  std::map<wire::Term, Reign> reigns_;
  std::map<std::pair<MemberId, MemberId>, Link> links_;
  std::map<MemberId, std::uint64_t> heard_ns_;
  Samples intervals_;
  std::uint64_t resent_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace check::evidence
