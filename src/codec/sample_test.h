// SPDX-License-Identifier: Apache-2.0
// One frame of each kind, and random ones, for the tests of this folder.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/prng.h"
#include "codec/encode.h"
#include "codec/frame.h"
#include "raft/configuration.h"

namespace codec {

inline constexpr Address kSampleAddress{{7}, {1}, {2}, {11}, {21}};

inline raft::Entry command(std::uint64_t term, std::uint64_t index, std::string payload) {
  return {{raft::Term(term), raft::LogIndex(index)},
          raft::EntryKind::Command,
          std::make_shared<const std::string>(std::move(payload))};
}
inline raft::Entry noop(std::uint64_t term, std::uint64_t index) {
  return {{raft::Term(term), raft::LogIndex(index)}, raft::EntryKind::Noop, nullptr};
}

inline raft::Entry configuration(std::uint64_t term, std::uint64_t index) {
  const raft::Configuration three{{{{1}, "n1:7001"}, {{2}, "n2:7001"}}, {{{3}, ""}}, {}};
  return {{raft::Term(term), raft::LogIndex(index)},
          raft::EntryKind::Configuration,
          std::make_shared<const std::string>(raft::encode(three))};
}

inline std::string encoded(const Body& body, const Address& address = kSampleAddress) {
  std::string out;
  std::visit([&](const auto& each) { encode(address, each, out); }, body);
  return out;
}

// Puts the checksum right after a test changed a frame.
inline void reseal(std::string& frame) {
  const std::uint32_t of_length = base::crc32c(std::string_view(frame).substr(0, 4));
  base::ByteWriter(frame).set_u32(4, base::crc32c(std::string_view(frame).substr(8), of_length));
}

inline std::vector<std::pair<std::string, Body>> samples() {
  using raft::LogIndex;
  using raft::Term;
  const raft::EntryId last{Term(3), LogIndex(9)};
  return {
      {"hello", Hello{}},
      {"pre-vote", raft::Message(raft::PreVote{Term(4), last})},
      {"pre-vote-reply", raft::Message(raft::PreVoteReply{Term(4), true})},
      {"request-vote", raft::Message(raft::RequestVote{Term(4), last, false})},
      {"request-vote-transfer", raft::Message(raft::RequestVote{Term(4), last, true})},
      {"vote-reply", raft::Message(raft::VoteReply{Term(5), false})},
      {"heartbeat", raft::Message(raft::AppendEntries{Term(4), last, LogIndex(8), 11, {}})},
      {"append-entries", raft::Message(raft::AppendEntries{
                             Term(4),
                             last,
                             LogIndex(9),
                             12,
                             {noop(4, 10), command(4, 11, "set"), command(4, 12, "")}})},
      {"append-reply",
       raft::Message(raft::AppendReply{Term(4), LogIndex(9), 3, 12, true, {}, false})},
      {"append-refusal", raft::Message(raft::AppendReply{
                             Term(4), LogIndex(9), 0, 12, false, {Term(2), LogIndex(7)}, false})},
      {"append-loss", raft::Message(raft::AppendReply{
                          Term(4), LogIndex(9), 0, 12, false, {Term(2), LogIndex(7)}, true})},
      {"append-configuration",
       raft::Message(raft::AppendEntries{Term(4), last, LogIndex(9), 12, {configuration(4, 10)}})},
      {"snapshot-chunk", raft::Message(raft::SnapshotChunk{
                             Term(4), last, 6, 12, std::make_shared<const std::string>("second")})},
      {"snapshot-empty", raft::Message(raft::SnapshotChunk{Term(4), last, 0, 0, nullptr})},
      {"snapshot-reply", raft::Message(raft::SnapshotReply{Term(4), last, 6, 12, false})},
      {"snapshot-installed", raft::Message(raft::SnapshotReply{Term(4), last, 0, 0, true})},
      {"timeout-now", raft::Message(raft::TimeoutNow{Term(4)})},
      {"read-index-request", raft::Message(raft::ReadIndexRequest{Term(4), 77})},
      {"read-index-reply", raft::Message(raft::ReadIndexReply{Term(4), 77, true, LogIndex(9)})},
      {"read-index-refusal", raft::Message(raft::ReadIndexReply{Term(4), 77, false, LogIndex(0)})},
      {"forward-write", Forward{1, Forward::Kind::Write, "incr"}},
      {"forward-read", Forward{2, Forward::Kind::Read, "get"}},
      {"forward-done", ForwardReply{1, ForwardDone{"42"}}},
      {"forward-not-leader",
       ForwardReply{1, ForwardNotDone{ForwardNotDone::Reason::NotLeader, raft::NodeId{3}}}},
      {"forward-overloaded",
       ForwardReply{1, ForwardNotDone{ForwardNotDone::Reason::Overloaded, std::nullopt}}},
      {"forward-unknown", ForwardReply{1, ForwardUnknown{}}},
  };
}

inline raft::AppendEntries random_append(base::Prng& prng) {
  raft::AppendEntries append;
  append.term = raft::Term(prng.between(0, 1U << 20U));
  append.previous = {raft::Term(prng.between(0, 9)), raft::LogIndex(prng.next() >> 2U)};
  append.round = prng.next();
  raft::LogIndex index = append.previous.index;
  for (std::uint64_t left = prng.between(0, 5); left > 0; --left) {
    index = index.next();
    const std::uint64_t term = prng.between(0, 9);
    append.entries.edit().push_back(
        prng.between(0, 3) == 0
            ? noop(term, index.value())
            : command(term, index.value(), std::string(prng.between(0, 300), 'x')));
  }
  return append;
}

}  // namespace codec
