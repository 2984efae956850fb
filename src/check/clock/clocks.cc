// SPDX-License-Identifier: Apache-2.0
#include "check/clock/clocks.h"

#include <utility>

#include "base/check.h"

namespace check::clock {

base::Result<std::unique_ptr<Clocks>> Clocks::make(std::uint32_t nodes) {
  std::unique_ptr<Clocks> clocks(new Clocks);
  for (std::uint32_t k = 1; k <= nodes; ++k) {
    TRY(clocks->clocks_[{k}], NodeClock::make());
  }
  return clocks;
}

void Clocks::prepare(history::NodeId node, sandbox::Program& program) {
  static_assert(kMemoryDescriptor == sandbox::Program::kGivenDescriptor);
  program.traced = true;
  program.given_fd = of(node).memory();
}

base::Status Clocks::attach(history::NodeId node, const sandbox::Process& process) {
  TRY(const Patched patched, patch(process.pid(), of(node)));
  const std::lock_guard lock(mutex_);
  patched_[node] = patched;
  return base::Done{};
}

base::Status Clocks::confirm(history::NodeId node) {
  Patched patched;
  {
    const std::lock_guard lock(mutex_);
    const auto found = patched_.find(node);
    CHECK(found != patched_.end(), node);
    patched = found->second;
  }
  return clock::confirm(patched, of(node));
}

}  // namespace check::clock
