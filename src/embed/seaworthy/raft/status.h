// SPDX-License-Identifier: Apache-2.0
// Where a server stands, and who its cluster is.
//
// Stability: may change with the minor version: members may be added to Status.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace seaworthy {
inline namespace v0 {

struct Standing {
  bool leads = false;
  std::uint64_t term = 0;
  std::uint32_t leader = 0;  // 0: nobody is known to lead.
};

// Who decides, and who only gets the log (to catch up before it decides). Ids, and "HOST:PORT".
struct Membership {
  std::map<std::uint32_t, std::string> voters;
  std::map<std::uint32_t, std::string> learners;
};

struct Status {
  std::uint32_t id = 0;
  Standing standing;
  std::uint64_t commit = 0;   // Known to be agreed on, up to this index.
  std::uint64_t applied = 0;  // Given to the state machine.
  Membership membership;      // In force here; while it changes, the one to come.
  bool is_changing = false;
};

}  // namespace v0
}  // namespace seaworthy
