// SPDX-License-Identifier: Apache-2.0
// A capture file, read from its beginning and given to a reassembler.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "check/capture/reassembler.h"

namespace check::run {

// What was read of it.
struct CaptureCounts {
  std::uint64_t file_bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t segments = 0;   // Packets with TCP.
  std::uint64_t fragments = 0;  // Of IP packets; not put together.
  std::uint64_t damaged = 0;
  std::uint64_t cut = 0;        // Segments that the capture has not whole.
  std::uint64_t foreign = 0;    // Packets of links that are not understood.
  std::uint64_t lost = 0;       // Packets that the capturing program says it lost.
  std::uint64_t left_over = 0;  // Bytes at the end that are no whole packet.
  std::uint64_t first_ns = 0;   // Since 1970.
  std::uint64_t last_ns = 0;
  std::optional<std::string> error;  // Where the file stops making sense.
};

// Reads at most `most_bytes` of the file. An error: it cannot be read, or is no capture.
base::Result<CaptureCounts> read_capture(const std::string& path, std::uint64_t most_bytes,
                                         capture::Reassembler& reassembler);

}  // namespace check::run
