// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/canned_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/check.h"

namespace check::cluster {
namespace {

// A listening socket; a `port` of 0 becomes the one that the system chose.
int listen_at(const std::string& address, std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(listener >= 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  CHECK(::inet_pton(AF_INET, address.c_str(), &at.sin_addr) == 1);
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  socklen_t size = sizeof at;
  CHECK(::bind(listener, reinterpret_cast<const sockaddr*>(&at), size) == 0);
  CHECK(::listen(listener, 8) == 0);
  CHECK(::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  port = ntohs(at.sin_port);
  return listener;
}

// False if `stop` came first.
bool readable(int fd, int stop) {
  std::array<pollfd, 2> entries{pollfd{fd, POLLIN, 0}, pollfd{stop, POLLIN, 0}};
  while (::poll(entries.data(), entries.size(), -1) < 0) {
  }
  return entries[1].revents == 0;
}

void play(int connection, int stop, const Script& script) {
  const int yes = 1;
  ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  std::array<char, 65536> request{};
  for (const std::string& answer : script.answers) {
    if (!readable(connection, stop)) return;
    if (::recv(connection, request.data(), request.size(), 0) <= 0) return;
    const std::size_t step = script.byte_by_byte ? 1 : answer.size();
    for (std::size_t at = 0; at < answer.size(); at += step) {
      if (::send(connection, answer.data() + at, step, MSG_NOSIGNAL) < 0) return;
    }
  }
  while (!script.close && readable(connection, stop)) {
    if (::recv(connection, request.data(), request.size(), 0) <= 0) return;
  }
}

}  // namespace

CannedServer::CannedServer(std::vector<Script> scripts, const std::string& address,
                           std::uint16_t port)
    : port_(port), listener_(listen_at(address, port_)), stop_(::eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::thread([this, scripts = std::move(scripts)] { serve(scripts); });
}

CannedServer::~CannedServer() {
  ::eventfd_write(stop_, 1);
  thread_.join();
  ::close(listener_);
  ::close(stop_);
}

std::uint16_t CannedServer::closed_port() {
  std::uint16_t port = 0;
  ::close(listen_at(kLoopback, port));
  return port;
}

void CannedServer::serve(const std::vector<Script>& scripts) {
  for (const Script& script : scripts) {
    if (!readable(listener_, stop_)) return;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    connections_ += 1;
    play(connection, stop_, script);
    ::close(connection);
  }
}

}  // namespace check::cluster
