// SPDX-License-Identifier: Apache-2.0
#include "journal/spares.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/frame.h"
#include "journal/layout.h"

namespace journal {

namespace {

constexpr std::string_view kSuffix = ".spare";
// Of a spare that was no segment: no log comes so far.
constexpr std::uint64_t kNew = 0xffffffff;
constexpr std::uint64_t kFreedAtOnce = std::uint64_t{1} << 20U;

std::uint64_t whole_sectors(std::uint64_t bytes) {
  return (bytes + io::kSectorBytes - 1) / io::kSectorBytes * io::kSectorBytes;
}

}  // namespace

std::string spare_name(std::uint64_t segment) {
  std::string name = segment_name(segment);
  return name.substr(0, name.find('.')).append(kSuffix);
}

base::Result<std::uint64_t> grow_with_zeros(io::File& file, std::uint64_t from,
                                            std::uint64_t bytes) {
  const std::uint64_t begin = whole_sectors(from);
  const std::uint64_t size = whole_sectors(std::max<std::uint64_t>(1, bytes));
  TRY([[maybe_unused]] const base::Done written, io::write_zeros(file, begin, size));
  return begin + size;
}

base::Status Spares::find() {
  TRY(const std::vector<std::string> names, disk_.list());
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    const std::string stem = name.substr(0, name.size() - kSuffix.size());
    const std::optional<std::uint64_t> segment = segment_sequence(stem + ".journal");
    if (!segment) continue;  // Not ours.
    TRY([[maybe_unused]] const base::Done added, add(*segment));
  }
  return base::Done{};
}

base::Status Spares::add(std::uint64_t segment) {
  Spare spare;
  spare.segment = segment;
  TRY(spare.file, disk_.open(spare_name(segment)));
  TRY(spare.size_bytes, spare.file->size_bytes());
  all_.push_back(std::move(spare));
  return base::Done{};
}

base::Status Spares::make() {
  Spare spare;
  spare.segment = kNew;
  TRY(spare.file, disk_.create(spare_name(kNew)));
  all_.push_back(std::move(spare));
  return base::Done{};
}

base::Result<bool> Spares::clean(std::uint64_t bytes) {
  Spare& first = all_.front();
  const std::uint64_t all = whole_sectors(std::max(first.size_bytes, wanted_));
  if (first.clean_bytes >= all) return true;
  if (first.cleaning_bytes == 0) {
    first.cleaning_bytes = std::min(whole_sectors(bytes), all - first.clean_bytes);
  }
  const base::Result<bool> over =
      first.file->write_zeros_meanwhile(first.clean_bytes, first.cleaning_bytes);
  if (over.ok() && !over.value()) return false;
  const std::uint64_t cleaned = std::exchange(first.cleaning_bytes, 0);
  if (!over.ok()) return over.error();
  first.clean_bytes += cleaned;
  first.size_bytes = std::max(first.size_bytes, first.clean_bytes);
  return first.clean_bytes >= all;
}

base::Result<Spares::Zeros> Spares::take(std::uint64_t segment) {
  Spare& first = all_.front();
  const std::string name = spare_name(first.segment);
  TRY([[maybe_unused]] const base::Done named, disk_.rename(name, segment_name(segment)));
  if (base::Status durable = disk_.sync_directory(); !durable.ok()) {
    (void)disk_.rename(segment_name(segment), name);  // It is still a spare.
    return std::move(durable).error();
  }
  Zeros zeros{std::move(first.file), first.size_bytes};
  all_.pop_front();
  return zeros;
}

base::Status Spares::shrink() {
  Spare& last = all_.back();
  if (last.size_bytes <= kFreedAtOnce) {
    const std::string name = spare_name(last.segment);
    all_.pop_back();
    return disk_.remove(name);
  }
  last.size_bytes -= kFreedAtOnce;
  last.clean_bytes = std::min(last.clean_bytes, last.size_bytes);
  return last.file->truncate(last.size_bytes);
}

}  // namespace journal
