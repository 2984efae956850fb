// SPDX-License-Identifier: Apache-2.0
// From connections to the messages between nodes: a decoder for each connection, and a number for
// each node.
//
//   capture::Reassembler --bytes, gaps--> Observer --messages--> Witness
//                                            |
//                                         Roster: which node is at which end
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "check/capture/reassembler.h"
#include "check/observe/listeners.h"
#include "check/observe/roster.h"
#include "check/wire/decoder.h"
#include "check/wire/observation.h"

namespace check::observe {

// One direction of a connection, as far as it came.
struct Direction {
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;  // Bytes that the capture has not.
  std::uint64_t messages = 0;
  std::optional<std::string> opaque;  // Why it makes no sense any more,
  std::uint64_t opaque_at = 0;        // from about this byte on.
};

struct Conversation {
  capture::Opening opening;
  NodeId dialer;  // 0: not known.
  NodeId acceptor;
  std::array<Direction, 2> directions;  // By capture::Side of the sender.

  std::uint64_t messages() const { return directions[0].messages + directions[1].messages; }
  std::uint64_t bytes() const { return directions[0].bytes + directions[1].bytes; }
  // It is, or may be, one of the protocol: it had messages, or goes where others had some.
  bool matters() const { return messages() > 0 || acceptor.value != 0; }
};

class Witness {
 public:
  virtual ~Witness() = default;
  virtual void seen(const wire::Observation& observation) = 0;
  // From here on, and `lost` bytes back, what the nodes said on this connection is not known.
  virtual void lost(const Conversation& conversation, capture::Side from, std::uint64_t bytes) = 0;
  virtual void opaque(const Conversation& conversation, capture::Side from) = 0;
  // From `time_ns` on another process is this node.
  virtual void restarted(NodeId node, std::uint64_t time_ns) = 0;
  // It is over; or, at the end of the capture, as far as it came.
  virtual void ended(const Conversation& conversation) = 0;
};

class Observer final : public capture::ConnectionListener {
 public:
  struct Options {
    wire::Protocol protocol = wire::Protocol::Raftkv;
    std::uint64_t origin_ns = 0;         // Times are told from here on.
    std::set<std::uint16_t> ports = {};  // Only connections to these are decoded; all if empty.
    // Says of a dialer's first message when it dialled: who knows when processes began needs it.
    bool tells_opening = false;
  };

  // `roster` is learned into, and asked.
  Observer(const Options& options, Roster& roster, Witness& witness)
      : options_(options), roster_(roster), witness_(witness) {}

  void opened(const capture::Opening& opening) override;
  void bytes(capture::ConnectionId id, capture::Side from, std::uint64_t time_ns,
             std::string_view bytes) override;
  void gap(capture::ConnectionId id, capture::Side from, std::uint64_t time_ns,
           std::uint64_t bytes) override;
  void closed(capture::ConnectionId id, capture::Closing how, std::uint64_t time_ns) override;
  std::optional<std::uint64_t> conversation_of(const capture::Datagram& datagram) override;

  std::uint64_t connections() const { return connections_; }

 private:
  struct Heard {
    Conversation conversation;
    std::unique_ptr<wire::Decoder> decoder;  // Made for the first byte.
    bool deaf = false;                       // Nothing more can be understood.
    std::string dialer_name;                 // As a message said last.
  };

  Heard* find(capture::ConnectionId id);
  void note_life(const capture::Datagram& datagram, std::uint64_t life);
  void note_standing(const capture::Opening& opening);
  std::uint64_t since_origin(std::uint64_t time_ns) const;
  wire::Decoder& decoder_of(Heard& heard) const;
  void take_frames(Heard& heard, capture::Side from, std::uint64_t time_ns);
  void take(Heard& heard, capture::Side from, std::uint64_t time_ns, wire::Message message);
  static const capture::Endpoint& end(const Heard& heard, capture::Side side);
  void learn(Heard& heard, capture::Side side, const std::string& name);
  NodeId node(Heard& heard, capture::Side side);
  void name_both(Heard& heard);
  void note_opaque(Heard& heard);

  const Options options_;
  Roster& roster_;
  Witness& witness_;
  std::map<capture::ConnectionId, Heard> heard_;
  Listeners listeners_;
  // Those that were heard from an end in datagrams, as the datagrams say.
  std::map<capture::Endpoint, std::set<std::uint64_t>> lives_;
  std::vector<wire::Frame> frames_;
  std::uint64_t last_id_ = 0;
  std::uint64_t connections_ = 0;
};

}  // namespace check::observe
