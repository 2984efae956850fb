// SPDX-License-Identifier: Apache-2.0
#include "os/datagrams.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "os/error.h"

namespace os {
namespace {

constexpr int kReceiveBufferBytes = 4 << 20;  // Asked for; the system's limit may be lower.

}  // namespace

base::Result<Datagrams> Datagrams::bind(const HostPort& where) {
  TRY(const Address address, resolve(where));
  const std::string what = "receive datagrams at " + where.text();
  Fd socket(::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return system_error(what);
  const int bytes = kReceiveBufferBytes;
  setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::bind(socket.number(), generic, address.length) != 0) return system_error(what);
  return Datagrams(std::move(socket));
}

Datagrams::Datagrams(Fd socket)
    : socket_(std::move(socket)),
      buffer_(std::make_unique_for_overwrite<char[]>(kBatch * kMaxBytes)) {}  // NOLINT

void Datagrams::put(const Address& to, std::string bytes) {
  waiting_bytes_ += bytes.size();
  waiting_.push_back({to, std::move(bytes)});
}

std::size_t Datagrams::flush() {
  std::size_t lost = 0;
  std::size_t begin = 0;
  while (begin < waiting_.size()) {
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> places{};
    const std::size_t count = std::min(kBatch, waiting_.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      Waiting& one = waiting_[begin + i];
      places[i] = {one.bytes.data(), one.bytes.size()};
      msghdr& header = messages[i].msg_hdr;
      header.msg_name = &one.to.storage;
      header.msg_namelen = one.to.length;
      header.msg_iov = &places[i];
      header.msg_iovlen = 1;
    }
    const int sent =
        sendmmsg(socket_.number(), messages.data(), static_cast<unsigned>(count), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) lost += 1;  // The first one; those behind it may have another way.
    begin += sent <= 0 ? 1 : static_cast<std::size_t>(sent);
  }
  waiting_.clear();
  waiting_bytes_ = 0;
  return lost;
}

const std::vector<Datagrams::Received>& Datagrams::receive() {
  received_.clear();
  received_.resize(kBatch);
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> places{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    places[i] = {buffer_.get() + i * kMaxBytes, kMaxBytes};
    msghdr& header = messages[i].msg_hdr;
    header.msg_name = &received_[i].from.storage;
    header.msg_namelen = sizeof received_[i].from.storage;
    header.msg_iov = &places[i];
    header.msg_iovlen = 1;
  }
  const int count = recvmmsg(socket_.number(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  received_.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < received_.size(); ++i) {
    received_[i].from.length = messages[i].msg_hdr.msg_namelen;
    received_[i].bytes = {buffer_.get() + i * kMaxBytes, messages[i].msg_len};
  }
  return received_;
}

}  // namespace os
