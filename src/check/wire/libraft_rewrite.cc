// SPDX-License-Identifier: Apache-2.0
// Messages of libraft altered. Each stands for itself; its answer comes on another connection.
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "check/wire/libraft_message.h"
#include "check/wire/protocols.h"
#include "check/wire/rewrite.h"

namespace check::wire {
namespace {

// The word that says success: 1 in a vote's result. In that of an append a success is 0, and a
// failure the index that was refused: the one that was said to match, or 1.
std::uint64_t success_word(const Message& message, std::uint64_t value) {
  if (message.type != MessageType::AppendReply) return value == 0 ? 0 : 1;
  if (value != 0) return 0;
  const std::uint64_t match = message.match.value_or(Index(1)).value();
  return match == 0 ? 1 : match;
}

}  // namespace

base::Result<Frame> libraft_altered(const Frame& frame, std::string_view field,
                                    std::uint64_t value) {
  CHECK(frame.message.has_value());
  const std::optional<std::size_t> at = libraft_field(frame.message->type, field);
  if (!at) {
    return refused(frame.message->name + " of libraft has no field " + std::string(field) +
                   " that can be altered");
  }
  std::string word;
  base::ByteWriter(word).u64(field == "success" ? success_word(*frame.message, value) : value);
  Frame changed = frame;
  changed.bytes.replace(*at, word.size(), word);
  TRY(Message message, libraft_message(changed.bytes));
  message.sender = frame.message->sender;
  changed.message = std::move(message);
  return changed;
}

base::Result<Frame> libraft_refusal(const Frame& frame) {
  CHECK(frame.message.has_value());
  return refused("an answer of libraft comes on another connection than " + frame.message->name);
}

base::Status libraft_supports(Deed deed, MessageType type) {
  const std::string message(name(type));
  if (type == MessageType::Heartbeat || type == MessageType::HeartbeatReply) {
    return refused("a heartbeat of libraft is an AppendEntries without entries");
  }
  if (type == MessageType::SnapshotReply) {
    return refused("libraft answers an InstallSnapshot with an AppendReply");
  }
  if (!libraft_field(type, "term")) return refused("libraft has no message of type " + message);
  switch (deed) {
    case Deed::Drop:
    case Deed::Delay:
    case Deed::Duplicate:
    case Deed::Reorder:
    case Deed::Alter:
      return base::Done{};
    case Deed::Corrupt:
      return refused("libraft has no checksum: what a corrupt message leads to is not its fault");
    case Deed::Answer:
      break;
  }
  return refused("an answer of libraft comes on another connection than what it answers");
}

}  // namespace check::wire
