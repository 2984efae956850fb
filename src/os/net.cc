// SPDX-License-Identifier: Apache-2.0
#include "os/net.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include "os/error.h"

namespace os {
namespace {

constexpr int kBacklog = 1024;

const sockaddr* generic(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address.storage);
}
sockaddr* generic(Address& address) { return reinterpret_cast<sockaddr*>(&address.storage); }

base::Status set_flag(const Fd& socket, int level, int name) {
  const int on = 1;
  if (setsockopt(socket.number(), level, name, &on, sizeof on) != 0)
    return system_error("set a socket option");
  return base::Done{};
}

base::Error bad_address(std::string_view text, const char* expected) {
  return base::Error{base::ErrorCode::InvalidArgument,
                     "'" + std::string(text) + "' is not an address: expected " + expected};
}

}  // namespace

std::string HostPort::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

base::Result<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad_address(text, "HOST:PORT");
  HostPort parsed;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']' && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad_address(text, "[IPV6]:PORT");
  }
  parsed.host = host;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
  if (error != std::errc{} || end != port.data() + port.size() || port.empty())
    return bad_address(text, "a port from 0 to 65535");
  return parsed;
}

namespace {

base::Result<Address> find_address(const HostPort& where, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  const int failure =
      getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &found);
  if (failure != 0) {
    return base::Error{base::ErrorCode::NotFound,
                       "cannot find the address of '" + where.host + "': " + gai_strerror(failure)};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  Address address;
  address.length = found->ai_addrlen;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  return address;
}

}  // namespace

base::Result<Address> resolve(const HostPort& where) { return find_address(where, 0); }

std::optional<Address> numeric_address(const HostPort& where) {
  base::Result<Address> found = find_address(where, AI_NUMERICHOST);
  return found.ok() ? std::optional(found.value()) : std::nullopt;
}

HostPort host_port(const Address& address) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int failure = getnameinfo(generic(address), address.length, host.data(), host.size(),
                                  port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV);
  if (failure != 0) return HostPort{"?", 0};
  HostPort result{host.data(), 0};
  std::from_chars(port.data(), port.data() + std::strlen(port.data()), result.port);
  return result;
}

base::Result<Fd> listen_tcp(const HostPort& where) {
  TRY(const Address address, resolve(where));
  const std::string what = "listen on " + where.text();
  Fd socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return system_error(what);
  TRY([[maybe_unused]] const auto set, set_flag(socket, SOL_SOCKET, SO_REUSEADDR));
  if (bind(socket.number(), generic(address), address.length) != 0) return system_error(what);
  if (listen(socket.number(), kBacklog) != 0) return system_error(what);
  return socket;
}

base::Result<HostPort> local_address(const Fd& socket) {
  Address address;
  address.length = sizeof address.storage;
  if (getsockname(socket.number(), generic(address), &address.length) != 0)
    return system_error("ask for a socket's address");
  return host_port(address);
}

base::Result<HostPort> remote_address(const Fd& socket) {
  Address address;
  address.length = sizeof address.storage;
  if (getpeername(socket.number(), generic(address), &address.length) != 0)
    return system_error("ask for a peer's address");
  return host_port(address);
}

void keep_alive(const Fd& socket, std::chrono::seconds period) {
  constexpr int kUnanswered = 3;
  const auto set = [&socket](int level, int name, int value) {
    setsockopt(socket.number(), level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(period.count()));
  set(IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(period.count()));
  set(IPPROTO_TCP, TCP_KEEPCNT, kUnanswered);
}

void send_at_once(const Fd& socket) { (void)set_flag(socket, IPPROTO_TCP, TCP_NODELAY); }

base::Result<std::optional<Fd>> accept_tcp(const Fd& listener) {
  Fd socket(accept4(listener.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.is_open()) {
    const int reason = errno;
    const bool later = reason == EAGAIN || reason == EINTR || reason == ECONNABORTED;
    if (later) return std::optional<Fd>{};
    return system_error("accept a connection", reason);
  }
  TRY([[maybe_unused]] const auto set, set_flag(socket, IPPROTO_TCP, TCP_NODELAY));
  keep_alive(socket);
  return std::optional<Fd>(std::move(socket));
}

base::Result<Fd> connect_tcp(const Address& where) {
  Fd socket(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const std::string what = "connect to " + host_port(where).text();
  if (!socket.is_open()) return system_error(what);
  TRY([[maybe_unused]] const auto set, set_flag(socket, IPPROTO_TCP, TCP_NODELAY));
  if (connect(socket.number(), generic(where), where.length) != 0 && errno != EINPROGRESS)
    return system_error(what);
  return socket;
}

base::Status connect_outcome(const Fd& socket) {
  int reason = 0;
  socklen_t length = sizeof reason;
  if (getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &reason, &length) != 0) reason = errno;
  if (reason != 0) return system_error("connect", reason);
  return base::Done{};
}

}  // namespace os
