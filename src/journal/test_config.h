// SPDX-License-Identifier: Apache-2.0
// What tests of journals are configured with. Tests only.
#pragma once

#include <cstdint>

#include "journal/journal.h"

namespace journal {

inline Config segments_of(std::uint64_t segment_bytes) {
  Config config;
  config.cluster = 7;
  config.node = {1};
  config.segment_bytes = segment_bytes;
  config.prepare_bytes = 1024;
  return config;
}

}  // namespace journal
