// SPDX-License-Identifier: Apache-2.0
// Draws genomes, and changes them: the search's only source of plans. All of a genome's choices
// come from the generator it is given.
#pragma once

#include "base/prng.h"
#include "check/search/gadget_maker.h"
#include "check/search/genome.h"
#include "check/search/merits.h"
#include "check/search/palette.h"

namespace check::search {

// Thousandths of an election timeout: no lane is longer.
inline constexpr std::uint64_t kMostLength = 8000;

class Maker {
 public:
  // Both outlive the maker. Words are drawn by their merits.
  Maker(const Palette& palette, const Merits& merits)
      : palette_(palette), merits_(merits), gadgets_(palette, merits) {}

  Genome fresh(base::Prng& prng) const;
  // Nothing but faults by time: what a search that understands nothing would do.
  Genome faults(base::Prng& prng) const;
  // A few changes.
  Genome mutant(const Genome& parent, base::Prng& prng) const;
  // Some of each.
  Genome child(const Genome& one, const Genome& other, base::Prng& prng) const;

 private:
  plan::Step step(base::Prng& prng) const;
  std::vector<plan::Step> lane(std::uint64_t most_steps, base::Prng& prng) const;
  void change(Genome& genome, base::Prng& prng) const;
  void change_steps(Genome& genome, base::Prng& prng) const;
  void change_gadgets(Genome& genome, base::Prng& prng) const;
  Genome tidied(Genome genome, base::Prng& prng) const;
  static void part_rivals(Genome& genome, base::Prng& prng);
  bool has_talks() const { return !palette_.talks().empty(); }

  const Palette& palette_;
  const Merits& merits_;
  GadgetMaker gadgets_;
};

}  // namespace check::search
