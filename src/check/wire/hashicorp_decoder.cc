// SPDX-License-Identifier: Apache-2.0
// The connections of hashicorp/raft's NetworkTransport (docs/formats/wire-hashicorp.md). One side
// asks, the other answers, and only the order says which answer belongs to which request.
//
//   dialer    [rpc][map] [rpc][map] [rpc][map][raw bytes of a snapshot ...]
//   acceptor        [error][map]   [error][map] ...
#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "check/wire/hashicorp_message.h"
#include "check/wire/msgpack.h"
#include "check/wire/protocols.h"
#include "check/wire/stream.h"

namespace check::wire {
namespace {

// Far beyond the two to 130 requests that a leader sends ahead of the answers.
constexpr std::size_t kMostUnanswered = std::size_t{1} << 16U;

bool begins_map(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return (value & 0xf0U) == 0x80U || value == 0xde || value == 0xdf;
}

class HashicorpDecoder final : public Decoder {
 public:
  explicit HashicorpDecoder(const ConnectionStart& start) {
    if (!start.seen) give_up("the connection began before it was seen");
  }

  void feed(Direction direction, std::string_view bytes, std::vector<Frame>& out) override {
    Stream& stream = direction == Direction::FromDialer ? requests_ : answers_;
    stream.add(bytes);
    if (direction == Direction::FromDialer) {
      while (!stream.opaque() && step_requests(out)) {
      }
    } else {
      while (!stream.opaque() && step_answers(out)) {
      }
    }
    requests_.settle(out);
    if (requests_.opaque()) answers_.give_up("the requests are not understood");
    answers_.settle(out);
  }

  void skip(Direction direction, std::uint64_t bytes, std::vector<Frame>& out) override {
    if (bytes == 0) return;
    // Requests go on to make sense when answers are missing.
    if (direction == Direction::FromDialer) requests_.give_up("bytes were lost");
    answers_.give_up("bytes were lost, so no answer's request is known");
    unanswered_.clear();
    requests_.settle(out);
    answers_.settle(out);
  }

  void left_out(const Frame& frame) override {
    std::erase_if(unanswered_,
                  [&](const HashicorpAsked& asked) { return asked.number == frame.shape; });
  }

  const std::optional<std::string>& opaque(Direction direction) const override {
    return (direction == Direction::FromDialer ? requests_ : answers_).opaque();
  }

 private:
  void give_up(const std::string& why) {
    requests_.give_up(why);
    answers_.give_up(why);
    unanswered_.clear();
  }

  // One frame more. False: more bytes are needed.
  bool step_requests(std::vector<Frame>& out) {
    const std::string_view waiting = requests_.waiting();
    if (snapshot_left_ > 0) return pass_snapshot(out);
    if (waiting.size() < 2) return false;
    // Some programs open with a byte that says which of their protocols follows (Consul and Nomad:
    // 1). A map never begins like a request.
    if (requests_.offset() == 0 && static_cast<unsigned char>(waiting[1]) <= kHashicorpLastRpc) {
      out.push_back(requests_.take(1));
      return true;
    }
    if (static_cast<unsigned char>(waiting[0]) > kHashicorpLastRpc || !begins_map(waiting[1])) {
      give_up("no request of hashicorp/raft begins so");
      return false;
    }
    const auto size = request_scanner_.scan(waiting.substr(1), kMostWaiting);
    if (!size.ok()) give_up("a request: " + size.error().message);
    if (!size.ok() || !size.value()) return false;
    auto request = hashicorp_request(waiting.substr(0, 1 + *size.value()));
    if (!request.ok()) {
      give_up(request.error().message);
      return false;
    }
    ask(std::move(request).value(), 1 + *size.value(), out);
    return true;
  }

  void ask(HashicorpRequest request, std::size_t size, std::vector<Frame>& out) {
    Message& message = request.message;
    if (message.sender.empty()) message.sender = dialer_;
    dialer_ = message.sender;
    message.receiver = acceptor_;
    number_ += 1;
    snapshot_left_ = request.follows;
    if (!answers_.opaque()) unanswered_.push_back(hashicorp_asked(message, number_));
    if (unanswered_.size() > kMostUnanswered) {
      answers_.give_up("too many requests are not answered");
      unanswered_.clear();
    }
    out.push_back(requests_.take(size, std::move(message)));
    out.back().shape = number_;
  }

  // Frames of a snapshot are what came at once, and bear the number of their request.
  bool pass_snapshot(std::vector<Frame>& out) {
    const std::size_t size = std::min<std::uint64_t>(snapshot_left_, requests_.waiting().size());
    if (size == 0) return false;
    snapshot_left_ -= size;
    out.push_back(requests_.take(size));
    out.back().shape = number_;
    return true;
  }

  bool step_answers(std::vector<Frame>& out) {
    const std::string_view waiting = answers_.waiting();
    if (waiting.empty()) return false;
    if (unanswered_.empty()) {
      answers_.give_up("an answer without a request");
      return false;
    }
    // Two values: the error's text, then the map.
    while (answer_parts_ < 2) {
      const auto size = answer_scanner_.scan(waiting.substr(answer_size_), kMostWaiting);
      if (!size.ok()) answers_.give_up("an answer: " + size.error().message);
      if (!size.ok() || !size.value()) return false;
      answer_size_ += *size.value();
      answer_parts_ += 1;
    }
    auto answer = hashicorp_answer(waiting.substr(0, answer_size_), unanswered_.front());
    if (!answer.ok()) {
      answers_.give_up(answer.error().message);
      return false;
    }
    take_answer(std::move(answer).value(), out);
    return true;
  }

  void take_answer(Message message, std::vector<Frame>& out) {
    if (message.sender.empty()) message.sender = acceptor_;
    acceptor_ = message.sender;
    message.receiver = dialer_;
    out.push_back(answers_.take(answer_size_, std::move(message)));
    out.back().shape = unanswered_.front().number;
    unanswered_.pop_front();
    answer_size_ = 0;
    answer_parts_ = 0;
  }

  Stream requests_{Direction::FromDialer};
  Stream answers_{Direction::FromAcceptor};
  MsgpackScanner request_scanner_;
  MsgpackScanner answer_scanner_;
  std::size_t answer_size_ = 0;  // Of the values of the next answer that are complete.
  int answer_parts_ = 0;         // How many these are.
  std::uint64_t snapshot_left_ = 0;
  std::uint32_t number_ = 0;  // Of the last request.
  std::deque<HashicorpAsked> unanswered_;
  // As messages name them; the acceptor only since 1.3.7.
  std::string dialer_;
  std::string acceptor_;
};

}  // namespace

std::unique_ptr<Decoder> make_hashicorp_decoder(const ConnectionStart& start) {
  return std::make_unique<HashicorpDecoder>(start);
}

}  // namespace check::wire
