// SPDX-License-Identifier: Apache-2.0
// The connections between members of etcd (docs/formats/wire-etcd.md): HTTP/1.1, on which a member
// asks another for a stream of messages, or posts one message.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/wire/etcd_conversation.h"
#include "check/wire/etcd_frame.h"
#include "check/wire/http_chunks.h"
#include "check/wire/protocols.h"

namespace check::wire {
namespace {

constexpr std::size_t kMostHead = std::size_t{64} << 10U;
constexpr std::size_t kPiece = std::size_t{64} << 10U;

class Way {
 public:
  Way(Direction direction, bool from_start, EtcdConversation& conversation)
      : direction_(direction),
        state_(from_start ? State::Head : State::Searching),
        conversation_(conversation) {}

  void feed(std::string_view bytes, std::vector<Frame>& out) {
    while (!bytes.empty() && state_ != State::Opaque) {
      bytes.remove_prefix(step(bytes, out));
      if (raw_.size() > Decoder::kMostWaiting) {
        give_up("etcd: a frame of more than " + std::to_string(Decoder::kMostWaiting) + " bytes",
                out);
      }
    }
    if (bytes.empty()) return;
    raw_.assign(bytes);
    emit(EtcdKind::Opaque, std::nullopt, out);
  }

  // A stream is found again where a chunk begins, if the gap ends there.
  void skip(std::uint64_t bytes, std::vector<Frame>& out) {
    if (state_ == State::Opaque) return;
    const EtcdBody body = meter_.body();
    const bool stream = body == EtcdBody::MsgApp || body == EtcdBody::Messages;
    if (state_ != State::Chunked || !stream) {
      give_up("etcd: " + std::to_string(bytes) + " bytes were not seen", out);
      return;
    }
    emit(EtcdKind::Opaque, std::nullopt, out);
    chunks_ = ChunkReader();
    stream_.state.reset();
    begin_frame();
  }

  const std::optional<std::string>& opaque() const { return opaque_; }

 private:
  enum class State : std::uint8_t { Searching, Head, Sized, Chunked, UntilClose, Opaque };

  // Takes at least one byte from the front of `bytes`, or gives up.
  std::size_t step(std::string_view bytes, std::vector<Frame>& out) {
    switch (state_) {
      case State::Searching:
        search(bytes.front(), out);
        return 0;
      case State::Head:
        return step_head(bytes, out);
      case State::Sized:
        return step_sized(bytes, out);
      case State::Chunked:
        return step_chunked(bytes, out);
      case State::UntilClose:
        raw_.assign(bytes);
        emit(EtcdKind::Http, std::nullopt, out);
        return bytes.size();
      case State::Opaque:
        break;
    }
    return 0;
  }

  // The connection was under way before it was seen. Nothing but chunks of a stream begins with a
  // small hexadecimal digit, nothing but HTTP with a capital letter.
  void search(char first, std::vector<Frame>& out) {
    state_ = State::Head;
    if ((first < '0' || first > '9') && (first < 'a' || first > 'f')) return;
    if (direction_ == Direction::FromDialer) {
      give_up("etcd: the capture begins within a request", out);
      return;
    }
    stream_.state.reset();
    begin_chunked(EtcdBody::Unknown);
  }

  std::size_t step_head(std::string_view bytes, std::vector<Frame>& out) {
    const bool request = direction_ == Direction::FromDialer;
    const std::size_t before = raw_.size();
    if (before == 0 && (request ? bytes[0] < 'A' || bytes[0] > 'Z' : bytes[0] != 'H')) {
      give_up(bytes[0] == 0x16 ? "etcd: TLS" : "etcd: no head of HTTP where one was to come", out);
      return 0;
    }
    raw_.append(bytes.substr(0, kMostHead - before));
    const std::size_t end = raw_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
      if (raw_.size() < kMostHead) return raw_.size() - before;
      raw_.resize(before);
      give_up("etcd: a head of HTTP has more than " + std::to_string(kMostHead) + " bytes", out);
      return 0;
    }
    raw_.resize(end + 4);
    auto part = request ? conversation_.request(raw_) : conversation_.response(raw_);
    if (!part.ok()) {
      give_up(part.error().message, out);
    } else {
      begin(std::move(part).value(), out);
    }
    return end + 4 - before;
  }

  void begin(EtcdPart part, std::vector<Frame>& out) {
    stream_ = std::move(part.stream);
    if (part.head != EtcdKind::Posted) emit(part.head, std::nullopt, out);
    switch (part.body.kind) {
      case HttpBody::Kind::Sized:
        begin_sized(part.body.size_bytes, part.head, out);
        break;
      case HttpBody::Kind::Chunked:
        begin_chunked(part.holds);
        break;
      case HttpBody::Kind::UntilClose:
        state_ = State::UntilClose;
        break;
    }
  }

  void begin_sized(std::uint64_t size, EtcdKind kind, std::vector<Frame>& out) {
    sized_kind_ = kind;
    sized_left_ = size;
    state_ = State::Sized;
    if (size == 0) end_sized(out);
  }

