// SPDX-License-Identifier: Apache-2.0
// Where the first packet of every connection between nodes waits (a netfilter queue) until it is
// known what the other end says to it.
//
//   A --SYN--> | gate | - - hold - - >   on_syn(): the relay asks B first
//                 |
//                 +-- Pass:    B accepted; the redirection takes the SYN to the relay's listener
//                 +-- Refuse:  B refused;  the rules answer with RST in B's name
//                 +-- Forget:  B is silent; so are we, and A will try again
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/monitor/endpoint.h"
#include "check/monitor/loop.h"
#include "check/sandbox/fd.h"

namespace check::monitor {

// Marks of packets, which the rules know (redirect.cc).
inline constexpr std::uint32_t kMarkRefused = 0x20;
inline constexpr std::uint16_t kGateQueue = 7;

class SynGate : public Loop::Handler {
 public:
  enum class Verdict : std::uint8_t { Pass, Refuse, Forget };
  // A SYN that waits. Each is to be answered by one call of answer().
  struct Syn {
    std::uint32_t packet = 0;
    Flow flow;
  };
  using OnSyn = std::function<void(const Syn&)>;

  // Opens the queue in the calling thread's network.
  static base::Result<std::unique_ptr<SynGate>> open();

  void on_syn(OnSyn action) { on_syn_ = std::move(action); }
  int fd() const { return fd_.get(); }
  void answer(std::uint32_t packet, Verdict verdict);

  void on_ready(std::uint32_t events) override;

 private:
  explicit SynGate(sandbox::Fd fd) : fd_(std::move(fd)), buffer_(65536) {}
  base::Status configure();
  base::Status request(const std::vector<char>& message);
  void on_packet(const void* message);

  sandbox::Fd fd_;
  OnSyn on_syn_;
  std::vector<char> buffer_;
};

}  // namespace check::monitor
