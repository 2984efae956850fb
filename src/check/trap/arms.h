// SPDX-License-Identifier: Apache-2.0
// What is armed against one node, and the counting of its calls. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "check/trap/syscall_point.h"

namespace check::trap {

class Arms {
 public:
  struct Hit {
    std::uint64_t id;
    Action action;
    StrikeSink sink;
  };

  void add(std::uint64_t id, const SyscallPoint& point, const Action& action, StrikeSink sink);
  bool remove(std::uint64_t id);

  // Counts a call, whatever its file. Whether its path has to be looked up.
  bool count(Call call);
  bool wants(Call call) const;
  // Counts it for every point it fits. The oldest that has reached its k strikes, one at a call; it
  // is removed unless its action lasts.
  std::optional<Hit> strike(Call call, const std::string& path);

  std::uint64_t counted(Call call) const;

 private:
  struct Armed {
    std::uint64_t id;
    SyscallPoint point;
    Action action;
    StrikeSink sink;
    std::uint64_t seen = 0;
  };
  void note_wanted();  // Requires: mutex_ is held.

  mutable std::mutex mutex_;
  std::vector<Armed> armed_;
  std::atomic<std::uint32_t> wanted_ = 0;  // A bit for each call that something armed fits.
  std::array<std::atomic<std::uint64_t>, 9> counts_{};
};

}  // namespace check::trap
