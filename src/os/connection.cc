// SPDX-License-Identifier: Apache-2.0
#include "os/connection.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/check.h"

namespace os {
namespace {

// What a silent connection may go on holding: a thousand of them stay small.
constexpr std::size_t kSilentBytes = std::size_t{1} << 10U;

void free_beyond(std::string& bytes, std::size_t kept) {
  if (bytes.empty() && bytes.capacity() > kept) bytes.shrink_to_fit();
}

// Drops what is before `begin` when that is cheap: nothing lies behind it, or less than it.
void forget_front(std::string& bytes, std::size_t& begin) {
  if (begin == bytes.size()) {
    bytes.clear();
    free_beyond(bytes, Connection::kKeptBytes);
    begin = 0;
  } else if (begin > bytes.size() - begin) {
    bytes.erase(0, begin);
    begin = 0;
  }
}

// Where receive() puts what comes, and whose that is while it is not consumed.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): of one thread.
thread_local std::array<char, Connection::kReceiveBytes> received;
thread_local Connection* receiver = nullptr;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

}  // namespace

Connection::Connection(Connection&& other) noexcept { *this = std::move(other); }

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this == &other) return *this;
  if (receiver == this || receiver == &other) receiver->keep_fresh();
  socket_ = std::move(other.socket_);
  input_ = std::exchange(other.input_, {});
  input_begin_ = std::exchange(other.input_begin_, 0);
  output_ = std::exchange(other.output_, {});
  output_begin_ = std::exchange(other.output_begin_, 0);
  used_ = other.used_;
  return *this;
}

Connection::~Connection() {
  if (receiver == this) receiver = nullptr;
}

bool Connection::receive(std::size_t most_bytes) {
  if (receiver != nullptr) receiver->keep_fresh();
  const ssize_t count =
      recv(socket_.number(), received.data(), std::min(most_bytes, received.size()), 0);
  if (count > 0) {
    used_ = true;
    const std::string_view fresh(received.data(), static_cast<std::size_t>(count));
    if (input_.empty()) {
      fresh_ = fresh;
      receiver = this;
    } else {
      input_.append(fresh);
    }
    return true;
  }
  return count < 0 && (errno == EAGAIN || errno == EINTR);
}

Connection::Arrived Connection::arrived() const {
  char first = 0;
  const ssize_t count = recv(socket_.number(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) return Arrived::Something;
  const bool later = count < 0 && (errno == EAGAIN || errno == EINTR);
  return later ? Arrived::Nothing : Arrived::TheEnd;
}

void Connection::keep_fresh() {
  input_ = fresh_;
  fresh_ = {};
  receiver = nullptr;
}

void Connection::consume(std::size_t bytes) {
  if (!fresh_.empty()) {
    CHECK(bytes <= fresh_.size(), bytes);
    fresh_.remove_prefix(bytes);
    return keep_fresh();
  }
  CHECK(bytes <= input_.size() - input_begin_, bytes);
  input_begin_ += bytes;
  forget_front(input_, input_begin_);
}

std::size_t Connection::unacknowledged_bytes() const {
  int sent = 0;
  if (ioctl(socket_.number(), SIOCOUTQ, &sent) != 0) sent = 0;
  return output_bytes() + static_cast<std::size_t>(sent);
}

bool Connection::flush() {
  used_ = true;
  while (output_begin_ < output_.size()) {
    const ssize_t count = send(socket_.number(), output_.data() + output_begin_,
                               output_.size() - output_begin_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      if (errno != EAGAIN) return false;
      break;
    }
    output_begin_ += static_cast<std::size_t>(count);
  }
  forget_front(output_, output_begin_);
  return true;
}

void Connection::tidy() {
  if (!used_) {
    free_beyond(input_, kSilentBytes);
    free_beyond(output_, kSilentBytes);
  }
  used_ = false;
}

}  // namespace os
