// SPDX-License-Identifier: Apache-2.0
// Judges a run while it goes on, from what it has saved by now: a thread that follows
// history.jsonl, messages.jsonl and nodes.jsonl, and ends the run once a violation is proven.
//
// Nothing that comes later takes such a proof back: an operation that has not ended may still take
// effect at any time, or never. The verdict is formed from the files afterwards all the same.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <thread>

#include "check/faults/stop.h"
#include "check/model/model.h"
#include "check/run/run_directory.h"

namespace check::run {

class OnlineJudge {
 public:
  struct Options {
    std::set<std::string> checkers;       // Only these end the run.
    std::string protocol;                 // Empty: there are no messages.
    const model::Model* model = nullptr;  // Of the clients' answers.
  };

  // Which of these can be judged before the end.
  static std::set<std::string> possible(const std::set<std::string>& checkers);

  // `stop` is requested when a violation is proven; it outlives the judge.
  OnlineJudge(const RunDirectory& directory, Options options, faults::Stop& stop);
  ~OnlineJudge();
  OnlineJudge(const OnlineJudge&) = delete;
  OnlineJudge& operator=(const OnlineJudge&) = delete;

 private:
  faults::Stop ended_;
  std::thread thread_;
};

}  // namespace check::run
