// SPDX-License-Identifier: Apache-2.0
#include "mutant/switch.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/check.h"

namespace mutant {

namespace {

constexpr auto kCatalogue = std::to_array<Description>({
#define MUTANT_ROW(group, name, hazard, breaks, equivalent) \
  {Id::name, #group, #name, hazard, breaks, equivalent},
#include "mutant/catalogue.def"
#undef MUTANT_ROW
});

Id from_environment() {
  const char* name = std::getenv("SEAWORTHY_MUTANT");
  if (name == nullptr) return Id::None;
  const auto* found = std::ranges::find(kCatalogue, std::string_view(name), &Description::name);
  CHECK(found != kCatalogue.end(), name);
  return found->id;
}

}  // namespace

Id active = from_environment();  // NOLINT: the point of the preset.

std::span<const Description> catalogue() { return kCatalogue; }

bool activate(std::string_view name) {
  const auto* found = std::ranges::find(kCatalogue, name, &Description::name);
  if (found == kCatalogue.end()) return false;
  active = found->id;
  return true;
}

}  // namespace mutant
