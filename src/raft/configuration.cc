// SPDX-License-Identifier: Apache-2.0
#include "raft/configuration.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "raft/quorum.h"

namespace raft {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMemberBytes = 5;  // At least: id, length of the address.

const Member* find_in(const std::vector<Member>& members, NodeId id) {
  const auto found = std::ranges::find(members, id, &Member::id);
  return found == members.end() ? nullptr : &*found;
}

base::Error wrong(const std::string& what) {
  return {base::ErrorCode::InvalidArgument, "configuration: " + what};
}

base::Status validate_list(const std::vector<Member>& members, const std::string& name,
                           std::size_t most) {
  if (members.size() > most) {
    return wrong(std::to_string(members.size()) + ' ' + name + ", at most " + std::to_string(most) +
                 " are possible");
  }
  NodeId before;
  for (const Member& member : members) {
    const std::string who = 'n' + std::to_string(member.id.value);
    if (member.id == NodeId{}) return wrong("a member among the " + name + " has the id 0");
    if (member.id <= before) return wrong("the " + name + " are not in order at " + who);
    if (member.address.size() > kMaxAddressBytes)
      return wrong("the address of " + who + " is too long");
    before = member.id;
  }
  return base::Done{};
}

void write(const std::vector<Member>& members, base::ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(members.size()));
  for (const Member& member : members) {
    out.u32(member.id.value);
    out.u8(static_cast<std::uint8_t>(member.address.size()));
    out.bytes(member.address);
  }
}

std::vector<Member> read(base::ByteReader& in) {
  const std::size_t at = in.position();
  const std::size_t count = in.u8();
  std::vector<Member> members;
  if (count > in.remaining() / kMemberBytes) {
    in.refuse(at, "more members are announced than fit");
    return members;
  }
  members.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Member member{{in.u32()}, {}};
    member.address = in.bytes(in.u8());
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace

bool Configuration::has_voter(NodeId id) const {
  return find_in(voters, id) != nullptr || find_in(outgoing, id) != nullptr;
}

bool Configuration::has_learner(NodeId id) const { return find_in(learners, id) != nullptr; }

const Member* Configuration::find(NodeId id) const {
  for (const std::vector<Member>* members : {&voters, &learners, &outgoing}) {
    if (const Member* member = find_in(*members, id)) return member;
  }
  return nullptr;
}

std::vector<NodeId> Configuration::ids() const {
  std::vector<NodeId> ids;
  for (const std::vector<Member>* members : {&voters, &learners, &outgoing}) {
    std::ranges::transform(*members, std::back_inserter(ids), &Member::id);
  }
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

Configuration configuration_of(const std::vector<NodeId>& voters) {
  Configuration configuration;
  configuration.voters.reserve(voters.size());
  for (const NodeId id : voters) configuration.voters.push_back({id, {}});
  std::ranges::sort(configuration.voters, {}, &Member::id);
  return configuration;
}

base::Status validate(const Configuration& configuration) {
  if (configuration.voters.empty()) return wrong("nobody votes");
  TRY([[maybe_unused]] const auto voters,
      validate_list(configuration.voters, "voters", kMaxVoters));
  TRY([[maybe_unused]] const auto learners,
      validate_list(configuration.learners, "learners", kMaxLearners));
  TRY([[maybe_unused]] const auto outgoing,
      validate_list(configuration.outgoing, "outgoing voters", kMaxVoters));
  for (const Member& learner : configuration.learners) {
    if (find_in(configuration.voters, learner.id) != nullptr) {
      return wrong('n' + std::to_string(learner.id.value) + " is both voter and learner");
    }
  }
  return base::Done{};
}

std::string encode(const Configuration& configuration) {
  CHECK(validate(configuration).ok());
  std::string bytes;
  base::ByteWriter out(bytes);
  out.u8(kVersion);
  write(configuration.voters, out);
  write(configuration.learners, out);
  write(configuration.outgoing, out);
  return bytes;
}

base::Result<Configuration> decode_configuration(std::string_view bytes) {
  base::ByteReader in(bytes);
  if (in.u8() != kVersion) in.refuse(0, "unknown version");
  // The braces of an initializer are evaluated in order, so that lists are read in order.
  Configuration configuration{read(in), read(in), read(in)};
  TRY([[maybe_unused]] const auto whole, in.finish("configuration"));
  TRY([[maybe_unused]] const auto valid, validate(configuration));
  return configuration;
}

}  // namespace raft
