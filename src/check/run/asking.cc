// SPDX-License-Identifier: Apache-2.0
#include "check/run/asking.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace check::run {

namespace {

using history::Function;
using history::Outcome;
using history::Value;
using plan::WorkKind;

// One read in so many is of the list before the newest: it is still to be as it was.
constexpr std::uint64_t kLookBack = 8;

std::string key_name(std::uint64_t k) { return fmt::format("k{}", k); }

// Registers: reads, writes, and cas from what the client knows to be there.
class Registers final : public Asking {
 public:
  Registers(const plan::Work& work, std::uint32_t number, Keys& keys)
      : Asking(work, number, keys) {}

  Call farewell() override {
    return {.function = Function::Write,
            .key = keys_.to_change(own_place()),
            .written = unique_value()};
  }

 private:
  Call reading(std::uint64_t place, base::Prng& /*prng*/) override {
    return {.function = Function::Read, .key = keys_.newest(place)};
  }

  Call changing(std::uint64_t place, std::uint64_t draw) override {
    Call call{
        .function = Function::Write, .key = keys_.to_change(place), .written = unique_value()};
    if (draw > work_.read + work_.write) {
      call.function = Function::Cas;
      call.expected = seen_[call.key];
    }
    return call;
  }

  void remember(const Call& call, const Value& newest) override { seen_[call.key] = newest; }

  std::map<std::string, Value> seen_;  // The newest value that the client knows.
};

// Queues: elements are appended, lists are read whole. In the system a list is a text in which each
// element ends with a comma.
class Queues final : public Asking {
 public:
  Queues(const plan::Work& work, std::uint32_t number, Keys& keys) : Asking(work, number, keys) {}

  Call farewell() override { return changing(own_place(), 0); }

 private:
  Call reading(std::uint64_t place, base::Prng& prng) override {
    const bool back = prng.between(1, kLookBack) == 1;
    return {.function = Function::Read,
            .key = back ? keys_.newest_but_one(place) : keys_.newest(place),
            .list = true};
  }

  Call changing(std::uint64_t place, std::uint64_t /*draw*/) override {
    return {.function = Function::Append,
            .key = keys_.to_change(place),
            .written = unique_value(),
            .list = true};
  }

  void remember(const Call& /*call*/, const Value& /*newest*/) override {}
};

}  // namespace

Keys::Keys(const plan::Work& work) : work_(work), appends_(work.keys) {}

std::uint64_t Keys::lists_before(std::uint64_t place) const {
  const std::uint64_t appends = appends_[place];
  return appends == 0 ? 0 : (appends - 1) / work_.elements;
}

std::string Keys::to_change(std::uint64_t place) {
  const std::lock_guard lock(mutex_);
  if (work_.kind == WorkKind::Queue) appends_[place] += 1;
  return key_name(place + lists_before(place) * work_.keys);
}

std::string Keys::newest(std::uint64_t place) const {
  const std::lock_guard lock(mutex_);
  return key_name(place + lists_before(place) * work_.keys);
}

std::string Keys::newest_but_one(std::uint64_t place) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t before = lists_before(place);
  return key_name(place + (before == 0 ? 0 : before - 1) * work_.keys);
}

std::vector<std::string> Keys::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t place = 0; place < work_.keys; ++place) {
    for (std::uint64_t list = 0; list <= lists_before(place); ++list) {
      numbers.push_back(place + list * work_.keys);
    }
  }
  std::ranges::sort(numbers);
  std::vector<std::string> names;
  names.reserve(numbers.size());
  for (const std::uint64_t number : numbers) names.push_back(key_name(number));
  return names;
}

std::unique_ptr<Asking> Asking::create(const plan::Work& work, std::uint32_t number, Keys& keys) {
  if (work.kind == WorkKind::Queue) return std::make_unique<Queues>(work, number, keys);
  return std::make_unique<Registers>(work, number, keys);
}

Call Asking::next(base::Prng& prng) {
  const std::uint64_t place = prng.between(0, keys_.places() - 1);
  const std::uint64_t draw = prng.between(1, work_.read + work_.write + work_.cas);
  // Of a client whose last operation got no answer, the next is of the other kind: a leader that
  // was cut off may be wrong to answer reads, or to acknowledge writes, and the wait for the other
  // hides it.
  const bool reads =
      unanswered_ == Unanswered::Nothing ? draw <= work_.read : unanswered_ == Unanswered::Change;
  return reads ? reading(place, prng) : changing(place, draw);
}

std::vector<Call> Asking::owed() const {
  const bool lists = work_.kind == WorkKind::Queue;
  std::vector<Call> calls = {
      {.function = Function::Read, .key = keys_.newest(own_place()), .list = lists}};
  for (std::uint64_t place = number_ + work_.clients; place < keys_.places();
       place += work_.clients) {
    calls.push_back({.function = Function::Read, .key = keys_.newest(place), .list = lists});
  }
  return calls;
}

bool Asking::learn(const Call& call, const cluster::Answer& answer) {
  const bool is_read = call.function == Function::Read;
  const bool done = answer.outcome == Outcome::Ok;
  const bool mismatch = answer.outcome == Outcome::Fail && answer.found_known;
  const bool known = done || mismatch;
  if (known) remember(call, done && !is_read ? call.written : answer.found);
  unanswered_ = Unanswered::Nothing;
  if (!known) unanswered_ = is_read ? Unanswered::Read : Unanswered::Change;
  return known;
}

// Each client has numbers of its own.
std::string Asking::unique_value() {
  return fmt::format("{}", number_ + values_++ * work_.clients);
}

}  // namespace check::run
