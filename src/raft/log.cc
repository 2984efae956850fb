// SPDX-License-Identifier: Apache-2.0
#include "raft/log.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "mutant/mutant.h"

namespace raft {

namespace {

std::size_t position(LogIndex index) { return static_cast<std::size_t>(index.value() - 1); }

// Does an entry with id `next` belong directly behind `previous`?
bool follows(EntryId previous, EntryId next) {
  return next.index == previous.index.next() && next.term >= previous.term;
}

}  // namespace

std::uint64_t weight_bytes(const Payload& payload) {
  return kEntryOverheadBytes + (payload == nullptr ? 0 : payload->size());
}

Log::Log(std::vector<Entry> recovered)
    : entries_(std::make_move_iterator(recovered.begin()),
               std::make_move_iterator(recovered.end())) {
  EntryId previous;
  for (const Entry& entry : entries_) {
    CHECK(follows(previous, entry.id), previous.index, entry.id.index, entry.id.term);
    CHECK((entry.payload == nullptr) == (entry.kind == EntryKind::Noop), entry.id.index);
    uncommitted_bytes_ += weight_bytes(entry.payload);
    previous = entry.id;
  }
  persisted_ = previous.index;
}

EntryId Log::last() const { return entries_.empty() ? EntryId() : entries_.back().id; }

std::optional<EntryId> Log::find_id(LogIndex index) const {
  if (index == LogIndex()) return EntryId();
  if (index > last().index) return std::nullopt;
  return entries_[position(index)].id;
}

const Entry& Log::at(LogIndex index) const {
  CHECK(LogIndex() < index && index <= last().index, index, last().index);
  return entries_[position(index)];
}

EntryId Log::last_at_or_below(LogIndex index, Term term) const {
  const LogIndex end = std::min(index, last().index);
  // Terms never fall along a log, so entries of at most `term` are a prefix of it.
  const auto first = entries_.begin();
  const auto after = std::partition_point(first, first + static_cast<std::ptrdiff_t>(end.value()),
                                          [term](const Entry& e) { return e.id.term <= term; });
  return after == first ? EntryId() : std::prev(after)->id;
}

std::vector<Entry> Log::after(LogIndex previous, std::uint64_t max_bytes) const {
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(previous.value());
  auto end = first;
  std::uint64_t bytes = 0;
  while (end != entries_.end()) {
    bytes += weight_bytes(end->payload);
    if (end != first && bytes > max_bytes) break;
    ++end;
  }
  return {first, end};
}

void Log::append(const Entry& entry, StepNumber step) {
  CHECK(follows(last(), entry.id), last().index, last().term, entry.id.index, entry.id.term);
  CHECK((entry.payload == nullptr) == (entry.kind == EntryKind::Noop), entry.id.index);
  entries_.push_back(entry);
  uncommitted_bytes_ += weight_bytes(entry.payload);
  if (written_.empty() || written_.back().step != step) {
    CHECK(written_.empty() || written_.back().step < step, step);
    written_.push_back({step, entry.id.index});
  } else {
    written_.back().last = entry.id.index;
  }
}

void Log::truncate_from(LogIndex index) {
  CHECK(commit_ < index, commit_, index);  // What is committed stays (Raft §5.3, §5.4).
  CHECK(index <= last().index, index, last().index);
  const LogIndex kept(index.value() - 1);

  while (last().index > kept) {
    uncommitted_bytes_ -= weight_bytes(entries_.back().payload);
    entries_.pop_back();
  }
  if (!MUTANT(TruncatedEntriesStayPersisted)) persisted_ = std::min(persisted_, kept);
  std::optional<StepNumber> wrote_kept;  // The step that wrote the entry at `kept`, if one waits.
  while (!written_.empty() && written_.back().last > kept) {
    wrote_kept = written_.back().step;
    written_.pop_back();
  }
  const LogIndex covered = written_.empty() ? persisted_ : written_.back().last;
  if (wrote_kept && covered < kept) written_.push_back({*wrote_kept, kept});
}

void Log::on_persisted(StepNumber step) {
  while (!written_.empty() && written_.front().step <= step) {
    persisted_ = written_.front().last;
    written_.pop_front();
  }
}

StepNumber Log::step_of(LogIndex index) const {
  if (index <= persisted_) return StepNumber();
  const auto wrote = std::ranges::lower_bound(written_, index, {}, &Written::last);
  CHECK(wrote != written_.end(), index, last().index);
  return wrote->step;
}

std::vector<Entry> Log::commit_to(LogIndex index) {
  CHECK(commit_ <= index, commit_, index);
  CHECK(index <= last().index, index, last().index);
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(commit_.value());
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(index.value());
  std::vector<Entry> passed(first, end);
  for (const Entry& entry : passed) uncommitted_bytes_ -= weight_bytes(entry.payload);
  commit_ = index;
  return passed;
}

void Log::check_invariants() const {
  CHECK(commit_ <= last().index, commit_, last().index);
  CHECK(persisted_ <= last().index, persisted_, last().index);

  EntryId previous;
  std::uint64_t uncommitted = 0;
  for (const Entry& entry : entries_) {
    CHECK(follows(previous, entry.id), previous.index, entry.id.index, entry.id.term);
    if (entry.id.index > commit_) uncommitted += weight_bytes(entry.payload);
    previous = entry.id;
  }
  CHECK(uncommitted == uncommitted_bytes_, uncommitted, uncommitted_bytes_);

  Written before{StepNumber(), persisted_};
  for (const Written& written : written_) {
    CHECK(before.step < written.step, before.step, written.step);
    CHECK(before.last < written.last, before.last, written.last);
    before = written;
  }
  CHECK(before.last == last().index, before.last, last().index);  // Nobody is forgotten.
}

}  // namespace raft
