// SPDX-License-Identifier: Apache-2.0
#include "check/wire/etcd_frame.h"

#include <utility>

#include "base/check.h"
#include "check/wire/decoder.h"

namespace check::wire {
namespace {

constexpr std::size_t kWord = 8;
constexpr std::size_t kPiece = std::size_t{64} << 10U;
constexpr char kLinkHeartbeat = 0;
constexpr char kAppendEntries = 1;
constexpr char kMsgApp = 2;

}  // namespace

std::uint64_t etcd_u64(std::string_view bytes, std::size_t at) {
  CHECK(at <= bytes.size() && kWord <= bytes.size() - at, at, bytes.size());
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(at, kWord)) {
    value = value << 8U | static_cast<unsigned char>(byte);
  }
  return value;
}

void put_etcd_u64(std::string& out, std::uint64_t value) {
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> (shift - 8) & 0xffU));
  }
}

EtcdState etcd_state_before(const Message& append) {
  return {append.prev_term.value_or(Term()).value(), append.prev_index.value_or(Index()).value()};
}

EtcdState etcd_state_after(const Message& append) {
  EtcdState state = etcd_state_before(append);
  state.term = append.term.value_or(Term()).value();
  if (!append.entries.empty()) state.index = append.entries.back().index.value();
  return state;
}

void EtcdMeter::restart(EtcdBody body) {
  body_ = body;
  complete_ = false;
  entries_ = 0;
  switch (body) {
    case EtcdBody::Unknown:
    case EtcdBody::MsgApp:
      step_ = Step::Type;
      need_ = 1;
      break;
    case EtcdBody::Messages:
    case EtcdBody::Snapshot:
      step_ = Step::MessageSize;
      need_ = kWord;
      break;
    case EtcdBody::Pieces:
      step_ = Step::All;
      need_ = kPiece;
      break;
  }
}

base::Status EtcdMeter::grow(std::uint64_t size) {
  if (size > Decoder::kMostWaiting - need_) return etcd_nonsense("message of size", size);
  need_ += size;
  return base::Done{};
}

base::Status EtcdMeter::measure(std::string_view frame, bool more) {
  CHECK(frame.size() == need_ && !complete_, frame.size(), need_);
  switch (step_) {
    case Step::Type:
      return measure_type(frame.front(), more);
    case Step::Count:
      entries_ = etcd_u64(frame, need_ - kWord);
      if (entries_ > kEtcdMostEntries)
        return etcd_nonsense("append with so many entries:", entries_);
      return grow_to_next_word(0);
    case Step::EntrySize:
      entries_ -= 1;
      return grow_to_next_word(etcd_u64(frame, need_ - kWord));
    case Step::MessageSize:
      step_ = Step::All;
      complete_ = etcd_u64(frame, need_ - kWord) == 0;
      return grow(etcd_u64(frame, need_ - kWord));
    case Step::Commit:
    case Step::All:
      break;
  }
  complete_ = true;
  return base::Done{};
}

base::Status EtcdMeter::grow_to_next_word(std::uint64_t entry) {
  step_ = entries_ > 0 ? Step::EntrySize : Step::Commit;
  TRY([[maybe_unused]] const base::Done done, grow(entry));
  return grow(kWord);
}

base::Status EtcdMeter::measure_type(char type, bool more) {
  // A message stream begins with a size, whose first byte is zero as well; but a link heartbeat of
  // a msgapp stream comes in a chunk of its own.
  if (body_ == EtcdBody::Unknown) {
    body_ = type == kLinkHeartbeat && more ? EtcdBody::Messages : EtcdBody::MsgApp;
    if (body_ == EtcdBody::Messages) {
      restart(body_);
      return base::Done{};
    }
  }
  switch (type) {
    case kLinkHeartbeat:
      complete_ = true;
      return base::Done{};
    case kAppendEntries:
      step_ = Step::Count;
      return grow(kWord);
    case kMsgApp:
      step_ = Step::MessageSize;
      return grow(kWord);
    default:
      return etcd_nonsense("msgapp frame of type", static_cast<unsigned char>(type));
  }
}

base::Result<EtcdStream::Read> EtcdStream::read(EtcdBody body, std::string_view frame) {
  switch (body) {
    case EtcdBody::MsgApp:
      if (frame.front() == kLinkHeartbeat) return Read{EtcdKind::LinkHeartbeat, std::nullopt};
      if (frame.front() == kAppendEntries) return read_append(frame);
      return read_message(body, frame.substr(1 + kWord));
    case EtcdBody::Messages:
    case EtcdBody::Snapshot:
      return read_message(body, frame.substr(kWord));
    case EtcdBody::Unknown:
    case EtcdBody::Pieces:
      break;
  }
  return Read{EtcdKind::Http, std::nullopt};
}

base::Result<EtcdStream::Read> EtcdStream::read_append(std::string_view frame) {
  Message message;
  message.type = MessageType::AppendEntries;
  message.name = "MsgApp";
  message.sender = sender;
  message.receiver = receiver;
  std::size_t at = 1;
  const std::uint64_t count = etcd_u64(frame, at);
  at += kWord;
  message.entries.reserve(count);
  for (std::uint64_t entry = 0; entry < count; ++entry) {
    const std::uint64_t size = etcd_u64(frame, at);
    at += kWord;
    TRY(const Entry parsed, parse_raftpb_entry(frame.substr(at, size)));
    at += size;
    message.entries.push_back(parsed);
  }
  const std::uint64_t commit = etcd_u64(frame, at);
  if (commit > kEtcdMostIndex) return etcd_nonsense("commit", commit);
  if (state && state->term == 0) return etcd_nonsense("msgapp stream that begins with type", 1);
  if (!state && count == 0) return Read{EtcdKind::AppendEntries, std::nullopt};
  if (!state) {
    // The entry before is of the leader's own term, or this would be an 02 frame; so all are.
    const Entry& first = message.entries.front();
    if (first.index.value() == 0) return etcd_nonsense("entry with index", 0);
    state = EtcdState{first.term.value(), first.index.value() - 1};
  }
  message.term = Term(state->term);
  message.prev_term = Term(state->term);
  message.prev_index = Index(state->index);
  message.commit = Index(commit);
  for (const Entry& entry : message.entries) {
    state->index += 1;
    if (entry.index.value() != state->index) {
      return etcd_nonsense("gap in a msgapp stream before entry", state->index);
    }
  }
  return Read{EtcdKind::AppendEntries, std::move(message)};
}

base::Result<EtcdStream::Read> EtcdStream::read_message(EtcdBody body, std::string_view frame) {
  TRY(std::optional<Message> message, parse_raftpb(frame, from));
  if (body == EtcdBody::Messages) {
    if (!message) return Read{EtcdKind::LinkHeartbeat, std::nullopt};
    if (message->sender.empty() || message->receiver.empty()) {
      return etcd_nonsense("message without sender or receiver, of size", frame.size());
    }
    return Read{EtcdKind::Streamed, std::move(message)};
  }
  const bool snapshot = body == EtcdBody::Snapshot;
  const MessageType expected = snapshot ? MessageType::InstallSnapshot : MessageType::AppendEntries;
  if (!message || message->type != expected) {
    return etcd_nonsense("other type of message here, of size", frame.size());
  }
  if (!snapshot) {
    state = etcd_state_after(*message);
    // The stream's head was not seen.
    if (sender.empty()) sender = message->sender;
    if (receiver.empty()) receiver = message->receiver;
  }
  return Read{snapshot ? EtcdKind::Snapshot : EtcdKind::MsgApp, std::move(message)};
}

}  // namespace check::wire
