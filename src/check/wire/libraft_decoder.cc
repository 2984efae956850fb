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

enum class State { Greeting, Following, Searching };

struct Side {
  Side(Direction direction, bool from_start)
      : stream(direction), state(from_start ? State::Greeting : State::Searching) {}

  Stream stream;
  State state;
  std::string dialer;               // Its address; empty: not known.
  std::optional<std::size_t> size;  // Of the message that comes, once it is known.
  std::size_t searched = 0;
};

// Whether a message begins here that a search may believe; true also if that is not yet to be
// told. An AppendEntries counts its entries, and has as many. In a result, the upper half of the
// term tells it from the same two words in the middle of an AppendEntries.
bool may_begin(std::string_view bytes) {
  if (bytes[0] != '\1' && bytes[0] != '\2') return false;
  const auto size = libraft_size(bytes);
  if (!size.ok() || !size.value()) return size.ok();
  if (bytes[0] == '\1' || bytes.size() < *size.value()) return true;
  const auto message = libraft_message(bytes.substr(0, *size.value()));
  return message.ok() && message.value().term->value() >> 32U == 0;
}

class LibraftDecoder final : public TwoStreams<Side> {
 public:
  using TwoStreams::TwoStreams;

 private:
  void lost(Direction direction, std::uint64_t) override {
    Side& one = side(direction);
    one.state = State::Searching;
    one.size.reset();
    one.searched = 0;
  }

  bool step(Direction direction, std::vector<Frame>& out) override {
    Side& one = side(direction);
    if (direction == Direction::FromAcceptor) {
      one.stream.give_up("the acceptor of libraft does not speak");
      return false;
    }
    switch (one.state) {
      case State::Greeting:
        return greet(one, out);
      case State::Following:
        return follow(one, out);
      case State::Searching:
        break;
    }
    return search(one, out);
  }

  static bool greet(Side& one, std::vector<Frame>& out) {
    const auto greeting = libraft_greeting(one.stream.waiting());
    if (!greeting.ok()) one.stream.give_up(greeting.error().message);
    if (!greeting.ok() || !greeting.value()) return false;
    one.dialer = greeting.value()->address;
    out.push_back(one.stream.take(greeting.value()->size));
    one.state = State::Following;
    return true;
  }

  static bool follow(Side& one, std::vector<Frame>& out) {
    const std::string_view waiting = one.stream.waiting();
    if (!one.size) {
      const auto size = libraft_size(waiting);
      if (!size.ok()) one.stream.give_up("a message: " + size.error().message);
      if (!size.ok() || !size.value()) return false;
      one.size = *size.value();
    }
    if (*one.size > kMostWaiting) {
      one.stream.give_up("a message of " + std::to_string(*one.size) + " bytes is too long");
      return false;
    }
    if (*one.size > waiting.size()) return false;
    auto message = libraft_message(waiting.substr(0, *one.size));
    if (!message.ok()) {
      one.stream.give_up(message.error().message);
      return false;
    }
    Message said = std::move(message).value();
    said.sender = one.dialer;
    out.push_back(one.stream.take(*std::exchange(one.size, std::nullopt), std::move(said)));
    return true;
  }

  // Goes on to the next place where a message begins for certain.
  static bool search(Side& one, std::vector<Frame>& out) {
    const std::string_view waiting = one.stream.waiting();
    std::size_t at = 0;
    while (at < waiting.size() && !may_begin(waiting.substr(at))) at += 1;
    if (at > 0) out.push_back(one.stream.take(at));
    one.searched += at;
    if (one.searched > kLongestSearch) {
      one.stream.give_up("no message begins in a MiB");
      return false;
    }
    const std::string_view rest = one.stream.waiting();
    const auto size = libraft_size(rest);
    if (!size.ok() || !size.value() || *size.value() > kMostWaiting) return false;
    if (rest[0] == '\2' && *size.value() > rest.size()) return false;
    one.state = State::Following;
    return true;
  }
};

}  // namespace

std::unique_ptr<Decoder> make_libraft_decoder(const ConnectionStart& start) {
  return std::make_unique<LibraftDecoder>(start);
}

}  // namespace check::wire
