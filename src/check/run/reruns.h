// SPDX-License-Identifier: Apache-2.0
// Runs a plan again and again, two sandboxes at a time, each in a process of its own, and counts
// how often it fails in the way that is looked for.
//
//   this process --fork--> rerun 1: run_contained() --> verdict.json --> exit code
//                '-fork--> rerun 2: ...
//
// When this process ends, by whatever cause, the kernel ends the reruns and all that is in them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "check/plan/plan.h"
#include "check/run/check_run.h"
#include "check/sandbox/fd.h"

namespace check::run {

class Reruns {
 public:
  struct Options {
    CheckOptions check;
    Manner manner;
    std::set<std::string> wanted;        // A violation of one of these checkers is a failure.
    std::string folder;                  // For the run directories; made and removed here.
    std::string kept;                    // Where that of the last failure is kept.
    std::chrono::milliseconds limit{0};  // Of one rerun: what takes longer did not fail.
  };

  // For mkdtemp(), and removed by clear_remains() in `folder` where whose it was is no more: it was
  // killed.
  static constexpr const char* kFolder = ".reruns-XXXXXX";
  static void clear_remains(const std::string& folder);

  // An error if the folder cannot be made. Requires: hold_interrupts(); no other thread runs.
  static base::Result<Reruns> create(Options options);
  ~Reruns();
  Reruns(Reruns&& other) noexcept;
  Reruns(const Reruns&) = delete;
  Reruns& operator=(const Reruns&) = delete;
  Reruns& operator=(Reruns&&) = delete;

  using Clock = std::chrono::steady_clock;
  struct Tally {
    int runs = 0;
    int failed = 0;
    bool cut = false;  // `end` came before they were over.
  };
  // A rerun that could not be done counts as one that did not fail. At `end` those under way are
  // given up, and not counted. An error: none could so far, or an interrupt came (interrupted() is
  // true then).
  base::Result<Tally> run(const plan::Plan& plan, int times, Clock::time_point end);
  bool interrupted() const { return interrupted_; }

  // How long the last rerun that failed took; nothing if none did.
  std::optional<std::chrono::milliseconds> failing_time() const { return failing_time_; }

 private:
  struct Child;
  Reruns(Options options, sandbox::Fd lock)
      : options_(std::move(options)), lock_(std::move(lock)) {}

  base::Result<Child> start(const plan::Plan& plan);
  [[noreturn]] void be_rerun(const plan::Plan& plan, const std::string& path) const;
  base::Status await(std::vector<Child>& children, Clock::time_point end, Tally& tally);
  base::Status take(const Child& child, int status, Tally& tally);
  void clear(Child& child) const;

  Options options_;
  sandbox::Fd lock_;  // On the folder, as long as this process or a rerun lives.
  bool moved_from_ = false;
  bool interrupted_ = false;
  bool done_one_ = false;
  std::uint64_t next_ = 1;
  std::optional<std::chrono::milliseconds> failing_time_;
};

}  // namespace check::run
