// SPDX-License-Identifier: Apache-2.0
#include "check/wire/hashicorp_message.h"

#include <array>
#include <vector>

#include "check/wire/msgpack.h"

namespace check::wire {
namespace {

// Above, nothing that counts up from 0 ever comes; and sums below cannot overflow.
constexpr std::uint64_t kLargestPosition = std::uint64_t{1} << 62U;

// All members that matter, of whichever message: one name means one thing everywhere.
struct Members {
  std::optional<std::uint64_t> term;
  std::optional<std::uint64_t> prev_index;
  std::optional<std::uint64_t> prev_term;
  std::optional<std::uint64_t> commit;
  std::optional<std::uint64_t> last_index;
  std::optional<std::uint64_t> last_term;
  std::optional<std::uint64_t> last_log;
  std::optional<std::uint64_t> size;
  std::optional<bool> granted;
  std::optional<bool> success;
  std::optional<bool> transfer;
  std::string_view leader;
  std::string_view candidate;
  std::string_view address;  // Since 1.3.7, in requests and answers.
  std::vector<Entry> entries;
};

struct NaturalMember {
  std::string_view key;
  std::optional<std::uint64_t> Members::*value;
};
constexpr std::array<NaturalMember, 8> kNaturals = {{{"Term", &Members::term},
                                                     {"PrevLogEntry", &Members::prev_index},
                                                     {"PrevLogTerm", &Members::prev_term},
                                                     {"LeaderCommitIndex", &Members::commit},
                                                     {"LastLogIndex", &Members::last_index},
                                                     {"LastLogTerm", &Members::last_term},
                                                     {"LastLog", &Members::last_log},
                                                     {"Size", &Members::size}}};
struct BooleanMember {
  std::string_view key;
  std::optional<bool> Members::*value;
};
constexpr std::array<BooleanMember, 3> kBooleans = {{{"Granted", &Members::granted},
                                                     {"Success", &Members::success},
                                                     {"LeadershipTransfer", &Members::transfer}}};
struct RawMember {
  std::string_view key;
  std::string_view Members::*value;
};
constexpr std::array<RawMember, 3> kRaws = {{{"Leader", &Members::leader},
                                             {"Candidate", &Members::candidate},
                                             {"Addr", &Members::address}}};

EntryKind entry_kind(std::uint64_t type) {
  switch (type) {
    case 0:
      return EntryKind::Command;
    case 1:
      return EntryKind::Noop;
    case 2:  // AddPeer, RemovePeer: before protocol version 3.
    case 3:
    case 5:
      return EntryKind::Configuration;
    default:
      return EntryKind::Other;  // 4 is a barrier.
  }
}

// A Log. AppendedAt, the leader's clock, is not part of what is agreed on.
Entry read_entry(MsgpackReader& in) {
  Entry entry;
  std::string content;
  std::string_view extensions;
  for (std::uint64_t left = in.map(); left > 0 && in.ok(); --left) {
    const std::string_view key = in.raw();
    if (key == "Index") {
      entry.index = Index(in.natural());
    } else if (key == "Term") {
      entry.term = Term(in.natural());
    } else if (key == "Type") {
      entry.kind = entry_kind(in.natural());
    } else if (key == "Data") {
      content = in.raw();
    } else if (key == "Extensions") {
      extensions = in.raw();
    } else {
      in.skip();
    }
  }
  if (!extensions.empty()) content.append(1, '\0').append(extensions);
  entry.hash = hash_of(content);
  entry.bytes = content.size();
  return entry;
}

void read_member(MsgpackReader& in, Members& members) {
  const std::string_view key = in.raw();
  for (const NaturalMember& each : kNaturals) {
    if (each.key == key) {
      members.*each.value = in.natural();
      return;
    }
  }
  for (const BooleanMember& each : kBooleans) {
    if (each.key == key) {
      members.*each.value = in.boolean();
      return;
    }
  }
  for (const RawMember& each : kRaws) {
    if (each.key == key) {
      members.*each.value = in.raw();
      return;
    }
  }
  if (key != "Entries") {
    in.skip();
    return;
  }
  for (std::uint64_t left = in.array(); left > 0 && in.ok(); --left) {
    members.entries.push_back(read_entry(in));
  }
}

base::Error wrong(std::string what) { return {base::ErrorCode::InvalidArgument, std::move(what)}; }

base::Result<Members> read_members(MsgpackReader& in, const std::string& thing) {
  Members members;
  for (std::uint64_t left = in.map(); left > 0 && in.ok(); --left) read_member(in, members);
  TRY(const base::Done done, in.finish(thing));
  static_cast<void>(done);
  for (const NaturalMember& each : kNaturals) {
    if ((members.*each.value).value_or(0) > kLargestPosition) {
      return wrong(thing + ": " + std::string(each.key) + " is out of range");
    }
  }
  for (const Entry& entry : members.entries) {
    if (entry.index.value() > kLargestPosition || entry.term.value() > kLargestPosition) {
      return wrong(thing + ": an entry's index or term is out of range");
    }
  }
  return members;
}

// The struct of Go has every member, so it is always there.
base::Status expect(bool there, const std::string& thing) {
  if (there) return base::Done{};
  return wrong(thing + " lacks a member that it always has");
}

// It succeeds without a look at the log: the receiver takes it before all else.
bool is_heartbeat(const Members& members) {
  return *members.term != 0 && *members.prev_index == 0 && *members.prev_term == 0 &&
         *members.commit == 0 && members.entries.empty();
}

base::Status fill_append(Members& members, HashicorpRequest& request) {
  Message& message = request.message;
  message.name = "AppendEntries";
  TRY(const base::Done done,
      expect(members.term && members.prev_index && members.prev_term && members.commit,
             "AppendEntries"));
  if (is_heartbeat(members)) {
    message.type = MessageType::Heartbeat;
    return done;
  }
  message.type = MessageType::AppendEntries;
  message.prev_index = Index(*members.prev_index);
  message.prev_term = Term(*members.prev_term);
  message.commit = Index(*members.commit);
  message.entries = std::move(members.entries);
  return done;
}

base::Status fill_vote(const Members& members, bool pre, HashicorpRequest& request) {
  Message& message = request.message;
  message.type = pre ? MessageType::PreVote : MessageType::RequestVote;
  message.name = pre ? "RequestPreVote" : "RequestVote";
  message.term_entered = !pre;
  message.transfer = members.transfer.value_or(false);
  return expect(members.term && members.last_index && members.last_term, message.name);
}

base::Status fill_snapshot(const Members& members, HashicorpRequest& request) {
  request.message.type = MessageType::InstallSnapshot;
  request.message.name = "InstallSnapshot";
  request.follows = members.size.value_or(0);
  return expect(members.term && members.last_index && members.last_term && members.size,
                "InstallSnapshot");
}

base::Status fill_request(HashicorpRpc rpc, Members& members, HashicorpRequest& request) {
  switch (rpc) {
    case HashicorpRpc::AppendEntries:
      return fill_append(members, request);
    case HashicorpRpc::RequestVote:
      return fill_vote(members, false, request);
    case HashicorpRpc::RequestPreVote:
      return fill_vote(members, true, request);
    case HashicorpRpc::InstallSnapshot:
      return fill_snapshot(members, request);
    case HashicorpRpc::TimeoutNow:
      break;
  }
  request.message.type = MessageType::TimeoutNow;
  request.message.name = "TimeoutNow";
  return base::Done{};
}

struct AnswerKind {
  MessageType type;
  std::string_view name;
};
AnswerKind answer_kind(MessageType asked) {
  if (asked == MessageType::AppendEntries)
    return {MessageType::AppendReply, "AppendEntriesResponse"};
  if (asked == MessageType::Heartbeat)
    return {MessageType::HeartbeatReply, "AppendEntriesResponse"};
  if (asked == MessageType::RequestVote) {
    return {MessageType::RequestVoteReply, "RequestVoteResponse"};
  }
  if (asked == MessageType::PreVote) return {MessageType::PreVoteReply, "RequestPreVoteResponse"};
  if (asked == MessageType::InstallSnapshot) {
    return {MessageType::SnapshotReply, "InstallSnapshotResponse"};
  }
  return {MessageType::Other, "TimeoutNowResponse"};
}

void fill_answer(const Members& members, const HashicorpAsked& asked, Message& message) {
  if (members.term) message.term = Term(*members.term);
  // In a pre-vote the receiver repeats the term asked for as soon as it is above its own.
  message.term_entered = asked.type != MessageType::PreVote || message.term != asked.term;
  message.success = members.granted ? members.granted : members.success;
  message.prev_index = asked.prev_index;
  message.prev_term = asked.prev_term;
  const bool success = message.success.value_or(false);
  if (success) message.match = asked.last;
  // In the answer to entries that were taken, LastLog is the last index before they were.
  const bool appended = success && asked.type == MessageType::AppendEntries;
  if (members.last_log && !appended) message.last_index = Index(*members.last_log);
}

}  // namespace

base::Result<HashicorpRequest> hashicorp_request(std::string_view bytes) {
  HashicorpRequest request;
  MsgpackReader in(bytes.substr(1));
  TRY(Members members, read_members(in, "request"));
  TRY(const base::Done done, fill_request(static_cast<HashicorpRpc>(bytes[0]), members, request));
  static_cast<void>(done);
  Message& message = request.message;
  if (members.term) message.term = Term(*members.term);
  if (members.last_index) message.last_index = Index(*members.last_index);
  if (members.last_term) message.last_term = Term(*members.last_term);
  for (const std::string_view sender : {members.leader, members.candidate, members.address}) {
    if (message.sender.empty()) message.sender = sender;
  }
  return request;
}

HashicorpAsked hashicorp_asked(const Message& request, std::uint32_t number) {
  HashicorpAsked asked{number, request.type, request.term, request.prev_index, request.prev_term,
                       {}};
  if (request.prev_index) asked.last = request.prev_index->plus(request.entries.size());
  if (request.type == MessageType::InstallSnapshot) asked.last = request.last_index;
  return asked;
}

base::Result<Message> hashicorp_answer(std::string_view bytes, const HashicorpAsked& asked) {
  const AnswerKind kind = answer_kind(asked.type);
  MsgpackReader in(bytes);
  const bool failed = !in.raw().empty();
  Members members;
  TRY(members, read_members(in, "answer"));
  Message message;
  message.type = kind.type;
  message.name = kind.name;
  message.sender = members.address;
  // With an error the rest may be all zeros.
  if (failed && members.term.value_or(0) == 0) {
    message.success = false;
    return message;
  }
  fill_answer(members, asked, message);
  return message;
}

std::optional<std::pair<std::size_t, std::size_t>> hashicorp_member(std::string_view bytes,
                                                                    bool answer,
                                                                    std::string_view key) {
  MsgpackReader in(bytes.substr(answer ? 0 : 1));
  const std::size_t origin = answer ? 0 : 1;
  if (answer) in.skip();
  for (std::uint64_t left = in.map(); left > 0 && in.ok(); --left) {
    const bool found = in.raw() == key;
    const std::size_t begin = in.position();
    in.skip();
    if (found && in.ok()) return std::pair(origin + begin, origin + in.position());
  }
  return std::nullopt;
}

}  // namespace check::wire
