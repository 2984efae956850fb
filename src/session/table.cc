// SPDX-License-Identifier: Apache-2.0
#include "session/table.h"

#include <iterator>
#include <utility>

#include "base/check.h"
#include "mutant/mutant.h"

namespace session {
namespace {

std::uint64_t weight(const machine::Answer& answer) { return answer.size() + kAnswerOverheadBytes; }

// What record() may have put there.
bool is_answer(const machine::Answer& answer) {
  const base::Result<Unwrapped> unwrapped = unwrap(answer);
  if (!unwrapped.ok()) return false;
  const Kind kind = unwrapped.value().kind;
  return kind == Kind::Answer || (kind == Kind::NotKept && answer.size() == 1);
}

}  // namespace

SessionId Table::open(raft::LogIndex index) {
  const SessionId session(index.value());
  auto record = std::make_shared<Record>();
  record->used = index;
  const std::size_t before = records_.size();
  records_.emplace_hint(records_.end(), session, std::move(record));
  CHECK(records_.size() == before + 1, session);
  by_use_.emplace_hint(by_use_.end(), index, session);
  enforce_limits();
  return session;
}

void Table::close(SessionId session) {
  const auto found = records_.find(session);
  if (found == records_.end()) return;
  for (const auto& [sequence, answer] : found->second->answers) answer_bytes_ -= weight(*answer);
  by_use_.erase(found->second->used);
  records_.erase(found);
}

Table::Verdict Table::admit(raft::LogIndex index, const Numbered& command) {
  Record* record = find(command.session);
  if (record == nullptr) return {Kind::NoSession, nullptr};
  touch(command.session, *record, index);
  acknowledge(*record, command.first_unanswered);
  if (command.sequence < record->first_unanswered) return {Kind::Forgotten, nullptr};
  const auto found = record->answers.find(command.sequence);
  if (found != record->answers.end() && !MUTANT(RepeatIsAppliedAgain)) {
    return {Kind::Answer, found->second};
  }
  if (command.sequence.since(record->first_unanswered) >= limits_.unanswered) {
    return {Kind::TooManyOpen, nullptr};
  }
  return {};
}

void Table::record(const Numbered& command, const machine::Answer& answer) {
  Record* record = find(command.session);
  CHECK(record != nullptr, command.session);
  SharedAnswer kept;
  if (answer.size() <= limits_.one_answer_bytes) {
    kept = std::make_shared<const machine::Answer>(answer);
  } else {
    machine::Answer mark;
    wrap(Kind::NotKept, mark);
    kept = std::make_shared<const machine::Answer>(std::move(mark));
  }
  answer_bytes_ += weight(*kept);
  const bool fresh = record->answers.emplace(command.sequence, std::move(kept)).second;
  CHECK(fresh, command.session, command.sequence);
  enforce_limits();
}

bool Table::restore(SessionId session, Record record) {
  const bool in_order = records_.empty() || records_.rbegin()->first < session;
  if (!in_order || session == SessionId() || record.used.value() < session.value()) return false;
  if (record.first_unanswered == Sequence() || by_use_.contains(record.used)) return false;
  for (const auto& [sequence, answer] : record.answers) {
    if (sequence < record.first_unanswered) return false;
    if (sequence.since(record.first_unanswered) >= limits_.unanswered) return false;
    if (answer->size() > limits_.one_answer_bytes || !is_answer(*answer)) return false;
    answer_bytes_ += weight(*answer);
  }
  by_use_.emplace(record.used, session);
  records_.emplace_hint(records_.end(), session, std::make_shared<Record>(std::move(record)));
  return answer_bytes_ <= limits_.answer_bytes && records_.size() <= limits_.sessions;
}

Record* Table::find(SessionId session) {
  const auto found = records_.find(session);
  if (found == records_.end()) return nullptr;
  // A copy of the Table may share it.
  if (found->second.use_count() > 1) found->second = std::make_shared<Record>(*found->second);
  return found->second.get();
}

void Table::touch(SessionId session, Record& record, raft::LogIndex index) {
  by_use_.erase(record.used);
  record.used = index;
  by_use_.emplace_hint(by_use_.end(), index, session);
}

void Table::acknowledge(Record& record, Sequence first_unanswered) {
  if (first_unanswered <= record.first_unanswered) return;
  record.first_unanswered = first_unanswered;
  const auto end = record.answers.lower_bound(first_unanswered);
  for (auto each = record.answers.begin(); each != end; ++each) {
    answer_bytes_ -= weight(*each->second);
  }
  record.answers.erase(record.answers.begin(), end);
}

void Table::enforce_limits() {
  while (records_.size() > limits_.sessions || answer_bytes_ > limits_.answer_bytes) {
    close(by_use_.begin()->second);
    ++expired_;
  }
}

}  // namespace session
