// SPDX-License-Identifier: Apache-2.0
// The routes between NATS servers (docs/formats/wire-nats.md): lines of text, some followed by a
// payload whose size they tell. All Rafts of a cluster share the routes.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "check/wire/nats_line.h"
#include "check/wire/nats_message.h"
#include "check/wire/protocols.h"
#include "check/wire/stream.h"

namespace check::wire {
namespace {

constexpr std::string_view kBreak = "\r\n";
constexpr std::size_t kMostLine = std::size_t{1} << 20U;
constexpr std::size_t kMostInboxes = 100000;
constexpr std::size_t kMostName = 256;  // Of a group or an inbox.

constexpr std::string_view kVote = "$NRG.V.";
constexpr std::string_view kAppend = "$NRG.AE.";
constexpr std::string_view kPropose = "$NRG.P.";
constexpr std::string_view kRemovePeer = "$NRG.RP.";
constexpr std::string_view kCatchUp = "$NRG.CR.";
constexpr std::string_view kReply = "$NRG.R.";

// What is sent to an inbox.
struct Inbox {
  enum class Kind : std::uint8_t { Votes, AppendReplies, CatchUp };
  Kind kind = Kind::Votes;
  std::string group;
};

struct Side {
  explicit Side(Direction direction) : stream(direction) {}

  Stream stream;
  std::size_t scanned = 0;    // Bytes of the line at hand that hold no line break.
  std::size_t line = 0;       // Size of the line at hand; 0: it has not ended yet.
  std::uint64_t whole = 0;    // Size of the line and what belongs to it, with line breaks.
  std::uint64_t passing = 0;  // Bytes of a message that was torn by a gap and are still to come.
  std::string id;             // Of the server that sends here, as its Rafts call it.
};

class NatsDecoder final : public Decoder {
 public:
  explicit NatsDecoder(const ConnectionStart& start) {
    if (start.seen) return;
    for (Side& side : sides_) lose(side);
  }

  void feed(Direction direction, std::string_view bytes, std::vector<Frame>& out) override {
    Side& one = side(direction);
    one.stream.add(bytes);
    while (!one.stream.opaque() && step(direction, out)) {
    }
    one.stream.settle(out);
  }

  void skip(Direction direction, std::uint64_t bytes, std::vector<Frame>& out) override {
    Side& one = side(direction);
    if (one.stream.opaque() || bytes == 0) return;
    std::uint64_t rest = one.passing;
    if (one.line > 0) rest = one.whole - one.stream.waiting().size();
    one.line = one.scanned = 0;
    one.passing = rest < bytes ? 0 : rest - bytes;
    if (rest < bytes) lose(one);
    one.stream.take_all(out);
  }

  const std::optional<std::string>& opaque(Direction direction) const override {
    return sides_[static_cast<std::size_t>(direction)].stream.opaque();
  }

 private:
  Side& side(Direction direction) { return sides_[static_cast<std::size_t>(direction)]; }
  const Side& other(Direction direction) const {
    return sides_[1 - static_cast<std::size_t>(direction)];
  }

  static void lose(Side& one) {
    one.stream.give_up(
        "a payload may hold anything, so a NATS route cannot be entered in the middle");
  }

  // Takes one line or message; false if more bytes are needed.
  bool step(Direction direction, std::vector<Frame>& out) {
    Side& one = side(direction);
    const std::string_view waiting = one.stream.waiting();
    if (waiting.empty()) return false;
    if (one.passing > 0) {
      const std::size_t now = std::min<std::uint64_t>(one.passing, waiting.size());
      one.passing -= now;
      out.push_back(one.stream.take(now));
      return true;
    }
    if (one.line == 0 && !find_line(one)) return false;
    if (waiting.size() < one.whole) return false;
    const std::string_view frame = waiting.substr(0, one.whole);
    if (!frame.ends_with(kBreak)) {
      one.stream.give_up("a payload is not followed by a line break");
      return false;
    }
    std::optional<Message> message;
    if (one.whole > one.line + kBreak.size()) {
      const auto line = nats_line(frame.substr(0, one.line));
      const std::size_t begin = one.line + kBreak.size() + line.value()->header_bytes;
      message =
          read(direction, *line.value(), frame.substr(begin, one.whole - kBreak.size() - begin));
    }
    out.push_back(one.stream.take(one.whole, std::move(message)));
    one.line = one.scanned = 0;
    return true;
  }

