// SPDX-License-Identifier: Apache-2.0
#include "journal/kit/workload.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/check.h"

namespace kit {

namespace {

bool same(const raft::Entry& a, const raft::Entry& b) {
  const bool same_payload = (a.payload == nullptr) == (b.payload == nullptr) &&
                            (a.payload == nullptr || *a.payload == *b.payload);
  return a.id == b.id && a.kind == b.kind && same_payload;
}

std::string text(raft::EntryId id) {
  return std::to_string(id.term.value()) + ":" + std::to_string(id.index.value());
}

}  // namespace

raft::EntryId Model::id_at(raft::LogIndex index) const {
  CHECK(index >= base.index && index <= last().index, index);
  return index == base.index ? base : entries[index.since(base.index.next())].id;
}

void Model::take(const journal::Change& change) {
  if (change.save) hard_state = *change.save;
  if (change.rebase && change.rebase->last.index > base.index) {
    const auto gone =
        change.rebase->keeps_rest ? change.rebase->last.index.since(base.index) : entries.size();
    entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(gone));
    base = change.rebase->last;
  }
  if (change.truncate_from) entries.resize(change.truncate_from->since(base.index.next()));
  entries.insert(entries.end(), change.append.begin(), change.append.end());
}

std::string difference(const Model& model, const journal::Recovered& found) {
  if (found.hard_state != model.hard_state) return "another term or vote";
  if (found.last() != model.last()) {
    return "the last entry is " + text(found.last()) + " instead of " + text(model.last());
  }
  if (found.base.index < model.base.index && !found.entries.empty() &&
      found.base.index.next() <= model.base.index) {
    return "entries that a snapshot replaced are back";
  }
  if (found.base.index > std::max(model.base.index, model.dropped)) {
    return "entries are gone up to " + text(found.base);
  }
  if (found.base != model.id_at(found.base.index)) return "the base has another term";
  const std::uint64_t skipped = found.base.index.since(model.base.index);
  for (std::size_t i = 0; i < found.entries.size(); ++i) {
    if (!same(found.entries[i], model.entries[i + skipped])) {
      return "entry " + text(found.entries[i].id) + " is not as it was";
    }
  }
  if (found.floor != raft::EntryId{}) return "a floor where nothing is damaged";
  if (!found.findings.empty()) return "no damage, but: " + found.findings.front().sentence();
  return {};
}

void Workload::restart(const journal::Recovered& found) {
  model_.hard_state = found.hard_state;
  model_.base = found.base;
  model_.entries = found.entries;
}

Step Workload::next() {
  Step step;
  const std::uint64_t kind = prng_.between(0, 9);
  if (kind <= 1) {
    step.change.save = raft::HardState{model_.hard_state.term.next(), std::nullopt};
    if (prng_.between(0, 1) == 1) {
      step.change.save->vote = raft::NodeId{static_cast<std::uint32_t>(prng_.between(1, 5))};
    }
  }
  if (kind == 2) draw_truncation(step.change);
  if (kind == 3) draw_rebase(step.change);
  Model after = model_;
  after.take(step.change);
  std::swap(after, model_);
  draw_entries(step, kind > 3 ? prng_.between(1, 4) : prng_.between(0, 1));
  if (step.change.empty() && step.entries.empty()) draw_entries(step, 1);
  step.change.append = step.entries;
  model_.entries.insert(model_.entries.end(), step.entries.begin(), step.entries.end());
  return step;
}

std::optional<raft::LogIndex> Workload::drop() {
  if (model_.entries.empty() || prng_.between(0, 2) != 0) return std::nullopt;
  const raft::LogIndex index(
      prng_.between(model_.base.index.next().value(), model_.last().index.value()));
  model_.dropped = std::max(model_.dropped, index);
  return index;
}

// One of the last few, none that may be gone.
void Workload::draw_truncation(journal::Change& change) {
  const std::uint64_t least = std::max(model_.base.index, model_.dropped).value() + 1;
  const std::uint64_t last = model_.last().index.value();
  if (least > last) return;
  change.truncate_from =
      raft::LogIndex(prng_.between(std::max(least, last < 4 ? 1 : last - 3), last));
}

void Workload::draw_rebase(journal::Change& change) {
  const std::uint64_t first = model_.base.index.value() + 1;
  if (prng_.between(0, 1) == 0 && !model_.entries.empty()) {
    const raft::LogIndex index(prng_.between(first, model_.last().index.value()));
    change.rebase = journal::Rebase{model_.id_at(index), true};
  } else {
    // At or behind the last entry: whatever the log holds, the snapshot has it.
    const std::uint64_t index = model_.last().index.value() + prng_.between(1, 20);
    const raft::Term term = std::max(model_.last().term, model_.hard_state.term);
    change.rebase = journal::Rebase{{term, raft::LogIndex(index)}, false};
  }
}

void Workload::draw_entries(Step& step, std::uint64_t count) {
  raft::LogIndex index = model_.last().index.next();
  for (; count > 0; --count, index = index.next()) step.entries.push_back(entry(index));
}

// No-ops, short ones, long ones, and long ones of zeros: what an unwritten sector looks like.
raft::Entry Workload::entry(raft::LogIndex index) {
  const raft::Term term = std::max(model_.last().term, model_.hard_state.term);
  const auto payload = [&](std::uint64_t least, std::uint64_t most, char of) {
    return std::make_shared<const std::string>(prng_.between(least, most), of);
  };
  switch (prng_.between(0, 5)) {
    case 0:
      return {{term, index}, raft::EntryKind::Noop, nullptr};
    case 1:
      return {{term, index}, raft::EntryKind::Command, payload(0, 1500, '\0')};
    case 2:
      return {{term, index}, raft::EntryKind::Command, payload(500, 1500, 'x')};
    default:
      return {{term, index}, raft::EntryKind::Command, payload(0, 40, 'y')};
  }
}

}  // namespace kit
