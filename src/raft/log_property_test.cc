// SPDX-License-Identifier: Apache-2.0
// Whatever happens to a log in whatever order, it is what a plain list of all entries says. A
// failure prints the whole case, made small; RC_PARAMS=seed=N repeats a run.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "raft/log.h"

namespace raft {
namespace {

// What happens next, and three numbers that say how, each taken modulo what is possible then.
struct LogEvent {
  std::uint8_t what = 0;
  std::uint8_t a = 0;
  std::uint8_t b = 0;
  std::uint8_t c = 0;
};

std::ostream& operator<<(std::ostream& out, const LogEvent& e) {
  return out << int{e.what} << '/' << int{e.a} << '/' << int{e.b} << '/' << int{e.c};
}

rc::Gen<std::vector<LogEvent>> log_events() {
  const auto any = rc::gen::inRange<std::uint8_t>(0, 200);
  return rc::gen::container<std::vector<LogEvent>>(
      rc::gen::build<LogEvent>(rc::gen::set(&LogEvent::what, rc::gen::inRange<std::uint8_t>(0, 10)),
                               rc::gen::set(&LogEvent::a, any), rc::gen::set(&LogEvent::b, any),
                               rc::gen::set(&LogEvent::c, any)));
}

// All entries there ever were, from index 1 on, also those that a snapshot stands for; nothing is
// summed up, everything is searched for.
class Model {
 public:
  struct Item {
    Entry entry;
    StepNumber step;  // That wrote it.
  };

  LogIndex last() const { return LogIndex(all_.size()); }
  EntryId id(LogIndex index) const {
    return index == LogIndex() ? EntryId{} : all_[index.value() - 1].entry.id;
  }
  const Entry& at(LogIndex index) const { return all_[index.value() - 1].entry; }
  bool has(LogIndex index) const { return base <= index && index <= last(); }

  void append(Entry entry, StepNumber step) { all_.push_back({std::move(entry), step}); }
  void truncate_from(LogIndex index) { all_.resize(index.value() - 1); }

  // A snapshot of another history: what is not committed is gone, and all up to it is as durable as
  // `step`.
  void replace(EntryId snapshot, StepNumber step) {
    all_.resize(std::min(persisted(), commit).value());
    while (last() < snapshot.index)
      all_.push_back({{{snapshot.term, last().next()}, {}, {}}, step});
    base = commit = snapshot.index;
  }

  LogIndex persisted() const {
    const auto waits =
        std::ranges::find_if(all_, [this](const Item& i) { return i.step > durable; });
    return LogIndex(static_cast<std::uint64_t>(waits - all_.begin()));
  }
  StepNumber step_of(LogIndex index) const {
    return index <= persisted() ? StepNumber() : all_[index.value() - 1].step;
  }
  std::uint64_t bytes_after(LogIndex index) const {
    std::uint64_t bytes = 0;
    for (; index < last(); index = index.next()) bytes += weight_bytes(at(index.next()).payload);
    return bytes;
  }
  EntryId last_at_or_below(LogIndex index, Term term) const {
    for (LogIndex i = std::min(index, last()); i > base; i = LogIndex(i.value() - 1)) {
      if (id(i).term <= term) return id(i);
    }
    return id(base);
  }

  LogIndex base;
  LogIndex droppable;
  LogIndex commit;
  StepNumber durable;  // All steps up to here are.

 private:
  std::vector<Item> all_;
};

bool is_same(const Entry& one, const Entry& other) {
  return one.id == other.id && one.kind == other.kind && one.payload == other.payload;
}

// A log and its model, side by side.
class Pair {
 public:
  void apply(const LogEvent& e) {
    step_ = step_.next();
    switch (e.what) {
      case 0:
      case 1:
      case 2:
        append(e);
        break;
      case 3:
        truncate(e);
        break;
      case 4:
      case 5:
        persist(e);
        break;
      case 6:
      case 7:
        commit(e);
        break;
      case 8:
        compact(e);
        break;
      default:
        install(e);
    }
    if (e.c % 2 == 0) compact_some();
  }

  void compare(const LogEvent& e) const {
    log_.check_invariants();
    RC_ASSERT(log_.base() == model_.id(model_.base));
    RC_ASSERT(log_.last() == model_.id(model_.last()));
    RC_ASSERT(log_.commit() == model_.commit);
    RC_ASSERT(log_.persisted() == model_.persisted());
    RC_ASSERT(log_.bytes() == model_.bytes_after(model_.base));
    RC_ASSERT(log_.uncommitted_bytes() == model_.bytes_after(model_.commit));
    compare_entries();
    compare_ranges(e);
  }

 private:
  // From least to most, both possible.
  static LogIndex between(LogIndex least, LogIndex most, std::uint8_t drawn) {
    return least.plus(drawn % (most.since(least) + 1));
  }

