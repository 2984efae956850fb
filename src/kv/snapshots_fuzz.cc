// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a snapshot, cut anywhere. What is taken must give the same bytes again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "kv/machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t cut = data[0] + std::size_t{1};
  const std::string bytes(data + 1, data + size);
  kv::Machine machine;
  {
    const auto restore = machine.begin_restore();
    for (std::size_t at = 0; at < bytes.size(); at += cut) {
      if (!restore->add(std::string_view(bytes).substr(at, cut)).ok()) return 0;
    }
    if (!restore->finish().ok()) return 0;
  }
  const auto snapshot = machine.snapshot();
  std::string again;
  for (std::string piece; !(piece = snapshot->next(cut)).empty();) again += piece;
  CHECK(again == bytes);
  return 0;
}
