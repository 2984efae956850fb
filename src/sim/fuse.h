// SPDX-License-Identifier: Apache-2.0
// Counts the effects of one server, and says at which of them trouble comes: the boundary between
// any two effects is a place where a run may crash.
//
//   effect:  list  read  write  send  sync  send  answer ...
//                          ^ arm_death(3): this and all later ones do not happen
#pragma once

#include <cstdint>

namespace sim {

class Fuse {
 public:
  // Of one call to the disk.
  enum class Call : std::uint8_t { Fine, Fails, NoSpace, Off };

  // The `effect`-th from now on, and all after it, do not happen; 1 is the next.
  void arm_death(std::uint64_t effect) { death_at_ = effects_ + effect; }
  // The `call`-th call to the disk from now on fails; others do not.
  void arm_error(std::uint64_t call) { error_at_ = calls_ + call; }
  // From the `call`-th on, whatever needs space fails until disarm().
  void arm_full(std::uint64_t call) { full_from_ = calls_ + call; }
  void disarm() { death_at_ = error_at_ = full_from_ = 0; }
  // Power is back.
  void renew() {
    dead_ = false;
    death_at_ = 0;
  }

  bool dead() const { return dead_; }
  bool armed() const { return (death_at_ | error_at_ | full_from_) != 0; }
  std::uint64_t effects() const { return effects_; }

  // True: it happens. Of all that leaves the server.
  bool let_out() {
    effects_ += 1;
    if (effects_ == death_at_) dead_ = true;
    return !dead_;
  }
  Call call(bool takes_space) {
    calls_ += 1;
    if (!let_out()) return Call::Off;
    if (calls_ == error_at_) return Call::Fails;
    if (takes_space && full_from_ != 0 && calls_ >= full_from_) return Call::NoSpace;
    return Call::Fine;
  }

 private:
  std::uint64_t effects_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t death_at_ = 0;  // 0: never.
  std::uint64_t error_at_ = 0;
  std::uint64_t full_from_ = 0;
  bool dead_ = false;
};

}  // namespace sim
