// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/sockets.h"

#include <linux/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace check::monitor {
namespace {

// Bounds what the monitor can hold of a connection whose receiver has stopped: the kernel doubles
// them. Smaller ones cost throughput, larger ones let a sender run further ahead than it could
// without the monitor.
constexpr int kSocketBufferBytes = 128 << 10;
constexpr int kDatagramBufferBytes = 4 << 20;  // Or what net.core.rmem_max allows.
constexpr int kBacklog = 4096;

bool set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

template <class Name>
const sockaddr* as_sockaddr(const Name& name) {
  return reinterpret_cast<const sockaddr*>(&name);
}

base::Result<sandbox::Fd> transparent_socket(int type) {
  sandbox::Fd fd(socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.open()) return sandbox::system_error("the monitor cannot open a socket");
  if (!set(fd.get(), SOL_IP, IP_TRANSPARENT, 1) || !set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1)) {
    return sandbox::system_error("a socket cannot be made transparent");
  }
  return fd;
}

void shape_stream(int fd) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, SOL_SOCKET, SO_RCVBUF, kSocketBufferBytes);
  set(fd, SOL_SOCKET, SO_SNDBUF, kSocketBufferBytes);
  set(fd, SOL_SOCKET, SO_OOBINLINE, 1);        // An urgent byte is a byte of the stream.
  constexpr std::string_view kPlain = "reno";  // No pacing: the veth has no queue to protect.
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kPlain.data(), kPlain.size());
}

base::Status bind_to(int fd, const Endpoint& endpoint) {
  const sockaddr_in name = to_sockaddr(endpoint);
  if (bind(fd, as_sockaddr(name), sizeof name) != 0) {
    return sandbox::system_error("the monitor cannot speak as " + address_text(endpoint.address) +
                                 ':' + std::to_string(endpoint.port));
  }
  return base::Done{};
}

}  // namespace

base::Result<sandbox::Fd> listen_for_others() {
  TRY(sandbox::Fd fd, transparent_socket(SOCK_STREAM));
  shape_stream(fd.get());
  TRY(const base::Done done, bind_to(fd.get(), {INADDR_LOOPBACK, 0}));
  static_cast<void>(done);
  if (listen(fd.get(), kBacklog) != 0) {
    return sandbox::system_error("the monitor cannot listen");
  }
  return fd;
}

base::Result<sandbox::Fd> connect_as(const Endpoint& client, const Endpoint& server) {
  TRY(sandbox::Fd fd, transparent_socket(SOCK_STREAM));
  shape_stream(fd.get());
  TRY(const base::Done done, bind_to(fd.get(), client));
  static_cast<void>(done);
  const sockaddr_in name = to_sockaddr(server);
  if (connect(fd.get(), as_sockaddr(name), sizeof name) != 0 && errno != EINPROGRESS) {
    return sandbox::system_error("a node cannot be reached");
  }
  return fd;
}

base::Result<sandbox::Fd> receive_for_others() {
  TRY(sandbox::Fd fd, transparent_socket(SOCK_DGRAM));
  if (!set(fd.get(), SOL_IP, IP_RECVORIGDSTADDR, 1)) {
    return sandbox::system_error("datagrams cannot be received with their destination");
  }
  set(fd.get(), SOL_SOCKET, SO_RCVBUF, kDatagramBufferBytes);
  TRY(const base::Done done, bind_to(fd.get(), {INADDR_LOOPBACK, 0}));
  static_cast<void>(done);
  return fd;
}

base::Result<sandbox::Fd> send_as(const Endpoint& source) {
  TRY(sandbox::Fd fd, transparent_socket(SOCK_DGRAM));
  TRY(const base::Done done, bind_to(fd.get(), source));
  static_cast<void>(done);
  return fd;
}

Endpoint local_endpoint(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  return from_sockaddr(name);
}

void reset_on_close(int fd) {
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void silence_on_close(int fd) { set(fd, IPPROTO_TCP, TCP_REPAIR, 1); }

ReceivedBytes received_bytes(int fd) {
  tcp_info info{};
  int unread = 0;
  // The kernel reads the state before it locks the socket, and the bytes after: a FIN may come in
  // between. What two readings agree on was true together.
  for (int attempt = 0; attempt < 10; ++attempt) {
    tcp_info before{};
    int unread_before = 0;
    socklen_t size = sizeof info;
    ioctl(fd, FIONREAD, &unread_before);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &before, &size) != 0) return {};
    size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
    ioctl(fd, FIONREAD, &unread);
    if (unread_before == unread && before.tcpi_state == info.tcpi_state &&
        before.tcpi_bytes_received == info.tcpi_bytes_received) {
      break;
    }
  }
  // As in the kernel's <net/tcp_states.h>.
  enum : std::uint8_t { TimeWait = 6, Close = 7, CloseWait = 8, LastAck = 9, Closing = 11 };
  const std::uint8_t state = info.tcpi_state;
  return {.total = info.tcpi_bytes_received,
          .unread = static_cast<std::uint64_t>(unread),
          .may_hold_fin = state == TimeWait || state == Close || state == CloseWait ||
                          state == LastAck || state == Closing};
}

}  // namespace check::monitor
