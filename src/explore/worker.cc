// SPDX-License-Identifier: Apache-2.0
#include "explore/worker.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "explore/digest.h"

namespace explore {

namespace {

// Of the memory, what goes to the visited states; the rest is for those that wait.
constexpr std::uint64_t kVisitedShare = 4;
constexpr std::uint64_t kShares = 8;

std::uint64_t packed(const Budget& left) {
  return std::uint64_t{left.timeouts} | std::uint64_t{left.heartbeats} << 8 |
         std::uint64_t{left.proposals} << 16 | std::uint64_t{left.crashes} << 24 |
         std::uint64_t{left.losses} << 32 | std::uint64_t{left.duplicates} << 40;
}

std::uint64_t states_for(const Bounds& bounds, std::uint32_t workers) {
  const std::uint64_t bytes = bounds.memory_bytes / kShares * kVisitedShare / workers;
  const std::uint64_t nameable = std::numeric_limits<std::uint32_t>::max() / workers;
  return std::min(bytes / Visited::kBytesPerState, nameable);
}

}  // namespace

Worker::Worker(const Bounds& bounds, const Renamings& renamings, std::uint32_t index,
               std::uint32_t count)
    : bounds_(bounds),
      index_(index),
      count_(count),
      most_bytes_(bounds.memory_bytes / kShares * (kShares - kVisitedShare) / count),
      catalogue_(bounds, renamings),
      visited_(states_for(bounds, count)),
      level_(bounds.nodes),
      next_level_(bounds.nodes),
      outboxes_(count, Outbox{Frontier(bounds.nodes), {}}),
      translations_(count),
      sums_(renamings.size()) {
  CHECK(index < count, index, count);
  CHECK(2 <= bounds.nodes && bounds.nodes <= kMaxServers, bounds.nodes);
  CHECK(bounds.flights <= kMaxFlights, bounds.flights);
}

void Worker::begin() {
  State state;
  state.history = catalogue_.empty_history();
  state.left = bounds_.budget;
  for (std::uint32_t i = 0; i < bounds_.nodes; ++i) {
    state.servers[i] = catalogue_.initial_server({i + 1});
  }
  sum_up(state);
  const std::uint64_t canonical = mixed(*std::ranges::min_element(sums_) + packed(state.left));
  if (canonical % count_ == index_) add(state, canonical, {StateId{}, Action{}});
}

void Worker::expand(std::uint64_t states) {
  State state;
  while (states-- > 0 && !finding_ && !full_ && level_.pop(state)) expand(state);
}

void Worker::expand(const State& state) {
  at_work_ = state.id;
  sum_up(state);
  candidates_.clear();
  for (std::size_t i = 0; i < bounds_.nodes; ++i) propose_server_actions(state, i);
  for (std::size_t i = 0; i < state.flight_count; ++i) {
    const auto begin = state.flights.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(i);
    if (std::find(begin, end, state.flights[i]) == end) propose_deliveries(state, i);
  }
  for (const Candidate& candidate : candidates_) {
    if (finding_ || full_) return;
    const std::uint64_t print = candidate.print;
    const auto owner = static_cast<std::uint32_t>(print % count_);
    const Visited::Origin origin{state.id, candidate.action};
    State next = successor(state, candidate);
    if (owner == index_) {
      add(next, print, origin);
    } else {
      outboxes_[owner].states.push(next);
      outboxes_[owner].prints.emplace_back(print, origin);
    }
  }
  if (bytes() > most_bytes_) full_ = true;
}

void Worker::sum_up(const State& state) {
  const std::size_t size = sums_.size();
  const std::uint64_t* print = catalogue_.prints(state.history);
  for (std::size_t k = 0; k < size; ++k) sums_[k] = print[k];
  for (std::size_t i = 0; i < bounds_.nodes; ++i) {
    print = catalogue_.prints(state.servers[i]);
    for (std::size_t k = 0; k < size; ++k) sums_[k] += print[k];
  }
  for (std::size_t i = 0; i < state.flight_count; ++i) {
    print = catalogue_.prints(state.flights[i]);
    for (std::size_t k = 0; k < size; ++k) sums_[k] += print[k];
  }
}

void Worker::propose_server_actions(const State& state, std::size_t server) {
  const ServerId id = state.servers[server];
  const auto name = static_cast<std::uint8_t>(server);
  const auto offer = [&](Action action, Budget left, Input input) {
    propose(state, {action, server, {}, left, catalogue_.transition(id, input), 0, {}, 0});
  };
  if (state.left.timeouts > 0) propose_timeout(state, server);
  if (state.left.heartbeats > 0) {
    Budget left = state.left;
    left.heartbeats -= 1;
    offer({Action::Kind::Heartbeat, name}, left, {Input::Kind::Heartbeat});
  }
  if (state.left.proposals > 0) {
    Budget left = state.left;
    left.proposals -= 1;
    const std::uint32_t nth = bounds_.budget.proposals - std::uint32_t{state.left.proposals};
    offer({Action::Kind::Propose, name}, left, {Input::Kind::Propose, nth});
  }
  const std::size_t waiting = catalogue_[id].unsynced().size();
  if (waiting > 0) offer({Action::Kind::Sync, name}, state.left, {Input::Kind::Sync});
  if (state.left.crashes > 0) {
    Budget left = state.left;
    left.crashes -= 1;
    for (std::size_t kept = 0; kept <= waiting; ++kept) {
      const auto operand = static_cast<std::uint8_t>(server + kept * kMaxServers);
      offer({Action::Kind::Crash, operand}, left,
            {Input::Kind::Crash, static_cast<std::uint32_t>(kept)});
    }
  }
}

void Worker::propose_timeout(const State& state, std::size_t server) {
  const Transition timeout = catalogue_.transition(state.servers[server], {Input::Kind::TimeOut});
  if (!may_campaign(state, server, timeout)) return;
  Budget left = state.left;
  left.timeouts -= 1;
  const Action action{Action::Kind::TimeOut, static_cast<std::uint8_t>(server)};
  propose(state, {action, server, {}, left, timeout, 0, {}, 0});
}

// Would a majority, itself included, say yes to its pre-vote now?
bool Worker::may_campaign(const State& state, std::size_t server, const Transition& timeout) {
  if (timeout.violation != 0) return true;
  std::size_t yes = 1;
  // By position: asking may move the list.
  const std::size_t questions = catalogue_.asked(timeout).size();
  for (std::size_t i = 0; i < questions; ++i) {
    const FlightId question = catalogue_.asked(timeout)[i];
    const std::size_t peer = catalogue_.receiver(question);
    CHECK(peer != server, peer);
    const Input ask{Input::Kind::Ask, static_cast<std::uint32_t>(question)};
    if (catalogue_.transition(state.servers[peer], ask).grants) yes += 1;
  }
  return 2 * yes > bounds_.nodes;
}

void Worker::propose_deliveries(const State& state, std::size_t flight) {
  const FlightId id = state.flights[flight];
  const std::size_t to = catalogue_.receiver(id);
  const auto operand = static_cast<std::uint8_t>(flight);
  const Input input{Input::Kind::Receive, static_cast<std::uint32_t>(id)};
  const Transition received = catalogue_.transition(state.servers[to], input);
  propose(state, {{Action::Kind::Deliver, operand}, to, flight, state.left, received, 0, {}, 0});
  if (state.left.duplicates > 0) {
    Budget left = state.left;
    left.duplicates -= 1;
    propose(state, {{Action::Kind::DeliverCopy, operand}, to, {}, left, received, 0, {}, 0});
  }
  if (state.left.losses > 0) {
    Budget left = state.left;
    left.losses -= 1;
    Transition nothing{state.servers[to]};
    nothing.acts = true;
    propose(state, {{Action::Kind::Lose, operand}, to, flight, left, nothing, 0, {}, 0});
  }
}

// An action that changes no server and sends nothing is not taken: at most it uses up a message or
// a chance, and whatever can happen without those can happen with them.
void Worker::propose(const State& state, Candidate candidate) {
  const Transition& transition = candidate.transition;
  if (!transition.acts || finding_) return;
  actions_ += 1;
  if (transition.violation != 0) {
    return find(state, candidate.action, catalogue_.violation(transition));
  }
  const std::optional<std::uint64_t> lost_below = find_lost_below(state, candidate);
  if (!lost_below) {
    crowded_ += 1;
    return;
  }
  candidate.lost_below = *lost_below;
  candidate.history = state.history;
  if (transition.facts != FactsId::None) {
    const std::optional<HistoryId> history = catalogue_.extended(state.history, transition.facts);
    if (!history) {
      History broken = catalogue_[state.history];
      return find(state, candidate.action, *broken.add(catalogue_[transition.facts]));
    }
    candidate.history = *history;
  }
  if (transition.appended || transition.facts != FactsId::None) {
    if (const std::optional<Violation> violation = judge(state, candidate)) {
      return find(state, candidate.action, *violation);
    }
  }
  candidate.print = print(state, candidate);
  if (candidate.print % count_ == index_) visited_.prefetch(candidate.print);
  candidates_.push_back(candidate);
}

// See Bounds::flights. Nothing: there would be too many of the highest term alone.
std::optional<std::uint64_t> Worker::find_lost_below(const State& state,
                                                     const Candidate& candidate) const {
  const std::span<const FlightId> sent = catalogue_.sent(candidate.transition);
  const std::size_t removed = candidate.removed ? 1 : 0;
  if (state.flight_count + sent.size() - removed <= bounds_.flights) return 0;
  std::vector<std::uint64_t> terms;
  for (std::size_t i = 0; i < state.flight_count; ++i) {
    if (candidate.removed != i) terms.push_back(catalogue_.term(state.flights[i]));
  }
  for (const FlightId flight : sent) terms.push_back(catalogue_.term(flight));
  std::ranges::sort(terms, std::ranges::greater());
  const std::uint64_t too_low = terms[bounds_.flights];  // There is no room for this one.
  if (too_low == terms.front()) return std::nullopt;
  return too_low + 1;
}

std::uint64_t Worker::print(const State& state, const Candidate& candidate) const {
  const std::uint64_t* const before = catalogue_.prints(state.servers[candidate.server]);
  const std::uint64_t* const after = catalogue_.prints(candidate.transition.to);
  const std::uint64_t* const past = catalogue_.prints(state.history);
  const std::uint64_t* const history = catalogue_.prints(candidate.history);
  const std::uint64_t* removed = nullptr;
  if (candidate.removed) removed = catalogue_.prints(state.flights[*candidate.removed]);
  const std::span<const FlightId> sent = catalogue_.sent(candidate.transition);

  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t k = 0; k < sums_.size(); ++k) {
    std::uint64_t sum = sums_[k] - before[k] + after[k] - past[k] + history[k];
    if (removed != nullptr) sum -= removed[k];
    for (const FlightId flight : sent) sum += catalogue_.prints(flight)[k];
    if (candidate.lost_below > 0) sum -= lost_print(state, candidate, k);
    least = std::min(least, sum);
  }
  return mixed(least + packed(candidate.left));
}

