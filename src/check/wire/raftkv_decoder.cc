// SPDX-License-Identifier: Apache-2.0
// The connections of raftkv (docs/formats/peer-protocol.md). The directions do not depend on each
// other. Every frame has a checksum, so a place in mid-stream where a frame begins can be found for
// certain.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "check/wire/backlog.h"
#include "check/wire/protocols.h"
#include "check/wire/raftkv_frame.h"

namespace check::wire {
namespace {

// While searching, a longer frame is not waited for, and after so many bytes it is given up.
constexpr std::size_t kLongestSearch = std::size_t{1} << 20U;

class Way {
 public:
  Way(Direction direction, bool from_start)
      : direction_(direction), state_(from_start ? State::Start : State::Searching) {}

  void feed(std::string_view bytes, std::vector<Frame>& out) {
    if (opaque_) {
      emit(std::string(bytes), std::nullopt, out);
      return;
    }
    backlog_.append(bytes);
    while (!opaque_ && !backlog_.empty() &&
           (state_ == State::Searching ? search(out) : step(out))) {
    }
  }

  void skip(std::vector<Frame>& out) {
    emit(backlog_.take_all(), std::nullopt, out);
    if (opaque_) return;
    state_ = State::Searching;
    searched_ = 0;
  }

  const std::optional<std::string>& opaque() const { return opaque_; }

 private:
  enum class State { Start, Following, Searching };

  // One frame, where one must begin. False: more bytes are needed.
  bool step(std::vector<Frame>& out) {
    const auto head = raftkv_head(backlog_.view());
    if (!head.ok()) return give_up(head.error().message, out);
    if (!head.value() || head.value()->size > backlog_.size()) return false;
    const std::string_view frame = backlog_.view().substr(0, head.value()->size);
    if (!raftkv_is_sealed(frame)) return give_up("raftkv frame: the checksum is wrong", out);
    if (const auto complaint = stranger(*head.value())) return give_up(*complaint, out);
    auto message = raftkv_message(*head.value(), frame);
    if (!message.ok()) return give_up(message.error().message, out);
    follow(*head.value());
    std::string bytes = backlog_.take(head.value()->size);
    emit(std::move(bytes), std::move(message).value(), out);
    return true;
  }

  // Goes on to the next place where a frame with the right checksum begins.
  bool search(std::vector<Frame>& out) {
    const std::string_view bytes = backlog_.view();
    std::size_t at = 0;
    bool found = false;
    while (!found && at + kRaftkvHeadBytes <= bytes.size()) {
      const auto head = raftkv_head(bytes.substr(at));
      found = head.ok() && head.value()->size <= kLongestSearch;
      if (found && head.value()->size <= bytes.size() - at) {
        if (raftkv_is_sealed(bytes.substr(at, head.value()->size))) {
          state_ = State::Following;
          break;
        }
        found = false;
      }
      if (!found) at += 1;
    }
    searched_ += at;
    emit(backlog_.take(at), std::nullopt, out);
    if (state_ == State::Searching && searched_ > kLongestSearch) {
      return give_up("no raftkv frame begins in a MiB", out);
    }
    return state_ == State::Following;
  }

  // Why this frame cannot come next on this connection.
  std::optional<std::string> stranger(const RaftkvHead& head) const {
    const bool hello = head.type == RaftkvType::Hello;
    if (state_ == State::Start && !hello) return "raftkv: the first frame is not a Hello";
    if (known_ && hello) return "raftkv: a second Hello";
    if (known_ &&
        (head.from != known_->from || head.to != known_->to || head.cluster != known_->cluster)) {
      return "raftkv: sender, receiver or cluster changed on one connection";
    }
    return std::nullopt;
  }

  void follow(const RaftkvHead& head) {
    known_ = head;
    state_ = State::Following;
  }

  bool give_up(std::string why, std::vector<Frame>& out) {
    opaque_ = std::move(why);
    emit(backlog_.take_all(), std::nullopt, out);
    return false;
  }

  void emit(std::string bytes, std::optional<Message> message, std::vector<Frame>& out) {
    if (!bytes.empty()) out.push_back({direction_, std::move(bytes), std::move(message), 0});
  }

  Direction direction_;
  State state_;
  Backlog backlog_;
  std::size_t searched_ = 0;
  std::optional<RaftkvHead> known_;  // Of the last frame.
  std::optional<std::string> opaque_;
};

class RaftkvDecoder final : public Decoder {
 public:
  explicit RaftkvDecoder(const ConnectionStart& start)
      : ways_{Way(Direction::FromDialer, start.seen), Way(Direction::FromAcceptor, start.seen)} {}

  void feed(Direction direction, std::string_view bytes, std::vector<Frame>& out) override {
    way(direction).feed(bytes, out);
  }
  void skip(Direction direction, std::uint64_t, std::vector<Frame>& out) override {
    way(direction).skip(out);
  }
  const std::optional<std::string>& opaque(Direction direction) const override {
    return ways_[static_cast<std::size_t>(direction)].opaque();
  }

 private:
  Way& way(Direction direction) { return ways_[static_cast<std::size_t>(direction)]; }

  std::array<Way, 2> ways_;
};

}  // namespace

std::unique_ptr<Decoder> make_raftkv_decoder(const ConnectionStart& start) {
  return std::make_unique<RaftkvDecoder>(start);
}

}  // namespace check::wire
