// SPDX-License-Identifier: Apache-2.0
// Requests of the program that are not decided yet. Each write is a numbered command of one session
// (docs/sessions.md), so that it may be sent again, to any leader, until it is answered.
//
//   add() --> waiting --send()--> under way --on_answer()--> decided: the callback
//                 ^                    |
//                 '--- not decided ----'        expire(): Refused or Unknown, by what is known
//
// The session is opened with the first write, and anew when it is gone.
#pragma once

#include <seaworthy/raft/outcome.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "replica/outlet.h"
#include "session/command.h"

namespace embed {

using Time = std::chrono::nanoseconds;

// One attempt. `ticket` comes back with its answer.
struct Attempt {
  std::uint64_t ticket = 0;
  bool is_write = false;
  std::string bytes;
};

class Requests {
 public:
  // How long after an attempt that failed the next one is made.
  static constexpr std::chrono::milliseconds kPause{30};
  // Sequences ahead of the first undecided one (session::Limits::unanswered).
  static constexpr std::uint64_t kWindow = 1'000;

  struct Request {
    bool is_write = false;
    std::string bytes;
    seaworthy::Callback callback;
    Time deadline{0};  // Not before that of any request added before.
  };

  void add(Request request);
  // Gives `take` what is to be sent, in order, until it says no: there is nobody to send to now.
  // It may call on_answer() before it returns.
  void send(Time now, const std::function<bool(const Attempt&)>& take);
  void on_answer(std::uint64_t ticket, const replica::Outcome& outcome, Time now);
  void expire(Time now);
  // Everything that is not decided, as if its time were over.
  void give_up(const std::string& why);

  std::size_t size() const { return open_.size(); }

 private:
  static constexpr std::uint64_t kOpening = 0;  // The ticket of the session's own command.

  struct Open {
    Request request;
    Time not_before{0};
    bool under_way = false;
    bool may_be_done = false;
    std::string why = "nobody leads";
    session::SessionId session;  // With `sequence`, if that is not 0.
    session::Sequence sequence;
  };

  bool number(Open& open);
  bool open_session(Time now, const std::function<bool(const Attempt&)>& take);
  void on_opened(const replica::Outcome& outcome, Time now);
  void on_done(std::uint64_t ticket, const machine::Answer& answer, Time now);
  void again(std::uint64_t ticket, Time now);
  void lose_session(Open& open);
  void decide(std::uint64_t ticket, seaworthy::Outcome outcome);
  void give_up(std::uint64_t ticket, const std::string& why);

  std::map<std::uint64_t, Open> open_;  // By ticket, rising.
  std::set<std::uint64_t> waiting_;     // Of open_: not under way.
  std::uint64_t last_ticket_ = kOpening;

  std::optional<session::SessionId> session_;
  bool opening_ = false;
  Time open_not_before_{0};
  session::Sequence last_sequence_;
  std::set<session::Sequence> undecided_;  // Of the present session.
};

}  // namespace embed
