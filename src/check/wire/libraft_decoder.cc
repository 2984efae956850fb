// SPDX-License-Identifier: Apache-2.0
// The connections of libraft, cowsql and dqlite (docs/formats/wire-libraft.md). Only the dialer
// speaks: what it is answered comes on a connection of its own.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "check/wire/libraft_message.h"
#include "check/wire/protocols.h"
#include "check/wire/stream.h"

namespace check::wire {
namespace {

// So much is looked through for a place where a message begins.
constexpr std::size_t kLongestSearch = std::size_t{1} << 20U;

class LibraftDecoder final : public Decoder {
 public:
  explicit LibraftDecoder(const ConnectionStart& start)
      : state_(start.seen ? State::Greeting : State::Searching) {}

  void feed(Direction direction, std::string_view bytes, std::vector<Frame>& out) override {
    if (direction == Direction::FromAcceptor) {
      back_.add(bytes);
      back_.give_up("the acceptor of libraft does not speak");
      back_.settle(out);
      return;
    }
    there_.add(bytes);
    while (!there_.opaque() && step(out)) {
    }
    there_.settle(out);
  }

  void skip(Direction direction, std::uint64_t bytes, std::vector<Frame>& out) override {
    if (direction == Direction::FromAcceptor || there_.opaque() || bytes == 0) return;
    there_.take_all(out);
    state_ = State::Searching;
    size_.reset();
    searched_ = 0;
  }

  const std::optional<std::string>& opaque(Direction direction) const override {
    return (direction == Direction::FromDialer ? there_ : back_).opaque();
  }

 private:
  enum class State { Greeting, Following, Searching };

  // One frame more. False: more bytes are needed.
  bool step(std::vector<Frame>& out) {
    if (there_.waiting().empty()) return false;
    switch (state_) {
      case State::Greeting:
        return greet(out);
      case State::Following:
        return follow(out);
      case State::Searching:
        break;
    }
    return search(out);
  }

  bool greet(std::vector<Frame>& out) {
    const auto greeting = libraft_greeting(there_.waiting());
    if (!greeting.ok()) there_.give_up(greeting.error().message);
    if (!greeting.ok() || !greeting.value()) return false;
    dialer_ = greeting.value()->address;
    out.push_back(there_.take(greeting.value()->size));
    state_ = State::Following;
    return true;
  }

  bool follow(std::vector<Frame>& out) {
    if (!size_) {
      const auto size = libraft_size(there_.waiting());
      if (!size.ok()) there_.give_up("a message: " + size.error().message);
      if (!size.ok() || !size.value()) return false;
      size_ = *size.value();
    }
    if (*size_ > kMostWaiting) {
      there_.give_up("a message of " + std::to_string(*size_) + " bytes is too long");
      return false;
    }
    if (*size_ > there_.waiting().size()) return false;
    auto message = libraft_message(there_.waiting().substr(0, *size_));
    if (!message.ok()) {
      there_.give_up(message.error().message);
      return false;
    }
    Message said = std::move(message).value();
    said.sender = dialer_;
    out.push_back(there_.take(*std::exchange(size_, std::nullopt), std::move(said)));
    return true;
  }

  // Goes on to the next place where a message begins for certain.
  bool search(std::vector<Frame>& out) {
    const std::string_view waiting = there_.waiting();
    std::size_t at = 0;
    while (at < waiting.size() && !may_begin(waiting.substr(at))) at += 1;
    if (at > 0) out.push_back(there_.take(at));
    searched_ += at;
    if (searched_ > kLongestSearch) {
      there_.give_up("no message begins in a MiB");
      return false;
    }
    const auto size = libraft_size(there_.waiting());
    if (!size.ok() || !size.value() || *size.value() > kMostWaiting) return false;
    if (there_.waiting()[0] == '\2' && *size.value() > there_.waiting().size()) return false;
    state_ = State::Following;
    return true;
  }

  // Whether a message begins here that a search may believe; true also if that is not yet to be
  // told. An AppendEntries counts its entries, and has as many. In a result, the upper half of the
  // term tells it from the same two words in the middle of an AppendEntries.
  static bool may_begin(std::string_view bytes) {
    if (bytes[0] != '\1' && bytes[0] != '\2') return false;
    const auto size = libraft_size(bytes);
    if (!size.ok() || !size.value()) return size.ok();
    if (bytes[0] == '\1' || bytes.size() < *size.value()) return true;
    const auto message = libraft_message(bytes.substr(0, *size.value()));
    return message.ok() && message.value().term->value() >> 32U == 0;
  }

  Stream there_{Direction::FromDialer};
  Stream back_{Direction::FromAcceptor};
  State state_;
  std::string dialer_;               // Its address; empty: not known.
  std::optional<std::size_t> size_;  // Of the message that comes, once it is known.
  std::size_t searched_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_libraft_decoder(const ConnectionStart& start) {
  return std::make_unique<LibraftDecoder>(start);
}

}  // namespace check::wire
