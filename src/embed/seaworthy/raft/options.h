// SPDX-License-Identifier: Apache-2.0
// What a server is told at its start.
//
// Stability: may change with the minor version: members may be added, and defaults become better.
// A member keeps its name and meaning within a major version. Name what you set, and it compiles
// on.
#pragma once

#include <seaworthy/raft/outcome.h>
#include <seaworthy/raft/status.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace io {
class Disk;  // Of the package seaworthy::kit, as Storage.
}
namespace journal {
class Storage;
}

namespace seaworthy {
inline namespace v0 {

// PEM files. Members then speak TLS only, and must name each other: docs/transports.md.
struct Tls {
  std::string certificate;
  std::string key;
  std::string authority;
};

enum class Transport : std::uint8_t { Tcp, Udp };
// Segments: files that are written to their end. Mapped: one file in memory, grown in place.
enum class Storage : std::uint8_t { Segments, Mapped };

// In the order of reading. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct Options {
  // Who this server is: 1 or more, and never another's, even after that one has gone.
  std::uint32_t id = 0;
  // "HOST:PORT" of each member of a new cluster, this one included: the same at all of them. Counts
  // until the log says who the members are.
  std::map<std::uint32_t, std::string> members;
  // The cluster exists: this server has yet to be added to it. `members` are those who may call.
  bool join = false;
  std::string folder;  // For this server alone; made if it is not there.
  // Servers of clusters of another name are not spoken to.
  std::string cluster = "raft";

  Transport transport = Transport::Tcp;  // As the next two: the same at all members.
  std::size_t datagram_bytes = 512;      // Udp: no command may be longer, less some 100.
  std::optional<Tls> tls;
  Storage storage = Storage::Segments;
  // A storage of your own in place of those two, on the disk that `folder` is: docs/embedding.md.
  // Made and recovered by open(), then used on the server's thread.
  std::function<std::unique_ptr<journal::Storage>(io::Disk& disk)> make_storage;

  std::chrono::milliseconds heartbeat{50};
  // Silence of the leader before an election, drawn between the two.
  std::chrono::milliseconds election_min{300};
  std::chrono::milliseconds election_max{600};
  // Reads without asking a majority, while it has promised not to elect another leader: rests on
  // clocks that differ by less than 10 % in speed. The same at all members.
  bool lease = false;

  // A snapshot is taken when the log has grown by so much, or by as much as the last one has.
  // So much of it stays behind a snapshot, and no more than 10'000 entries.
  std::uint64_t snapshot_log_bytes = std::uint64_t{64} << 20U;

  // A request that is not decided by then is Refused, or Unknown if it may have been done.
  std::chrono::milliseconds patience{10'000};
  // Requests that are not answered, and what they have together (no less than Server::kMaxBytes);
  // more are Refused.
  std::size_t max_waiting = 65'536;
  std::size_t max_waiting_bytes = std::size_t{256} << 20U;

  // On the server's thread, as callbacks. Standing: whenever it is another one. Failed: the disk
  // failed; the server has ended, and all that waited is answered.
  std::function<void(const Standing&)> on_standing;
  std::function<void(const Error&)> on_failed;
};

}  // namespace v0
}  // namespace seaworthy
