// SPDX-License-Identifier: Apache-2.0
// For the tests: a few hosts, with or without the monitor between them, and sockets on them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "check/monitor/raft_monitor.h"
#include "check/sandbox/fd.h"

namespace check::monitor {

inline constexpr NodeId kOne{1};
inline constexpr NodeId kTwo{2};
inline constexpr NodeId kThree{3};
inline constexpr DirectedPair kForth{kOne, kTwo};
inline constexpr DirectedPair kBack{kTwo, kOne};

// A blocking socket whose operations fail with EAGAIN after a second or two.
class Socket {
 public:
  Socket() = default;
  explicit Socket(sandbox::Fd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  // Empty if nothing came: `end()` says why.
  std::string receive(std::size_t most = 65536);
  // Until the stream's end.
  std::string receive_all();
  // "eof", "ECONNRESET", ... of the last receive.
  const std::string& end() const { return end_; }
  bool send(std::string_view bytes);
  void finish();  // Sends FIN, goes on receiving.
  void close() { fd_.close(); }
  void reset();
  Socket accept();
  std::string local() const;
  std::string remote() const;

 private:
  sandbox::Fd fd_;
  std::string end_;
};

class World {
 public:
  explicit World(std::uint32_t nodes = 3);
  // Puts the monitor between the nodes.
  void monitor(const Options& options = {});

  sandbox::Sandbox& sandbox() { return *sandbox_; }
  RaftMonitor& relay() { return *monitor_; }
  void stop_monitor() { monitor_.reset(); }

  Socket listen(NodeId node, std::uint16_t port, int backlog = 64);
  // Sets `error()` ("" if it worked).
  Socket connect(NodeId from, NodeId to, std::uint16_t port, int timeout_ms = 2000);
  Socket connect_to(NodeId from, const std::string& address, std::uint16_t port, int timeout_ms);
  Socket datagram_socket(NodeId node, std::uint16_t port);
  const std::string& error() const { return error_; }

  // A connection from node 1 to node 2.
  struct Pair {
    Socket client;
    Socket server;
  };
  Pair connected(NodeId from = kOne, NodeId to = kTwo, std::uint16_t port = 7000);

 private:
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<RaftMonitor> monitor_;
  std::string error_;
};

// Waits until `condition` holds; false after five seconds.
bool eventually(const std::function<bool()>& condition);

// Expects that the audit finds all in order. Also: what was asked of the monitor before is done.
void expect_complete(World& world);

std::size_t count_events(const ConnectionEvents& all, ConnectionChange change);

}  // namespace check::monitor
