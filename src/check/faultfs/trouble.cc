// SPDX-License-Identifier: Apache-2.0
#include "check/faultfs/trouble.h"

#include <cerrno>

namespace check::faultfs {

void Troubles::set(const Trouble& trouble) {
  {
    const std::lock_guard lock(mutex_);
    trouble_ = trouble;
    changes_ += 1;
  }
  changed_.notify_all();
}

Suffered Troubles::suffered() const {
  const std::lock_guard lock(mutex_);
  return suffered_;
}

int Troubles::meet(Need need, Pace pace) {
  std::unique_lock lock(mutex_);
  if (pace == Pace::AsTheDisk && trouble_.delay.count() > 0) {
    suffered_.delayed += 1;
    changed_.wait_for(lock, trouble_.delay, [&, before = changes_] { return changes_ != before; });
  }
  const bool full = trouble_.full && need == Need::Room;
  if (trouble_.broken || full) suffered_.refused += 1;
  if (trouble_.broken) return EIO;
  return full ? ENOSPC : 0;
}

}  // namespace check::faultfs