  std::size_t step_sized(std::string_view bytes, std::vector<Frame>& out) {
    const bool posted = sized_kind_ == EtcdKind::Posted;
    const std::size_t most = posted ? bytes.size() : std::min(bytes.size(), kPiece - raw_.size());
    const std::size_t taken = std::min<std::uint64_t>(most, sized_left_);
    raw_.append(bytes.substr(0, taken));
    sized_left_ -= taken;
    if (sized_left_ == 0) {
      end_sized(out);
    } else if (!posted && raw_.size() == kPiece) {
      emit(EtcdKind::Http, std::nullopt, out);
    }
    return taken;
  }

  void end_sized(std::vector<Frame>& out) {
    state_ = State::Head;
    if (sized_kind_ != EtcdKind::Posted) {
      emit(EtcdKind::Http, std::nullopt, out);
      return;
    }
    const std::string_view body = std::string_view(raw_).substr(raw_.find("\r\n\r\n") + 4);
    auto message = parse_raftpb(body, stream_.from);
    if (!message.ok()) {
      give_up(message.error().message, out);
    } else {
      emit(EtcdKind::Posted, std::move(message).value(), out);
    }
  }

  void begin_chunked(EtcdBody body) {
    state_ = State::Chunked;
    chunks_ = ChunkReader();
    meter_.restart(body);
    begin_frame();
  }

  void begin_frame() {
    meter_.restart(meter_.body());
    payload_.clear();
    frame_left_ = chunks_.left();
  }

  std::size_t step_chunked(std::string_view bytes, std::vector<Frame>& out) {
    std::size_t taken = std::min({bytes.size(), chunks_.left(), meter_.need() - payload_.size()});
    if (taken > 0) {
      payload_.append(bytes.substr(0, taken));
      chunks_.take_data(taken);
    } else {
      taken = chunks_.take_framing(bytes);
    }
    raw_.append(bytes.substr(0, taken));
    if (chunks_.broken()) {
      give_up("etcd: no chunk where one was to come", out);
    } else if (chunks_.ended()) {
      const EtcdBody body = meter_.body();
      const bool stream = body == EtcdBody::MsgApp || body == EtcdBody::Messages;
      emit(stream ? EtcdKind::StreamEnd : EtcdKind::Http, std::nullopt, out);
      state_ = State::Head;
    } else {
      read_frame(out);
    }
    return taken;
  }

  void read_frame(std::vector<Frame>& out) {
    while (!meter_.complete() && payload_.size() == meter_.need()) {
      const base::Status measured = meter_.measure(payload_, chunks_.left() > 0);
      if (!measured.ok()) {
        give_up(measured.error().message, out);
        return;
      }
    }
    // The line break behind the last chunk of a frame belongs to it.
    if (!meter_.complete() || chunks_.closing()) return;
    auto understood = stream_.read(meter_.body(), payload_);
    if (!understood.ok()) {
      give_up(understood.error().message, out);
      return;
    }
    EtcdStream::Read read = std::move(understood).value();
    emit(read.kind, std::move(read.message), out);
    if (meter_.body() == EtcdBody::Snapshot) meter_.restart(EtcdBody::Pieces);
    begin_frame();
  }

  void give_up(std::string why, std::vector<Frame>& out) {
    if (direction_ == Direction::FromAcceptor) conversation_.end_responses();
    opaque_ = std::move(why);
    state_ = State::Opaque;
    emit(EtcdKind::Opaque, std::nullopt, out);
  }

  void emit(EtcdKind kind, std::optional<Message> message, std::vector<Frame>& out) {
    const std::size_t left = std::exchange(frame_left_, 0);
    if (raw_.empty()) return;
    const EtcdShape shape{kind, false, static_cast<std::uint32_t>(left)};
    out.push_back({direction_, std::exchange(raw_, {}), std::move(message), shape.packed()});
  }

  Direction direction_;
  State state_;
  EtcdConversation& conversation_;
  std::string raw_;  // Of the frame that is not complete.
  std::optional<std::string> opaque_;

  std::uint64_t sized_left_ = 0;
  EtcdKind sized_kind_ = EtcdKind::Http;

  ChunkReader chunks_;
  EtcdMeter meter_;
  std::string payload_;  // The data in raw_.
  std::size_t frame_left_ = 0;
  EtcdStream stream_;
};

class EtcdDecoder final : public Decoder {
 public:
  explicit EtcdDecoder(const ConnectionStart& start)
      : ways_{Way(Direction::FromDialer, start.seen, conversation_),
              Way(Direction::FromAcceptor, start.seen, conversation_)} {}

  void feed(Direction direction, std::string_view bytes, std::vector<Frame>& out) override {
    way(direction).feed(bytes, out);
  }
  void skip(Direction direction, std::uint64_t bytes, std::vector<Frame>& out) override {
    way(direction).skip(bytes, out);
  }
  const std::optional<std::string>& opaque(Direction direction) const override {
    return ways_[static_cast<std::size_t>(direction)].opaque();
  }

 private:
  Way& way(Direction direction) { return ways_[static_cast<std::size_t>(direction)]; }

  EtcdConversation conversation_;
  std::array<Way, 2> ways_;
};

}  // namespace

std::unique_ptr<Decoder> make_etcd_decoder(const ConnectionStart& start) {
  return std::make_unique<EtcdDecoder>(start);
}

}  // namespace check::wire
