// SPDX-License-Identifier: Apache-2.0
#include "raft/describe.h"

#include <algorithm>

namespace raft {

namespace {

constexpr std::size_t kQuotedBytes = 24;

template <class Line>
std::string text(base::Ordinal<Line> position) {
  return std::to_string(position.value());
}
std::string text(NodeId id) { return "n" + std::to_string(id.value); }
std::string text(bool yes) { return yes ? "yes" : "no"; }

bool is_printable(char byte) { return ' ' <= byte && byte <= '~' && byte != '"'; }

std::string list(const std::vector<Member>& members) {
  std::string result;
  for (const Member& member : members) {
    result += (result.empty() ? "" : " ") + text(member.id) +
              (member.address.empty() ? "" : "=" + member.address);
  }
  return result;
}

std::string list(const Entries& entries) {
  std::string result = "[";
  for (const Entry& entry : entries) {
    if (result.size() > 1) result += ", ";
    result += describe(entry);
  }
  return result + "]";
}

struct MessageText {
  std::string operator()(const PreVote& m) const {
    return "PreVote term=" + text(m.term) + " last=" + describe(m.last);
  }
  std::string operator()(const PreVoteReply& m) const {
    return "PreVoteReply term=" + text(m.term) + " granted=" + text(m.granted);
  }
  std::string operator()(const RequestVote& m) const {
    return "RequestVote term=" + text(m.term) + " last=" + describe(m.last) +
           (m.transfer ? " transfer" : "");
  }
  std::string operator()(const VoteReply& m) const {
    return "VoteReply term=" + text(m.term) + " granted=" + text(m.granted);
  }
  std::string operator()(const AppendEntries& m) const {
    return "AppendEntries term=" + text(m.term) + " previous=" + describe(m.previous) +
           " commit=" + text(m.commit) + " round=" + std::to_string(m.round) +
           " entries=" + list(m.entries);
  }
  std::string operator()(const AppendReply& m) const {
    return "AppendReply term=" + text(m.term) + " previous=" + text(m.previous) +
           " round=" + std::to_string(m.round) + " success=" + text(m.success) +
           (m.success ? " match=" + text(m.match()) : " hint=" + describe(m.hint)) +
           (m.lost ? " lost" : "");
  }
  std::string operator()(const SnapshotChunk& m) const {
    return "SnapshotChunk term=" + text(m.term) + " last=" + describe(m.last) +
           " offset=" + std::to_string(m.offset) + " total=" + std::to_string(m.total) +
           " data=" + describe(m.data);
  }
  std::string operator()(const SnapshotReply& m) const {
    return "SnapshotReply term=" + text(m.term) + " last=" + describe(m.last) +
           (m.installed
                ? std::string(" installed")
                : " offset=" + std::to_string(m.offset) + " next=" + std::to_string(m.next_offset));
  }
  std::string operator()(const TimeoutNow& m) const { return "TimeoutNow term=" + text(m.term); }
  std::string operator()(const ReadIndexRequest& m) const {
    return "ReadIndexRequest term=" + text(m.term);  // The context is a large random number.
  }
  std::string operator()(const ReadIndexReply& m) const {
    return "ReadIndexReply term=" + text(m.term) +
           (m.granted ? " index=" + text(m.index) : std::string(" refused"));
  }
};

struct InputText {
  std::string operator()(const Tick& /*tick*/) const { return "tick"; }
  std::string operator()(const Receive& i) const {
    return "receive " + text(i.from) + " " + describe(i.message);
  }
  std::string operator()(const Propose& i) const {
    std::string result = "propose";
    for (const Payload& command : i.commands) result += " " + describe(command);
    return result;
  }
  std::string operator()(const Read& i) const { return "read r" + text(i.id); }
  std::string operator()(const Persisted& i) const {
    return "persisted step=" + text(i.receipt.step());
  }
  std::string operator()(const ChangeMembership& i) const {
    return "change membership to " + describe(i.target);
  }
  std::string operator()(const TransferLeadership& i) const {
    return "transfer leadership to " + text(i.to);
  }
  std::string operator()(const SnapshotTaken& i) const {
    return "snapshot taken " + describe(i.snapshot) + " keep=" + std::to_string(i.keep_entries);
  }
  std::string operator()(const Staged& i) const {
    return "staged last=" + describe(i.last) + " next=" + std::to_string(i.next_offset) +
           (i.complete ? " complete" : "");
  }
  std::string operator()(const StorageFailed& /*failed*/) const { return "storage failed"; }
};

struct ProposedText {
  std::string operator()(const Accepted& p) const {
    return "accepted " + describe(p.first) + " count=" + std::to_string(p.count);
  }
  std::string operator()(const Refused& p) const {
    switch (p.reason) {
      case Refused::Reason::NotLeader:
        return "refused: not the leader";
      case Refused::Reason::Overloaded:
        return "refused: overloaded";
      case Refused::Reason::Transferring:
        return "refused: leadership is being transferred";
      case Refused::Reason::ChangePending:
        return "refused: a change is pending";
      case Refused::Reason::NotReady:
        return "refused: nothing of this term is committed yet";
      case Refused::Reason::NotCaughtUp:
        return "refused: not caught up";
      case Refused::Reason::Invalid:
        return "refused: invalid";
    }
    CHECK(false);
    return {};
  }
};

}  // namespace

std::string describe(EntryId id) { return "t" + text(id.term) + "." + text(id.index); }

std::string describe(const Payload& payload) {
  if (payload == nullptr) return "none";
  if (payload->size() <= kQuotedBytes && std::ranges::all_of(*payload, is_printable)) {
    return '"' + *payload + '"';
  }
  return std::to_string(payload->size()) + " bytes";
}

std::string describe(const Configuration& configuration) {
  std::string result = "{" + list(configuration.voters) + "}";
  if (!configuration.learners.empty()) result += " learners {" + list(configuration.learners) + "}";
  if (configuration.is_joint()) result += " outgoing {" + list(configuration.outgoing) + "}";
  return result;
}

std::string describe(const SnapshotMeta& snapshot) {
  return describe(snapshot.last) + " of " + describe(snapshot.configuration);
}

std::string describe(const Entry& entry) {
  const std::string id = describe(entry.id) + " ";
  if (entry.kind == EntryKind::Noop) return id + "noop";
  if (entry.kind == EntryKind::Command) return id + describe(entry.payload);
  const base::Result<Configuration> configuration = decode_configuration(*entry.payload);
  return id + (configuration.ok() ? describe(configuration.value()) : "no configuration");
}

std::string describe(const HardState& hard_state) {
  return "term=" + text(hard_state.term) +
         " vote=" + (hard_state.vote ? text(*hard_state.vote) : "none");
}

std::string describe(Role role) {
  switch (role) {
    case Role::Follower:
      return "Follower";
    case Role::PreCandidate:
      return "PreCandidate";
    case Role::Candidate:
      return "Candidate";
    case Role::Leader:
      return "Leader";
  }
  CHECK(false);
  return {};
}

std::string describe(const Message& message) { return std::visit(MessageText{}, message); }

std::string describe(const Envelope& envelope) {
  return "-> " + text(envelope.to) + " " + describe(envelope.message);
}

std::string describe(const Input& input) { return std::visit(InputText{}, input); }

std::vector<std::string> describe(const Effects& effects) {
  std::vector<std::string> lines;
  if (effects.save) lines.push_back("save " + describe(*effects.save));
  if (effects.truncate_from) lines.push_back("truncate from " + text(*effects.truncate_from));
  if (effects.install) {
    lines.push_back("install " + describe(effects.install->snapshot) +
                    (effects.install->keeps_rest ? " and keep the rest" : ""));
  }
  for (const Entry& entry : effects.append) lines.push_back("append " + describe(entry));
  if (effects.proposed) lines.push_back(std::visit(ProposedText{}, *effects.proposed));
  for (const Envelope& envelope : effects.send_now) lines.push_back(describe(envelope));
  for (const Held<Envelope>& held : effects.send_durable) {
    lines.push_back("hold a message for step " + text(held.step()));
  }
  for (const Entry& entry : effects.apply) lines.push_back("apply " + describe(entry));
  for (const Readable& read : effects.readable) {
    lines.push_back("readable r" + text(read.id) + " at " + text(read.index));
  }
  for (const ReadId id : effects.unreadable) lines.push_back("unreadable r" + text(id));
  for (const SendChunk& send : effects.send_chunks) {
    lines.push_back("send a chunk to " + text(send.to) + " of " + describe(send.chunk.last) +
                    " from " + std::to_string(send.chunk.offset));
  }
  if (effects.stage) lines.push_back("stage " + describe(Message(*effects.stage)));
  if (effects.drop_through) lines.push_back("drop through " + text(*effects.drop_through));
  return lines;
}

}  // namespace raft
