// SPDX-License-Identifier: Apache-2.0
#include "journal/frame.h"

#include <algorithm>

#include "base/check.h"
#include "base/crc32c.h"
#include "mutant/mutant.h"

namespace journal {

namespace {

// Fills the data of sectors, one after the other.
class Spread {
 public:
  Spread(Sectors& sectors, std::size_t first) : sectors_(sectors), sector_(first) {}

  void put(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t count = std::min(bytes.size(), kSectorData - at_);
      std::copy_n(bytes.data(), count, sectors_[sector_].bytes.data() + at_);
      bytes.remove_prefix(count);
      at_ += count;
      if (at_ == kSectorData) {
        at_ = 0;
        sector_ += 1;
      }
    }
  }

 private:
  Sectors& sectors_;
  std::size_t sector_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view bytes_of(const Sectors& sectors) {
  if (sectors.empty()) return {};
  return {sectors.front().bytes.data(), sectors.size() * io::kSectorBytes};
}

void add_sector(std::string_view sector, Sectors& sectors) {
  CHECK(sector.size() == io::kSectorBytes, sector.size());
  std::copy(sector.begin(), sector.end(), sectors.emplace_back().bytes.begin());
}

void add_frame(const Descriptor& descriptor, std::string_view body, const Identity& identity,
               Sectors& sectors) {
  const std::size_t first = sectors.size();
  const std::uint64_t count = descriptor.sectors();
  sectors.resize(first + count);
  Spread spread(sectors, first);
  spread.put(encode(descriptor, Place::Header, identity));
  spread.put(body);
  const std::string trailer = encode(descriptor, Place::Trailer, identity);
  std::copy(trailer.begin(), trailer.end(),
            sectors.back().bytes.begin() + (kSectorData - kDescriptorBytes));
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint32_t value = stamp(descriptor.number, i);
    for (std::size_t at = kSectorData; at < io::kSectorBytes; ++at, value >>= 8U) {
      sectors[first + i].bytes.at(at) = static_cast<char>(value & 0xffU);
    }
  }
}

Frame gather(const Descriptor& descriptor, std::string_view bytes, const Identity& identity) {
  const std::uint64_t count = descriptor.sectors();
  CHECK(bytes.size() == count * io::kSectorBytes, bytes.size(), count);
  Frame frame;
  frame.descriptor = descriptor;
  std::string content;
  content.reserve(count * kSectorData);
  std::vector<Sector> judged;
  judged.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view sector = bytes.substr(i * io::kSectorBytes, io::kSectorBytes);
    judged.push_back(judge(sector, descriptor.number, i));
    if (judged.back() == Sector::Unwritten) frame.unfinished = true;
    content += sector.substr(0, kSectorData);
  }
  const std::string_view all = content;
  frame.body = all.substr(kDescriptorBytes, descriptor.body_bytes);
  frame.whole = base::crc32c(frame.body) == descriptor.body_checksum || MUTANT(BodyIsNotChecked);

  // Byte by byte against what should be there, apart from the body.
  Sectors good;
  add_frame(descriptor, frame.body, identity, good);
  const std::string_view expected = bytes_of(good);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] == expected[at] || judged[at / io::kSectorBytes] == Sector::Unwritten) continue;
    frame.flaw = at;
    break;
  }
  return frame;
}

}  // namespace journal
