// SPDX-License-Identifier: Apache-2.0
#include "check/run/online_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "check/evidence/judge.h"
#include "check/history/event.h"
#include "check/history/pairing.h"
#include "check/linear/linear.h"
#include "check/run/line_tail.h"
#include "check/run/message_sequence.h"

namespace check::run {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{100};
// Of the time that judging took: it shares the machine with the run.
constexpr int kPauseFactor = 3;
constexpr int kAskEvery = 1024;

// The history so far, key by key: those with new answers are judged again.
class Linearity {
 public:
  Linearity(const RunDirectory& directory, const model::Model* model)
      : lines_(directory.file("history.jsonl")) {
    how_.model = model;
  }

  // Whether a violation is proven. A line that cannot be read ends it: it is for the judge that
  // comes after.
  bool proven(const std::function<bool()>& keep_going) {
    follow();
    bool found = false;
    for (auto& [key, state] : keys_) {
      if (!std::exchange(state.fresh, false) || found) continue;
      found = violated(state, keep_going);
    }
    return found;
  }

 private:
  struct Key {
    std::vector<std::size_t> operations;  // Positions in the pairing.
    bool fresh = false;
  };

  void follow() {
    while (!broken_ && lines_.next()) {
      auto event = history::parse_event(lines_.line());
      broken_ = !event.ok();
      if (broken_) return;
      Key& key = keys_[event.value().key];
      const bool begins = event.value().type == history::EventType::Invoke;
      if (begins) key.operations.push_back(pairing_.operations().size());
      if (!begins) key.fresh = true;
      broken_ = !pairing_.add(std::move(event).value()).ok();
    }
  }

  bool violated(const Key& key, const std::function<bool()>& keep_going) const {
    std::vector<history::Operation> operations;
    operations.reserve(key.operations.size());
    for (const std::size_t position : key.operations) {
      operations.push_back(pairing_.operations()[position]);
    }
    return linear::check(operations, how_, keep_going).verdict == verdict::Verdict::Invalid;
  }

  linear::Options how_;
  LineTail lines_;
  history::Pairing pairing_;
  std::map<std::string, Key> keys_;
  bool broken_ = false;
};

// What the nodes said so far.
class Messages {
 public:
  Messages(const RunDirectory& directory, wire::Protocol protocol)
      : judge_(protocol), sequence_(directory) {
    judge_.saw_the_beginning();
  }

  // The checkers with a proven violation.
  std::set<std::string> proven(const std::function<bool()>& keep_going) {
    bool more = true;
    for (int count = 1; more && (count % kAskEvery != 0 || keep_going()); ++count) {
      const auto stepped = sequence_.step(judge_, MessageSequence::Files::Growing);
      more = stepped.ok() && stepped.value();
    }
    std::set<std::string> checkers;
    if (!judge_.proven()) return checkers;
    for (const verdict::Finding& finding : judge_.findings()) checkers.insert(finding.checker);
    return checkers;
  }

 private:
  evidence::Judge judge_;
  MessageSequence sequence_;
};

class Follower {
 public:
  Follower(const RunDirectory& directory, const OnlineJudge::Options& options)
      : wanted_(options.checkers) {
    if (wanted_.contains("linear")) linearity_.emplace(directory, options.model);
    const auto protocol = wire::protocol(options.protocol);
    const bool only_linear = linearity_ && wanted_.size() == 1;
    if (protocol && !only_linear) messages_.emplace(directory, *protocol);
  }

  // The checker that proved one of the violations that are waited for.
  std::optional<std::string> proven(const std::function<bool()>& keep_going) {
    if (messages_) {
      for (const std::string& checker : messages_->proven(keep_going)) {
        if (wanted_.contains(checker)) return checker;
      }
    }
    if (linearity_ && linearity_->proven(keep_going)) return "linear";
    return std::nullopt;
  }

 private:
  const std::set<std::string> wanted_;
  std::optional<Linearity> linearity_;
  std::optional<Messages> messages_;
};

}  // namespace

std::set<std::string> OnlineJudge::possible(const std::set<std::string>& checkers) {
  std::set<std::string> result = checkers;
  for (const char* late : {"liveness", "divergence", "faults", "workload", "traffic"}) {
    result.erase(late);
  }
  return result;
}

OnlineJudge::OnlineJudge(const RunDirectory& directory, Options options, faults::Stop& stop) {
  thread_ = std::thread([this, directory, options = std::move(options), &stop] {
    const auto follower = std::make_unique<Follower>(directory, options);
    milliseconds pause = kPause;
    while (ended_.wait(pause)) {
      const auto begin = std::chrono::steady_clock::now();
      const auto proven = follower->proven([this] { return !ended_.requested(); });
      if (proven) return stop.request("a violation is proven: " + *proven);
      const auto took = std::chrono::steady_clock::now() - begin;
      pause = std::max(kPause, kPauseFactor * std::chrono::duration_cast<milliseconds>(took));
    }
  });
}

OnlineJudge::~OnlineJudge() {
  ended_.request("the run is over");
  thread_.join();
}

}  // namespace check::run