  // Finds where the line ends and how much belongs to it.
  static bool find_line(Side& one) {
    const std::string_view waiting = one.stream.waiting();
    const std::size_t end = waiting.find(kBreak, one.scanned);
    if (end == std::string_view::npos) {
      one.scanned = waiting.size() - 1;  // The last byte may be half a line break.
      if (waiting.size() > kMostLine) one.stream.give_up("a line is too long");
      return false;
    }
    const auto line = nats_line(waiting.substr(0, end));
    if (!line.ok()) {
      one.stream.give_up(line.error().message + " (is it compressed or encrypted?)");
      return false;
    }
    one.line = end;
    one.whole = end + kBreak.size();
    if (line.value()) one.whole += line.value()->total_bytes + kBreak.size();
    return true;
  }

  std::optional<Message> read(Direction direction, const NatsLine& line, std::string_view payload) {
    if (!line.subject.starts_with("$NRG.") || line.subject.size() > kMostName) return std::nullopt;
    std::string group;
    auto message = of_subject(line, payload, group);
    if (!message) {
      message.emplace();
      message->name = "unreadable";
    }
    Side& from = side(direction);
    if (message->sender.empty()) {
      message->sender = from.id;
    } else {
      from.id = message->sender;
    }
    message->receiver = other(direction).id;
    message->group = std::move(group);
    return message;
  }

  // The message, and which group's it is; none if it cannot be read.
  std::optional<Message> of_subject(const NatsLine& line, std::string_view payload,
                                    std::string& group) {
    const auto rest = [&line](std::string_view prefix) {
      return line.subject.substr(prefix.size());
    };
    if (line.subject.starts_with(kAppend)) {
      group = rest(kAppend);
      learn(line.reply, Inbox::Kind::AppendReplies, group);
      auto append = nats_append(payload);
      if (!append) return std::nullopt;
      append->message.sender = append->leader;
      return std::move(append->message);
    }
    if (line.subject.starts_with(kVote)) {
      group = rest(kVote);
      learn(line.reply, Inbox::Kind::Votes, group);
      return nats_vote(payload);
    }
    if (line.subject.starts_with(kPropose)) {
      group = rest(kPropose);
      Message message;
      message.type = MessageType::Propose;
      message.name = "P";
      return message;
    }
    if (line.subject.starts_with(kRemovePeer)) {
      group = rest(kRemovePeer);
      Message message;
      message.name = "RP";
      return message;
    }
    if (line.subject.starts_with(kReply) || line.subject.starts_with(kCatchUp)) {
      return of_inbox(line, payload, group);
    }
    return std::nullopt;
  }

  std::optional<Message> of_inbox(const NatsLine& line, std::string_view payload,
                                  std::string& group) {
    const auto inbox = inboxes_.find(line.subject);
    if (inbox == inboxes_.end()) return std::nullopt;
    const Inbox::Kind kind = inbox->second.kind;
    group = inbox->second.group;
    if (kind == Inbox::Kind::Votes) return nats_vote_reply(payload);
    if (kind == Inbox::Kind::CatchUp) {
      learn(line.reply, Inbox::Kind::AppendReplies, group);
      return nats_catch_up(payload);
    }
    const bool catch_up = line.reply.starts_with(kCatchUp);
    if (catch_up) learn(line.reply, Inbox::Kind::CatchUp, group);
    return nats_append_reply(payload, catch_up);
  }

  void learn(std::string_view inbox, Inbox::Kind kind, const std::string& group) {
    if (inbox.empty() || inbox.size() > kMostName) return;
    const auto found = inboxes_.find(inbox);
    if (found != inboxes_.end()) {
      found->second.kind = kind;
      if (found->second.group != group) found->second.group = group;
    } else if (inboxes_.size() < kMostInboxes) {
      inboxes_.emplace(inbox, Inbox{kind, group});
    }
  }

  std::array<Side, 2> sides_ = {Side(Direction::FromDialer), Side(Direction::FromAcceptor)};
  std::map<std::string, Inbox, std::less<>> inboxes_;
};

}  // namespace

std::unique_ptr<Decoder> make_nats_decoder(const ConnectionStart& start) {
  return std::make_unique<NatsDecoder>(start);
}

}  // namespace check::wire
