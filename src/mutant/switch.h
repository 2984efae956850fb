// SPDX-License-Identifier: Apache-2.0
// Which mutant is on. At most one in a process, from its start or from activate() on: the variable
// SEAWORTHY_MUTANT of the environment names it, for programs that have no option, like unit tests.
//
// Only in the preset `mutants`.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mutant {

enum class Id : std::uint8_t {
  None,
#define MUTANT_ROW(group, name, hazard, breaks, equivalent) name,
#include "mutant/catalogue.def"
#undef MUTANT_ROW
};

// One row of catalogue.def.
struct Description {
  Id id = Id::None;
  std::string_view group;
  std::string_view name;
  std::string_view hazard;      // The row of the hazard list that it was taken from.
  std::string_view breaks;      // What it does wrong.
  std::string_view equivalent;  // Why nobody can notice; empty: somebody must.
};

std::span<const Description> catalogue();

// False: no mutant has this name.
[[nodiscard]] bool activate(std::string_view name);

// Read by MUTANT() alone.
extern Id active;  // NOLINT: switched once, before anything runs; never in what ships.

}  // namespace mutant
