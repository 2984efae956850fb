// SPDX-License-Identifier: Apache-2.0
#include "check/run/message_log.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "check/run/append_line.h"

namespace check::run {

namespace {

// What the writer falls behind before messages are lost: some tenths of a second of a busy cluster.
constexpr std::size_t kMostQueued = std::size_t{1} << 17;
constexpr std::size_t kMostEntries = std::size_t{1} << 20;
constexpr std::size_t kWriteBytes = std::size_t{1} << 20;
// The monitor does not wake the writer, which would cost it a system call for each message.
constexpr std::chrono::milliseconds kNap(5);

}  // namespace

base::Result<std::unique_ptr<MessageLog>> MessageLog::create(const std::string& path,
                                                             faults::Stop& stop,
                                                             std::uint64_t most_bytes) {
  TRY(const int fd, create_line_file(path));
  return std::unique_ptr<MessageLog>(new MessageLog(fd, path, stop, most_bytes));
}

MessageLog::MessageLog(int fd, std::string path, faults::Stop& stop, std::uint64_t most_bytes)
    : fd_(fd), path_(std::move(path)), stop_(stop), most_bytes_(most_bytes) {
  writer_ = std::thread([this] { run(); });
}

MessageLog::~MessageLog() {
  close();
  ::close(fd_);
}

void MessageLog::append(wire::Observation observation) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  const std::size_t entries = entries_ + observation.message.entries.size();
  if (queue_.size() >= kMostQueued || (entries > kMostEntries && !queue_.empty())) {
    lost_ += 1;
    return;
  }
  entries_ = entries;
  queue_.push_back(std::move(observation));
}

void MessageLog::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_one();
  if (writer_.joinable()) writer_.join();
}

void MessageLog::run() {
  std::vector<wire::Observation> messages;
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      last = wake_.wait_for(lock, kNap, [this] { return closed_; });
      messages.clear();
      messages.swap(queue_);
      entries_ = 0;
    }
    write(messages);
  }
}

void MessageLog::write(const std::vector<wire::Observation>& messages) {
  for (const wire::Observation& message : messages) {
    const std::size_t before = out_.size();
    wire::append_line(out_, message);
    // Once a line had no room, no shorter one has: the file is all that was seen up to there.
    full_ = full_ || bytes_ + out_.size() > most_bytes_;
    if (full_) {
      out_.resize(before);
      lost_ += 1;
      continue;
    }
    lines_ += 1;
    if (out_.size() >= kWriteBytes) write_out();
  }
  write_out();
}

void MessageLog::write_out() {
  if (out_.empty()) return;
  const base::Status written = append_lines(fd_, out_, path_);
  if (written.ok()) {
    bytes_ += out_.size();
    saved_ += lines_;
  } else {
    full_ = true;
    lost_ += lines_;
    stop_.request(written.error().message);
  }
  lines_ = 0;
  out_.clear();
}

}  // namespace check::run
