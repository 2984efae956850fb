// SPDX-License-Identifier: Apache-2.0
// Draws small groups of rules around messages that were seen.
#pragma once

#include "base/prng.h"
#include "check/search/genome.h"
#include "check/search/merits.h"
#include "check/search/palette.h"

namespace check::search {

class GadgetMaker {
 public:
  // Both outlive the maker. Requires, of all below: the palette has talks.
  GadgetMaker(const Palette& palette, const Merits& merits) : palette_(palette), merits_(merits) {}

  Gadget fresh(base::Prng& prng) const;
  // One number of it changes: which message of its kind, how long.
  void vary(Gadget& gadget, base::Prng& prng) const;

 private:
  const Talk& drawn_talk(base::Prng& prng) const;
  plan::When about(const Talk& talk, base::Prng& prng) const;
  std::string drawn_deed(wire::MessageType type, base::Prng& prng) const;
  // Strike, wait, end of the strike; appended to the rule. Returns the strike's word.
  std::string add_strike(plan::Rule& rule, base::Prng& prng) const;

  Gadget deed(base::Prng& prng) const;
  Gadget strike_at_message(base::Prng& prng) const;
  Gadget hold_across_leaders(base::Prng& prng) const;
  Gadget strike_by_time(base::Prng& prng) const;

  const Palette& palette_;
  const Merits& merits_;
};

}  // namespace check::search
