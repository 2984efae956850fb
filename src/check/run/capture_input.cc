// SPDX-License-Identifier: Apache-2.0
#include "check/run/capture_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <variant>
#include <vector>

#include "check/capture/capture_file.h"
#include "check/sandbox/fd.h"

namespace check::run {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

void count(CaptureCounts& counts, const capture::Packet& packet,
           capture::Reassembler& reassembler) {
  if (counts.packets == 0) counts.first_ns = packet.time_ns;
  counts.last_ns = std::max(counts.last_ns, packet.time_ns);
  counts.packets += 1;
  const auto found = capture::find_segment(packet);
  if (const auto* segment = std::get_if<capture::Segment>(&found)) {
    counts.segments += 1;
    counts.cut += segment->payload.size() < segment->whole ? 1U : 0U;
    reassembler.add(*segment);
    return;
  }
  if (const auto datagram = capture::find_datagram(packet)) {
    counts.cut += datagram->payload.size() < datagram->whole ? 1U : 0U;
    reassembler.add(*datagram);
    return;
  }
  const auto why = std::get<capture::NoSegment>(found);
  counts.fragments += why == capture::NoSegment::Fragment ? 1U : 0U;
  counts.damaged += why == capture::NoSegment::Damaged ? 1U : 0U;
}

base::Error failure(const std::string& path, int error) {
  return {base::ErrorCode::Io,
          fmt::format("cannot read {}: {}", path, std::system_category().message(error))};
}

// All packets that `file` has whole; false when it stops making sense.
bool take_packets(capture::CaptureFile& file, CaptureCounts& counts,
                  capture::Reassembler& reassembler) {
  for (;;) {
    const auto packet = file.next();
    if (!packet.ok()) {
      counts.error = packet.error().message;
      return false;
    }
    if (!packet.value()) return true;
    count(counts, *packet.value(), reassembler);
  }
}

}  // namespace

base::Result<CaptureCounts> read_capture(const std::string& path, std::uint64_t most_bytes,
                                         capture::Reassembler& reassembler) {
  const sandbox::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open()) return failure(path, errno);
  CaptureCounts counts;
  capture::CaptureFile file;
  std::vector<char> chunk(kChunk);
  while (counts.file_bytes < most_bytes) {
    const ssize_t size = read(fd.get(), chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failure(path, errno);
    if (size == 0) break;
    counts.file_bytes += static_cast<std::uint64_t>(size);
    file.add({chunk.data(), static_cast<std::size_t>(size)});
    if (!take_packets(file, counts, reassembler)) break;
  }
  reassembler.finish();
  counts.lost = file.lost_packets();
  counts.foreign = file.foreign_packets();
  counts.left_over = file.left_over();
  if (counts.error && counts.packets == 0 && counts.foreign == 0) {
    return base::Error{base::ErrorCode::Corrupt, fmt::format("{}: {}", path, *counts.error)};
  }
  return counts;
}

}  // namespace check::run
