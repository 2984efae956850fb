// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "check/sandbox/addresses.h"

namespace check::sandbox {

namespace {

constexpr int kAcceptMilliseconds = 5000;
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

Fd transparent_socket_of_switch(NodeId name, std::uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  EXPECT_EQ(::setsockopt(socket.get(), SOL_IP, IP_TRANSPARENT, &on, sizeof on), 0);
  const sockaddr_in address = socket_address(name, port);
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return socket;
}

bool send_datagram(const Fd& socket, NodeId to, std::uint16_t port, const std::string& text) {
  const sockaddr_in address = socket_address(to, port);
  return ::sendto(socket.get(), text.data(), text.size(), 0,
                  reinterpret_cast<const sockaddr*>(&address), sizeof address) > 0;
}

bool arrives(const Fd& socket, int milliseconds) {
  char received = 0;
  return ready(socket.get(), POLLIN, milliseconds) && ::recv(socket.get(), &received, 1, 0) == 1;
}

Fd listen_on(Sandbox& sandbox, NodeId node, std::uint16_t port) {
  Fd socket = bound_socket(sandbox, node, SOCK_STREAM, port);
  EXPECT_EQ(::listen(socket.get(), 16), 0);
  return socket;
}

Fd connect_from(Sandbox& sandbox, NodeId from, NodeId to, std::uint16_t port, int milliseconds) {
  Fd socket = bound_socket(sandbox, from, SOCK_STREAM, 0);
  const sockaddr_in address = socket_address(to, port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    return Fd();
  }
  int error = 0;
  socklen_t size = sizeof error;
  const bool decided = ready(socket.get(), POLLOUT, milliseconds);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return decided && error == 0 ? std::move(socket) : Fd();
}

Fd accept_on(const Fd& listener) {
  if (!ready(listener.get(), POLLIN, kAcceptMilliseconds)) return Fd();
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
  return ::send(from.get(), "x", 1, MSG_NOSIGNAL) == 1 && arrives(to, milliseconds);
}

bool datagram_passes(Sandbox& sandbox, NodeId from, NodeId to, int milliseconds,
                     const std::string& text) {
  const Fd sender = bound_socket(sandbox, from, SOCK_DGRAM, 0);
  const Fd receiver = bound_socket(sandbox, to, SOCK_DGRAM, 9000);
  send_datagram(sender, to, 9000, text);
  return arrives(receiver, milliseconds);
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

void await(const std::function<bool()>& condition) {
  constexpr timespec kShortWait{0, 1'000'000};
  for (int tries = 0; tries < 5000; ++tries) {
    if (condition()) return;
    ::nanosleep(&kShortWait, nullptr);
  }
  ADD_FAILURE() << "the condition did not come true";
}

std::string interfaces() {
  std::set<std::string> names;
  struct if_nameindex* all = ::if_nameindex();
  for (const struct if_nameindex* entry = all; entry->if_index != 0; ++entry) {
    names.insert(entry->if_name);
  }
  ::if_freenameindex(all);
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

int zombies() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    count += state_of(std::stoi(name)) == 'Z' ? 1 : 0;
  }
  return count;
}

int commands_running(const std::string& beginning) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::string command;
    std::getline(std::ifstream(entry.path() / "cmdline"), command);
    std::ranges::replace(command, '\0', ' ');
    count += command.starts_with(beginning) ? 1 : 0;
  }
  return count;
}

char state_of(pid_t pid) {
  std::string line;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
  const std::size_t close = line.rfind(')');
  return close == std::string::npos ? '-' : line.at(close + 2);
}

}  // namespace check::sandbox
