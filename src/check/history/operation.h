// SPDX-License-Identifier: Apache-2.0
// What clients asked, and what they were told: the only facts a checker may believe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ordinal.h"

namespace check::history {

// Nanoseconds since the run began, on one monotonic clock. An operation's interval is closed.
using Moment = base::Ordinal<struct MomentLine>;

// Names one line of history.jsonl; evidence speaks in these.
using EventIndex = base::Ordinal<struct EventIndexLine>;

// Info: the client cannot know whether the operation took, takes or ever will take effect.
enum class Outcome : std::uint8_t { Ok, Fail, Info };

// Append is for keys that hold a growing text or list (check/model); registers have the others.
enum class Function : std::uint8_t { Read, Write, Cas, Append };

// A register's content. Absent keys read nothing.
using Value = std::optional<std::string>;

// One call and its answer, paired. Which of the values mean something:
//
//              written   expected   found
//   Read                            what was read, if Ok
//   Write      yes
//   Append     yes
//   Cas        yes       yes        what was there instead, if Fail and the system told
struct Operation {
  EventIndex invoked_at;                  // The line that says `invoke`.
  std::optional<EventIndex> returned_at;  // The line that says how it ended; none if cut off.
  std::uint64_t process = 0;
  Function function = Function::Read;
  std::string key;
  Value written;
  Value expected;
  Value found;
  bool found_known = false;  // `found` was reported (it may be nothing: an absent key).
  Moment called;
  std::optional<Moment>
      returned;  // Empty if the outcome is Info: it may take effect at any later time.
  Outcome outcome = Outcome::Info;
  std::optional<std::uint32_t> node;  // The node that was asked, where the history says so.
  bool final = false;                 // Part of the read-back after the faults.
  // A judge's, who spreads moments in which a process does several things (check/linear/turns.h).
  std::uint64_t turns_before_call = 0;
  std::uint64_t turns_before_return = 0;
};

}  // namespace check::history
