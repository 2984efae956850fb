// SPDX-License-Identifier: Apache-2.0
#include "raft/progress.h"

#include <algorithm>

#include "base/check.h"
#include "mutant/mutant.h"

namespace raft {

bool Progress::may_send() const {
  return mode_ == Mode::Probe ? !probing_ : inflight_.size() < max_inflight_;
}

void Progress::on_sent(LogIndex last) {
  CHECK(may_send());
  CHECK(next_ <= last, next_, last);
  if (mode_ == Mode::Probe) {
    probing_ = true;
    return;
  }
  next_ = last.next();
  inflight_.push_back(last);
}

void Progress::on_success(LogIndex match) {
  if (match < match_ && !MUTANT(MatchGoesBack)) return;  // Late; something newer is known.
  match_ = match;
  if (mode_ == Mode::Probe) {
    mode_ = Mode::Pipeline;
    probing_ = false;
    next_ = match_.next();
    return;
  }
  next_ = std::max(next_, match_.next());
  while (!inflight_.empty() && inflight_.front() <= match_ && !MUTANT(WindowNeverReopens)) {
    inflight_.pop_front();
  }
}

bool Progress::on_refusal(LogIndex previous, LogIndex guess) {
  // What matched once is on the follower's disk and stays there.
  if (previous <= match_ && !MUTANT(LateRefusalStepsBack)) return false;
  if (mode_ == Mode::Pipeline && MUTANT(LostAppendIsNotSentAgain)) return false;
  // An answer to an earlier probe, or to what was sent before the last step back.
  if (mode_ == Mode::Probe ? previous.next() != next_ : previous >= next_) return false;

  // previous < next, and match < previous: the new next is lower by at least one, above match.
  next_ = std::max(match_.next(), std::min(previous, guess.next()));
  mode_ = Mode::Probe;
  probing_ = MUTANT(ProbeIsNotRepeated);
  inflight_.clear();
  return true;
}

void Progress::check_invariants(LogIndex last) const {
  CHECK(match_ < next_, match_, next_);
  CHECK(next_ <= last.next(), next_, last);
  CHECK(inflight_.size() <= max_inflight_, inflight_.size(), max_inflight_);
  CHECK(mode_ == Mode::Pipeline || inflight_.empty(), inflight_.size());
  CHECK(mode_ == Mode::Probe || !probing_);
  LogIndex before = match_;
  for (const LogIndex sent : inflight_) {
    CHECK(before < sent, before, sent);
    before = sent;
  }
  CHECK(before < next_, before, next_);
}

}  // namespace raft