std::uint64_t Worker::lost_print(const State& state, const Candidate& candidate,
                                 std::size_t renaming) const {
  std::uint64_t sum = 0;
  const auto add = [&](FlightId flight) {
    if (catalogue_.term(flight) < candidate.lost_below) sum += catalogue_.prints(flight)[renaming];
  };
  for (std::size_t i = 0; i < state.flight_count; ++i) {
    if (candidate.removed != i) add(state.flights[i]);
  }
  for (const FlightId flight : catalogue_.sent(candidate.transition)) add(flight);
  return sum;
}

State Worker::successor(const State& state, const Candidate& candidate) const {
  State next = state;
  next.servers[candidate.server] = candidate.transition.to;
  next.history = candidate.history;
  next.left = candidate.left;
  next.flight_count = 0;
  const auto keep = [&](FlightId flight) {
    if (catalogue_.term(flight) < candidate.lost_below) return;
    next.flights[next.flight_count++] = flight;
  };
  for (std::size_t i = 0; i < state.flight_count; ++i) {
    if (candidate.removed != i) keep(state.flights[i]);
  }
  for (const FlightId flight : catalogue_.sent(candidate.transition)) keep(flight);
  return next;
}

// The rules that take more than one server. Before this action they were kept.
std::optional<Violation> Worker::judge(const State& state, const Candidate& candidate) const {
  const Server& changed = catalogue_[candidate.transition.to];
  const History& history = catalogue_[candidate.history];
  for (std::size_t i = 0; i < bounds_.nodes; ++i) {
    const Server& server = i == candidate.server ? changed : catalogue_[state.servers[i]];
    if (std::optional<Violation> violation = judge_leader(history, server)) return violation;
    if (i == candidate.server || !candidate.transition.appended) continue;
    if (std::optional<Violation> violation = judge_logs(changed, server)) return violation;
  }
  return std::nullopt;
}

