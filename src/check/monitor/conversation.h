// SPDX-License-Identifier: Apache-2.0
// One connection between two nodes, as messages: what the decoder makes of its bytes is shown to
// the watcher, one message after the other, and each one's fate is carried out.
//
//   hear() --> decoder --> queue of frames --turn--> seen() --> handed on --> take_given()
//                                                      |
//                                                      +--> kept, delayed, overtaken --> later
//
// Each direction is a lane; of datagrams, each of which is a message, as of a connection. Whatever
// a decoder or an encoder does, the bytes of a lane go on: one that fails, or gives back other
// bytes than it was given, makes its lanes opaque.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "check/monitor/link_table.h"
#include "check/monitor/message_watcher.h"
#include "check/wire/encoder.h"

namespace check::monitor {

// What all conversations share. Lives longer than they do.
struct MessageContext {
  // Of all messages that wait on purpose; more are handed on.
  static constexpr std::size_t kMostKept = 65536;
  static constexpr std::size_t kMostKeptBytes = std::size_t{256} << 20;

  wire::Protocol protocol;
  MessageWatcher& watcher;
  const bool act;
  std::vector<std::uint16_t> ports = {};  // Dialled; empty: all.

  std::uint64_t next_id = 1;
  std::size_t kept = 0;
  std::size_t kept_bytes = 0;
  std::unordered_map<std::uint64_t, std::uint64_t> connection_of = {};  // By ticket.

  bool wants(std::uint16_t port) const;
};

class Conversation {
 public:
  // What understands the connection. Without encoders nothing can be acted on.
  struct Tools {
    std::unique_ptr<wire::Decoder> decoder;
    std::array<std::unique_ptr<wire::Encoder>, 2> encoders;  // From the dialer, the acceptor.
  };
  static Tools make_tools(const MessageContext& context);
  // Requires: the protocol uses datagrams.
  static Tools make_datagram_tools(const MessageContext& context);

  // What is to be done after a call.
  struct Given {
    std::array<std::string, 2> bytes;  // To be handed on: from the dialer, from the acceptor.
    std::array<std::vector<std::size_t>, 2> ends;  // Of datagrams: where each of them ends.
    bool close = false;                            // Then both directions end in good order,
    bool reset = false;                            // or at once.
  };

  // A connection that was opened by processes that ran at `opened_ns`. `links`: from the dialer,
  // from the acceptor.
  struct Of {
    std::uint64_t connection = 0;
    std::uint64_t opened_ns = 0;
    std::array<Link*, 2> links;
    bool datagrams = false;
  };
  Conversation(MessageContext& context, Tools tools, const Of& of);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() = default;

  // More bytes of a direction. If the context does not act, that is all: they were handed on.
  void hear(wire::Direction direction, std::string_view bytes, std::uint64_t now_ns);

  // The rest: only if the context acts.
  // No more bytes will come. In good order, or what was kept is lost.
  void hear_end(wire::Direction direction, bool in_order);
  // Everything that came has gone its way, so that the end may be handed on.
  bool may_end(wire::Direction direction) const;
  bool stalled(wire::Direction direction) const { return lane(direction).stalled.has_value(); }
  // What is due goes on.
  void wake(std::uint64_t now_ns);
  std::optional<std::uint64_t> next_due_ns() const;
  // Requires: the context says that the ticket is this connection's.
  void settle(std::uint64_t ticket, Settled settled, std::uint64_t now_ns);
  Given take_given() { return std::exchange(given_, {}); }
  // Bytes that came, and have neither been given nor left out.
  std::size_t waiting_bytes(wire::Direction direction) const;
  // The connection is over: what waits is forgotten, and the watcher told what was lost.
  void lose_all();

 private:
  // The first of a lane that waits: for a ticket to be settled, or for a time.
  struct Stalled {
    std::optional<std::uint64_t> ticket;
    std::optional<std::uint64_t> due_ns;
    wire::Frame frame;
  };
  struct Lane {
    Link* link = nullptr;
    StreamCounters* edits = nullptr;  // Of `link`.
    std::unique_ptr<wire::Encoder> encoder;
    std::string tail;               // Given to the decoder, and not yet come back.
    std::deque<wire::Frame> queue;  // Come back; their turn has not come.
    std::optional<Stalled> stalled;
    std::optional<wire::Frame> overtaken;
    std::map<std::uint64_t, wire::Frame> kept;          // By ticket.
    std::multimap<std::uint64_t, wire::Frame> delayed;  // By the time when they are due.
    bool heard = false;                                 // A message of it was shown.
    bool opaque = false;
    std::string untold;  // Why it is opaque, until the watcher has seen what came before.
    bool ended = false;
  };

  Lane& lane(wire::Direction direction) { return lanes_[static_cast<std::size_t>(direction)]; }
  const Lane& lane(wire::Direction direction) const {
    return lanes_[static_cast<std::size_t>(direction)];
  }
  Lane& other(const Lane& lane) { return lanes_[&lane == lanes_.data() ? 1 : 0]; }
  const Lane& other(const Lane& lane) const { return lanes_[&lane == lanes_.data() ? 1 : 0]; }

  static Tools with_encoders(const MessageContext& context, std::unique_ptr<wire::Decoder> decoder);
  void decode(wire::Direction direction, std::string_view bytes);
  std::string feed(wire::Direction direction, std::string_view bytes);
  bool take_frames();
  void give_up(const std::string& why);
  void become_opaque(Lane& lane, const std::string& why);
  Fate show(Lane& lane, const wire::Frame& frame);

  void advance(Lane& lane);
  void finish(Lane& lane);
  void take_turn(Lane& lane, wire::Frame frame);
  void carry_out(Lane& lane, wire::Frame frame, const Fate& fate);
  void set_aside(Lane& lane, wire::Frame frame, const Fate& fate);
  std::string refusal(const Lane& lane, const wire::Frame& frame, const Fate& fate) const;
  void settle_stalled(Lane& lane, Settled settled);
  void hand_on(Lane& lane, const wire::Frame& frame);
  void drop(Lane& lane, const wire::Frame& frame);
  void release(Lane& lane, const wire::Frame& frame);
  void put(Lane& lane, std::string_view came, std::string_view given);
  void release_delayed(Lane& lane, std::uint64_t until_ns);
  void release_overtaken(Lane& lane);
  template <class Frames>
  wire::Frame take_out(Frames& frames, typename Frames::iterator position);
  void lose(Lane& lane, const wire::Frame& frame);
  void lose_kept(Lane& lane);
  void lose_stalled(Lane& lane);
  void lose_ticket(std::uint64_t ticket);

  MessageContext& context_;
  const std::uint64_t connection_;
  const std::uint64_t opened_ns_;
  const bool datagrams_;
  std::unique_ptr<wire::Decoder> decoder_;  // None: it failed.
  std::array<Lane, 2> lanes_;
  std::vector<wire::Frame> frames_;  // Kept for its memory.
  std::uint64_t now_ns_ = 0;         // Of the call.
  Given given_;
};

}  // namespace check::monitor
