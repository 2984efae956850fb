// SPDX-License-Identifier: Apache-2.0
// A frame laid out over its sectors, and gathered from them again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/disk.h"
#include "journal/layout.h"

namespace journal {

// In memory, too, a sector begins at a multiple of its size: a disk may want it so.
struct alignas(io::kSectorBytes) SectorBlock {
  std::array<char, io::kSectorBytes> bytes{};
};
using Sectors = std::vector<SectorBlock>;
std::string_view bytes_of(const Sectors& sectors);

// A segment header, which is one sector.
void add_sector(std::string_view sector, Sectors& sectors);
// The frame that `descriptor` speaks of.
void add_frame(const Descriptor& descriptor, std::string_view body, const Identity& identity,
               Sectors& sectors);

// What there is of a frame.
struct Frame {
  Descriptor descriptor;
  std::string body;
  bool whole = false;       // The body is as it was written.
  bool unfinished = false;  // A sector was never written.
  // The first place where it is not as it was written, from the beginning of the frame, although
  // that sector was written.
  std::optional<std::uint64_t> flaw;
};

// `bytes`: the sectors of the frame, as its header or its trailer tells how many there are.
Frame gather(const Descriptor& descriptor, std::string_view bytes, const Identity& identity);

}  // namespace journal