void Worker::find(const State& state, Action action, const Violation& violation) {
  finding_ = Finding{state.id, action, violation};
}

void Worker::add(State& state, std::uint64_t print, Visited::Origin origin) {
  if (visited_.full()) {
    full_ = true;
    return;
  }
  if (!visited_.add(print, origin)) return;
  hash_ += print;
  state.id = StateId{static_cast<std::uint32_t>((visited_.size() - 1) * count_ + index_)};
  next_level_.push(state);
}

void Worker::adopt(const Worker& other) {
  catalogue_.adopt(other.catalogue_, translations_[other.index_]);
}

void Worker::absorb(Worker& other) {
  Outbox& box = other.outboxes_[index_];
  const Catalogue::Translation& translation = translations_[other.index_];
  constexpr std::size_t kAhead = 8;
  State state;
  for (std::size_t i = 0; i < box.prints.size(); ++i) {
    CHECK(box.states.pop(state));
    if (i + kAhead < box.prints.size()) visited_.prefetch(box.prints[i + kAhead].first);
    if (full_) continue;
    state.history = translation.histories[static_cast<std::size_t>(state.history)];
    for (std::size_t k = 0; k < bounds_.nodes; ++k) {
      state.servers[k] = translation.servers[static_cast<std::size_t>(state.servers[k])];
    }
    for (std::size_t k = 0; k < state.flight_count; ++k) {
      state.flights[k] = translation.flights[static_cast<std::size_t>(state.flights[k])];
    }
    add(state, box.prints[i].first, box.prints[i].second);
  }
  box.prints.clear();
}

void Worker::advance() {
  CHECK(level_.empty(), level_.size());
  std::swap(level_, next_level_);
}

Visited::Origin Worker::origin(StateId id) const {
  const auto number = static_cast<std::uint32_t>(id);
  CHECK(number % count_ == index_, number, count_);
  return visited_.origin(number / count_);
}

std::uint64_t Worker::bytes() const {
  std::uint64_t sum = level_.bytes() + next_level_.bytes() + catalogue_.bytes();
  for (const Outbox& box : outboxes_) sum += box.states.bytes();
  return sum;
}

}  // namespace explore
