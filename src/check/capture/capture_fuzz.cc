// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a capture file: the same packets in one piece and in small ones; whatever the
// packets are, each direction's bytes and gaps come once the connection is open and before it is
// closed, and nothing is kept beyond the limits.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/check.h"
#include "check/capture/capture_file.h"
#include "check/capture/reassembler.h"

namespace {

using namespace check::capture;  // NOLINT(google-build-using-namespace): a program of its own.

class Careful final : public ConnectionListener {
 public:
  void opened(const Opening& opening) override {
    CHECK(opening.id == ++last_, opening.id);
    open_[opening.id] = true;
  }
  void bytes(ConnectionId id, Side, std::uint64_t, std::string_view bytes) override {
    CHECK(open_.at(id) && !bytes.empty(), id);
    total_ += bytes.size();
  }
  void gap(ConnectionId id, Side, std::uint64_t, std::uint64_t bytes) override {
    CHECK(open_.at(id) && bytes > 0, id);
  }
  void closed(ConnectionId id, Closing, std::uint64_t) override {
    CHECK(open_.at(id), id);
    open_[id] = false;
  }
  std::optional<std::uint64_t> conversation_of(const Datagram& datagram) override {
    if (datagram.payload.empty()) return std::nullopt;
    return static_cast<std::uint64_t>(datagram.payload.front());
  }
  std::size_t total() const { return total_; }
  bool all_closed() const {
    for (const auto& [id, open] : open_) {
      if (open) return false;
    }
    return true;
  }

 private:
  ConnectionId last_ = 0;
  std::map<ConnectionId, bool> open_;
  std::size_t total_ = 0;
};

struct Outcome {
  std::size_t packets = 0;
  std::size_t bytes = 0;
  std::string error;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(std::string_view file, std::size_t step) {
  Outcome outcome;
  Careful listener;
  Reassembler reassembler(listener, {.limits = {.connections = 4, .waiting_bytes = 4096}});
  CaptureFile capture;
  while (outcome.error.empty()) {
    auto packet = capture.next();
    if (!packet.ok()) {
      outcome.error = packet.error().message;
    } else if (packet.value()) {
      outcome.packets += 1;
      const auto found = find_segment(*packet.value());
      if (const auto* segment = std::get_if<Segment>(&found)) reassembler.add(*segment);
      if (const auto datagram = find_datagram(*packet.value())) reassembler.add(*datagram);
    } else if (file.empty()) {
      break;
    } else {
      capture.add(file.substr(0, step));
      file.remove_prefix(std::min(step, file.size()));
    }
  }
  reassembler.finish();
  CHECK(listener.all_closed());
  outcome.bytes = listener.total();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file(data, data + size);
  const Outcome whole = read(file, file.size() + 1);
  CHECK(read(file, 7) == whole, whole.error);
  return 0;
}
