// SPDX-License-Identifier: Apache-2.0
// What was relayed, as a packet capture: the monitor's thread puts records into a ring and goes on;
// a thread of its own makes packets of them and writes the file. If it cannot keep up, or the file
// has reached its limit, packets are lost and counted; the relay never waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "check/monitor/byte_ring.h"
#include "check/monitor/packet.h"
#include "check/monitor/raft_monitor.h"
#include "check/sandbox/fd.h"

namespace check::monitor {

class TrafficLog {
 public:
  enum class Fate : std::uint8_t { Relayed, Lost, Duplicated, Delayed };  // Of a datagram.

  // Makes the file (or empties it) and starts the writer.
  static base::Result<std::unique_ptr<TrafficLog>> open(const std::string& path,
                                                        std::uint64_t limit_bytes);
  TrafficLog(const TrafficLog&) = delete;
  TrafficLog& operator=(const TrafficLog&) = delete;
  ~TrafficLog();  // Writes what waits, and how much was lost.

  // The monitor's thread.
  void record(const SegmentHead& head, std::span<const char> payload);
  void record(const Endpoint& from, const Endpoint& to, std::span<const char> payload, Fate fate);

  // Any thread.
  TrafficFile state() const;

 private:
  struct Record {
    std::uint64_t time_ns = 0;
    SegmentHead head;  // Of a datagram: its ends.
    bool stream = false;
    Fate fate = Fate::Relayed;
  };
  TrafficLog(sandbox::Fd file, std::uint64_t limit_bytes);
  void push(Record record, std::span<const char> payload);
  void run();
  void drain();
  void encode(const std::string& record);
  void encode_packet(std::uint64_t time_ns, std::string_view comment);
  void write_out();

  sandbox::Fd file_;
  const std::uint64_t limit_bytes_;
  ByteRing ring_;
  std::atomic<std::uint64_t> packets_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<int> write_error_{0};
  std::string packet_;  // The writer's.
  std::string out_;     // The writer's.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // Guarded by mutex_.
  std::thread writer_;
};

}  // namespace check::monitor
