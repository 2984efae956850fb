// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "check/sandbox/addresses.h"

namespace check::sandbox {

namespace {

constexpr int kConnectMilliseconds = 500;
constexpr int kExitMilliseconds = 5000;

sockaddr_in socket_address(NodeId host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(address_of(host));
  return address;
}

bool ready(int fd, short events, int milliseconds) {
  pollfd wanted{.fd = fd, .events = events, .revents = 0};
  return ::poll(&wanted, 1, milliseconds) == 1;
}

// A socket of a host; the address is that of the host and `port`.
Fd bound_socket(Sandbox& sandbox, NodeId node, int type, std::uint16_t port) {
  Fd socket;
  const base::Status done = sandbox.in_network_of(node, [&]() -> base::Status {
    socket = Fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const sockaddr_in address = socket_address(node, port);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return system_error("cannot bind");
    }
    return base::Done{};
  });
  EXPECT_TRUE(done.ok()) << done.error().message;
  return socket;
}

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

void inside(const Support& support, const std::function<void()>& body) {
  const base::Result<int> code = contain(support, [&body] {
    body();
    return ::testing::Test::HasFailure() ? 1 : 0;
  });
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(code.value(), 0) << "the contained part failed";
}

void inside(const std::function<void()>& body) {
  static const base::Result<Support> support = probe();
  ASSERT_TRUE(support.ok()) << support.error().message;
  inside(support.value(), body);
}

std::unique_ptr<Sandbox> make(std::uint32_t nodes) {
  base::Result<std::unique_ptr<Sandbox>> made = Sandbox::create(nodes);
  CHECK(made.ok(), made.error().message);
  return std::move(made).value();
}

Fd listen_on(Sandbox& sandbox, NodeId node, std::uint16_t port) {
  Fd socket = bound_socket(sandbox, node, SOCK_STREAM, port);
  EXPECT_EQ(::listen(socket.get(), 16), 0);
  return socket;
}

Fd connect_from(Sandbox& sandbox, NodeId from, NodeId to, std::uint16_t port) {
  Fd socket = bound_socket(sandbox, from, SOCK_STREAM, 0);
  const sockaddr_in address = socket_address(to, port);
  ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  int error = 0;
  socklen_t size = sizeof error;
  const bool decided = ready(socket.get(), POLLOUT, kConnectMilliseconds);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return decided && error == 0 ? std::move(socket) : Fd();
}

Fd accept_on(const Fd& listener) {
  if (!ready(listener.get(), POLLIN, kConnectMilliseconds)) return Fd();
  return Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

std::string peer_address(const Fd& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::array<char, INET_ADDRSTRLEN> text{};
  return ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
}

bool message_passes(const Fd& from, const Fd& to, int milliseconds) {
  if (::send(from.get(), "x", 1, MSG_NOSIGNAL) != 1) return false;
  char received = 0;
  return ready(to.get(), POLLIN, milliseconds) && ::recv(to.get(), &received, 1, 0) == 1;
}

bool datagram_passes(Sandbox& sandbox, NodeId from, NodeId to, int milliseconds) {
  const Fd sender = bound_socket(sandbox, from, SOCK_DGRAM, 0);
  const Fd receiver = bound_socket(sandbox, to, SOCK_DGRAM, 9000);
  const sockaddr_in address = socket_address(to, 9000);
  ::sendto(sender.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return ready(receiver.get(), POLLIN, milliseconds);
}

std::optional<ExitStatus> await_exit(Process& process) {
  ready(process.pidfd(), POLLIN, kExitMilliseconds);
  return process.exited();
}

Program shell(const std::string& command, int output_fd) {
  return Program{.words = {"sh", "-c", command},
                 .environment = {"PATH=/usr/bin:/bin"},
                 .directory = "/",
                 .output_fd = output_fd};
}

std::string output_of(Sandbox& sandbox, NodeId node, const std::string& command) {
  Pipe pipe = make_pipe();
  const auto process = sandbox.start(node, shell(command, pipe.write.get()));
  EXPECT_TRUE(process.ok()) << process.error().message;
  pipe.write.close();
  std::string text;
  std::array<char, 512> part{};
  for (ssize_t size = 0; (size = ::read(pipe.read.get(), part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  return text;
}

std::unique_ptr<Process> start_and_await_line(Sandbox& sandbox, NodeId node,
                                              const std::string& command) {
  Pipe pipe = make_pipe();
  auto process = sandbox.start(node, shell(command, pipe.write.get()));
  CHECK(process.ok(), process.error().message);
  pipe.write.close();
  for (char letter = 0; letter != '\n' && ::read(pipe.read.get(), &letter, 1) == 1;) {
  }
  return std::move(process).value();
}

}  // namespace check::sandbox
