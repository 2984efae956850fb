// SPDX-License-Identifier: Apache-2.0
// The routes between NATS servers (docs/formats/wire-nats.md): lines of text, some followed by a
// payload whose size they tell. All Rafts of a cluster share the routes. In mid-stream a route is
// entered at a whole request of a Raft that stands between two lines: a payload that holds one
// would have to be a recording of a route.
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
using Inboxes = std::map<std::string, Inbox, std::less<>>;

// While searching: longer messages are not waited for.
constexpr std::size_t kLongestSought = std::size_t{1} << 20U;
constexpr std::array<std::string_view, 8> kVerbs = {"RMSG ",  "HMSG ", "LMSG ", "PING\r",
                                                    "PONG\r", "RS+ $", "RS- $", "INFO "};
constexpr std::size_t kVerbBytes = 5;

enum class Sought : std::uint8_t { Found, NotHere, NeedsMore };

// Whether the payload is what a request of a Raft, or an answer to one that was seen, must be.
bool is_raft(const NatsLine& line, std::string_view payload, const Inboxes& inboxes) {
  if (line.subject.starts_with(kAppend)) return nats_append(payload).has_value();
  if (line.subject.starts_with(kVote)) return nats_vote(payload).has_value();
  const auto inbox = inboxes.find(line.subject);
  if (inbox == inboxes.end()) return false;
  if (inbox->second.kind == Inbox::Kind::Votes) return nats_vote_reply(payload).has_value();
  if (inbox->second.kind == Inbox::Kind::CatchUp) return nats_catch_up(payload).has_value();
  return nats_append_reply(payload, false).has_value();
}

// Whether `bytes` begin with such a message, behind which another line begins.
Sought raft_at(std::string_view bytes, const Inboxes& inboxes) {
  const std::size_t end = bytes.substr(0, kMostLine).find(kBreak);
  if (end == std::string_view::npos) {
    return bytes.size() > kMostLine ? Sought::NotHere : Sought::NeedsMore;
  }
  const auto line = nats_line(bytes.substr(0, end));
  if (!line.ok() || !line.value() || line.value()->total_bytes > kLongestSought) {
    return Sought::NotHere;
  }
  if (!line.value()->subject.starts_with("$NRG.") || line.value()->header_bytes > 0) {
    return Sought::NotHere;
  }
  const std::size_t begin = end + kBreak.size();
  const std::size_t next = begin + line.value()->total_bytes + kBreak.size();
  if (bytes.size() < next + kVerbBytes) return Sought::NeedsMore;
  const std::string_view payload = bytes.substr(begin, line.value()->total_bytes);
  const bool whole = is_raft(*line.value(), payload, inboxes);
  const bool framed = bytes.substr(0, next).ends_with(kBreak) &&
                      std::ranges::count(kVerbs, bytes.substr(next, kVerbBytes)) > 0;
  return whole && framed ? Sought::Found : Sought::NotHere;
}

struct Side {
  Side(Direction direction, bool from_start) : stream(direction), searching(!from_start) {}

  Stream stream;
  std::size_t scanned = 0;    // Bytes of the line at hand that hold no line break.
  std::size_t line = 0;       // Size of the line at hand; 0: it has not ended yet.
  std::uint64_t whole = 0;    // Size of the line and what belongs to it, with line breaks.
  std::uint64_t passing = 0;  // Bytes of a message that was torn by a gap and are still to come.
  bool searching;             // For the begin of a message.
  std::string id;             // Of the server that sends here, as its Rafts call it.
};

class NatsDecoder final : public TwoStreams<Side> {
 public:
  using TwoStreams::TwoStreams;

 private:
  void lost(Direction direction, std::uint64_t bytes) override {
    Side& one = side(direction);
    std::uint64_t rest = one.passing;
    if (one.line > 0) rest = one.whole - one.stream.waiting().size();
    one.line = one.scanned = 0;
    one.passing = rest < bytes ? 0 : rest - bytes;
    one.searching = one.searching || rest < bytes;
  }

  // Takes one line or message.
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

  // Goes on to the next place where a message of a Raft stands for certain.
  bool search(Side& one, std::vector<Frame>& out) {
    constexpr std::string_view kBegin = "\r\nRMSG ";
    const std::string_view waiting = one.stream.waiting();
    std::size_t at = waiting.find(kBegin);
    Sought sought = Sought::NeedsMore;
    while (at != std::string_view::npos) {
      sought = raft_at(waiting.substr(at + kBreak.size()), inboxes_);
      if (sought != Sought::NotHere) break;
      at = waiting.find(kBegin, at + kBreak.size());
    }
    // At the end may be the first bytes of what is sought.
    const std::size_t tail = std::min(waiting.size(), kBegin.size() - 1);
    std::size_t passed = at == std::string_view::npos ? waiting.size() - tail : at;
    if (sought == Sought::Found && at != std::string_view::npos) {
      passed = at + kBreak.size();
      one.searching = false;
    }
    if (passed > 0) out.push_back(one.stream.take(passed));
    return !one.searching;
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

  Inboxes inboxes_;
};

}  // namespace

std::unique_ptr<Decoder> make_nats_decoder(const ConnectionStart& start) {
  return std::make_unique<NatsDecoder>(start);
}

}  // namespace check::wire
