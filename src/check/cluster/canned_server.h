// SPDX-License-Identifier: Apache-2.0
// For tests of protocol code: a server on a loopback port that reads a request, sends the next of
// the given answers, whatever was asked, and so on. It stands for servers that misbehave; what well
// behaved ones do is tested on real ones.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace check::cluster {

// One connection after the other, each with its answers.
struct Script {
  std::vector<std::string> answers;
  bool byte_by_byte = false;  // Each byte in a packet of its own.
  bool close = false;         // After the last answer; else the connection stays open, silent.
};

class CannedServer {
 public:
  // At a port of the system's choice, or at the given place.
  explicit CannedServer(std::vector<Script> scripts, const std::string& address = kLoopback,
                        std::uint16_t port = 0);
  ~CannedServer();
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  static constexpr const char* kLoopback = "127.0.0.1";
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  // A port on which nobody listens.
  static std::uint16_t closed_port();

 private:
  void serve(const std::vector<Script>& scripts);

  std::uint16_t port_ = 0;
  int listener_ = -1;
  int stop_ = -1;  // Readable when the server has to end.
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace check::cluster
