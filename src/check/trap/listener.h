// SPDX-License-Identifier: Apache-2.0
// The kernel's end of a filter that notifies, as seccomp_unotify(2) describes it.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "check/sandbox/fd.h"

namespace check::trap {

class Listener {
 public:
  // Wakes this side on the CPU of the caller where the kernel can (Linux 6.6).
  explicit Listener(sandbox::Fd fd);

  int fd() const { return fd_.get(); }
  // Requires: the descriptor is readable. Nothing: the caller was killed or interrupted meanwhile.
  std::optional<seccomp_notif> receive();
  // Whether the caller still waits; if so, what was read about it just before was about it.
  bool waits(std::uint64_t id) const;

  // All are silent if the caller is gone.
  void let_pass(std::uint64_t id) const;
  void fail(std::uint64_t id, int error) const;
  void succeed(std::uint64_t id, std::int64_t value) const;

 private:
  void send(const seccomp_notif_resp& answer) const;

  sandbox::Fd fd_;
  std::vector<std::uint64_t> buffer_;  // The kernel may know a longer seccomp_notif than we.
};

}  // namespace check::trap
