// SPDX-License-Identifier: Apache-2.0
// What leaves a server, and what becomes of it on its way.
#include <utility>

#include "base/check.h"
#include "base/prng.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "raft/describe.h"
#include "sim/cluster.h"

namespace sim {

namespace {

constexpr codec::ClusterId kCluster{0};

// What goes into the hash of a message, besides its type.
struct Mixer {
  RunHash& hash;

  void mix(raft::EntryId id) const {
    hash.mix(id.term.value());
    hash.mix(id.index.value());
  }
  void operator()(const raft::PreVote& m) const {
    hash.mix(m.term.value());
    mix(m.last);
  }
  void operator()(const raft::PreVoteReply& m) const { hash.mix(m.term.value() << 1U | m.granted); }
  void operator()(const raft::RequestVote& m) const {
    hash.mix(m.term.value());
    mix(m.last);
  }
  void operator()(const raft::VoteReply& m) const { hash.mix(m.term.value() << 1U | m.granted); }
  void operator()(const raft::AppendEntries& m) const {
    hash.mix(m.term.value());
    mix(m.previous);
    hash.mix(m.commit.value());
    hash.mix(m.round);
    for (const raft::Entry& entry : m.entries) {
      mix(entry.id);
      if (entry.payload != nullptr) hash.mix(std::string_view(*entry.payload));
    }
  }
  void operator()(const raft::AppendReply& m) const {
    hash.mix(m.term.value() << 1U | m.success);
    hash.mix(m.previous.value());
    hash.mix(m.round);
    hash.mix(m.count);
    mix(m.hint);
  }
  void operator()(const raft::SnapshotChunk& m) const {
    hash.mix(m.term.value());
    mix(m.last);
    hash.mix(m.offset);
  }
  void operator()(const raft::SnapshotReply& m) const {
    hash.mix(m.term.value() << 1U | m.installed);
    mix(m.last);
    hash.mix(m.next_offset);
  }
  void operator()(const raft::TimeoutNow& m) const { hash.mix(m.term.value()); }
  void operator()(const raft::ReadIndexRequest& m) const {
    hash.mix(m.term.value());
    hash.mix(m.context);
  }
  void operator()(const raft::ReadIndexReply& m) const {
    hash.mix(m.term.value() << 1U | m.granted);
    hash.mix(m.context);
    hash.mix(m.index.value());
  }
};

// One to three bits, less than what the checksum is sure to notice.
void turn_bits(std::string& bytes, base::Prng& prng) {
  for (std::uint64_t flips = prng.between(1, 3); flips > 0; --flips) {
    const std::uint64_t at = prng.between(0, bytes.size() - 1);
    bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1U << prng.between(0, 7)));
  }
}

// Whole, but of another cluster, for another server, or for a former life of this one: who had
// this address before.
std::string misaddressed(const std::string& bytes, base::Prng& prng) {
  const auto decoded = codec::decode_frame(bytes, {}, 0);
  CHECK(decoded.ok() && decoded.value().has_value());
  codec::Frame frame = decoded.value()->frame;
  switch (prng.between(0, 2)) {
    case 0:
      frame.address.cluster.value += 1;
      break;
    case 1:
      frame.address.to.value += 1;
      break;
    default:
      frame.address.to_life.value += 1;
  }
  std::string other;
  codec::encode(frame.address, std::get<raft::Message>(frame.body), other);
  return other;
}

std::string corrupted(std::string bytes, std::uint64_t seed) {
  base::Prng prng(seed);
  if (prng.between(0, 3) == 0) return misaddressed(bytes, prng);
  turn_bits(bytes, prng);
  return bytes;
}

// The term that its sender says it is in; a pre-vote only asks about one.
raft::Term told_term(const raft::Message& message) {
  const auto* granted = std::get_if<raft::PreVoteReply>(&message);
  const bool asks =
      std::holds_alternative<raft::PreVote>(message) || (granted != nullptr && granted->granted);
  return asks ? raft::Term() : std::visit([](const auto& m) { return m.term; }, message);
}

}  // namespace

void Cluster::mix(const raft::Message& message) {
  hash_.mix(message.index());
  std::visit(Mixer{hash_}, message);
}

void Cluster::send(Server& server, const raft::Envelope& envelope) {
  const raft::NodeId from = server.config.raft.self;
  if (trace_) note("  sends " + raft::describe(envelope));
  hash_.mix(envelope.to.value);
  mix(envelope.message);
  judges_.on_sent(envelope, *server.replica);
  const bool synced = server.disk.syncs() > server.turn_syncs;
  if (told_term(envelope.message) > server.durable_term && !synced) {
    say("durable-ack", from,
        "n" + std::to_string(from.value) + " tells of a term that is not on its disk");
  }
  if (witness_) {
    witness_->on_sent(from, envelope, action_);
    judge_witness();
  }
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(flights_.size());
    flights_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Flight& flight = flights_[slot];
  flight.from = from;
  flight.to = envelope.to;
  flight.name = {static_cast<std::uint32_t>(action_), static_cast<std::uint32_t>(outbox_.size())};
  flight.copies = 0;
  flight.calls = std::holds_alternative<raft::TimeoutNow>(envelope.message);
  flight.bytes.clear();
  if (setup_.framed != 0) {
    codec::encode({kCluster, from, envelope.to}, envelope.message, flight.bytes);
  } else {
    flight.message = envelope.message;
  }
  outbox_.push_back({slot, from, envelope.to, server.disk.syncs() - server.turn_syncs});
}

// By the checker's name, so that both kinds of judges can be told apart.
void Cluster::judge_witness() {
  if (violation() || !witness_->proven()) return;
  const check::verdict::Finding finding = witness_->finding();
  say("evidence-" + finding.checker, {}, finding.sentence);
}

void Cluster::discard(std::uint32_t slot) {
  flights_[slot].to = {};
  free_.push_back(slot);
}

// What the receiver gets of it: nothing, if it sees that it is not what was sent.
std::optional<raft::Message> Cluster::receive(Flight& flight, const Action& action) {
  hash_.mix(static_cast<std::uint64_t>(flight.name.action) << 32U | flight.name.nth);
  flight.copies += 1;
  if (flight.copies > 1) coverage_.hit(Probe::MessageDoubled);
  std::optional<raft::Message> message;
  if (setup_.framed != 0) {
    message = receive_frame(flight, action.corrupt);
  } else if (action.corrupt == 0) {  // Else it is refused, as a checksum would have it.
    message = action.keep ? flight.message : std::move(flight.message);
  }
  if (!action.keep) discard(action.slot);
  return message;
}

std::optional<raft::Message> Cluster::receive_frame(const Flight& flight, std::uint64_t corrupt) {
  std::string bytes = flight.bytes;
  if (corrupt != 0) bytes = corrupted(std::move(bytes), corrupt);
  const bool intact = corrupt == 0 || bytes == flight.bytes;
  std::string hello;
  codec::encode({kCluster, flight.from, flight.to}, codec::Hello{}, hello);
  codec::Decoder decoder({kCluster, flight.to, flight.from}, {});
  decoder.feed(hello + bytes);
  const bool greeted = decoder.next().ok();
  auto decoded = decoder.next();
  const bool whole = greeted && decoded.ok() && decoded.value().has_value();
  if (intact != whole) {
    say("framing", flight.to,
        intact ? "a frame that was sent cannot be read"
               : "a frame that was corrupted, or is not for it, was taken for good");
  }
  if (!whole) {
    coverage_.hit(Probe::FrameRefused);
    return std::nullopt;
  }
  return std::get<raft::Message>(decoded.value()->body);
}

}  // namespace sim
