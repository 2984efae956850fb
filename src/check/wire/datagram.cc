// SPDX-License-Identifier: Apache-2.0
#include "check/wire/datagram.h"

#include <string>

#include "check/wire/raftkv_frame.h"

namespace check::wire {
namespace {

// The head of a datagram that is one whole frame with a right checksum.
std::optional<RaftkvHead> head_of(std::string_view datagram) {
  const auto head = raftkv_head(datagram);
  if (!head.ok() || !head.value() || head.value()->size != datagram.size()) return std::nullopt;
  if (!raftkv_is_sealed(datagram)) return std::nullopt;
  return head.value();
}

class RaftkvDatagrams final : public Decoder {
 public:
  void feed(Direction direction, std::string_view bytes, std::vector<Frame>& out) override {
    Frame frame{direction, std::string(bytes)};
    if (const auto head = head_of(bytes)) {
      auto message = raftkv_message(*head, bytes);
      if (message.ok()) frame.message = std::move(message).value();
    }
    out.push_back(std::move(frame));
  }
  void skip(Direction, std::uint64_t, std::vector<Frame>&) override {}
  const std::optional<std::string>& opaque(Direction) const override { return never_; }

 private:
  const std::optional<std::string> never_;
};

}  // namespace

std::optional<Lives> lives_in(Protocol protocol, std::string_view datagram) {
  if (protocol != Protocol::Raftkv) return std::nullopt;
  const auto head = head_of(datagram);
  // A Hello says who lives; it is no message, and of no conversation yet.
  if (!head || head->version < 2 || head->type == RaftkvType::Hello) return std::nullopt;
  return Lives{head->from_life, head->to_life};
}

std::unique_ptr<Decoder> make_datagram_decoder(Protocol protocol) {
  if (protocol != Protocol::Raftkv) return nullptr;
  return std::make_unique<RaftkvDatagrams>();
}

}  // namespace check::wire
