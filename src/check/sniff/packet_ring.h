// SPDX-License-Identifier: Apache-2.0
// The packets that arrive at the interfaces of a network, as the kernel puts them into a ring
// (packet(7), TPACKET_V3): blocks of packets that need no system call each.
//
// Whoever does not take them in time loses packets; how many is counted. What the machine itself
// sends is left out, so that a packet that crosses the switch is seen once, where it comes in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "check/capture/packet.h"
#include "check/sandbox/fd.h"

namespace check::sniff {

class PacketRing {
 public:
  // Of the calling thread's network. Needs CAP_NET_RAW there.
  static base::Result<std::unique_ptr<PacketRing>> open(std::size_t megabytes = 64);
  PacketRing(const PacketRing&) = delete;
  PacketRing& operator=(const PacketRing&) = delete;
  ~PacketRing();

  // Waits until packets are there, at most so long; then hands each to `use`, whose packet lives
  // until it returns. False: none came.
  bool take(std::chrono::milliseconds limit,
            const std::function<void(const capture::Packet&)>& use);

  // Packets that were lost since the ring was opened.
  std::uint64_t lost();

 private:
  PacketRing(sandbox::Fd socket, std::size_t blocks)
      : socket_(std::move(socket)), blocks_(blocks) {}
  unsigned char* block(std::size_t number) const;

  sandbox::Fd socket_;
  std::size_t blocks_;
  unsigned char* memory_ = nullptr;
  std::size_t next_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace check::sniff
