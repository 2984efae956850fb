// SPDX-License-Identifier: Apache-2.0
// For the tests: a conversation without a network, in a protocol of lines.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "check/monitor/conversation.h"

namespace check::monitor {

// Each line is a message, but for those that begin with '#'. One with '!' ends the understanding;
// one with '?' makes the decoder throw, one with '~' makes it give back something else.
class Lines final : public wire::Decoder {
 public:
  void feed(wire::Direction direction, std::string_view bytes,
            std::vector<wire::Frame>& out) override {
    const auto k = static_cast<std::size_t>(direction);
    waiting_[k] += bytes;
    for (auto end = waiting_[k].find('\n'); end != std::string::npos;
         end = waiting_[k].find('\n')) {
      if (opaque_[k]) break;
      const char first = waiting_[k][0];
      if (first == '?') throw std::out_of_range("a bug");
      if (first == '!') {
        opaque_[k] = "an exclamation mark";
        break;
      }
      wire::Frame frame{.direction = direction, .bytes = waiting_[k].substr(0, end + 1)};
      if (first == '~') frame.bytes = "a lie";
      if (first != '#') frame.message = wire::Message{.name = frame.bytes.substr(0, end)};
      out.push_back(std::move(frame));
      waiting_[k].erase(0, end + 1);
    }
    if (opaque_[k] && !waiting_[k].empty()) {
      out.push_back({.direction = direction, .bytes = std::exchange(waiting_[k], {})});
    }
  }
  void skip(wire::Direction, std::uint64_t, std::vector<wire::Frame>&) override {}
  const std::optional<std::string>& opaque(wire::Direction direction) const override {
    return opaque_[static_cast<std::size_t>(direction)];
  }
  void left_out(const wire::Frame& frame) override { without += frame.bytes; }
  std::string without;

 private:
  std::array<std::string, 2> waiting_;
  std::array<std::optional<std::string>, 2> opaque_;
};

// A line behind one that was left out is written with a '+': its bytes depend on the one before.
class LinesEncoder final : public wire::Encoder {
 public:
  std::string forward(const wire::Frame& frame) override {
    return (std::exchange(gap_, false) && frame.message ? "+" : "") + frame.bytes;
  }
  std::string leave_out(const wire::Frame&) override {
    gap_ = stateful;
    return {};
  }
  std::string out_of_turn(const wire::Frame& frame) override { return frame.bytes; }
  bool stateful = false;

 private:
  bool gap_ = false;
};

class Witness final : public MessageWatcher {
 public:
  Fate seen(const wire::Observation& observation, const wire::Frame&) override {
    EXPECT_EQ(observation.id, ++ids_);
    said += observation.message.name + ' ';
    return decide ? decide(observation) : Fate{};
  }
  void refused(std::uint64_t id, const std::string& why) override {
    said += "[refused " + std::to_string(id) + ": " + why + "] ";
  }
  void lost(std::uint64_t ticket) override { said += "[lost " + std::to_string(ticket) + "] "; }
  void opaque(history::DirectedPair pair, std::uint64_t, const std::string& why) override {
    said += "[opaque n" + std::to_string(pair.from.value) + ": " + why + "] ";
  }

  std::function<Fate(const wire::Observation&)> decide;
  std::string said;

 private:
  std::uint64_t ids_ = 0;
};

// One connection, n1 to n2.
class Talk {
 public:
  explicit Talk(bool act = true, bool stateful = false,
                wire::Protocol protocol = wire::Protocol::Raftkv)
      : context_{.protocol = protocol, .watcher = witness, .act = act} {
    Conversation::Tools tools;
    auto decoder = std::make_unique<Lines>();
    lines = decoder.get();
    tools.decoder = std::move(decoder);
    for (auto& encoder : tools.encoders) {
      auto written = std::make_unique<LinesEncoder>();
      written->stateful = stateful;
      encoder = std::move(written);
    }
    conversation.emplace(
        context_, std::move(tools),
        Conversation::Of{.connection = 1, .opened_ns = 0, .links = {&forth, &back}});
  }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;
  ~Talk() { expect_balance(); }

  // The message `name` meets `fate`; all others are handed on.
  void set(const std::string& name, const Fate& fate) {
    fates_.emplace_back(name, fate);
    witness.decide = [this](const wire::Observation& observation) {
      for (const auto& [given, decided] : fates_) {
        if (given == observation.message.name) return decided;
      }
      return Fate{};
    };
  }

  void hear(std::string_view bytes, wire::Direction direction = wire::Direction::FromDialer) {
    link(direction).stream.read.add(bytes.size());
    conversation->hear(direction, bytes, now);
    take();
  }
  void take() {
    const auto given = conversation->take_given();
    out += given.bytes[0];
    answered += given.bytes[1];
    forth.stream.written.add(given.bytes[0].size());
    back.stream.written.add(given.bytes[1].size());
    ended += given.reset ? "reset" : given.close ? "close" : "";
  }
  void end(bool in_order = true) {
    conversation->hear_end(wire::Direction::FromDialer, in_order);
    take();
  }
  bool may_end() const { return conversation->may_end(wire::Direction::FromDialer); }
  void settle(std::uint64_t ticket, Settled settled) {
    ASSERT_EQ(context_.connection_of.count(ticket), 1U);
    conversation->settle(ticket, settled, now);
    take();
  }
  void wake(std::uint64_t time) {
    now = time;
    conversation->wake(now);
    take();
  }
  // Each byte that came or was invented is somewhere.
  void expect_balance() const {
    for (const auto direction : {wire::Direction::FromDialer, wire::Direction::FromAcceptor}) {
      const StreamCounters& stream =
          (direction == wire::Direction::FromDialer ? forth : back).stream;
      EXPECT_EQ(stream.read.value() + stream.invented.value(),
                stream.written.value() + stream.discarded.value() + stream.left_out.value() +
                    conversation->waiting_bytes(direction));
    }
  }

  Witness witness;
  Link forth{{NodeId{1}, NodeId{2}}, base::Prng(1)};
  Link back{{NodeId{2}, NodeId{1}}, base::Prng(2)};
  std::optional<Conversation> conversation;
  const Lines* lines = nullptr;
  std::string out;       // Given to n2.
  std::string answered;  // Given to n1.
  std::string ended;
  std::uint64_t now = 1000;

 private:
  Link& link(wire::Direction direction) {
    return direction == wire::Direction::FromDialer ? forth : back;
  }

  MessageContext context_;
  std::vector<std::pair<std::string, Fate>> fates_;
};

inline wire::Frame line(const std::string& text) {
  return {.bytes = text + '\n', .message = wire::Message{.name = text}};
}

}  // namespace check::monitor
