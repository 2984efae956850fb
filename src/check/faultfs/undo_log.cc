// SPDX-License-Identifier: Apache-2.0
#include "check/faultfs/undo_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace check::faultfs {

namespace {

constexpr off_t kSector = 512;
// More than this is not held back: the oldest changes become durable, as kernels write back what
// has been dirty for long.
constexpr std::size_t kMostBytes = 64U << 20U;
constexpr std::size_t kMostRecords = 200'000;

// Bytes of a torn write that reached the disk: about half, up to a border of sectors.
std::size_t kept_of_torn(off_t offset, std::size_t length) {
  const off_t border = (offset + static_cast<off_t>(length / 2)) / kSector * kSector;
  return border > offset ? static_cast<std::size_t>(border - offset) : 0;
}

}  // namespace

UndoLog::~UndoLog() {
  while (!records_.empty()) make_durable(records_.begin());
}

void UndoLog::add(Record record) {
  bytes_ += record.data.old.size();
  auto& index = record.is_name ? names_in_ : data_of_;
  index[record.inode].push_back(next_);
  records_.emplace_hint(records_.end(), next_++, std::move(record));
  while (bytes_ > kMostBytes || records_.size() > kMostRecords) make_durable(records_.begin());
}

int UndoLog::will_change(const SharedFd& file, off_t offset, std::size_t length) {
  struct stat found {};
  if (::fstat(file->get(), &found) != 0) return errno;
  Record record;
  record.inode = found.st_ino;
  record.data = {file, offset, length, found.st_size, {}};
  if (offset < found.st_size) {
    const auto there = static_cast<std::size_t>(found.st_size - offset);
    record.data.old.resize(std::min(length, there));
    std::size_t read = 0;
    while (read < record.data.old.size()) {
      const ssize_t size =
          ::pread(file->get(), record.data.old.data() + read, record.data.old.size() - read,
                  offset + static_cast<off_t>(read));
      if (size < 0) return errno;
      if (size == 0) break;
      read += static_cast<std::size_t>(size);
    }
    record.data.old.resize(read);
  }
  add(std::move(record));
  return 0;
}

void UndoLog::changed_names(ino_t directory, std::function<void()> undo,
                            std::function<void()> forget) {
  Record record;
  record.inode = directory;
  record.is_name = true;
  record.undo = std::move(undo);
  record.forget = std::move(forget);
  add(std::move(record));
}

// The index may still name the record: numbers are not used again.
void UndoLog::make_durable(Records::iterator record) {
  bytes_ -= record->second.data.old.size();
  if (record->second.forget) record->second.forget();
  auto& index = record->second.is_name ? names_in_ : data_of_;
  const auto entry = index.find(record->second.inode);
  if (entry != index.end()) {
    // Nearly always the first: changes become durable in their order.
    std::erase(entry->second, record->first);
    if (entry->second.empty()) index.erase(entry);
  }
  records_.erase(record);
}

void UndoLog::make_durable(std::map<ino_t, std::vector<std::uint64_t>>& index, ino_t inode,
                           std::uint64_t then) {
  const auto entry = index.find(inode);
  if (entry == index.end()) return;
  const std::vector<std::uint64_t> numbers = std::move(entry->second);
  std::vector<std::uint64_t> later;
  index.erase(entry);
  for (const std::uint64_t number : numbers) {
    if (number > then) {
      later.push_back(number);
    } else {
      make_durable(records_.find(number));
    }
  }
  if (!later.empty()) index[inode] = std::move(later);
}

void UndoLog::make_names_durable(std::uint64_t then) {
  std::vector<ino_t> directories;
  directories.reserve(names_in_.size());
  for (const auto& [directory, numbers] : names_in_) directories.push_back(directory);
  for (const ino_t directory : directories) make_durable(names_in_, directory, then);
}

void UndoLog::synced_file(ino_t file, std::uint64_t then) {
  make_durable(data_of_, file, then);
  if (profile_ == Profile::Ext4Like) make_names_durable(then);
}

void UndoLog::synced_directory(ino_t directory, std::uint64_t then) {
  make_durable(names_in_, directory, then);
  if (profile_ == Profile::Ext4Like) make_names_durable(then);
}

// Without the first `kept` bytes of the change, which stay. A file that cannot be restored is one
// that somebody else has taken away meanwhile.
void UndoLog::restore(const Data& data, std::size_t kept) {
  const int file = data.file->get();
  const off_t end = data.offset + static_cast<off_t>(kept);
  [[maybe_unused]] int cut = 0;
  cut = ::ftruncate(file, kept > 0 ? std::max(data.old_size, end) : data.old_size);
  if (data.old.size() <= kept) return;
  [[maybe_unused]] const ssize_t written =
      ::pwrite(file, data.old.data() + kept, data.old.size() - kept, end);
}

Loss UndoLog::roll_back(Cut cut) {
  Loss loss;
  if (cut == Cut::TearLast) {
    const auto last = std::find_if(records_.rbegin(), records_.rend(), [](const auto& entry) {
      return !entry.second.is_name && entry.second.data.length > 0;
    });
    if (last != records_.rend()) {
      const Data& data = last->second.data;
      const std::size_t kept = kept_of_torn(data.offset, data.length);
      restore(data, kept);
      loss = {
          .writes = 1, .bytes = data.length - kept, .names = 0, .torn_bytes = data.length - kept};
    }
    while (!records_.empty()) make_durable(records_.begin());
    return loss;
  }
  for (auto entry = records_.rbegin(); entry != records_.rend(); ++entry) {
    const Record& record = entry->second;
    if (record.is_name) {
      loss.names += 1;
      if (record.undo) record.undo();
      continue;
    }
    loss.writes += 1;
    loss.bytes += record.data.length;
    restore(record.data, 0);
  }
  records_.clear();
  data_of_.clear();
  names_in_.clear();
  bytes_ = 0;
  return loss;
}

}  // namespace check::faultfs
