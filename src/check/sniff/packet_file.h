// SPDX-License-Identifier: Apache-2.0
// Captured packets as traffic.pcapng (docs/formats/traffic.md), written as they come.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "check/capture/packet.h"
#include "check/monitor/raft_monitor.h"
#include "check/sandbox/fd.h"

namespace check::sniff {

class PacketFile {
 public:
  // Makes the file, or empties it. Packets that do not fit into `most_bytes` are counted as lost.
  static base::Result<std::unique_ptr<PacketFile>> open(const std::string& path,
                                                        std::uint64_t most_bytes);
  void add(const capture::Packet& packet);
  // Writes what waits.
  void flush();
  // The end: `lost` packets never came here.
  void finish(std::uint64_t time_ns, std::uint64_t lost);
  const monitor::TrafficFile& state() const { return state_; }

 private:
  PacketFile(sandbox::Fd file, std::uint64_t most_bytes);

  sandbox::Fd file_;
  const std::uint64_t most_bytes_;
  std::string out_;
  monitor::TrafficFile state_;
};

}  // namespace check::sniff
