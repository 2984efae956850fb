// SPDX-License-Identifier: Apache-2.0
// Which sessions there are, and the answers that each may still ask for again.
//
//   session 17:  first unanswered 5    answers:  5 -> OK   6 -> 42   8 -> OK
//                 4 and below: forgotten         7 -> not applied yet
//
// A function of the log, bounds included: equal on all servers that applied the same entries under
// the same Limits. Copying one is cheap, and the copy does not change: records are shared until
// they change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "raft/types.h"
#include "session/command.h"

namespace session {

// Part of what the servers agree on: the same on all of them as long as the log lives.
struct Limits {
  // Beyond either, the session that was not used for longest goes. An answer counts with its bytes
  // and kAnswerOverheadBytes.
  std::uint64_t sessions = 16'384;
  std::uint64_t answer_bytes = std::uint64_t{64} * 1024 * 1024;
  // Of a longer answer only that there was one is kept.
  std::uint64_t one_answer_bytes = std::uint64_t{1} * 1024 * 1024;
  // How far a sequence may be ahead of the first unanswered one.
  std::uint64_t unanswered = 1'024;
  friend bool operator==(const Limits&, const Limits&) = default;
};
inline constexpr std::uint64_t kAnswerOverheadBytes = 64;

using SharedAnswer = std::shared_ptr<const machine::Answer>;

struct Record {
  raft::LogIndex used;  // The entry that used it last.
  Sequence first_unanswered{1};
  std::map<Sequence, SharedAnswer> answers;  // Of first_unanswered and above.
};

class Table {
 public:
  using Records = std::map<SessionId, std::shared_ptr<Record>>;

  explicit Table(const Limits& limits) : limits_(limits) {}

  // Requires, here and below: indices grow from call to call.
  SessionId open(raft::LogIndex index);
  void close(SessionId session);

  // What becomes of a numbered command: Answer, if it is to be applied (`recorded` is null) or was;
  // else the reason why not. Acknowledges what it acknowledges.
  struct Verdict {
    Kind kind = Kind::Answer;
    SharedAnswer recorded;
  };
  Verdict admit(raft::LogIndex index, const Numbered& command);
  // Requires: admit() said to apply `command`, just now.
  void record(const Numbered& command, const machine::Answer& answer);

  // Puts back a session that a snapshot had. False: it breaks a rule, or the limits.
  bool restore(SessionId session, Record record);

  const Limits& limits() const { return limits_; }
  const Records& records() const { return records_; }
  std::uint64_t answer_bytes() const { return answer_bytes_; }
  // Sessions that had to go since this Table was made; not part of what servers agree on.
  std::uint64_t expired() const { return expired_; }

 private:
  // Null: there is no such session. Only what it gives may be changed: others may be shared.
  Record* find(SessionId session);
  void touch(SessionId session, Record& record, raft::LogIndex index);
  void acknowledge(Record& record, Sequence first_unanswered);
  void enforce_limits();

  Limits limits_;
  Records records_;
  std::map<raft::LogIndex, SessionId> by_use_;
  std::uint64_t answer_bytes_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace session
