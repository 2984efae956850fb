// SPDX-License-Identifier: Apache-2.0
// One direction of a connection between members of etcd, with messages left out or out of turn
// (docs/formats/wire-etcd.md).
//
// A 01 frame on a msgapp stream means what its sender meant only if the receiver has been given
// the frame before it. Where that is not so it is written as a 02 frame, which says everything.
// Chunks hold several frames, and frames lie across chunks: as long as the receiver was promised
// the data that come next, they pass as they are; then they are put into chunks anew.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "check/wire/etcd_frame.h"
#include "check/wire/etcd_rewrite.h"
#include "check/wire/http_chunks.h"
#include "check/wire/protocols.h"

namespace check::wire {
namespace {

class EtcdEncoder final : public Encoder {
 public:
  std::string forward(const Frame& frame) override {
    const EtcdShape shape = EtcdShape::unpacked(frame.shape);
    switch (shape.kind) {
      case EtcdKind::Opaque:
        return forward_opaque(frame, shape);
      case EtcdKind::MsgAppHead:
      case EtcdKind::MessageHead:
        sender_ = EtcdState();
        receiver_ = EtcdState();
        chunks_ = {};
        stream_ = shape.kind;
        return frame.bytes;
      case EtcdKind::StreamEnd:
        return end_stream(frame, shape);
      case EtcdKind::LinkHeartbeat:
      case EtcdKind::AppendEntries:
      case EtcdKind::MsgApp:
      case EtcdKind::Streamed:
        break;
      case EtcdKind::Http:
      case EtcdKind::Posted:
      case EtcdKind::Snapshot:
        return broken_ ? std::string() : frame.bytes;
    }
    // A stream of which the beginning was not seen passes as it is.
    if (!stream_) return broken_ ? std::string() : frame.bytes;
    const bool as_is = same_means_same(frame, shape) && !shape.rewritten;
    sender_moves(frame, shape);
    if (!as_is || shape.left != chunks_.owed()) return give(frame, shape);
    receiver_moves(frame, shape);
    chunks_.owe(left_behind(frame.bytes, shape.left));
    return frame.bytes;
  }

  std::string leave_out(const Frame& frame) override {
    if (!frame.message) return forward(frame);
    const EtcdShape shape = EtcdShape::unpacked(frame.shape);
    if (shape.kind == EtcdKind::Posted || shape.kind == EtcdKind::Snapshot) {
      return etcd_neutral(frame);
    }
    sender_moves(frame, shape);
    return {};
  }

  std::string out_of_turn(const Frame& frame) override {
    const EtcdShape shape = EtcdShape::unpacked(frame.shape);
    const bool streamed = shape.kind == EtcdKind::AppendEntries || shape.kind == EtcdKind::MsgApp ||
                          shape.kind == EtcdKind::Streamed;
    // Nothing can be said on a stream that has ended, and a second POST would get a second answer.
    if (!streamed || !stream_) return {};
    return give(frame, shape);
  }

 private:
  // The receiver would understand the frame's data as its sender meant them.
  bool same_means_same(const Frame& frame, const EtcdShape& shape) const {
    // Without a message: what it means is not known, because bytes before it were not seen.
    if (shape.kind != EtcdKind::AppendEntries || !frame.message) return true;
    return receiver_ == etcd_state_before(*frame.message);
  }

  static bool moves(const Frame& frame, const EtcdShape& shape) {
    return frame.message &&
           (shape.kind == EtcdKind::AppendEntries || shape.kind == EtcdKind::MsgApp);
  }

  void sender_moves(const Frame& frame, const EtcdShape& shape) {
    if (!moves(frame, shape)) return;
    sender_ = etcd_state_after(*frame.message);
    if (shape.rewritten) sender_.reset();  // It wrote something else.
  }

  void receiver_moves(const Frame& frame, const EtcdShape& shape) {
    if (moves(frame, shape)) receiver_ = etcd_state_after(*frame.message);
  }

  std::string give(const Frame& frame, const EtcdShape& shape) {
    std::string out;
    const std::string data = unchunked(frame.bytes, shape.left);
    chunks_.write(same_means_same(frame, shape) ? data : etcd_full_append(*frame.message, data),
                  out);
    receiver_moves(frame, shape);
    return out;
  }

  // What is not understood passes only if the receiver has all that came before. Else it is given
  // nothing more: it closes the stream after a while without a heartbeat, and asks for another.
  std::string forward_opaque(const Frame& frame, const EtcdShape& shape) {
    if (stream_ && (shape.left != chunks_.owed() || sender_ != receiver_)) broken_ = true;
    stream_.reset();
    return broken_ ? std::string() : frame.bytes;
  }

  std::string end_stream(const Frame& frame, const EtcdShape& shape) {
    const auto kind = std::exchange(stream_, std::nullopt);
    if (broken_) return {};
    if (!kind || shape.left == chunks_.owed()) return frame.bytes;
    std::string out;
    while (chunks_.owed() > 0) {
      chunks_.write(etcd_link_heartbeat(*kind, chunks_.owed()), out);
    }
    return out + "0\r\n\r\n";
  }

  std::optional<EtcdState> sender_;  // After the last frame that had its turn; none: not known.
  EtcdState receiver_;               // After the last frame that was given.
  ChunkWriter chunks_;
  std::optional<EtcdKind> stream_;  // The head of the stream that is under way.
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<Encoder> make_etcd_encoder() { return std::make_unique<EtcdEncoder>(); }

}  // namespace check::wire
