// SPDX-License-Identifier: Apache-2.0
// The connections of PySyncObj (docs/formats/wire-pysyncobj.md). Every frame has a length, and its
// content a checksum, so a place in mid-stream where a frame begins can be found for certain.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "check/wire/inflate.h"
#include "check/wire/protocols.h"
#include "check/wire/pysyncobj_message.h"
#include "check/wire/stream.h"

namespace check::wire {
namespace {

// While searching: a longer frame is not waited for, and after so many wrong ones it is given up.
constexpr std::size_t kLongestSought = std::size_t{1} << 20U;
constexpr std::size_t kMostSought = 256;

// The positions in the log at which one side was asked to continue, on this connection.
struct Asked {
  Index lowest;
  Index highest;
};

struct Side {
  Side(Direction direction, bool from_start)
      : stream(direction), searching(!from_start), complete(from_start) {}

  Stream stream;
  std::uint64_t passing = 0;  // Bytes of a frame that was torn by a gap and are still to come.
  bool searching;             // For the begin of a frame.
  std::size_t sought = 0;     // Begins that were none.
  std::string pieces;         // Of the large entry that is under way.
  bool collecting = false;
  bool complete;  // Nothing was lost, so `asked` knows all.
  std::optional<Asked> asked;
};

class PysyncobjDecoder final : public TwoStreams<Side> {
 public:
  explicit PysyncobjDecoder(const ConnectionStart& start)
      : TwoStreams(start), greeted_(!start.seen) {}

 private:
  void lost(Direction direction, std::uint64_t bytes) override {
    Side& one = side(direction);
    const std::size_t waiting = one.stream.waiting().size();
    const auto size = frame_size(one.stream.waiting());
    std::uint64_t rest = one.passing;
    if (!one.searching && rest == 0 && size) rest = *size - waiting;
    one.searching = one.searching || rest < bytes;
    one.passing = one.searching ? 0 : rest - bytes;
    one.complete = false;
    one.collecting = false;
    one.pieces.clear();
    if (direction == Direction::FromDialer) greeted_ = true;
  }

  // Of the frame that begins here, if that much is known and it can be one.
  static std::optional<std::size_t> frame_size(std::string_view bytes) {
    if (bytes.size() < kPysyncobjHead) return std::nullopt;
    const std::uint32_t length = base::ByteReader(bytes.substr(0, kPysyncobjHead)).u32();
    if (length < 8 || length > Decoder::kMostWaiting - kPysyncobjHead) return std::nullopt;
    return kPysyncobjHead + length;
  }

  // Takes one frame.
  bool step(Direction direction, std::vector<Frame>& out) override {
    Side& one = side(direction);
    const std::string_view waiting = one.stream.waiting();
    if (one.passing > 0) {
      const std::size_t now = std::min<std::uint64_t>(one.passing, waiting.size());
      one.passing -= now;
      out.push_back(one.stream.take(now));
      return true;
    }
    if (one.searching) return search(one, out);
    if (waiting.size() < kPysyncobjHead) return false;
    const auto size = frame_size(waiting);
    if (!size) {
      one.stream.give_up("a frame has an impossible length");
      return false;
    }
    if (waiting.size() < *size) return false;
    const auto text = inflate(waiting.substr(kPysyncobjHead, *size - kPysyncobjHead), kMostWaiting);
    if (!text.ok()) {
      one.stream.give_up("a frame is " + text.error().message + " (is a password set?)");
      return false;
    }
    auto message = read(direction, text.value());
    out.push_back(one.stream.take(*size, std::move(message)));
    return true;
  }

  // Goes on to the next place where a frame with a right checksum begins.
  static bool search(Side& one, std::vector<Frame>& out) {
    const std::string_view waiting = one.stream.waiting();
    std::size_t at = 0;
    bool more = false;
    for (; !more && at < waiting.size(); at += more ? 0 : 1) {
      const std::string_view rest = waiting.substr(at);
      more = rest.size() < kPysyncobjHead + 2;
      if (more || rest[4] != '\x78') continue;
      const auto size = frame_size(rest);
      if (!size || *size > kLongestSought) continue;
      more = rest.size() < *size;
      if (more) continue;
      const auto text = inflate(rest.substr(kPysyncobjHead, *size - kPysyncobjHead), kMostWaiting);
      if (text.ok()) {
        one.searching = false;
        break;
      }
      if (++one.sought > kMostSought) {
        one.stream.give_up("no frame was found after the place where the stream was lost");
        return false;
      }
    }
    if (at > 0) out.push_back(one.stream.take(at));
    return !one.searching;
  }

  std::optional<Message> read(Direction direction, std::string_view text) {
    const auto pickle = Pickle::read(text);
    if (pickle.ok() && direction == Direction::FromDialer && !greeted_) {
      greeted_ = true;
      if (const std::string_view* address = pickle.value().root().text()) {
        dialer_ = *address;
        return std::nullopt;
      }
    }
    auto known = pickle.ok() ? pysyncobj_message(pickle.value()) : std::nullopt;
    if (!known) return addressed(direction, other_message());
    Message& message = known->message;
    collect(side(direction), *known);
    note_place(side(direction), message);
    settle_end(other(direction), message);
    return addressed(direction, std::move(message));
  }

  // Not decoded: an answer to an administrator, or a pickle that needs more than is understood.
  static Message other_message() {
    Message message;
    message.type = MessageType::Other;
    message.name = "unreadable";
    return message;
  }

  Message addressed(Direction direction, Message message) const {
    (direction == Direction::FromDialer ? message.sender : message.receiver) = dialer_;
    return message;
  }

  // Puts the pieces of a large entry together.
  static void collect(Side& one, PysyncobjMessage& known) {
    using Piece = PysyncobjMessage::Piece;
    if (known.piece == Piece::None) return;
    if (known.piece == Piece::First) {
      one.pieces.clear();
      one.collecting = true;
    }
    if (one.pieces.size() + known.data.size() > kMostWaiting) one.collecting = false;
    if (one.collecting) one.pieces.append(known.data);
    if (known.piece != Piece::Last) return;
    std::optional<Entry> entry;
    if (one.collecting) {
      const auto pickle = Pickle::read(one.pieces);
      if (pickle.ok()) entry = pysyncobj_entry(pickle.value(), pickle.value().root());
    }
    one.collecting = false;
    one.pieces.clear();
    if (entry) {
      known.message.entries.push_back(*entry);
    } else {
      known.message.type = MessageType::Other;  // It has an entry, and which one is not known.
    }
  }

  static void note_place(Side& one, const Message& message) {
    if (!message.prev_index) return;
    const Index place = *message.prev_index;
    if (!one.asked) one.asked = Asked{place, place};
    one.asked->lowest = std::min(one.asked->lowest, place);
    one.asked->highest = std::max(one.asked->highest, place);
  }

  // A refusal with reset names either the end of the log or the place that was asked for, where the
  // terms differ. What was never asked for is the end.
  static void settle_end(const Side& asker, Message& message) {
    if (message.type != MessageType::AppendReply || !message.last_index) return;
    const Index named = message.last_index->next();
    const bool certain = asker.complete && asker.asked && !asker.stream.opaque() &&
                         (named < asker.asked->lowest || named > asker.asked->highest);
    if (!certain) message.last_index.reset();
  }

  bool greeted_;
  std::string dialer_;  // Its address, as it says.
};

}  // namespace

std::unique_ptr<Decoder> make_pysyncobj_decoder(const ConnectionStart& start) {
  return std::make_unique<PysyncobjDecoder>(start);
}

}  // namespace check::wire
