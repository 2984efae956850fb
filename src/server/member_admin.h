// SPDX-License-Identifier: Apache-2.0
// What operators ask for, done by the Member: which configuration a wish means, and in which words
// it is refused.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "kv/reply.h"
#include "member/member.h"
#include "server/admin.h"

namespace server {

class MemberAdmin final : public Admin {
 public:
  // To be called once, before all else. Requires: both outlive it.
  void connect(member::Member& member, member::Owner& owner);

  void submit(member::Token token, const AdminRequest& request) override;
  void on_answer(std::uint64_t wish, const replica::Outcome& outcome) override;

 private:
  void answer(member::Token token, const kv::Reply& reply);
  void change(member::Token token, const base::Result<raft::Configuration>& target);
  member::Token enter(member::Token token);
  base::Result<raft::Configuration> with(const AddMember& add) const;
  base::Result<raft::Configuration> with(const PromoteMember& promote) const;
  base::Result<raft::Configuration> with(const RemoveMember& remove) const;
  void transfer(member::Token token, const TransferLeadership& transfer);
  kv::Reply reply_to(const replica::Outcome& outcome) const;

  member::Member* member_ = nullptr;
  member::Owner* owner_ = nullptr;
  std::uint64_t last_wish_ = 0;
  std::map<std::uint64_t, member::Token> wishes_;  // Under way.
};

}  // namespace server
