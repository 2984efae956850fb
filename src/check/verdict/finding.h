// SPDX-License-Identifier: Apache-2.0
// The one interface between a finished run and an opinion about it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace check::verdict {

// Ordered by weight: when opinions are joined, the heaviest wins. A checker that ran out of time or
// memory says Unknown, never Valid.
enum class Verdict : std::uint8_t { Valid, Unknown, Invalid };

struct Finding {
  std::string checker;  // "linear", "liveness", "divergence", ...: the names of contracts.
  Verdict verdict = Verdict::Unknown;
  std::string sentence;                 // One sentence for a person.
  std::vector<std::uint64_t> evidence;  // Indexes of history.jsonl or ids of messages.jsonl: the
                                        // smallest known proof.
  std::optional<std::string> known;     // The id of a known bug of the target that this is.
};

inline Verdict joined(std::span<const Finding> findings) {
  Verdict heaviest = Verdict::Valid;
  for (const Finding& finding : findings) heaviest = std::max(heaviest, finding.verdict);
  return heaviest;
}

constexpr const char* name(Verdict verdict) {
  switch (verdict) {
    case Verdict::Valid:
      return "valid";
    case Verdict::Unknown:
      return "unknown";
    case Verdict::Invalid:
      return "invalid";
  }
  return "unknown";
}

}  // namespace check::verdict
