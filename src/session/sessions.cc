// SPDX-License-Identifier: Apache-2.0
#include "session/sessions.h"

#include <utility>

#include "base/check.h"
#include "session/snapshot.h"

namespace session {

void Sessions::apply(std::span<const raft::Entry> commands, std::vector<machine::Answer>& answers) {
  while (!commands.empty()) {
    // As many plain ones as there are, together.
    std::size_t plain = 0;
    while (plain < commands.size() && is_plain(*commands[plain].payload)) ++plain;
    const std::size_t before = answers.size();
    if (plain > 0) inner_.apply(commands.first(plain), answers);
    CHECK(answers.size() == before + plain, answers.size(), before, plain);
    for (std::size_t i = before; i < answers.size(); ++i) wrap(Kind::Answer, answers[i]);
    commands = commands.subspan(plain);
    if (commands.empty()) return;
    answers.push_back(apply(commands.front()));
    commands = commands.subspan(1);
  }
}

machine::Answer Sessions::apply(const raft::Entry& entry) {
  const base::Result<Command> decoded = decode(*entry.payload);
  machine::Answer answer;
  if (!decoded.ok()) {
    answer = decoded.error().message;
    wrap(Kind::Malformed, answer);
    return answer;
  }
  const Command& command = decoded.value();
  if (const auto* numbered = std::get_if<Numbered>(&command)) return apply(entry, *numbered);
  if (const auto* plain = std::get_if<Plain>(&command)) return apply_inner(entry, plain->command);
  if (const auto* closing = std::get_if<Close>(&command)) {
    table_.close(closing->session);
    wrap(Kind::Closed, answer);
    return answer;
  }
  return opened_answer(table_.open(entry.id.index));
}

machine::Answer Sessions::apply(const raft::Entry& entry, const Numbered& command) {
  const Table::Verdict verdict = table_.admit(entry.id.index, command);
  if (verdict.recorded != nullptr) return *verdict.recorded;
  machine::Answer answer;
  if (verdict.kind != Kind::Answer) {
    wrap(verdict.kind, answer);
    return answer;
  }
  answer = apply_inner(entry, command.command);
  table_.record(command, answer);
  return answer;
}

machine::Answer Sessions::apply_inner(const raft::Entry& entry, std::string_view command) {
  const raft::Entry inner{entry.id, entry.kind, std::make_shared<const std::string>(command)};
  std::vector<machine::Answer> answers;
  inner_.apply(std::span(&inner, 1), answers);
  CHECK(answers.size() == 1, answers.size());
  wrap(Kind::Answer, answers.front());
  return std::move(answers.front());
}

machine::Answer Sessions::read(std::string_view query) const {
  machine::Answer answer = inner_.read(query);
  wrap(Kind::Answer, answer);
  return answer;
}

std::unique_ptr<machine::Snapshot> Sessions::snapshot() {
  std::unique_ptr<machine::Snapshot> inner = inner_.snapshot();
  if (inner == nullptr) return nullptr;
  return std::make_unique<SnapshotWriter>(table_, std::move(inner));
}

std::unique_ptr<machine::Restore> Sessions::begin_restore() {
  std::unique_ptr<machine::Restore> inner = inner_.begin_restore();
  if (inner == nullptr) return nullptr;
  return std::make_unique<SnapshotReader>(table_, std::move(inner));
}

}  // namespace session
