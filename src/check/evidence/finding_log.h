// SPDX-License-Identifier: Apache-2.0
// Violations in the order they were proven. What is of the same kind, about the same nodes, is
// counted, not repeated.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ordinal.h"
#include "check/verdict/finding.h"

namespace check::evidence {

// Names a message: Observation::id.
using MessageId = base::Ordinal<struct MessageLine>;

struct Violation {
  std::string_view checker;  // A literal.
  std::string about;         // Violations of one checker that are about the same are folded.
  std::string sentence;
  std::vector<MessageId> proof;
};

class FindingLog {
 public:
  // Beyond, violations are only counted.
  static constexpr std::size_t kMost = 1000;

  // From now on nothing can be blamed on the nodes alone: what is found is Unknown, and says why.
  void doubt(const std::string& reason) {
    if (doubt_.empty()) doubt_ = reason;
  }

  void add(Violation violation);

  bool empty() const { return findings_.empty(); }
  std::vector<verdict::Finding> findings() const;

 private:
  struct Entry {
    verdict::Finding finding;
    std::uint64_t repeats = 0;
  };

  std::vector<Entry> findings_;
  std::map<std::pair<std::string, std::string>, std::size_t> known_;
  std::uint64_t beyond_ = 0;
  std::string doubt_;
};

}  // namespace check::evidence
