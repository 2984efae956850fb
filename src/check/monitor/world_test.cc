// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/world_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "check/monitor/endpoint.h"
#include "check/monitor/sockets.h"

namespace check::monitor {
namespace {

void set_timeouts(int fd, int milliseconds) {
  const timeval time{milliseconds / 1000, suseconds_t{milliseconds % 1000} * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

std::string text(const Endpoint& endpoint) {
  return address_text(endpoint.address) + ':' + std::to_string(endpoint.port);
}

std::string error_name(int number) { return strerrorname_np(number); }

sockaddr_in any_address(std::uint16_t port) { return to_sockaddr({INADDR_ANY, port}); }

}  // namespace

std::string Socket::receive(std::size_t most) {
  std::string bytes(most, '\0');
  const ssize_t size = recv(fd_.get(), bytes.data(), bytes.size(), 0);
  end_ = size > 0 ? "" : size == 0 ? "eof" : error_name(errno);
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return bytes;
}

std::string Socket::receive_all() {
  std::string all;
  for (;;) {
    const std::string part = receive();
    if (part.empty()) return all;
    all += part;
  }
}

bool Socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

void Socket::finish() { shutdown(fd_.get(), SHUT_WR); }

void Socket::reset() {
  reset_on_close(fd_.get());
  close();
}

Socket Socket::accept() {
  Socket accepted(sandbox::Fd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  EXPECT_GE(accepted.fd(), 0) << strerror(errno);
  set_timeouts(accepted.fd(), 2000);
  return accepted;
}

std::string Socket::local() const { return text(local_endpoint(fd_.get())); }

std::string Socket::remote() const {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  EXPECT_EQ(getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  return text(from_sockaddr(name));
}

World::World(std::uint32_t nodes) {
  auto created = sandbox::Sandbox::create(nodes);
  EXPECT_TRUE(created.ok()) << created.error().message;
  sandbox_ = std::move(created).value();
}

void World::monitor(const Options& options) {
  auto started = RaftMonitor::start(*sandbox_, options);
  ASSERT_TRUE(started.ok()) << started.error().message;
  monitor_ = std::move(started).value();
}

Socket World::listen(NodeId node, std::uint16_t port, int backlog) {
  sandbox::Fd fd;
  const auto made = sandbox_->in_network_of(node, [&]() -> base::Status {
    fd = sandbox::Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return base::Done{};
  });
  EXPECT_TRUE(made.ok());
  const int one = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const sockaddr_in name = any_address(port);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  EXPECT_EQ(::listen(fd.get(), backlog), 0);
  set_timeouts(fd.get(), 2000);
  return Socket(std::move(fd));
}

Socket World::connect(NodeId from, NodeId to, std::uint16_t port, int timeout_ms) {
  return connect_to(from, sandbox_->address(to), port, timeout_ms);
}

Socket World::connect_to(NodeId from, const std::string& address, std::uint16_t port,
                         int timeout_ms) {
  sandbox::Fd fd;
  const auto made = sandbox_->in_network_of(from, [&]() -> base::Status {
    fd = sandbox::Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return base::Done{};
  });
  EXPECT_TRUE(made.ok());
  set_timeouts(fd.get(), timeout_ms);
  in_addr to{};
  inet_pton(AF_INET, address.c_str(), &to);
  const sockaddr_in name = to_sockaddr({ntohl(to.s_addr), port});
  error_.clear();
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    error_ = error_name(errno);  // EINPROGRESS: not within the time.
  }
  set_timeouts(fd.get(), 2000);
  return Socket(std::move(fd));
}

Socket World::datagram_socket(NodeId node, std::uint16_t port) {
  sandbox::Fd fd;
  const auto made = sandbox_->in_network_of(node, [&]() -> base::Status {
    fd = sandbox::Fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return base::Done{};
  });
  EXPECT_TRUE(made.ok());
  const sockaddr_in name = any_address(port);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  set_timeouts(fd.get(), 2000);
  return Socket(std::move(fd));
}

World::Pair World::connected(NodeId from, NodeId to, std::uint16_t port) {
  Socket listener = listen(to, port);
  Pair pair;
  pair.client = connect(from, to, port);
  EXPECT_EQ(error_, "");
  pair.server = listener.accept();
  return pair;
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

void expect_complete(World& world) {
  const Audit audit = world.relay().audit();
  EXPECT_TRUE(audit.complete) << audit.sentence;
}

std::size_t count_events(const ConnectionEvents& all, ConnectionChange change) {
  return static_cast<std::size_t>(
      std::count_if(all.events.begin(), all.events.end(),
                    [&](const ConnectionEvent& event) { return event.change == change; }));
}

}  // namespace check::monitor
