// SPDX-License-Identifier: Apache-2.0
#include "explore/renaming.h"

#include <algorithm>
#include <numeric>

namespace explore {

Renamings::Renamings(std::uint32_t nodes, bool symmetry) : nodes_(nodes) {
  std::vector<std::uint32_t> names(nodes);
  std::iota(names.begin(), names.end(), 1U);
  do {
    names_.insert(names_.end(), names.begin(), names.end());
  } while (symmetry && std::ranges::next_permutation(names).found);
}

Renaming Renamings::operator[](std::size_t which) const {
  return Renaming(std::span(names_).subspan(which * nodes_, nodes_));
}

}  // namespace explore
