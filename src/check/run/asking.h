// SPDX-License-Identifier: Apache-2.0
// What one client asks next: a plan's workload, as a client sees it. Every value and every element
// is unique, so that an answer tells who wrote what it shows.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/prng.h"
#include "check/cluster/raft_client.h"
#include "check/plan/work.h"
#include "check/run/history_log.h"

namespace check::run {

// The keys of a run, which all clients share. A queue's list that was appended to often enough
// gives its place to the next, so that none grows without bound:
//
//   place 0   k0 (full)   k8 (full)   k16
//   place 1   k1 (full)   k9
//   ...                                    of 8 places
class Keys {
 public:
  explicit Keys(const plan::Work& work);

  std::uint64_t places() const { return work_.keys; }
  // The key to be changed at `place`: an append to it is counted.
  std::string to_change(std::uint64_t place);
  std::string newest(std::uint64_t place) const;
  // The one whose place the newest took; else that one.
  std::string newest_but_one(std::uint64_t place) const;
  // All that were ever to be changed, and the first of each place.
  std::vector<std::string> all() const;

 private:
  std::uint64_t lists_before(std::uint64_t place) const;  // Requires: mutex_.

  const plan::Work work_;
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> appends_;  // Of each place; guarded by mutex_.
};

class Asking {
 public:
  // Client `number` of the work's; `keys` outlives the result.
  static std::unique_ptr<Asking> create(const plan::Work& work, std::uint32_t number, Keys& keys);
  virtual ~Asking() = default;

  // Process and node are the caller's to fill in, in all of these.
  Call next(base::Prng& prng);
  // A last change before the client rests, so that what was acknowledged last is known and recent.
  virtual Call farewell() = 0;
  // After a rest the clients share the keys out and read each before it is changed again: what was
  // acknowledged before must still be there.
  std::vector<Call> owed() const;

  // False: the answer does not tell anything about the key.
  bool learn(const Call& call, const cluster::Answer& answer);

 protected:
  Asking(const plan::Work& work, std::uint32_t number, Keys& keys)
      : work_(work), number_(number), keys_(keys) {}

  virtual Call reading(std::uint64_t place, base::Prng& prng) = 0;
  // `draw`: from 1 to the sum of the shares.
  virtual Call changing(std::uint64_t place, std::uint64_t draw) = 0;
  virtual void remember(const Call& call, const history::Value& newest) = 0;

  std::string unique_value();
  std::uint64_t own_place() const { return number_ % keys_.places(); }

  const plan::Work work_;
  const std::uint32_t number_;
  Keys& keys_;

 private:
  enum class Unanswered : std::uint8_t { Nothing, Read, Change };
  Unanswered unanswered_ = Unanswered::Nothing;  // What the last operation was.
  std::uint64_t values_ = 0;
};

}  // namespace check::run
