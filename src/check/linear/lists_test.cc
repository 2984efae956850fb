// SPDX-License-Identifier: Apache-2.0
// The ranks against the search, on lists that grow and are read wrongly.
#include "check/linear/lists.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/prng.h"
#include "check/linear/brute.h"
#include "check/linear/invent.h"
#include "check/linear/linear.h"
#include "check/linear/search.h"
#include "check/linear/turns.h"
#include "check/linear/words.h"

namespace check::linear {
namespace {

using history::Function;
using history::Moment;
using history::Operation;
using history::Outcome;
using verdict::Verdict;

using Elements = std::vector<std::string>;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

std::string as_list(const Elements& elements) {
  std::string text;
  base::JsonWriter writer(text);
  writer.begin_array();
  for (const std::string& element : elements) writer.string(element);
  writer.end_array();
  return text;
}

// Clients that append and read; then some of what they were told is made wrong.
class Scenario {
 public:
  explicit Scenario(std::uint64_t seed) : prng_(seed) {}

  std::vector<Operation> make(std::size_t most) {
    live(prng_.between(2, most));
    Elements list;
    for (const std::size_t k : in_order_of_effect()) take_effect(k, list);
    for (std::uint64_t times = prng_.between(0, 2); times > 0; --times) spoil();
    std::vector<Operation> operations;
    operations.reserve(operations_.size());
    for (std::size_t k = 0; k < operations_.size(); ++k) {
      if (operations_[k].function == Function::Read) operations_[k].found = as_list(read_[k]);
      operations.push_back(operations_[k]);
    }
    return invent::Inventor::number_events(std::move(operations));
  }

 private:
  bool one_in(std::uint64_t count) { return prng_.between(1, count) == 1; }

  void live(std::size_t count) {
    const std::uint64_t clients = prng_.between(1, 4);
    std::vector<std::uint64_t> free(clients, 0);
    for (std::size_t k = 0; k < count; ++k) {
      const std::uint64_t client = prng_.between(0, clients - 1);
      Operation operation;
      operation.process = client;
      operation.key = "k";
      operation.function = one_in(2) ? Function::Read : Function::Append;
      operation.called = Moment(free[client] + prng_.between(0, 4));
      operation.returned = Moment(operation.called.value() + prng_.between(0, 9));
      operation.outcome = Outcome::Ok;
      free[client] = operation.returned->value() + 1;
      effects_.push_back(prng_.between(operation.called.value(), operation.returned->value()));
      if (operation.function == Function::Append) {
        operation.written = std::to_string(k);
        if (one_in(5)) lose(operation, effects_.back());
      }
      operations_.push_back(operation);
      read_.emplace_back();
    }
  }

  // Nobody was told how it ended; it may take effect later, or never.
  void lose(Operation& operation, std::uint64_t& effect) {
    operation.outcome = one_in(6) ? Outcome::Fail : Outcome::Info;
    if (operation.outcome == Outcome::Fail) return;
    operation.returned = std::nullopt;
    effect += prng_.between(0, 30);
    if (one_in(3)) effect = UINT64_MAX;
  }

  std::vector<std::size_t> in_order_of_effect() const {
    std::vector<std::size_t> order(operations_.size());
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::stable_sort(order.begin(), order.end(), [this](std::size_t left, std::size_t right) {
      return effects_[left] < effects_[right];
    });
    return order;
  }

  void take_effect(std::size_t k, Elements& list) {
    const Operation& operation = operations_[k];
    if (operation.function == Function::Read) {
      read_[k] = list;
    } else if (operation.outcome != Outcome::Fail && effects_[k] != UINT64_MAX) {
      list.push_back(*operation.written);
    }
  }

  void spoil() {
    const std::size_t k = prng_.between(0, operations_.size() - 1);
    Operation& operation = operations_[k];
    if (operation.function == Function::Append) {
      // Another time, or told otherwise.
      if (one_in(3) && operation.outcome == Outcome::Info) {
        operation.outcome = Outcome::Ok;
        operation.returned = Moment(operation.called.value() + 2);
      } else if (operation.returned) {
        operation.called = Moment(operation.called.value() + prng_.between(0, 12));
        operation.returned = Moment(operation.called.value() + prng_.between(0, 3));
      }
      return;
    }
    Elements& shown = read_[k];
    const std::uint64_t how = prng_.between(0, 5);
    if (how == 0) shown.push_back(std::to_string(prng_.between(0, operations_.size())));
    if (shown.empty()) return;
    const std::size_t place = prng_.between(0, shown.size() - 1);
    if (how == 1) shown.pop_back();
    if (how == 2) shown.erase(shown.begin() + static_cast<std::ptrdiff_t>(place));
    if (how == 3) std::swap(shown[place], shown.back());
    if (how == 4) shown.push_back(shown[place]);
    if (how == 5) shown.resize(place);
  }

