// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/traffic_log.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <type_traits>
#include <utility>

#include "check/monitor/pcapng.h"

namespace check::monitor {
namespace {

constexpr std::size_t kRingBytes = std::size_t{32} << 20;
constexpr std::size_t kWriteBytes = std::size_t{1} << 20;
constexpr std::uint64_t kStatisticsBytes = 64;
// The relay does not wake the writer, which would cost it a system call for each chunk.
constexpr std::chrono::milliseconds kNap(5);

std::uint64_t wall_clock_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::string_view comment_of(TrafficLog::Fate fate) {
  switch (fate) {
    case TrafficLog::Fate::Relayed:
      return "";
    case TrafficLog::Fate::Lost:
      return "lost on purpose: its receiver never got it";
    case TrafficLog::Fate::Duplicated:
      return "sent twice on purpose";
    case TrafficLog::Fate::Delayed:
      return "sent late on purpose";
  }
  return "";
}

}  // namespace

base::Result<std::unique_ptr<TrafficLog>> TrafficLog::open(const std::string& path,
                                                           std::uint64_t limit_bytes) {
  sandbox::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.open()) return sandbox::system_error("cannot write the traffic file " + path);
  return std::unique_ptr<TrafficLog>(new TrafficLog(std::move(file), limit_bytes));
}

TrafficLog::TrafficLog(sandbox::Fd file, std::uint64_t limit_bytes)
    : file_(std::move(file)), limit_bytes_(limit_bytes), ring_(kRingBytes) {
  writer_ = std::thread([this] { run(); });
}

TrafficLog::~TrafficLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  writer_.join();
}

void TrafficLog::record(const SegmentHead& head, std::span<const char> payload) {
  push({.time_ns = wall_clock_ns(), .head = head, .stream = true}, payload);
}

void TrafficLog::record(const Endpoint& from, const Endpoint& to, std::span<const char> payload,
                        Fate fate) {
  push({.time_ns = wall_clock_ns(), .head = {.from = from, .to = to}, .fate = fate}, payload);
}

void TrafficLog::push(Record record, std::span<const char> payload) {
  static_assert(std::is_trivially_copyable_v<Record>);
  char head[sizeof record];
  std::memcpy(head, &record, sizeof record);
  if (ring_.push(head, payload)) return;
  const std::size_t packets =
      record.stream ? std::max<std::size_t>(1, (payload.size() + kSegmentBytes - 1) / kSegmentBytes)
                    : 1;
  packets_.fetch_add(packets, std::memory_order_relaxed);
  lost_.fetch_add(packets, std::memory_order_relaxed);
}

TrafficFile TrafficLog::state() const {
  const int error = write_error_.load();
  return {.packets = packets_.load(),
          .lost = lost_.load(),
          .bytes = bytes_.load(),
          .error = error == 0 ? "" : std::system_category().message(error)};
}

void TrafficLog::run() {
  pcapng::append_section(out_, "seaworthy");
  pcapng::append_interface(out_, "monitor");
  for (;;) {
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      last = wake_.wait_for(lock, kNap, [this] { return stopping_; });
    }
    drain();
    if (last) break;
  }
  pcapng::append_statistics(out_, wall_clock_ns(), packets_.load(), lost_.load());
  write_out();
}

void TrafficLog::drain() {
  std::string record;
  while (ring_.pop(record)) {
    encode(record);
    if (out_.size() >= kWriteBytes) write_out();
  }
  write_out();
}

void TrafficLog::encode(const std::string& bytes) {
  Record record;
  std::memcpy(&record, bytes.data(), sizeof record);
  auto payload = std::span<const char>(bytes).subspan(sizeof record);
  if (!record.stream) {
    packet_.clear();
    append_datagram(packet_, record.head.from, record.head.to, payload);
    encode_packet(record.time_ns, comment_of(record.fate));
    return;
  }
  do {  // A segment without payload is a packet, too.
    const auto part = payload.first(std::min(payload.size(), kSegmentBytes));
    packet_.clear();
    append_segment(packet_, record.head, part);
    encode_packet(record.time_ns, "");
    record.head.sequence += static_cast<std::uint32_t>(part.size());
    payload = payload.subspan(part.size());
  } while (!payload.empty());
}

void TrafficLog::encode_packet(std::uint64_t time_ns, std::string_view comment) {
  packets_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t before = out_.size();
  pcapng::append_packet(out_, time_ns, packet_, comment);
  if (bytes_.load() + out_.size() + kStatisticsBytes > limit_bytes_ || write_error_.load() != 0) {
    out_.resize(before);
    lost_.fetch_add(1, std::memory_order_relaxed);
  }
}

void TrafficLog::write_out() {
  std::size_t done = 0;
  while (done < out_.size() && write_error_.load() == 0) {
    const ssize_t size = write(file_.get(), out_.data() + done, out_.size() - done);
    if (size >= 0) {
      done += static_cast<std::size_t>(size);
    } else if (errno != EINTR) {
      write_error_.store(errno);
    }
  }
  bytes_.fetch_add(done);
  out_.clear();
}

}  // namespace check::monitor
