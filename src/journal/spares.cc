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
constexpr std::uint64_t kZerosAtOnce = std::uint64_t{256} << 10U;
constexpr std::uint64_t kFreedAtOnce = std::uint64_t{1} << 20U;

std::uint64_t whole_sectors(std::uint64_t bytes) {
  return (bytes + io::kSectorBytes - 1) / io::kSectorBytes * io::kSectorBytes;
}

}  // namespace

std::string spare_name(std::uint64_t segment) {
  std::string name = segment_name(segment);
  return name.substr(0, name.find('.')).append(kSuffix);
}

base::Result<std::uint64_t> write_zeros(io::File& file, std::uint64_t from, std::uint64_t bytes) {
  const std::uint64_t begin = whole_sectors(from);
  const std::uint64_t end = begin + whole_sectors(std::max<std::uint64_t>(1, bytes));
  const Sectors zeros(std::min(kZerosAtOnce, end - begin) / io::kSectorBytes);
  for (std::uint64_t at = begin; at < end; at += kZerosAtOnce) {
    const std::string_view piece = bytes_of(zeros).substr(0, std::min(kZerosAtOnce, end - at));
    TRY([[maybe_unused]] const base::Done written, file.write_durably(at, piece));
  }
  return end;
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

base::Result<bool> Spares::clean(std::uint64_t bytes) {
  Spare& first = all_.front();
  if (first.clean_bytes < first.size_bytes) {
    const std::uint64_t left = first.size_bytes - first.clean_bytes;
    TRY(first.clean_bytes, write_zeros(*first.file, first.clean_bytes, std::min(bytes, left)));
    first.size_bytes = std::max(first.size_bytes, first.clean_bytes);
    return first.clean_bytes == first.size_bytes;
  }
  return true;
}

base::Result<Spares::Zeros> Spares::take(std::uint64_t segment) {
  Spare spare = std::move(all_.front());
  all_.pop_front();
  TRY([[maybe_unused]] const base::Done named,
      disk_.rename(spare_name(spare.segment), segment_name(segment)));
  TRY([[maybe_unused]] const base::Done durable, disk_.sync_directory());
  return Zeros{std::move(spare.file), spare.size_bytes};
}

base::Status Spares::shrink() {
  Spare& last = all_.back();
  if (last.size_bytes <= kFreedAtOnce) {
    const std::string name = spare_name(last.segment);
    all_.pop_back();
    return disk_.remove(name);
  }
  last.size_bytes -= kFreedAtOnce;
  return last.file->truncate(last.size_bytes);
}

}  // namespace journal
