// SPDX-License-Identifier: Apache-2.0
#include "capi/channel.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "os/clock.h"

namespace capi {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
// Of a record: less is no progress.
constexpr std::size_t kProgressBytes = std::size_t{4} * 1024;

void make_non_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

Channel::Channel(const Ground& ground, std::uint64_t name, os::Fd read, os::Fd write)
    : loop_(ground.loop),
      server_(ground.server),
      name_(name),
      read_(std::move(read)),
      write_(std::move(write)),
      share_(ground.input) {
  make_non_blocking(read_.number());
  read_watch_ = loop_.add(read_.number(), os::Loop::Interest::Read, *this);
  if (!write_.is_open()) return;
  make_non_blocking(write_.number());
  write_watch_ = loop_.add(write_.number(), os::Loop::Interest::Nothing, *this);
}

Channel::~Channel() {
  loop_.remove(*read_watch_);
  if (write_watch_) loop_.remove(*write_watch_);
}

void Channel::send(raft_record record, std::string_view bytes) {
  if (ended_) return;
  record.size = static_cast<std::uint32_t>(bytes.size());
  std::array<char, sizeof record> head{};
  std::memcpy(head.data(), &record, sizeof record);
  output_.append(head.data(), head.size());
  output_.append(bytes);
}

void Channel::resume() {
  if (input_.size() < sizeof(raft_record)) return;
  take_records();
  watch();
}

bool Channel::is_late(std::chrono::nanoseconds since) const {
  return reads_record_ && !ended_ && record_since_ <= since;
}

void Channel::on_ready(os::Ready ready) {
  if (ready.write) flush();
  if (ready.read && !ended_) receive();
  watch();
}

void Channel::receive() {
  std::array<char, kReadBytes> room;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into.
  const ssize_t count = ::read(read_.number(), room.data(), room.size());
  if (count < 0 && (would_block() || errno == EINTR)) return;
  if (count <= 0) {
    ended_ = true;
    server_.on_end(name_, ends_in_record() ? "the client closed in the middle of a record" : "");
    return;
  }
  input_.append(room.data(), static_cast<std::size_t>(count));
  record_bytes_ += static_cast<std::size_t>(count);
  if (record_bytes_ >= kProgressBytes) {
    record_since_ = os::steady_now();
    record_bytes_ = 0;
  }
  take_records();
}

void Channel::begin_record(std::size_t size) {
  if (std::exchange(reads_record_, true)) return;
  record_since_ = os::steady_now();
  record_bytes_ = 0;
  share_.set(size);
}

// What is whole may wait, too: for room, or for answers.
bool Channel::ends_in_record() const {
  std::size_t left = input_.size();
  while (left >= sizeof(raft_record)) {
    raft_record record{};
    std::memcpy(&record, input_.data() + (input_.size() - left), sizeof record);
    const std::size_t size = sizeof record + record.size;
    if (left < size) return true;
    left -= size;
  }
  return left > 0;
}

// Hands on what is whole.
void Channel::take_records() {
  std::size_t begin = 0;
  while (!ended_ && unanswered_ < kMaxUnanswered && input_.size() - begin >= sizeof(raft_record)) {
    raft_record record{};
    std::memcpy(&record, input_.data() + begin, sizeof record);
    if ((record.type != RAFT_WRITE && record.type != RAFT_READ) || record.size > RAFT_MAX_BYTES) {
      ended_ = true;
      server_.on_end(name_, "the client sent no RAFT_WRITE or RAFT_READ record: type " +
                                std::to_string(record.type) + ", " + std::to_string(record.size) +
                                " bytes");
      break;
    }
    const std::size_t size = sizeof record + record.size;
    waits_ = !reads_record_ && !server_.has_room(name_, size);
    if (waits_) break;
    begin_record(size);
    if (input_.size() - begin < size) break;
    reads_record_ = false;
    share_.set(0);
    begin += sizeof record;
    Request request{record.type == RAFT_WRITE, record.id, input_.substr(begin, record.size)};
    begin += record.size;
    ++unanswered_;
    server_.on_request(name_, std::move(request));
  }
  input_.erase(0, begin);
}

void Channel::flush() {
  while (written_ < output_.size()) {
    const ssize_t count =
        ::write(write_number(), output_.data() + written_, output_.size() - written_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && !would_block() && !ended_) {
      ended_ = true;
      server_.on_end(name_, "");
    }
    if (count < 0) break;
    written_ += static_cast<std::size_t>(count);
  }
  if (written_ == output_.size() || ended_) {
    output_.clear();
    written_ = 0;
  }
  watch();
}

// Reads on while there is room, waits for the client to read while there is something for it.
void Channel::watch() {
  using Interest = os::Loop::Interest;
  const bool has_room = output_.size() - written_ < kMaxOutputBytes &&
                        unanswered_ < kMaxUnanswered && !ended_ && !waits_;
  const bool has_output = written_ < output_.size();
  if (write_watch_) {
    loop_.change(*read_watch_, has_room ? Interest::Read : Interest::Nothing);
    loop_.change(*write_watch_, has_output ? Interest::Write : Interest::Nothing);
    return;
  }
  const Interest with_output = has_room ? Interest::ReadWrite : Interest::Write;
  const Interest without = has_room ? Interest::Read : Interest::Nothing;
  loop_.change(*read_watch_, has_output ? with_output : without);
}

}  // namespace capi
