// SPDX-License-Identifier: Apache-2.0
// Every message that there can be comes back as it was, and no beginning of one is taken for a
// whole. A failure prints the whole case, made small; RC_PARAMS=seed=N repeats a run.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/layout.h"
#include "codec/sample_test.h"
#include "raft/configuration.h"

namespace codec {

namespace {

// Structs of messages as tuples of all their fields, so that they compare.
auto fields(const Hello& m) { return std::tuple(m.version, m.question, m.answer); }
auto fields(const raft::PreVote& m) { return std::tuple(m.term, m.last); }
auto fields(const raft::PreVoteReply& m) { return std::tuple(m.term, m.granted); }
auto fields(const raft::RequestVote& m) { return std::tuple(m.term, m.last, m.transfer); }
auto fields(const raft::VoteReply& m) { return std::tuple(m.term, m.granted); }
auto fields(const raft::AppendReply& m) {
  return std::tuple(m.term, m.previous, m.count, m.round, m.success, m.hint, m.lost);
}
auto fields(const raft::SnapshotReply& m) {
  return std::tuple(m.term, m.last, m.offset, m.next_offset, m.installed);
}
auto fields(const raft::TimeoutNow& m) { return std::tuple(m.term); }
auto fields(const raft::ReadIndexRequest& m) { return std::tuple(m.term, m.context); }
auto fields(const raft::ReadIndexReply& m) {
  return std::tuple(m.term, m.context, m.granted, m.index);
}
auto fields(const Forward& m) { return std::tuple(m.sequence, m.kind, m.payload); }
auto fields(const ForwardDone& m) { return std::tuple(m.payload); }
auto fields(const ForwardNotDone& m) { return std::tuple(m.reason, m.leader); }
auto fields(const ForwardUnknown&) { return std::tuple(); }

std::string bytes_of(const raft::Payload& payload) {
  return payload == nullptr ? std::string() : *payload;
}
auto fields(const raft::SnapshotChunk& m) {
  return std::tuple(m.term, m.last, m.offset, m.total, bytes_of(m.data));
}
auto fields(const raft::AppendEntries& m) {
  std::vector<std::tuple<raft::EntryId, raft::EntryKind, bool, std::string>> entries;
  for (const raft::Entry& each : m.entries) {
    entries.emplace_back(each.id, each.kind, each.payload == nullptr, bytes_of(each.payload));
  }
  return std::tuple(m.term, m.previous, m.commit, m.round, entries);
}

bool is_same(const ForwardReply& one, const ForwardReply& other);
template <class Message>
bool is_same(const Message& one, const Message& other) {
  return fields(one) == fields(other);
}
template <class... Each>
bool is_same(const std::variant<Each...>& one, const std::variant<Each...>& other) {
  if (one.index() != other.index()) return false;
  return std::visit(
      [&other](const auto& each) {
        return is_same(each, std::get<std::remove_cvref_t<decltype(each)>>(other));
      },
      one);
}
bool is_same(const ForwardReply& one, const ForwardReply& other) {
  return one.sequence == other.sequence && is_same(one.outcome, other.outcome);
}

// Numbers of all sizes, also the greatest.
std::uint64_t any_number(std::uint64_t most = UINT64_MAX) {
  const std::uint64_t all = *rc::gen::arbitrary<std::uint64_t>();
  const std::uint64_t bits = *rc::gen::inRange<std::uint64_t>(0, 65);
  const std::uint64_t small = bits == 64 ? all : all & ((std::uint64_t{1} << bits) - 1);
  return most == UINT64_MAX ? small : small % (most + 1);
}
raft::Term any_term() { return raft::Term(any_number(kMaxPosition)); }
raft::LogIndex any_index() { return raft::LogIndex(any_number(kMaxPosition)); }
raft::EntryId any_id() {
  const raft::Term of = any_term();
  return {of, any_index()};
}
bool any_flag() { return *rc::gen::arbitrary<bool>(); }
std::string any_text() { return *rc::gen::arbitrary<std::string>(); }

raft::Entry any_entry(raft::LogIndex at) {
  raft::Entry result = noop(any_term().value(), at.value());
  switch (*rc::gen::inRange(0, 3)) {
    case 1:
      return command(result.id.term.value(), at.value(), any_text());
    case 2:
      return configuration(result.id.term.value(), at.value());
    default:
      return result;
  }
}

raft::AppendEntries any_append() {
  raft::AppendEntries result{any_term(), any_id(), any_index(), any_number(), {}};
  result.previous.index = raft::LogIndex(any_number(kMaxPosition - 100));
  raft::LogIndex at = result.previous.index;
  for (int count = *rc::gen::inRange(0, 6); count > 0; --count) {
    at = at.next();
    result.entries.edit().push_back(any_entry(at));
  }
  return result;
}

raft::AppendReply any_append_reply() {
  raft::AppendReply reply{any_term(), any_index(), 0,         any_number(),
                          any_flag(), any_id(),    any_flag()};
  if (reply.success) reply.count = any_number(kMaxPosition - reply.previous.value());
  return reply;
}

raft::SnapshotChunk any_chunk() {
  raft::SnapshotChunk result{any_term(), any_id(), any_number(UINT64_MAX / 2), 0, nullptr};
  const std::string data = any_text();
  if (!data.empty()) result.data = std::make_shared<const std::string>(data);
  result.total = result.end() + any_number(UINT64_MAX / 4);
  return result;
}

ForwardReply any_forward_reply() {
  ForwardReply reply{any_number(), ForwardUnknown{}};
  switch (*rc::gen::inRange(0, 3)) {
    case 1:
      reply.outcome = ForwardDone{any_text()};
      break;
    case 2: {
      ForwardNotDone not_done;
      if (any_flag()) not_done.reason = ForwardNotDone::Reason::Overloaded;
      if (any_flag()) not_done.leader = raft::NodeId{*rc::gen::arbitrary<std::uint32_t>()};
      reply.outcome = not_done;
      break;
    }
    default:
      break;
  }
  return reply;
}

// Kinds: each message of the core, in the order of raft::Message, then the rest of Body.
constexpr std::size_t kMessages = std::variant_size_v<raft::Message>;
constexpr std::size_t kKinds = kMessages + std::variant_size_v<Body> - 1;

raft::Message any_message(std::size_t kind) {
  const std::array<raft::Message (*)(), kMessages> make = {
      []() -> raft::Message {
        return raft::PreVote{any_term(), any_id()};
      },
      []() -> raft::Message {
        return raft::PreVoteReply{any_term(), any_flag()};
      },
      []() -> raft::Message {
        return raft::RequestVote{any_term(), any_id(), any_flag()};
      },
      []() -> raft::Message {
        return raft::VoteReply{any_term(), any_flag()};
      },
      []() -> raft::Message { return any_append(); },
      []() -> raft::Message { return any_append_reply(); },
      []() -> raft::Message { return any_chunk(); },
      []() -> raft::Message {
        return raft::SnapshotReply{any_term(), any_id(), any_number(), any_number(), any_flag()};
      },
      []() -> raft::Message { return raft::TimeoutNow{any_term()}; },
      []() -> raft::Message {
        return raft::ReadIndexRequest{any_term(), any_number()};
      },
      []() -> raft::Message {
        return raft::ReadIndexReply{any_term(), any_number(), any_flag(), any_index()};
      },
  };
  return make.at(kind)();
}

Body any_body(std::size_t kind) {
  if (kind < kMessages) return any_message(kind);
  if (kind == kMessages) {
    const auto version = *rc::gen::inRange<unsigned>(kOldestVersion, 256);
    return Hello{static_cast<std::uint8_t>(version), any_number(), any_number()};
  }
  if (kind == kMessages + 1) {
    return Forward{any_number(), any_flag() ? Forward::Kind::Write : Forward::Kind::Read,
                   any_text()};
  }
  return any_forward_reply();
}

Address any_address(const Body& of) {
  Address result{{any_number()},
                 {*rc::gen::arbitrary<std::uint32_t>()},
                 {*rc::gen::arbitrary<std::uint32_t>()},
                 {any_number()},
                 {any_number()}};
  if (std::holds_alternative<Hello>(of)) result.version = kOldestVersion;
  return result;
}

TEST(Codec, EveryMessageComesBackAsItWas) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    const bool holds = rc::check([kind] {
      const Body sent = any_body(kind);
      const Address from_to = any_address(sent);
      const std::string bytes = encoded(sent, from_to);
      const auto back = decode_frame(bytes, Limits{}, 0);
      RC_ASSERT(back.ok());
      RC_ASSERT(back.value().has_value());
      RC_ASSERT(back.value()->size_bytes == bytes.size());
      RC_ASSERT(back.value()->frame.address == from_to);
      RC_ASSERT(is_same(back.value()->frame.body, sent));
    });
    EXPECT_TRUE(holds) << "kind " << kind;
  }
}

// A stream waits for the rest; a datagram, of which nothing more comes, is refused. So is a body
// that ends early although its frame says that it is whole.
TEST(Codec, NoBeginningIsTakenForAWhole) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    const bool holds = rc::check([kind] {
      const Body sent = any_body(kind);
      const Address from_to = any_address(sent);
      const std::string bytes = encoded(sent, from_to);
      const Expected expected{from_to.cluster, from_to.to, std::nullopt, from_to.to_life};
      RC_ASSERT(decode_datagram(bytes, expected).ok());
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        std::string cut = bytes.substr(0, size);
        const auto in_stream = decode_frame(cut, Limits{}, 0);
        RC_ASSERT(in_stream.ok());
        RC_ASSERT(!in_stream.value().has_value());
        RC_ASSERT(!decode_datagram(cut, expected).ok());
        if (size < kPrefixBytes) continue;
        base::ByteWriter(cut).set_u32(0, static_cast<std::uint32_t>(size - kPrefixBytes));
        reseal(cut);
        RC_ASSERT(!decode_frame(cut, Limits{}, 0).ok());
      }
    });
    EXPECT_TRUE(holds) << "kind " << kind;
  }
}

}  // namespace
}  // namespace codec
