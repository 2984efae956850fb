// SPDX-License-Identifier: Apache-2.0
#include "check/observe/observer.h"

#include <utility>

#include "base/check.h"
#include "check/wire/datagram.h"

namespace check::observe {
namespace {

using capture::Side;

wire::Direction direction_of(Side from) {
  return from == Side::Dialer ? wire::Direction::FromDialer : wire::Direction::FromAcceptor;
}

constexpr std::size_t kMostLives = 4096;  // Of one end.

Side other(Side side) { return side == Side::Dialer ? Side::Acceptor : Side::Dialer; }

Direction& direction(Conversation& conversation, Side from) {
  return conversation.directions[static_cast<std::size_t>(from)];
}

}  // namespace

void Observer::opened(const capture::Opening& opening) {
  connections_ += 1;
  if (!options_.ports.empty() && !options_.ports.contains(opening.acceptor.port)) return;
  heard_[opening.id].conversation.opening = opening;
}

Observer::Heard* Observer::find(capture::ConnectionId id) {
  const auto found = heard_.find(id);
  return found == heard_.end() ? nullptr : &found->second;
}

wire::Decoder& Observer::decoder_of(Heard& heard) const {
  if (!heard.decoder) {
    const capture::Opening& opening = heard.conversation.opening;
    heard.decoder = opening.datagrams
                        ? wire::make_datagram_decoder(options_.protocol)
                        : wire::make_decoder(options_.protocol, {.seen = opening.seen});
  }
  return *heard.decoder;
}

void Observer::bytes(capture::ConnectionId id, Side from, std::uint64_t time_ns,
                     std::string_view bytes) {
  Heard* heard = find(id);
  if (heard == nullptr) return;
  if (heard->conversation.bytes() == 0) note_standing(heard->conversation.opening);
  direction(heard->conversation, from).bytes += bytes.size();
  if (heard->deaf) return;
  decoder_of(*heard).feed(direction_of(from), bytes, frames_);
  take_frames(*heard, from, time_ns);
}

std::optional<std::uint64_t> Observer::conversation_of(const capture::Datagram& datagram) {
  if (!options_.ports.empty() && !options_.ports.contains(datagram.to.port)) return std::nullopt;
  const auto lives = wire::lives_in(options_.protocol, datagram.payload);
  if (!lives) return std::nullopt;
  note_life(datagram, lives->from);
  return lives->conversation();
}

// What a former life said may come late; only one that was never heard before is a new one.
void Observer::note_life(const capture::Datagram& datagram, std::uint64_t life) {
  if (!lives_.contains(datagram.from) && lives_.size() >= Listeners::kMostEnds) return;
  std::set<std::uint64_t>& known = lives_[datagram.from];
  if (known.size() >= kMostLives || !known.insert(life).second || known.size() == 1) return;
  const NodeId node = roster_.node_at(datagram.from);
  if (node.value != 0) witness_.restarted(node, since_origin(datagram.time_ns));
}

void Observer::note_standing(const capture::Opening& opening) {
  if (opening.datagrams || !listeners_.stands(opening.acceptor)) return;
  if (lives_.contains(opening.acceptor)) return;  // Its datagrams say so themselves.
  const NodeId node = roster_.node_at(opening.acceptor);
  if (node.value != 0) witness_.restarted(node, since_origin(opening.time_ns));
}

std::uint64_t Observer::since_origin(std::uint64_t time_ns) const {
  return time_ns >= options_.origin_ns ? time_ns - options_.origin_ns : 0;
}

void Observer::gap(capture::ConnectionId id, Side from, std::uint64_t time_ns,
                   std::uint64_t bytes) {
  Heard* heard = find(id);
  if (heard == nullptr) return;
  Direction& way = direction(heard->conversation, from);
  if (heard->conversation.bytes() == 0) note_standing(heard->conversation.opening);
  way.bytes += bytes;
  way.lost += bytes;
  name_both(*heard);
  witness_.lost(heard->conversation, from, bytes);
  if (heard->deaf) return;
  decoder_of(*heard).skip(direction_of(from), bytes, frames_);
  take_frames(*heard, from, time_ns);
}

void Observer::closed(capture::ConnectionId id, capture::Closing how, std::uint64_t) {
  Heard* heard = find(id);
  if (heard == nullptr) return;
  const capture::Opening& opening = heard->conversation.opening;
  const capture::Endpoint& end = opening.acceptor;
  if (how == capture::Closing::Refused) listeners_.refused(end);
  if (heard->conversation.bytes() > 0 && !opening.datagrams) listeners_.ended(end);
  name_both(*heard);
  witness_.ended(heard->conversation);
  heard_.erase(id);
}

void Observer::take_frames(Heard& heard, Side from, std::uint64_t time_ns) {
  for (wire::Frame& frame : frames_) {
    if (!frame.message) continue;
    // A decoder may complete a message of one direction by bytes of the other.
    const Side sender =
        frame.direction == wire::Direction::FromDialer ? Side::Dialer : Side::Acceptor;
    take(heard, sender, time_ns, std::move(*frame.message));
  }
  frames_.clear();
  if (!direction(heard.conversation, from).opaque) note_opaque(heard);
}

void Observer::note_opaque(Heard& heard) {
  bool all = true;
  for (const Side side : {Side::Dialer, Side::Acceptor}) {
    Direction& way = direction(heard.conversation, side);
    const std::optional<std::string>& why = heard.decoder->opaque(direction_of(side));
    all = all && why.has_value();
    if (way.opaque || !why) continue;
    way.opaque = why;
    way.opaque_at = way.bytes;
    name_both(heard);
    witness_.opaque(heard.conversation, side);
  }
  heard.deaf = all;
}

void Observer::take(Heard& heard, Side from, std::uint64_t time_ns, wire::Message message) {
  Conversation& conversation = heard.conversation;
  if (conversation.messages() == 0) {
    roster_.accepts(conversation.opening.acceptor);
    if (conversation.opening.datagrams) roster_.accepts(conversation.opening.dialer);
  }
  const bool first = direction(conversation, from).messages++ == 0;
  learn(heard, from, message.sender);
  learn(heard, other(from), message.receiver);
  wire::Observation observation;
  observation.id = ++last_id_;
  observation.time_ns = since_origin(time_ns);
  observation.from = node(heard, from);
  observation.to = node(heard, other(from));
  observation.connection = conversation.opening.id;
  // Not of who accepts: an older process may not have answered a first SYN.
  const bool known = from == Side::Dialer || conversation.opening.datagrams;
  if (first && known && options_.tells_opening && conversation.opening.seen) {
    observation.opened_ns = since_origin(conversation.opening.time_ns);
  }
  observation.unordered = conversation.opening.datagrams;
  observation.protocol = options_.protocol;
  observation.message = std::move(message);
  witness_.seen(observation);
}

const capture::Endpoint& Observer::end(const Heard& heard, Side side) {
  const capture::Opening& opening = heard.conversation.opening;
  return side == Side::Dialer ? opening.dialer : opening.acceptor;
}

void Observer::learn(Heard& heard, Side side, const std::string& name) {
  if (name.empty()) return;
  if (side == Side::Acceptor || heard.conversation.opening.datagrams) {
    roster_.is_called(end(heard, side), name);
  } else if (heard.dialer_name != name) {
    heard.dialer_name = name;
    const capture::Opening& opening = heard.conversation.opening;
    roster_.dials(name, opening.id, opening.dialer.address);
  }
}

void Observer::name_both(Heard& heard) {
  heard.conversation.dialer = node(heard, Side::Dialer);
  heard.conversation.acceptor = node(heard, Side::Acceptor);
}

NodeId Observer::node(Heard& heard, Side side) {
  const capture::Opening& opening = heard.conversation.opening;
  if (side == Side::Acceptor || opening.datagrams) return roster_.node_at(end(heard, side));
  const NodeId named = heard.dialer_name.empty() ? roster_.node_dialing(opening.id)
                                                 : roster_.node_called(heard.dialer_name);
  if (named.value != 0) return named;
  const NodeId from_there = roster_.node_from(opening.dialer.address);
  // On one machine all nodes have one address; no node dials itself.
  return from_there == roster_.node_at(opening.acceptor) ? NodeId{} : from_there;
}

}  // namespace check::observe
