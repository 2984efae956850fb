// SPDX-License-Identifier: Apache-2.0
// The connections of raftkv (docs/formats/peer-protocol.md). The directions do not depend on each
// other. Every frame has a checksum, so a place in mid-stream where a frame begins can be found for
// certain.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "check/wire/protocols.h"
#include "check/wire/raftkv_frame.h"
#include "check/wire/rewrite.h"
#include "check/wire/stream.h"

namespace check::wire {
namespace {

// While searching, a longer frame is not waited for, and after so many bytes it is given up.
constexpr std::size_t kLongestSearch = std::size_t{1} << 20U;

class Way {
 public:
  Way(Direction direction, bool from_start)
      : stream(direction), state_(from_start ? State::Start : State::Searching) {}

  bool step(std::vector<Frame>& out) {
    return state_ == State::Searching ? search(out) : follow(out);
  }

  void lost() {
    state_ = State::Searching;
    searched_ = 0;
  }

  Stream stream;

 private:
  enum class State { Start, Following, Searching };

  // One frame, where one must begin. False: more bytes are needed.
  bool follow(std::vector<Frame>& out) {
    const auto head = raftkv_head(stream.waiting());
    if (!head.ok()) stream.give_up(head.error().message);
    if (!head.ok() || !head.value() || head.value()->size > stream.waiting().size()) return false;
    auto message = read(*head.value(), stream.waiting().substr(0, head.value()->size));
    if (!message.ok()) {
      stream.give_up(message.error().message);
      return false;
    }
    known_ = head.value();
    state_ = State::Following;
    out.push_back(stream.take(known_->size, std::move(message).value()));
    return true;
  }

  base::Result<std::optional<Message>> read(const RaftkvHead& head, std::string_view frame) const {
    if (!raftkv_is_sealed(frame)) return refused("raftkv frame: the checksum is wrong");
    const bool hello = head.type == RaftkvType::Hello;
    if (state_ == State::Start && !hello) return refused("raftkv: the first frame is not a Hello");
    if (known_ && hello) return refused("raftkv: a second Hello");
    if (known_ &&
        (head.from != known_->from || head.to != known_->to || head.cluster != known_->cluster)) {
      return refused("raftkv: sender, receiver or cluster changed on one connection");
    }
    if (known_ && head.from_life != known_->from_life) {
      return refused("raftkv: the sender's life changed on one connection");
    }
    return raftkv_message(head, frame);
  }

  // Goes on to the next place where a frame with the right checksum begins. False: it is not in
  // what has come.
  bool search(std::vector<Frame>& out) {
    const std::string_view bytes = stream.waiting();
    std::size_t at = 0;
    bool believed = false;
    while (!believed && at + kRaftkvFirstHeadBytes <= bytes.size()) {
      const auto head = raftkv_head(bytes.substr(at));
      if (head.ok() && !head.value()) break;
      const bool perhaps = head.ok() && head.value()->size <= kLongestSearch;
      if (perhaps && head.value()->size > bytes.size() - at) break;
      believed = perhaps && raftkv_is_sealed(bytes.substr(at, head.value()->size));
      if (!believed) at += 1;
    }
    if (at > 0) out.push_back(stream.take(at));
    searched_ += at;
    if (believed) state_ = State::Following;
    if (!believed && searched_ > kLongestSearch) {
      stream.give_up("no raftkv frame begins in a MiB");
    }
    return believed;
  }

  State state_;
  std::size_t searched_ = 0;
  std::optional<RaftkvHead> known_;  // Of the last frame.
};

class RaftkvDecoder final : public TwoStreams<Way> {
 public:
  using TwoStreams::TwoStreams;

 private:
  bool step(Direction direction, std::vector<Frame>& out) override {
    return side(direction).step(out);
  }
  void lost(Direction direction, std::uint64_t) override { side(direction).lost(); }
};

}  // namespace

std::unique_ptr<Decoder> make_raftkv_decoder(const ConnectionStart& start) {
  return std::make_unique<RaftkvDecoder>(start);
}

}  // namespace check::wire