  base::Prng prng_;
  std::vector<Operation> operations_;
  std::vector<std::uint64_t> effects_;
  std::vector<Elements> read_;
};

std::string listing(const std::vector<Operation>& operations) {
  std::string text;
  for (const Operation& operation : operations) text += row(operation) + '\n';
  return text;
}

std::vector<Position> that_say_something(const std::vector<Operation>& operations) {
  std::vector<Position> members;
  for (std::size_t k = 0; k < operations.size(); ++k) {
    if (operations[k].outcome != Outcome::Fail) members.push_back(static_cast<Position>(k));
  }
  return members;
}

using Answer = SearchResult::Answer;

Answer searched(const std::vector<Operation>& as_told) {
  const std::vector<Operation> turns = in_turn(as_told);
  const std::vector<Operation>& operations = turns.empty() ? as_told : turns;
  const std::vector<Position> members = that_say_something(operations);
  return search({operations, members}, *model::find_model("list"),
                {.memory_bytes = std::size_t{4} << 20U})
      .answer;
}

// What is named must be wrong by itself: without the other answers.
void expect_evidence_suffices(const std::vector<Operation>& operations,
                              const verdict::Finding& finding) {
  std::vector<Operation> reduced;
  for (Operation operation : operations) {
    const bool named =
        std::count(finding.evidence.begin(), finding.evidence.end(), telling_event(operation)) > 0;
    if (!named && (operation.function == Function::Read || operation.outcome == Outcome::Fail)) {
      continue;
    }
    if (!named) {
      operation.outcome = Outcome::Info;
      operation.returned = std::nullopt;
    }
    reduced.push_back(operation);
  }
  EXPECT_NE(searched(reduced), Answer::Linearizable) << finding.sentence << '\n'
                                                     << listing(operations) << "of which\n"
                                                     << listing(reduced);
}

TEST(Lists, RanksAgreeWithTheSearch) {
  const std::uint64_t seed = from_environment("SEED", 1);
  const std::uint64_t rounds = from_environment("ROUNDS", 3000);
  std::printf("seed %llu, %llu rounds (SEED, ROUNDS)\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(rounds));
  std::uint64_t decided = 0;
  std::uint64_t wrong = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const auto operations = Scenario(seed * 1000000007 + round).make(round % 10 == 0 ? 20 : 10);
    const Answer answer = searched(operations);
    if (answer == Answer::OutOfMemory) continue;
    ++decided;
    const bool expected = answer == Answer::Linearizable;
    Options options;
    options.model = model::find_model("list");
    const verdict::Finding finding = check(operations, options, nullptr);
    ASSERT_EQ(finding.verdict, expected ? Verdict::Valid : Verdict::Invalid)
        << "round " << round << ": " << finding.sentence << '\n'
        << listing(operations);
    if (expected) continue;
    ++wrong;
    expect_evidence_suffices(operations, finding);
    if (::testing::Test::HasFailure()) return;
  }
  std::printf("%llu decided by the search, %llu of them not linearizable\n",
              static_cast<unsigned long long>(decided), static_cast<unsigned long long>(wrong));
  // The test would prove nothing if one kind were missing.
  EXPECT_GT(wrong * 10, rounds);
  EXPECT_LT(wrong * 10, rounds * 9);
  EXPECT_GT(decided * 10, rounds * 9);
}

TEST(Lists, AnElementAppendedTwiceIsLeftToTheSearch) {
  std::vector<Operation> operations = Scenario(3).make(12);
  Operation twice;
  twice.key = "k";
  twice.function = Function::Append;
  twice.written = "x";
  twice.outcome = Outcome::Info;
  operations.push_back(twice);
  operations.push_back(twice);
  const std::vector<Position> members = that_say_something(operations);
  EXPECT_FALSE(judge_list({operations, members}).decided);
}

// A hundred thousand operations of a hundred clients on one list, as fast as they can be read.
TEST(Lists, LongOnesTakeNoSearch) {
  std::vector<Operation> operations;
  Elements list;
  for (std::uint64_t k = 0; k < 100'000; ++k) {
    Operation operation;
    operation.process = k % 100;
    operation.key = "k";
    operation.called = Moment(k);
    operation.returned = Moment(k + 50);
    operation.outcome = Outcome::Ok;
    operation.function = k % 1000 == 999 ? Function::Read : Function::Append;
    if (operation.function == Function::Read) {
      operation.found = as_list({list.begin(), list.begin() + static_cast<std::ptrdiff_t>(k / 2)});
    } else {
      operation.written = std::to_string(k);
      list.push_back(*operation.written);
    }
    operations.push_back(operation);
  }
  Options options;
  options.model = model::find_model("list");
  operations = invent::Inventor::number_events(std::move(operations));
  const auto finding = check(operations, options, [] { return true; });
  EXPECT_EQ(finding.verdict, Verdict::Invalid);  // Every read is far behind.
  EXPECT_NE(finding.sentence.find(" read 499 elements at "), std::string::npos) << finding.sentence;
}

}  // namespace
}  // namespace check::linear
