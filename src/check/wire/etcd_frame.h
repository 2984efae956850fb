// SPDX-License-Identifier: Apache-2.0
// What Frame::shape says of a frame of etcd, and the bodies of HTTP that hold its messages.
//
//   messages   u64 size, raftpb.Message           (all integers big end first)
//   msgapp     00                                 link heartbeat
//              01, u64 count, count * (u64 size, raftpb.Entry), u64 commit
//              02, u64 size, raftpb.Message
//   snapshot   u64 size, raftpb.Message, the database
//
// 01 leaves out who sends to whom, the term and the previous entry: they follow from the stream's
// head and from the frame before. Source: etcd, api/rafthttp/msgappv2_codec.go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/wire/etcd_message.h"
#include "check/wire/message.h"

namespace check::wire {

enum class EtcdKind : std::uint8_t {
  Opaque,      // Not understood.
  Http,        // Heads, and bodies without messages.
  MsgAppHead,  // A stream begins behind it.
  MessageHead,
  StreamEnd,
  LinkHeartbeat,
  AppendEntries,  // 01 on a msgapp stream.
  MsgApp,         // 02.
  Streamed,       // On a message stream.
  Posted,         // Head and body of a request with one message.
  Snapshot        // The message before a database.
};

struct EtcdShape {
  EtcdKind kind = EtcdKind::Opaque;
  bool rewritten = false;  // The frame is not as it came: one chunk of its own.
  std::uint32_t left = 0;  // Data of a chunk that the frame begins within.

  std::uint32_t packed() const {
    return static_cast<std::uint32_t>(kind) | (rewritten ? 0x10U : 0U) | left << 5U;
  }
  static EtcdShape unpacked(std::uint32_t shape) {
    return {static_cast<EtcdKind>(shape & 0xfU), (shape & 0x10U) != 0, shape >> 5U};
  }
};

// What a msgapp stream's next 01 frame leaves out: the term, and the index before it.
struct EtcdState {
  std::uint64_t term = 0;
  std::uint64_t index = 0;

  friend bool operator==(const EtcdState&, const EtcdState&) = default;
};
EtcdState etcd_state_before(const Message& append);
EtcdState etcd_state_after(const Message& append);

enum class EtcdBody : std::uint8_t {
  Unknown,  // One of the two streams, of which the head was not seen.
  MsgApp,
  Messages,
  Snapshot,
  Pieces  // Of what holds no messages.
};

// Finds where the frames of a body end, from their first bytes on.
class EtcdMeter {
 public:
  explicit EtcdMeter(EtcdBody body = EtcdBody::Pieces) { restart(body); }

  void restart(EtcdBody body);
  EtcdBody body() const { return body_; }

  // The frame has at least this many bytes.
  std::size_t need() const { return need_; }
  // The frame has exactly need() bytes.
  bool complete() const { return complete_; }
  // `frame` holds the first need() bytes: need() grows, or the frame is complete. `more`: its chunk
  // goes on. An error: this is no frame.
  base::Status measure(std::string_view frame, bool more);

 private:
  base::Status grow(std::uint64_t size);
  base::Status measure_type(char type, bool more);
  base::Status grow_to_next_word(std::uint64_t entry);

  enum class Step : std::uint8_t { Type, Count, EntrySize, Commit, MessageSize, All };

  EtcdBody body_ = EtcdBody::Pieces;
  Step step_ = Step::All;
  std::size_t need_ = 0;
  bool complete_ = false;
  std::uint64_t entries_ = 0;  // Of an 01 frame, those to come.
};

// Reads the frames of one body.
struct EtcdStream {
  EtcdSender from = {};
  std::string sender = {};  // As the stream's head says.
  std::string receiver = {};
  std::optional<EtcdState> state = EtcdState{};  // None: the frame before was not seen.

  struct Read {
    EtcdKind kind = EtcdKind::Opaque;
    std::optional<Message> message = {};
  };
  base::Result<Read> read(EtcdBody body, std::string_view frame);

 private:
  base::Result<Read> read_append(std::string_view frame);
  base::Result<Read> read_message(EtcdBody body, std::string_view frame);
};

// The eight bytes at `at`. Requires: they are there.
std::uint64_t etcd_u64(std::string_view bytes, std::size_t at);
void put_etcd_u64(std::string& out, std::uint64_t value);

}  // namespace check::wire
