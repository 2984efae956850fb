// SPDX-License-Identifier: Apache-2.0
#include "session/snapshot.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "mutant/mutant.h"

namespace session {
namespace {

constexpr std::string_view kMagic = "SWSESSNS";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 8 + 4 + 5 * 8;
constexpr std::size_t kSessionBytes = 8 + 8 + 8 + 4;
constexpr std::size_t kAnswerHeadBytes = 8 + 4;

}  // namespace

SnapshotWriter::SnapshotWriter(const Table& table, std::unique_ptr<machine::Snapshot> inner)
    : table_(table), at_(table_.records().begin()), inner_(std::move(inner)) {
  write_header();
}

std::string SnapshotWriter::next(std::size_t about_bytes) {
  about_bytes = std::max<std::size_t>(about_bytes, 1);
  while (at_ != table_.records().end() && pending_.size() - given_ < about_bytes) write_session();
  if (given_ == pending_.size()) return inner_->next(about_bytes);
  std::string piece = pending_.substr(given_, about_bytes);
  given_ += piece.size();
  if (given_ == pending_.size()) {
    pending_.clear();
    given_ = 0;
  }
  return piece;
}

void SnapshotWriter::write_header() {
  base::ByteWriter out(pending_);
  out.bytes(kMagic);
  out.u32(kVersion);
  out.u64(table_.limits().sessions);
  out.u64(table_.limits().answer_bytes);
  out.u64(table_.limits().one_answer_bytes);
  out.u64(table_.limits().unanswered);
  out.u64(table_.records().size());
}

void SnapshotWriter::write_session() {
  base::ByteWriter out(pending_);
  const auto& [session, record] = *at_++;
  out.u64(session.value());
  out.u64(record->used.value());
  out.u64(record->first_unanswered.value());
  out.u32(static_cast<std::uint32_t>(record->answers.size()));
  for (const auto& [sequence, answer] : record->answers) {
    out.u64(sequence.value());
    out.sized(*answer);
  }
}

base::Status SnapshotReader::add(std::string_view bytes) {
  if (part_ == Part::Inner) return inner_->add(bytes);
  pending_ += bytes;
  std::size_t used = 0;
  while (part_ != Part::Inner && used < pending_.size()) {
    TRY(const std::size_t size, take(std::string_view(pending_).substr(used)));
    if (size == 0) break;
    used += size;
    taken_ += size;
  }
  pending_.erase(0, used);
  if (part_ != Part::Inner) return base::Done{};
  return inner_->add(std::exchange(pending_, {}));
}

base::Result<std::size_t> SnapshotReader::take(std::string_view in) {
  switch (part_) {
    case Part::Header:
      return take_header(in);
    case Part::Session:
      return take_session(in);
    case Part::Answer:
      return take_answer(in);
    case Part::Inner:
      break;
  }
  return std::size_t{0};
}

base::Result<std::size_t> SnapshotReader::take_header(std::string_view in) {
  if (in.size() < kHeaderBytes) return std::size_t{0};
  base::ByteReader reader(in);
  if (reader.bytes(kMagic.size()) != kMagic) return corrupt("it does not begin with SWSESSNS");
  if (const std::uint32_t version = reader.u32(); version != kVersion) {
    return corrupt("it is of version " + std::to_string(version) + ", this program reads " +
                   std::to_string(kVersion));
  }
  Limits limits;
  limits.sessions = reader.u64();
  limits.answer_bytes = reader.u64();
  limits.one_answer_bytes = reader.u64();
  limits.unanswered = reader.u64();
  if (limits != staged_.limits()) return corrupt("it was made under other limits");
  sessions_left_ = reader.u64();
  if (sessions_left_ > limits.sessions) return corrupt("it counts more sessions than may be");
  part_ = sessions_left_ == 0 ? Part::Inner : Part::Session;
  return kHeaderBytes;
}

base::Result<std::size_t> SnapshotReader::take_session(std::string_view in) {
  if (in.size() < kSessionBytes) return std::size_t{0};
  base::ByteReader reader(in);
  session_ = SessionId(reader.u64());
  record_ = {};
  record_.used = raft::LogIndex(reader.u64());
  record_.first_unanswered = Sequence(reader.u64());
  answers_left_ = reader.u32();
  part_ = Part::Answer;
  TRY([[maybe_unused]] const base::Done ended, end_session_if_whole());
  return kSessionBytes;
}

base::Result<std::size_t> SnapshotReader::take_answer(std::string_view in) {
  if (in.size() < kAnswerHeadBytes) return std::size_t{0};
  base::ByteReader reader(in);
  const Sequence sequence(reader.u64());
  const std::size_t bytes = reader.u32();
  if (bytes > staged_.limits().one_answer_bytes) return corrupt("an answer is longer than may be");
  if (in.size() - kAnswerHeadBytes < bytes) return std::size_t{0};
  if (!record_.answers.empty() && sequence <= record_.answers.rbegin()->first) {
    return corrupt("an answer is out of order");
  }
  record_.answers.emplace_hint(record_.answers.end(), sequence,
                               std::make_shared<const machine::Answer>(reader.bytes(bytes)));
  --answers_left_;
  TRY([[maybe_unused]] const base::Done ended, end_session_if_whole());
  return kAnswerHeadBytes + bytes;
}

base::Status SnapshotReader::end_session_if_whole() {
  if (answers_left_ > 0) return base::Done{};
  if (!staged_.restore(session_, std::exchange(record_, {}))) {
    return corrupt("session " + std::to_string(session_.value()) + " breaks a rule");
  }
  part_ = --sessions_left_ == 0 ? Part::Inner : Part::Session;
  return base::Done{};
}

base::Status SnapshotReader::finish() {
  if (part_ != Part::Inner) {
    taken_ += pending_.size();
    return corrupt("it ends too early");
  }
  TRY([[maybe_unused]] const base::Done finished, inner_->finish());
  if (!MUTANT(SessionsAreNotRestored)) table_ = std::move(staged_);
  return base::Done{};
}

base::Error SnapshotReader::corrupt(const std::string& what) const {
  return {base::ErrorCode::Corrupt,
          "snapshot of sessions: " + what + " at byte " + std::to_string(taken_)};
}

}  // namespace session
