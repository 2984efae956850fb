// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;

std::string words_of(int error) { return std::generic_category().message(error); }

// True once `fd` is ready for `events` (or broken, which the next call on it will say).
bool wait_for(int fd, short events, const Deadline& deadline) {
  for (;;) {
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, deadline.poll_ms());
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
    if (deadline.passed()) return false;
  }
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Stream::Stream(Stream&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Stream::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

base::Status Stream::connect(const std::string& address, std::uint16_t port,
                             const Deadline& deadline) {
  close();
  const std::string peer = address + ":" + std::to_string(port);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) {
    return Error{ErrorCode::InvalidArgument, address + " is not an IPv4 address"};
  }
  Stream opening(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!opening.open()) return Error{ErrorCode::Io, "no socket to be had: " + words_of(errno)};
  const int yes = 1;
  ::setsockopt(opening.fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  int failure = 0;
  if (::connect(opening.fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    failure = errno;
  }
  if (failure == EINPROGRESS) {
    if (!wait_for(opening.fd_, POLLOUT, deadline)) {
      return Error{ErrorCode::Timeout, "no connection to " + peer + " in time"};
    }
    socklen_t size = sizeof failure;
    ::getsockopt(opening.fd_, SOL_SOCKET, SO_ERROR, &failure, &size);
  }
  if (failure != 0) {
    return Error{ErrorCode::Unavailable, "no connection to " + peer + ": " + words_of(failure)};
  }
  *this = std::move(opening);
  return base::Done{};
}

bool Stream::idle() const {
  if (!open()) return false;
  char byte = 0;
  const ssize_t got = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && would_block(errno);
}

std::optional<Broken> Stream::send(std::string_view bytes, const Deadline& deadline) const {
  bool sent = false;
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) {
      sent = true;
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (!would_block(errno)) return Broken{sent, "sending failed: " + words_of(errno)};
    if (!wait_for(fd_, POLLOUT, deadline)) return Broken{sent, "not all was sent in time"};
  }
  return std::nullopt;
}

base::Result<std::size_t> Stream::receive(std::span<char> space, const Deadline& deadline) const {
  for (;;) {
    const ssize_t count = ::recv(fd_, space.data(), space.size(), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EINTR) continue;
    if (!would_block(errno)) {
      return Error{ErrorCode::Unavailable, "the connection broke: " + words_of(errno)};
    }
    if (!wait_for(fd_, POLLIN, deadline)) return Error{ErrorCode::Timeout, "no answer in time"};
  }
}

}  // namespace check::cluster
