// SPDX-License-Identifier: Apache-2.0
// What a waiting person sees on standard error: one line that is rewritten every half second on a
// terminal, a line every five seconds elsewhere.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "check/faults/stop.h"

namespace check::run {

class Progress {
 public:
  // `line` is asked from a thread of the Progress for what to show beside the phase.
  // `quiet`: nothing is shown.
  explicit Progress(std::function<std::string()> line, bool quiet = false);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void phase(const std::string& name);
  // A line of its own that stays.
  void note(const std::string& text);

 private:
  void show();
  void refresh();

  std::function<std::string()> line_;
  bool quiet_;
  bool terminal_;
  faults::Stop ended_;
  std::mutex mutex_;
  std::string phase_;
  std::thread thread_;
};

}  // namespace check::run
