// SPDX-License-Identifier: Apache-2.0
#include "check/linear/search.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "check/linear/tried.h"

namespace check::linear {

namespace {

using history::Function;
using history::Operation;
using history::Outcome;

// The states that were met, each with a number.
class States {
 public:
  explicit States(const model::State& initial) { number(initial); }

  std::uint32_t number(const model::State& state) {
    const auto [entry, fresh] =
        numbers_.try_emplace(state, static_cast<std::uint32_t>(states_.size()));
    if (fresh) {
      states_.push_back(&entry->first);
      memory_bytes_ += state.size() + 96;  // A node of the table, about.
    }
    return entry->second;
  }
  const model::State& state(std::uint32_t number) const { return *states_[number]; }
  std::size_t memory_bytes() const { return memory_bytes_; }

 private:
  std::unordered_map<model::State, std::uint32_t> numbers_;  // Looked up only.
  std::vector<const model::State*> states_;
  std::size_t memory_bytes_ = 0;
};

// The calls and returns of the operations that have not taken effect, in the order of time: a ring
// of nodes through `head`. Node i is the call of operation i, node size + i its return.
class Agenda {
 public:
  explicit Agenda(const std::vector<const Operation*>& operations);

  std::uint32_t head() const { return 2 * size_; }
  std::uint32_t next(std::uint32_t node) const { return next_[node]; }
  bool is_call(std::uint32_t node) const { return node < size_; }
  std::uint32_t operation(std::uint32_t node) const { return node < size_ ? node : node - size_; }
  bool returns(std::uint32_t operation) const { return has_return_[operation]; }
  // The place of a return on the line of time.
  std::uint32_t rank(std::uint32_t node) const { return rank_[node]; }

  void lift(std::uint32_t operation) {
    unlink(operation);
    if (has_return_[operation]) unlink(size_ + operation);
  }
  // Requires: the last operation lifted and not put back.
  void put_back(std::uint32_t operation) {
    if (has_return_[operation]) relink(size_ + operation);
    relink(operation);
  }

 private:
  void unlink(std::uint32_t node) {
    next_[previous_[node]] = next_[node];
    previous_[next_[node]] = previous_[node];
  }
  void relink(std::uint32_t node) {
    next_[previous_[node]] = node;
    previous_[next_[node]] = node;
  }

  std::uint32_t size_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> previous_;
  std::vector<std::uint32_t> rank_;
  std::vector<bool> has_return_;
};

Agenda::Agenda(const std::vector<const Operation*>& operations)
    : size_(static_cast<std::uint32_t>(operations.size())),
      next_(2 * operations.size() + 1),
      previous_(2 * operations.size() + 1),
      rank_(2 * operations.size() + 1),
      has_return_(operations.size()) {
  struct Moment {
    std::uint64_t time;
    bool is_return;  // Calls come first: intervals are closed.
    std::uint32_t node;
    auto operator<=>(const Moment&) const = default;
  };
  std::vector<Moment> moments;
  moments.reserve(2 * operations.size());
  for (std::uint32_t at = 0; at < size_; ++at) {
    moments.push_back({call_of(*operations[at]), false, at});
    has_return_[at] = return_of(*operations[at]) != kEver;
    if (has_return_[at]) moments.push_back({return_of(*operations[at]), true, size_ + at});
  }
  std::sort(moments.begin(), moments.end());
  std::uint32_t last = head();
  std::uint32_t rank = 0;
  for (const Moment& moment : moments) {
    next_[last] = moment.node;
    previous_[moment.node] = last;
    rank_[moment.node] = ++rank;
    last = moment.node;
  }
  next_[last] = head();
  previous_[head()] = last;
}

class Search {
 public:
  Search(const KeyHistory& key, const model::Model& model, const SearchLimits& limits);

  SearchResult run();

 private:
  // One operation that changes the state, and the readings that followed for free.
  struct Step {
    std::uint32_t operation;
    std::uint32_t state_before;
    std::size_t readings_before;
  };

  bool changes_nothing(std::uint32_t operation) const;
  std::optional<std::uint32_t> state_after(std::uint32_t operation);
  bool try_step(std::uint32_t operation);
  void take_readings();
  void lift(std::uint32_t operation);
  void put_back(std::uint32_t operation);
  bool is_new();
  std::uint32_t undo();
  void note_stuck(std::uint32_t return_node);
  std::optional<SearchResult::Answer> limit_reached();

