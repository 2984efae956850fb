// SPDX-License-Identifier: Apache-2.0
#include "raft/log.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "mutant/mutant.h"

namespace raft {

namespace {

// Of what is still to go, this part goes at once, but at least so many entries.
constexpr std::uint64_t kPieces = 64;
constexpr std::uint64_t kLeastPiece = 8;

// Does an entry with id `next` belong directly behind `previous`?
bool follows(EntryId previous, EntryId next) {
  return next.index == previous.index.next() && next.term >= previous.term;
}

}  // namespace

std::uint64_t weight_bytes(const Payload& payload) {
  return kEntryOverheadBytes + (payload == nullptr ? 0 : payload->size());
}

Log::Log(std::vector<Entry> recovered, EntryId base) : base_(base), commit_(base.index) {
  CHECK((base.index == LogIndex()) == (base.term == Term()), base.index, base.term);
  EntryId previous = base;
  for (Entry& entry : recovered) {
    CHECK(follows(previous, entry.id), previous.index, entry.id.index, entry.id.term);
    CHECK((entry.payload == nullptr) == (entry.kind == EntryKind::Noop), entry.id.index);
    uncommitted_bytes_ += weight_bytes(entry.payload);
    previous = entry.id;
    entries_.push() = std::move(entry);
  }
  bytes_ = uncommitted_bytes_;
  persisted_ = previous.index;
}

EntryId Log::last() const { return entries_.empty() ? base_ : entries_.back().id; }

std::optional<EntryId> Log::find_id(LogIndex index) const {
  if (index == base_.index) return base_;
  // Hazard B22: an index that is gone has no term, and matches nothing.
  if (index < base_.index || index > last().index) return std::nullopt;
  return entries_[position(index)].id;
}

const Entry& Log::at(LogIndex index) const {
  CHECK(base_.index < index && index <= last().index, base_.index, index, last().index);
  return entries_[position(index)];
}

EntryId Log::last_at_or_below(LogIndex index, Term term) const {
  const LogIndex end = std::min(index, last().index);
  if (end <= base_.index) return base_;
  // Terms never fall along a log, so entries of at most `term` are a prefix of it.
  const auto first = entries_.begin();
  const auto count = static_cast<std::ptrdiff_t>(end.since(base_.index));
  const auto after = std::partition_point(first, first + count,
                                          [term](const Entry& e) { return e.id.term <= term; });
  return after == first ? base_ : std::prev(after)->id;
}

std::uint64_t Log::copy_after(LogIndex previous, std::uint64_t max_bytes,
                              std::vector<Entry>& out) const {
  std::uint64_t bytes = 0;
  for (auto at = static_cast<std::size_t>(previous.since(base_.index)); at < entries_.size();
       ++at) {
    const std::uint64_t weight = weight_bytes(entries_[at].payload);
    if (bytes > 0 && bytes + weight > max_bytes) break;
    bytes += weight;
    out.push_back(entries_[at]);
  }
  return bytes;
}

LogIndex Log::before_last(LogIndex end, std::uint64_t count, std::uint64_t max_bytes) const {
  std::uint64_t left = max_bytes;
  std::uint64_t first = end.since(base_.index);  // In entries_.
  for (; first > 0 && count > 0; --first, --count) {
    const std::uint64_t weight = weight_bytes(entries_[first - 1].payload);
    if (weight > left) break;
    left -= weight;
  }
  return base_.index.plus(first);
}

// What an entry has is let go with it, not only when its place is used again.
void Log::pop_first() {
  bytes_ -= weight_bytes(entries_.front().payload);
  entries_.front().payload.reset();
  entries_.pop_front();
}

void Log::pop_last() {
  bytes_ -= weight_bytes(entries_.back().payload);
  entries_.back().payload.reset();
  entries_.pop_back();
}

void Log::append(const Entry& entry, StepNumber step) {
  const EntryId before = last();
  CHECK(follows(before, entry.id), before.index, before.term, entry.id.index, entry.id.term);
  CHECK((entry.payload == nullptr) == (entry.kind == EntryKind::Noop), entry.id.index);
  entries_.push() = entry;
  peak_ = std::max(peak_, entries_.size());
  const std::uint64_t weight = weight_bytes(entry.payload);
  uncommitted_bytes_ += weight;
  bytes_ += weight;
  if (written_.empty() || written_.back().step != step) {
    CHECK(written_.empty() || written_.back().step < step, step);
    written_.push() = {step, entry.id.index};
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
    pop_last();
  }
  if (!MUTANT(TruncatedEntriesStayPersisted)) persisted_ = std::min(persisted_, kept);
  std::optional<StepNumber> wrote_kept;  // The step that wrote the entry at `kept`, if one waits.
  while (!written_.empty() && written_.back().last > kept) {
    wrote_kept = written_.back().step;
    written_.pop_back();
  }
  const LogIndex covered = written_.empty() ? persisted_ : written_.back().last;
  if (wrote_kept && covered < kept) written_.push() = {*wrote_kept, kept};
}

void Log::on_persisted(StepNumber step) {
  while (!written_.empty() && written_.front().step <= step) {
    persisted_ = written_.front().last;
    written_.pop_front();
  }
}

StepNumber Log::step_of(LogIndex index) const {
  if (index <= persisted_) return StepNumber();
  const auto wrote =
      std::lower_bound(written_.begin(), written_.end(), index,
                       [](const Written& written, LogIndex at) { return written.last < at; });
  CHECK(wrote != written_.end(), index, last().index);
  return wrote->step;
}

void Log::commit_to(LogIndex index, std::vector<Entry>& passed) {
  CHECK(commit_ <= index, commit_, index);
  CHECK(index <= last().index, index, last().index);
  const auto end = static_cast<std::size_t>(index.since(base_.index));
  for (auto at = static_cast<std::size_t>(commit_.since(base_.index)); at < end; ++at) {
    uncommitted_bytes_ -= weight_bytes(entries_[at].payload);
    passed.push_back(entries_[at]);
  }
  commit_ = index;
}

void Log::start_from(LogIndex index) {
  std::vector<Entry> covered;
  if (index > commit_) commit_to(index, covered);
}

void Log::compact_later(LogIndex index) {
  CHECK(base_.index <= index && index <= commit_, base_.index, index, commit_);
  droppable_ = std::max(droppable_, index);
}

bool Log::compact_some() {
  if (droppable_ <= base_.index) return false;
  const std::uint64_t left = droppable_.since(base_.index);
  compact_through(base_.index.plus(std::min(left, std::max(kLeastPiece, left / kPieces))));
  return true;
}

void Log::compact_through(LogIndex index) {
  base_ = *find_id(index);
  while (!entries_.empty() && entries_.front().id.index <= index) pop_first();
  if (index < droppable_) return;
  // Room for twice as many as there were lately, so that a log in its steady state keeps it.
  if (entries_.capacity() > 4 * peak_) entries_.shrink(2 * peak_);
  peak_ = entries_.size();
}

bool Log::install(EntryId snapshot, StepNumber step) {
  CHECK(commit_ < snapshot.index, commit_, snapshot.index);
  std::vector<Entry> covered;
  if (contains(snapshot)) {
    commit_to(snapshot.index, covered);
    compact_through(snapshot.index);
    return true;
  }
  // Nothing beyond our own commit mark is known to be the cluster's (hazard E2).
  persisted_ = std::min(persisted_, commit_);
  base_ = snapshot;
  while (!entries_.empty()) pop_first();
  entries_.release();
  uncommitted_bytes_ = 0;
  commit_ = snapshot.index;
  written_.clear();
  written_.push() = {step, snapshot.index};
  return false;
}

void Log::check_invariants() const {
  CHECK(base_.index <= commit_, base_.index, commit_);
  CHECK(droppable_ <= commit_, droppable_, commit_);
  CHECK(commit_ <= last().index, commit_, last().index);
  CHECK(persisted_ <= last().index, persisted_, last().index);

  EntryId previous = base_;
  std::uint64_t uncommitted = 0;
  std::uint64_t all = 0;
  for (const Entry& entry : entries_) {
    all += weight_bytes(entry.payload);
    CHECK(follows(previous, entry.id), previous.index, entry.id.index, entry.id.term);
    if (entry.id.index > commit_) uncommitted += weight_bytes(entry.payload);
    previous = entry.id;
  }
  CHECK(uncommitted == uncommitted_bytes_, uncommitted, uncommitted_bytes_);
  CHECK(all == bytes_, all, bytes_);

  Written before{StepNumber(), persisted_};
  for (const Written& written : written_) {
    CHECK(before.step < written.step, before.step, written.step);
    CHECK(before.last < written.last, before.last, written.last);
    before = written;
  }
  CHECK(before.last == last().index, before.last, last().index);  // Nobody is forgotten.
}

}  // namespace raft
