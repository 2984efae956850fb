// SPDX-License-Identifier: Apache-2.0
// Any bytes as the files of a journal: the first byte chooses segments or a mapped file. Recovery
// ends with a log or an error; what it made of the bytes is then without damage.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "io/testing/memory_disk.h"
#include "journal/mapped_log.h"
#include "journal/segment_log.h"

namespace {

std::unique_ptr<journal::Storage> make(io::Disk& disk, bool mapped) {
  journal::Config config;
  config.cluster = 7;
  config.node = {1};
  config.segment_bytes = 4096;
  if (mapped) return std::make_unique<journal::MappedLog>(disk, config);
  return std::make_unique<journal::SegmentLog>(disk, config);
}

void put(io::testing::MemoryDisk& disk, const std::string& name, const std::string& bytes) {
  CHECK(disk.create(name).ok());
  disk.set_bytes(name, bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool mapped = data[0] % 2 == 1;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  io::testing::MemoryDisk disk(1);
  if (mapped) {
    put(disk, "log.mapped", bytes);
  } else {
    const std::size_t half = bytes.size() / 2 / io::kSectorBytes * io::kSectorBytes;
    put(disk, journal::segment_name(1), bytes.substr(0, half));
    put(disk, journal::segment_name(2), bytes.substr(half));
  }
  if (!make(disk, mapped)->recover().ok()) return 0;
  const auto again = make(disk, mapped)->recover();
  CHECK(again.ok() && again.value().findings.empty());
  return 0;
}