  const model::Model& model_;
  SearchLimits limits_;
  std::vector<Position> positions_;           // In the order of calls.
  std::vector<const Operation*> operations_;  // The same.
  Agenda agenda_;
  States states_;
  Tried tried_;
  std::uint32_t state_ = 0;
  std::size_t certain_left_ = 0;
  std::vector<Step> steps_;
  std::vector<std::uint32_t> readings_;  // Of all steps, one after the other.
  std::vector<std::uint32_t> missing_;   // Scratch.
  std::vector<std::uint32_t> ends_;      // Per lifted operation: `end` of the set before.
  std::uint32_t end_ = 0;
  std::uint64_t work_ = 0;
  std::uint32_t stuck_rank_ = 0;
  SearchResult result_;
};

std::vector<Position> in_order_of_calls(const KeyHistory& key) {
  std::vector<Position> positions(key.members.begin(), key.members.end());
  std::stable_sort(positions.begin(), positions.end(), [&key](Position left, Position right) {
    return call_of(key.all[left]) < call_of(key.all[right]);
  });
  return positions;
}

std::vector<const Operation*> operations_at(const KeyHistory& key,
                                            const std::vector<Position>& positions) {
  std::vector<const Operation*> operations;
  operations.reserve(positions.size());
  for (const Position position : positions) operations.push_back(&key.all[position]);
  return operations;
}

Search::Search(const KeyHistory& key, const model::Model& model, const SearchLimits& limits)
    : model_(model),
      limits_(limits),
      positions_(in_order_of_calls(key)),
      operations_(operations_at(key, positions_)),
      agenda_(operations_),
      states_(model.initial()) {
  for (std::uint32_t at = 0; at < operations_.size(); ++at) {
    if (agenda_.returns(at)) ++certain_left_;
  }
}

bool Search::changes_nothing(std::uint32_t operation) const {
  const Operation& candidate = *operations_[operation];
  return candidate.function == Function::Read || candidate.outcome == Outcome::Fail;
}

std::optional<std::uint32_t> Search::state_after(std::uint32_t operation) {
  const auto next = model_.step(states_.state(state_), *operations_[operation]);
  if (!next) return std::nullopt;
  return states_.number(*next);
}

void Search::lift(std::uint32_t operation) {
  agenda_.lift(operation);
  if (agenda_.returns(operation)) --certain_left_;
  ends_.push_back(end_);
  end_ = std::max(end_, operation + 1);
}

void Search::put_back(std::uint32_t operation) {
  agenda_.put_back(operation);
  if (agenda_.returns(operation)) ++certain_left_;
  end_ = ends_.back();
  ends_.pop_back();
}

// Differs from Lowe: whatever changes nothing and is possible now takes effect now. Any order that
// has it later is still one when it is moved here, so there is no choice to come back to.
void Search::take_readings() {
  std::uint32_t last = agenda_.head();
  while (true) {
    const std::uint32_t node = agenda_.next(last);
    if (!agenda_.is_call(node)) return;
    ++work_;
    if (changes_nothing(node) && model_.step(states_.state(state_), *operations_[node])) {
      lift(node);
      readings_.push_back(node);
    } else {
      last = node;
    }
  }
}

bool Search::is_new() {
  missing_.clear();
  for (std::uint32_t node = agenda_.next(agenda_.head()); node != agenda_.head();
       node = agenda_.next(node)) {
    if (!agenda_.is_call(node)) continue;
    if (node >= end_) break;
    missing_.push_back(node);
  }
  work_ += missing_.size();
  return tried_.insert({state_, end_, missing_});
}

// Goes to the configuration behind `operation`, if it is possible and was not tried before.
bool Search::try_step(std::uint32_t operation) {
  const auto next = state_after(operation);
  if (!next) return false;
  steps_.push_back({operation, state_, readings_.size()});
  lift(operation);
  state_ = *next;
  take_readings();
  if (is_new()) return true;
  undo();
  return false;
}

// Takes the last step back; returns its operation.
std::uint32_t Search::undo() {
  const Step step = steps_.back();
  steps_.pop_back();
  while (readings_.size() > step.readings_before) {
    put_back(readings_.back());
    readings_.pop_back();
  }
  put_back(step.operation);
  state_ = step.state_before;
  return step.operation;
}

void Search::note_stuck(std::uint32_t return_node) {
  if (agenda_.rank(return_node) <= stuck_rank_) return;
  stuck_rank_ = agenda_.rank(return_node);
  result_.stuck = positions_[agenda_.operation(return_node)];
  result_.state = states_.state(state_);
  result_.cause = steps_.empty() ? kNobody : positions_[steps_.back().operation];
  result_.open.clear();
  for (std::uint32_t node = agenda_.next(agenda_.head()); node != return_node;
       node = agenda_.next(node)) {
    if (positions_[node] != result_.stuck) result_.open.push_back(positions_[node]);
  }
}

std::optional<SearchResult::Answer> Search::limit_reached() {
  constexpr std::uint64_t kWorkBetweenPolls = 4096;
  // A step costs what its state is long.
  work_ += 1 + states_.state(state_).size() / 64;
  if (work_ < kWorkBetweenPolls) return std::nullopt;
  work_ = 0;
  if (limits_.keep_going != nullptr && *limits_.keep_going && !(*limits_.keep_going)()) {
    return SearchResult::Answer::OutOfTime;
  }
  if (tried_.memory_bytes() + states_.memory_bytes() > limits_.memory_bytes) {
    return SearchResult::Answer::OutOfMemory;
  }
  return std::nullopt;
}

SearchResult Search::run() {
  using Answer = SearchResult::Answer;
  take_readings();
  std::uint32_t node = agenda_.next(agenda_.head());
  result_.answer = Answer::Linearizable;
  while (certain_left_ > 0) {
    if (const auto limit = limit_reached()) {
      result_.answer = *limit;
      break;
    }
    if (node != agenda_.head() && agenda_.is_call(node)) {
      const bool stepped = !changes_nothing(node) && try_step(node);
      node = agenda_.next(stepped ? agenda_.head() : node);
      continue;
    }
    note_stuck(node);
    if (steps_.empty()) {
      result_.answer = Answer::NotLinearizable;
      break;
    }
    node = agenda_.next(undo());
  }
  result_.configurations = tried_.size();
  return std::move(result_);
}

}  // namespace

SearchResult search(const KeyHistory& key, const model::Model& model, const SearchLimits& limits) {
  return Search(key, model, limits).run();
}

}  // namespace check::linear
