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
// Of memory for results that nobody waits for any more.
constexpr std::size_t kKeptBytes = std::size_t{1024} * 1024;
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
  write_watch_ = loop_.add(write_.number(), os::Loop::Interest::Nothing, outlet_);
}

Channel::~Channel() {
  unwatch(read_watch_);
  unwatch(write_watch_);
}

void Channel::end(std::string_view complaint) {
  if (!std::exchange(ended_, true)) server_.on_end(name_, std::string(complaint));
}

void Channel::send(raft_record record, std::string_view bytes) {
  if (ended_ || deaf_) return;
  record.size = static_cast<std::uint32_t>(bytes.size());
  std::array<char, sizeof record> head{};
  std::memcpy(head.data(), &record, sizeof record);
  output_.append(head.data(), head.size());
  output_.append(bytes);
  // At once: many long results may come in one turn.
  if (output_bytes() > kMaxOutputBytes) end("the client did not read 256 MiB of results");
}

void Channel::resume() {
  take_records();
  while (!read_watch_ && may_read()) receive();
  watch();
}

void Channel::hold() {
  if (!held_at_) held_at_ = os::steady_now();
}

bool Channel::is_unread(std::chrono::nanoseconds since) const {
  return held_at_ && output_bytes() > 0 && *held_at_ <= since;
}

bool Channel::is_late(std::chrono::nanoseconds since) const {
  return reads_record_ && !ended_ && record_since_ <= since;
}

bool Channel::is_closed(std::chrono::nanoseconds since) const {
  return closed_at_ && *closed_at_ <= since;
}

void Channel::on_ready(os::Ready ready) {
  if (ready.broken) {
    note_end();
    unwatch(read_watch_);  // resume() reads what the kernel still has.
    if (!write_.is_open()) deafen();
    return;
  }
  if (ready.write) flush();
  if (ready.read && may_read()) receive();
  watch();
}

void Channel::on_writable(os::Ready ready) {
  if (ready.broken) return deafen();
  flush();
}

void Channel::unwatch(std::optional<os::Loop::Watch>& watch) {
  if (watch) loop_.remove(*watch);
  watch.reset();
}

void Channel::deafen() {
  deaf_ = true;
  output_ = {};
  written_ = 0;
  unwatch(write_watch_);  // But it is heard on.
}

void Channel::receive() {
  std::array<char, kReadBytes> room;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into.
  const ssize_t count = ::read(read_.number(), room.data(), room.size());
  // Who opens a pipe after its last writer has closed is not heard: the end was there before.
  if (count < 0 && (errno == EINTR || (would_block() && read_watch_))) return;
  if (count <= 0) return close_input();
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

void Channel::note_end() {
  if (!closed_at_) closed_at_ = os::steady_now();
}

// What is whole goes on waiting, for room or for answers.
void Channel::close_input() {
  all_read_ = true;
  note_end();
  const std::size_t rest = rest_bytes();
  if (rest > 0) complaint_ = "the client closed in the middle of a record";
  input_.resize(input_.size() - rest);
  reads_record_ = waits_ = false;
  share_.set(0);
  take_records();
}

std::size_t Channel::rest_bytes() const {
  std::size_t left = input_.size();
  while (left >= sizeof(raft_record)) {
    raft_record record{};
    std::memcpy(&record, input_.data() + (input_.size() - left), sizeof record);
    const std::size_t size = sizeof record + record.size;
    if (left < size) return left;
    left -= size;
  }
  return left;
}

bool Channel::may_begin_record() const {
  return !held_at_ && unanswered_ < kMaxUnanswered && is_drained();
}

// A record that has begun holds room: it is read to its end.
bool Channel::may_read() const {
  return !all_read_ && !ended_ && !waits_ && (reads_record_ || may_begin_record());
}

// Hands on what is whole.
void Channel::take_records() {
  std::size_t begin = 0;
  waits_ = false;
  while (!ended_ && (reads_record_ || may_begin_record()) &&
         input_.size() - begin >= sizeof(raft_record)) {
    raft_record record{};
    std::memcpy(&record, input_.data() + begin, sizeof record);
    if ((record.type != RAFT_WRITE && record.type != RAFT_READ) || record.size > RAFT_MAX_BYTES) {
      end("the client sent no RAFT_WRITE or RAFT_READ record: type " + std::to_string(record.type) +
          ", " + std::to_string(record.size) + " bytes");
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
    if (count < 0 && !would_block()) deafen();
    if (count < 0) break;
    written_ += static_cast<std::size_t>(count);
    if (held_at_) held_at_ = os::steady_now();
  }
  if (written_ >= output_bytes()) {
    output_.erase(0, written_);
    written_ = 0;
    if (output_.empty() && output_.capacity() > kKeptBytes) output_.shrink_to_fit();
  }
  if (all_read_ && input_.empty() && unanswered_ == 0 && output_.empty()) end(complaint_);
  watch();
}

// Reads on while there is room, waits for the client to read while there is something for it.
void Channel::watch() {
  using Interest = os::Loop::Interest;
  const bool has_output = output_bytes() > 0;
  if (write_watch_) {
    loop_.change(*write_watch_, has_output ? Interest::Write : Interest::Nothing);
  }
  if (!read_watch_) return;
  const bool writes_here = has_output && !write_.is_open();
  const Interest with_output = may_read() ? Interest::ReadWrite : Interest::Write;
  const Interest without = may_read() ? Interest::Read : Interest::Nothing;
  loop_.change(*read_watch_, writes_here ? with_output : without);
}

}  // namespace capi
