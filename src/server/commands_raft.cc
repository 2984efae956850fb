// SPDX-License-Identifier: Apache-2.0
// Commands for operators: `raftkv status`, `add` and so on are made of them.
#include <array>
#include <charconv>
#include <optional>

#include "server/commands.h"
#include "server/options.h"

namespace server {
namespace {

constexpr std::string_view kUsage =
    "ERR RAFT knows STATUS, WHY-NOT-LEADER, ADD id host:port, PROMOTE id, REMOVE id, "
    "TRANSFER [id] and SNAPSHOT";

std::optional<raft::NodeId> node_id(std::string_view word) {
  raft::NodeId id;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id.value);
  if (error != std::errc{} || end != word.data() + word.size() || id.value == 0)
    return std::nullopt;
  return id;
}

// A map, one call a member.
class MapWriter {
 public:
  MapWriter(resp::ReplyWriter& writer, std::size_t members) : writer_(writer) {
    writer_.map(members);
  }
  MapWriter& number(std::string_view name, std::uint64_t value) {
    writer_.bulk(name);
    writer_.integer(static_cast<std::int64_t>(value));
    return *this;
  }
  MapWriter& text(std::string_view name, std::string_view value) {
    writer_.bulk(name);
    writer_.bulk(value);
    return *this;
  }
  // The value is written by the caller.
  void name(std::string_view name) { writer_.bulk(name); }

 private:
  resp::ReplyWriter& writer_;
};

void write_member(const MemberStatus& member, resp::ReplyWriter& writer) {
  MapWriter map(writer, 5);
  map.number("id", member.id.value);
  map.text("address", member.address);
  map.text("part", member.part);
  map.number("connected", member.connected ? 1 : 0);
  map.name("match");
  if (member.match) {
    writer.integer(static_cast<std::int64_t>(*member.match));
  } else {
    writer.nil();
  }
}

Answered status(const Call& call) {
  const Status status = call.node.status();
  Answered answered;
  resp::ReplyWriter writer(call.session.version, answered.reply);
  MapWriter map(writer, 23);
  map.number("id", status.id.value).text("role", status.role).number("term", status.term);
  map.number("leader", status.leader ? status.leader->value : 0);
  map.text("leader_clients", status.leader_clients);
  map.number("commit", status.commit).number("applied", status.applied);
  map.number("last_index", status.last_index).number("last_term", status.last_term);
  map.number("waiting", status.waiting).number("clients", status.clients);
  map.number("keys", status.keys).number("sessions", status.sessions);
  map.number("uptime_seconds", status.uptime_seconds);
  const StorageFigures& storage = status.storage;
  map.number("log_bytes", storage.log_bytes).number("log_files", storage.segments);
  map.number("snapshot_index", storage.snapshot_index);
  map.number("snapshot_bytes", storage.snapshot_bytes);
  map.number("snapshot_age_seconds", storage.snapshot_age_seconds);
  map.number("syncs", storage.syncs).number("sync_microseconds", storage.sync_microseconds);
  map.number("damaged", storage.damaged ? 1 : 0);
  map.name("members");
  writer.array(status.members.size());
  for (const MemberStatus& member : status.members) write_member(member, writer);
  return answered;
}

Answered why_not_leader(const Call& call) {
  Answered answered;
  resp::ReplyWriter(call.session.version, answered.reply).bulk(call.node.why_not_leader());
  return answered;
}

Action ask(AdminRequest request) {
  Ask asked;
  asked.admin = std::make_shared<const AdminRequest>(std::move(request));
  return asked;
}

// RAFT ADD id host:port
Action add(const Call& call) {
  const auto id = node_id(call.words[2]);
  if (!id) return error_answer(call, "ERR a node is a number from 1 on");
  base::Result<os::HostPort> address = os::parse_host_port(call.words[3]);
  if (!address.ok()) return error_answer(call, "ERR " + address.error().message);
  if (const base::Status fits = check_peer_address(address.value()); !fits.ok())
    return error_answer(call, "ERR " + fits.error().message);
  return ask(AddMember{*id, std::move(address).value()});
}

Action raft_command(const Call& call) {
  const std::size_t words = call.words.size();
  const auto is = [&](std::string_view verb, std::size_t count) {
    return equals_ignoring_case(call.words[1], verb) && words == count;
  };
  if (is("STATUS", 2)) return status(call);
  if (is("WHY-NOT-LEADER", 2)) return why_not_leader(call);
  if (is("SNAPSHOT", 2)) return ask(TakeSnapshot{});
  if (is("TRANSFER", 2)) return ask(TransferLeadership{});
  if (is("ADD", 4)) return add(call);
  if (!is("PROMOTE", 3) && !is("REMOVE", 3) && !is("TRANSFER", 3))
    return error_answer(call, kUsage);
  const auto id = node_id(call.words[2]);
  if (!id) return error_answer(call, "ERR a node is a number from 1 on");
  if (is("PROMOTE", 3)) return ask(PromoteMember{*id});
  if (is("REMOVE", 3)) return ask(RemoveMember{*id});
  return ask(TransferLeadership{*id});
}

constexpr std::array kRaftCommands{
    CommandSpec{"RAFT", -2, "admin", 0, 0, 0, "This node in its cluster, and changes of it",
                raft_command},
};

}  // namespace

std::span<const CommandSpec> raft_commands() { return kRaftCommands; }

}  // namespace server