  void append(const LogEvent& e) {
    for (int count = 1 + e.a % 3; count > 0; --count) {
      const EntryId before = model_.id(model_.last());
      Entry entry{
          {Term(std::max<std::uint64_t>(before.term.value() + e.b % 2, 1)), before.index.next()},
          EntryKind::Noop,
          nullptr};
      if (e.c % 3 != 0) {
        entry.kind = EntryKind::Command;
        entry.payload = std::make_shared<const std::string>(e.c % 50, 'x');
      }
      log_.append(entry, step_);
      model_.append(entry, step_);
    }
  }

  void truncate(const LogEvent& e) {
    if (model_.commit == model_.last()) return;
    const LogIndex from = between(model_.commit.next(), model_.last(), e.a);
    log_.truncate_from(from);
    model_.truncate_from(from);
  }

  // Any step so far, also one whose entries were truncated since, and also one from long ago.
  void persist(const LogEvent& e) {
    const StepNumber step(e.a % (step_.value() + 1));
    log_.on_persisted(step);
    model_.durable = std::max(model_.durable, step);
  }

  void commit(const LogEvent& e) {
    const LogIndex to = between(model_.commit, model_.last(), e.a);
    std::vector<Entry> passed;
    log_.commit_to(to, passed);
    RC_ASSERT(passed.size() == to.since(model_.commit));
    for (const Entry& entry : passed) RC_ASSERT(is_same(entry, model_.at(entry.id.index)));
    model_.commit = to;
  }

  void compact(const LogEvent& e) {
    const LogIndex through = between(model_.base, model_.commit, e.a);
    log_.compact_later(through);
    model_.droppable = std::max(model_.droppable, through);
  }

  void compact_some() {
    const LogIndex before = model_.base;
    RC_ASSERT(log_.compact_some() == (model_.droppable > before));
    model_.base = log_.base().index;
    RC_ASSERT(model_.base == before || (before < model_.base && model_.base <= model_.droppable));
  }

  // Of this history, or of another one that reaches further or has a later term there.
  void install(const LogEvent& e) {
    const LogIndex to = between(model_.commit.next(), model_.last().plus(2), e.a);
    EntryId snapshot{Term(model_.id(model_.last()).term.value() + 1), to};
    const bool known = to <= model_.last() && e.b % 2 == 0;
    if (known) snapshot = model_.id(to);
    RC_ASSERT(log_.install(snapshot, step_) == known);
    if (known) {
      model_.base = model_.commit = to;
    } else {
      model_.replace(snapshot, step_);
    }
  }

  void compare_entries() const {
    for (LogIndex index; index <= model_.last().plus(1); index = index.next()) {
      const bool known = model_.has(index);
      RC_ASSERT(log_.find_id(index).has_value() == known);
      if (!known) continue;
      RC_ASSERT(*log_.find_id(index) == model_.id(index));
      RC_ASSERT(log_.contains(model_.id(index)));
      if (index == model_.base) continue;
      RC_ASSERT(is_same(log_.at(index), model_.at(index)));
      RC_ASSERT(log_.step_of(index) == model_.step_of(index));
    }
  }

  void compare_ranges(const LogEvent& e) const {
    const Term term(e.c % (model_.id(model_.last()).term.value() + 2));
    for (LogIndex index; index <= model_.last().plus(1); index = index.next()) {
      RC_ASSERT(log_.last_at_or_below(index, term) == model_.last_at_or_below(index, term));
    }

    const std::uint64_t most = e.b;
    const LogIndex end = between(model_.base, model_.last(), e.a);
    std::vector<Entry> copied;
    const std::uint64_t bytes = log_.copy_after(end, most, copied);
    for (const Entry& entry : copied) RC_ASSERT(is_same(entry, model_.at(entry.id.index)));
    const LogIndex behind = end.plus(copied.size());
    RC_ASSERT(bytes == model_.bytes_after(end) - model_.bytes_after(behind));
    RC_ASSERT(bytes <= most || copied.size() == 1);
    const bool more = behind < model_.last();
    if (more) RC_ASSERT(bytes + weight_bytes(model_.at(behind.next()).payload) > most);
    if (more) RC_ASSERT(!copied.empty());

    const std::uint64_t count = e.c % 5;
    const LogIndex first = log_.before_last(end, count, most);
    RC_ASSERT(model_.base <= first && first <= end && end.since(first) <= count);
    const auto from = [&](LogIndex i) { return model_.bytes_after(i) - model_.bytes_after(end); };
    RC_ASSERT(from(first) <= most);
    const bool stopped_early = first > model_.base && end.since(first) < count;
    if (stopped_early) RC_ASSERT(from(LogIndex(first.value() - 1)) > most);
  }

  Log log_{{}};
  Model model_;
  StepNumber step_;
};

TEST(Log, IsWhatAPlainListSays) {
  std::array<std::uint64_t, 10> happened{};
  const bool holds = rc::check([&happened] {
    Pair pair;
    for (const LogEvent& e : *log_events()) {
      pair.apply(e);
      pair.compare(e);
      happened.at(e.what) += 1;
    }
  });
  EXPECT_TRUE(holds);
  for (std::size_t what = 0; what < happened.size(); ++what) EXPECT_GT(happened[what], 0U) << what;
}

}  // namespace
}  // namespace raft
