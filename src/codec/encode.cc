// SPDX-License-Identifier: Apache-2.0
#include "codec/encode.h"

#include <limits>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "codec/layout.h"
#include "mutant/mutant.h"

namespace codec {

namespace {

// Writes the head now, and length and checksum when the body is there.
class FrameWriter {
 public:
  FrameWriter(const Address& address, Type type, std::string& out)
      : out_(out), begin_(out.size()), writer_(out) {
    writer_.u32(0);  // Length and checksum: see finish().
    writer_.u32(0);
    writer_.u8(type == Type::Hello ? kOldestVersion : address.version);
    writer_.u8(static_cast<std::uint8_t>(type));
    writer_.u16(0);
    writer_.u32(address.from.value);
    writer_.u32(address.to.value);
    writer_.u64(address.cluster.value);
    writer_.u64(address.from_life.value);
    writer_.u64(address.to_life.value);
  }

  base::ByteWriter& body() { return writer_; }
  void id(const raft::EntryId& id) {
    writer_.u64(id.term.value());
    writer_.u64(id.index.value());
  }

  void finish() {
    const std::size_t length = out_.size() - begin_ - kPrefixBytes;
    CHECK(length <= std::numeric_limits<std::uint32_t>::max(), length);
    writer_.set_u32(begin_, static_cast<std::uint32_t>(length));
    const std::string_view frame = std::string_view(out_).substr(begin_);
    const std::uint32_t of_length = base::crc32c(frame.substr(0, 4));
    writer_.set_u32(begin_ + 4, base::crc32c(frame.substr(kPrefixBytes), of_length));
  }

 private:
  std::string& out_;
  std::size_t begin_;
  base::ByteWriter writer_;
};

struct TypeOf {
  Type operator()(const raft::PreVote&) const { return Type::PreVote; }
  Type operator()(const raft::PreVoteReply&) const { return Type::PreVoteReply; }
  Type operator()(const raft::RequestVote& ask) const {
    return ask.transfer ? Type::TransferVote : Type::RequestVote;
  }
  Type operator()(const raft::VoteReply&) const { return Type::VoteReply; }
  Type operator()(const raft::AppendEntries&) const { return Type::AppendEntries; }
  Type operator()(const raft::AppendReply&) const { return Type::AppendReply; }
  Type operator()(const raft::SnapshotChunk&) const { return Type::SnapshotChunk; }
  Type operator()(const raft::SnapshotReply&) const { return Type::SnapshotReply; }
  Type operator()(const raft::TimeoutNow&) const { return Type::TimeoutNow; }
  Type operator()(const raft::ReadIndexRequest&) const { return Type::ReadIndexRequest; }
  Type operator()(const raft::ReadIndexReply&) const { return Type::ReadIndexReply; }
};

struct MessageBody {
  FrameWriter& frame;

  void operator()(const raft::PreVote& ask) const {
    frame.body().u64(ask.term.value());
    frame.id(ask.last);
  }
  void operator()(const raft::PreVoteReply& reply) const {
    frame.body().u64(reply.term.value());
    frame.body().boolean(reply.granted);
  }
  void operator()(const raft::RequestVote& ask) const {
    frame.body().u64(ask.term.value());
    frame.id(ask.last);
  }
  void operator()(const raft::VoteReply& reply) const {
    frame.body().u64(reply.term.value());
    frame.body().boolean(reply.granted);
  }
  void operator()(const raft::AppendEntries& append) const {
    frame.body().u64(append.term.value());
    frame.id(append.previous);
    frame.body().u64(append.commit.value());
    frame.body().u64(append.round);
    frame.body().u32(static_cast<std::uint32_t>(append.entries.size()));
    raft::LogIndex index = append.previous.index;
    for (const raft::Entry& each : append.entries) {
      index = index.next();
      CHECK(each.id.index == index, each.id.index, index);
      entry(each);
    }
  }
  void operator()(const raft::AppendReply& reply) const {
    frame.body().u64(reply.term.value());
    frame.body().u64(reply.previous.value());
    frame.body().u64(MUTANT(RoundIsLostOnTheWire) ? 0 : reply.round);
    frame.body().u8(static_cast<std::uint8_t>((reply.success ? kSuccessFlag : 0) |
                                              (reply.lost ? kLostFlag : 0)));
    frame.body().u64(reply.success ? reply.match().value() : 0);
    frame.id(reply.hint);
  }
  void operator()(const raft::SnapshotChunk& chunk) const {
    frame.body().u64(chunk.term.value());
    frame.id(chunk.last);
    frame.body().u64(chunk.offset);
    frame.body().u64(chunk.total);
    frame.body().sized(chunk.data == nullptr ? std::string_view() : *chunk.data);
  }
  void operator()(const raft::SnapshotReply& reply) const {
    frame.body().u64(reply.term.value());
    frame.id(reply.last);
    frame.body().u64(reply.offset);
    frame.body().u64(reply.next_offset);
    frame.body().boolean(reply.installed);
  }
  void operator()(const raft::TimeoutNow& request) const { frame.body().u64(request.term.value()); }
  void operator()(const raft::ReadIndexRequest& request) const {
    frame.body().u64(request.term.value());
    frame.body().u64(request.context);
  }
  void operator()(const raft::ReadIndexReply& reply) const {
    frame.body().u64(reply.term.value());
    frame.body().u64(reply.context);
    frame.body().boolean(reply.granted);
    frame.body().u64(reply.index.value());
  }

  void entry(const raft::Entry& entry) const {
    CHECK((entry.payload == nullptr) == (entry.kind == raft::EntryKind::Noop), entry.id.index);
    frame.body().u64(entry.id.term.value());
    frame.body().u8(static_cast<std::uint8_t>(entry.kind));
    frame.body().sized(entry.payload == nullptr ? std::string_view() : *entry.payload);
  }
};

struct OutcomeBody {
  base::ByteWriter& body;

  void tag(OutcomeTag tag) const { body.u8(static_cast<std::uint8_t>(tag)); }
  void operator()(const ForwardDone& done) const {
    tag(OutcomeTag::Done);
    body.sized(done.payload);
  }
  void operator()(const ForwardNotDone& not_done) const {
    tag(OutcomeTag::NotDone);
    body.u8(static_cast<std::uint8_t>(not_done.reason));
    body.boolean(not_done.leader.has_value());
    body.u32(not_done.leader.value_or(raft::NodeId{}).value);
  }
  void operator()(const ForwardUnknown&) const { tag(OutcomeTag::Unknown); }
};

}  // namespace

void encode(const Address& address, const Hello& hello, std::string& out) {
  FrameWriter frame(address, Type::Hello, out);
  frame.body().u8(hello.version);
  frame.body().u64(hello.question);
  frame.body().u64(hello.answer);
  frame.finish();
}

void encode(const Address& address, const raft::Message& message, std::string& out) {
  FrameWriter frame(address, std::visit(TypeOf{}, message), out);
  std::visit(MessageBody{frame}, message);
  frame.finish();
}

void encode(const Address& address, const Forward& forward, std::string& out) {
  FrameWriter frame(address, Type::Forward, out);
  frame.body().u64(forward.sequence);
  frame.body().u8(static_cast<std::uint8_t>(forward.kind));
  frame.body().sized(forward.payload);
  frame.finish();
}

void encode(const Address& address, const ForwardReply& reply, std::string& out) {
  FrameWriter frame(address, Type::ForwardReply, out);
  frame.body().u64(reply.sequence);
  std::visit(OutcomeBody{frame.body()}, reply.outcome);
  frame.finish();
}

}  // namespace codec
