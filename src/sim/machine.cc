// SPDX-License-Identifier: Apache-2.0
#include "sim/machine.h"

#include <utility>

#include "sim/run_hash.h"

namespace sim {

class Machine::Watch final : public machine::StateMachine {
 public:
  Watch(kv::Machine& inner, Applied applied) : inner_(inner), applied_(std::move(applied)) {}

  void apply(std::span<const raft::Entry> commands,
             std::vector<machine::Answer>& answers) override {
    inner_.apply(commands, answers);
    if (!applied_) return;
    for (const raft::Entry& entry : commands) applied_(entry);
  }
  machine::Answer read(std::string_view query) const override { return inner_.read(query); }
  std::unique_ptr<machine::Snapshot> snapshot() override { return inner_.snapshot(); }
  std::unique_ptr<machine::Restore> begin_restore() override { return inner_.begin_restore(); }

 private:
  kv::Machine& inner_;
  Applied applied_;
};

Machine::Machine(std::uint64_t sessions, Applied applied) {
  if (sessions == 0) return;
  watch_ = std::make_unique<Watch>(store_, std::move(applied));
  session::Limits limits;
  limits.sessions = sessions;
  sessions_.emplace(*watch_, limits);
}

machine::StateMachine& Machine::top() {
  if (sessions_) return *sessions_;
  return store_;
}

std::uint64_t Machine::digest() const {
  RunHash hash;
  hash.mix(store_.digest());
  if (!sessions_) return hash.value();
  for (const auto& [session, record] : sessions_->table().records()) {
    hash.mix(session.value());
    hash.mix(record->used.value());
    hash.mix(record->first_unanswered.value());
    for (const auto& [sequence, answer] : record->answers) {
      hash.mix(sequence.value());
      hash.mix(std::string_view(*answer));
    }
  }
  return hash.value();
}

std::uint64_t Shadow::digest_at(std::uint64_t index, std::span<const raft::Entry> applied) {
  const auto found = digests_.find(index);
  if (found != digests_.end()) return found->second;
  if (machine_ == nullptr || index < at_) {
    machine_ = std::make_unique<Machine>(sessions_, Machine::Applied());
    at_ = 0;
  }
  std::vector<machine::Answer> answers;
  for (; at_ < index; ++at_) {
    if (applied[at_].kind != raft::EntryKind::Command) continue;
    answers.clear();
    machine_->top().apply(applied.subspan(at_, 1), answers);
  }
  return digests_.emplace(index, machine_->digest()).first->second;
}

}  // namespace sim
