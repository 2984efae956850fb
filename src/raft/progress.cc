// SPDX-License-Identifier: Apache-2.0
#include "raft/progress.h"

#include <algorithm>

#include "base/check.h"
#include "mutant/mutant.h"

namespace raft {

bool Progress::may_send() const {
  switch (mode_) {
    case Mode::Probe:
      return !probing_;
    case Mode::Pipeline:
      return inflight_.size() < limits_.messages && inflight_bytes_ < limits_.bytes;
    case Mode::Snapshot:
      return false;
  }
  CHECK(false);
  return false;
}

void Progress::on_sent(LogIndex last, std::uint64_t bytes) {
  CHECK(may_send());
  CHECK(next_ <= last, next_, last);
  if (mode_ == Mode::Probe) {
    probing_ = true;
    return;
  }
  next_ = last.next();
  inflight_.push() = {last, bytes};
  inflight_bytes_ += bytes;
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
  while (!inflight_.empty() && inflight_.front().last <= match_ && !MUTANT(WindowNeverReopens)) {
    if (!MUTANT(InflightBytesLeak)) inflight_bytes_ -= inflight_.front().bytes;
    inflight_.pop_front();
  }
}

bool Progress::on_refusal(LogIndex previous, LogIndex guess) {
  // What matched once is on the follower's disk and stays there.
  if (previous <= match_ && !MUTANT(LateRefusalStepsBack)) return false;
  if (mode_ == Mode::Snapshot) return false;
  if (mode_ == Mode::Pipeline && MUTANT(LostAppendIsNotSentAgain)) return false;
  // An answer to an earlier probe, or to what was sent before the last step back.
  if (mode_ == Mode::Probe ? previous.next() != next_ : previous >= next_) return false;

  // previous < next, and match < previous: the new next is lower by at least one, above match.
  probe(std::max(match_.next(), std::min(previous, guess.next())));
  probing_ = MUTANT(ProbeIsNotRepeated);
  return true;
}

void Progress::on_loss(LogIndex match, LogIndex guess) {
  CHECK(match <= guess && guess < next_, match, guess, next_);
  match_ = match;
  probe(guess.next());
}

void Progress::on_too_far_behind() {
  probe(next_);
  mode_ = Mode::Snapshot;
}

void Progress::on_installed(LogIndex index) {
  if (mode_ != Mode::Snapshot) return on_success(index);
  match_ = std::max(match_, index);
  probe(match_.next());
}

void Progress::probe(LogIndex next) {
  next_ = next;
  mode_ = Mode::Probe;
  probing_ = false;
  inflight_.clear();
  inflight_bytes_ = 0;
}

void Progress::check_invariants(LogIndex last) const {
  CHECK(match_ < next_, match_, next_);
  CHECK(next_ <= last.next(), next_, last);
  CHECK(inflight_.size() <= limits_.messages, inflight_.size(), limits_.messages);
  CHECK(mode_ == Mode::Pipeline || inflight_.empty(), inflight_.size());
  CHECK(mode_ == Mode::Probe || !probing_);
  LogIndex before = match_;
  std::uint64_t bytes = 0;
  for (const Sent& sent : inflight_) {
    CHECK(before < sent.last, before, sent.last);
    before = sent.last;
    bytes += sent.bytes;
  }
  CHECK(before < next_, before, next_);
  CHECK(bytes == inflight_bytes_, bytes, inflight_bytes_);
}

}  // namespace raft
