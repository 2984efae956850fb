// SPDX-License-Identifier: Apache-2.0
// Decides which plan a search tries next, from what the ones before it reached.
//
//   next() --> plan --> [ a run of it ] --> trace --> learn()
//     ^                                                 |
//     '--- plans that reached new states, merits <------'
//
// The same seed and the same traces give the same plans.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "check/search/maker.h"

namespace check::search {

enum class How : std::uint8_t {
  Guided,  // Plans that reached new states are kept, mutated and mixed.
  Blind,   // Every plan is drawn anew: the same generator, and nothing learned but what is said.
  Faults,  // Likewise, and nothing but faults by time.
};
std::string_view name(How how);  // "guided"
std::optional<How> how(std::string_view name);

class Searcher {
 public:
  struct Options {
    std::uint64_t seed = 0;
    std::uint32_t nodes = 0;
    std::optional<wire::Protocol> protocol;
    How how = How::Guided;
  };
  explicit Searcher(const Options& options);
  Searcher(const Searcher&) = delete;
  Searcher& operator=(const Searcher&) = delete;
  ~Searcher() = default;

  struct Trial {
    std::uint64_t number = 0;              // 1, 2, 3, ...
    std::vector<std::uint64_t> from = {};  // Trials it was made from.
    plan::Plan plan = {};
    std::uint64_t length = 0;  // Thousandths of an election timeout that its faults take.
  };
  // Requires: learn() was called for the trial before.
  Trial next();

  // What became of the last trial; before the first, of a run that was not the search's. Returns
  // how many of its states had never been seen.
  // `judged`: its verdict is valid or invalid. Plans that cannot be judged are not worth repeating.
  std::uint64_t learn(const Trace& trace, std::uint64_t cost_ms, bool judged = true);

  std::uint64_t states() const { return visits_.size(); }

 private:
  struct Kept {
    std::uint64_t number = 0;
    Genome genome;
    std::vector<StateHash> fresh;  // States that it was the first to reach.
    std::uint64_t cost_ms = 0;
    std::uint64_t chosen = 0;
  };

  Genome made(Trial& trial);
  Kept& drawn_parent();
  std::uint64_t energy(const Kept& kept) const;

  const Options options_;
  base::Prng prng_;
  Palette palette_;
  Merits merits_;
  Maker maker_;
  std::map<StateHash, std::uint64_t> visits_;  // By how many trials.
  std::vector<Kept> kept_;
  Genome tried_;
  std::uint64_t number_ = 0;
};

}  // namespace check::search
