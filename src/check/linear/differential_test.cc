// SPDX-License-Identifier: Apache-2.0
// The zones and the search against brute force, on histories small enough for it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "check/linear/brute.h"
#include "check/linear/facts.h"
#include "check/linear/invent.h"
#include "check/linear/linear.h"
#include "check/linear/search.h"
#include "check/linear/turns.h"
#include "check/linear/words.h"
#include "check/linear/zones.h"

namespace check::linear {
namespace {

using history::Function;
using history::Moment;
using history::Operation;
using history::Outcome;
using history::Value;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

void print_extent(std::uint64_t seed, std::uint64_t rounds) {
  std::printf("seed %llu, %llu rounds (SEED, ROUNDS)\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(rounds));
}

// Makes some histories wrong, and some only different.
class Spoiler {
 public:
  explicit Spoiler(std::uint64_t seed) : prng_(seed) {}

  std::vector<Operation> spoil(std::vector<Operation> operations) {
    for (std::uint64_t times = prng_.between(0, 6); times > 0; --times) {
      if (!operations.empty()) spoil_one(operations);
    }
    return invent::Inventor::number_events(std::move(operations));
  }

 private:
  Value any_value(const std::vector<Operation>& operations) {
    const Operation& other = operations[prng_.between(0, operations.size() - 1)];
    const std::uint64_t which = prng_.between(0, 9);
    if (which == 0) return std::nullopt;
    return which < 5 && other.function == Function::Read ? other.found : other.written;
  }

  void spoil_one(std::vector<Operation>& operations) {
    Operation& operation = operations[prng_.between(0, operations.size() - 1)];
    switch (prng_.between(0, 7)) {
      case 0:
        operation.returned = std::nullopt;
        operation.outcome = Outcome::Info;
        return;
      case 1:
        if (operation.outcome != Outcome::Info || operation.function == Function::Read) return;
        operation.outcome = Outcome::Ok;
        operation.returned = Moment(operation.called.value() + prng_.between(0, 8));
        return;
      case 2:
        if (!operation.returned) return;
        operation.called = Moment(operation.called.value() + prng_.between(0, 8));
        operation.returned = Moment(operation.called.value() + prng_.between(0, 3));
        return;
      case 3:
        if (operation.function != Function::Cas || operation.outcome == Outcome::Info) return;
        operation.outcome = operation.outcome == Outcome::Ok ? Outcome::Fail : Outcome::Ok;
        operation.found_known = false;
        return;
      case 4:
        if (operation.function == Function::Cas) operation.expected = any_value(operations);
        return;
      case 5:
        if (operation.function == Function::Write && operation.outcome == Outcome::Ok) {
          operation.outcome = Outcome::Fail;
        }
        return;
      default:
        if (operation.function == Function::Read || operation.found_known) {
          operation.found = any_value(operations);
        }
        return;
    }
  }

  base::Prng prng_;
};

std::string listing(const std::vector<Operation>& operations) {
  std::string text;
  for (const Operation& operation : operations) {
    text += row(operation) + (operation.final ? " final" : "") + '\n';
  }
  return text;
}

invent::Shape shape_of(base::Prng& prng) {
  invent::Shape shape;
  shape.operations = prng.between(2, 9);
  shape.clients = prng.between(1, 5);
  shape.values = prng.between(0, 1) == 0 ? 0 : prng.between(2, 4);
  shape.write_percent = prng.between(10, 60);
  shape.cas_percent = prng.between(0, 40);
  shape.unknown_percent = prng.between(0, 1) * prng.between(0, 40);
  shape.found_percent = prng.between(0, 2) * 50;
  shape.longest = prng.between(1, 12);
  return shape;
}

struct Tally {
  std::uint64_t linearizable = 0;
  std::uint64_t not_linearizable = 0;
  std::uint64_t by_zones = 0;
};

// What the zones alone would keep as their proof must be a proof to the brute judge too: without
// the other operations' answers the history must still be wrong.
void expect_evidence_suffices(const std::vector<Operation>& operations,
                              const verdict::Finding& finding, bool mismatch_known) {
  std::vector<Operation> reduced;
  for (Operation operation : operations) {
    const bool named =
        std::count(finding.evidence.begin(), finding.evidence.end(), telling_event(operation)) > 0;
    if (!named && operation.function == Function::Read) continue;
    if (!named) {
      // Nothing is known of it but that it was asked for.
      if (operation.outcome == Outcome::Fail) continue;
      operation.outcome = Outcome::Info;
      operation.returned = std::nullopt;
    }
    reduced.push_back(operation);
  }
  EXPECT_FALSE(brute::Judge(reduced, mismatch_known, true).linearizable())
      << finding.sentence << '\n'
      << listing(operations) << "of which\n"
      << listing(reduced);
}

// With the moments that in_turn() spread as moments of their own.
std::vector<Operation> spread(const std::vector<Operation>& operations) {
  std::vector<Operation> result = in_turn(operations);
  if (result.empty()) return operations;
  for (Operation& operation : result) {
    const bool returns = return_of(operation) != kEver;
    if (returns) operation.returned = history::Moment(return_of(operation));
    operation.called = history::Moment(call_of(operation));
  }
  return result;
}

void compare(std::uint64_t seed, Tally& tally) {
  base::Prng prng(seed);
  const invent::Shape shape = shape_of(prng);
  const auto operations = Spoiler(prng.next()).spoil(invent::Inventor(shape, prng.next()).invent());
  const bool mismatch_known = prng.between(0, 1) == 0;
  const bool expected = brute::Judge(spread(operations), mismatch_known).linearizable();
  ++(expected ? tally.linearizable : tally.not_linearizable);

  Options options;
  options.failed_cas_means_mismatch = mismatch_known;
  const verdict::Finding finding = check(operations, options, nullptr);
  ASSERT_EQ(finding.verdict, expected ? verdict::Verdict::Valid : verdict::Verdict::Invalid)
      << "seed " << seed << ": " << finding.sentence << '\n'
      << listing(operations);

  // The same by search alone: the model kv has the same three functions, and no short cuts.
  options.model = model::find_model("kv");
  const verdict::Finding searched = check(operations, options, nullptr);
  ASSERT_EQ(searched.verdict, finding.verdict)
      << "seed " << seed << ": " << searched.sentence << '\n'
      << listing(operations);

  std::vector<Position> members(operations.size());
  for (std::size_t at = 0; at < members.size(); ++at) members[at] = static_cast<Position>(at);
  const Facts facts = gather_facts({operations, members}, mismatch_known);
  const bool zones = facts.unambiguous;
  if (zones) ++tally.by_zones;
  if (!expected) {
    ASSERT_FALSE(finding.evidence.empty());
    if (zones) expect_evidence_suffices(operations, finding, mismatch_known);
  }
}

TEST(Linear, AgreesWithBruteForceOnSmallRegisters) {
  const std::uint64_t seed = from_environment("SEED", 1);
  const std::uint64_t rounds = from_environment("ROUNDS", 12000);
  print_extent(seed, rounds);
  Tally tally;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    compare(seed * 1000000007 + round, tally);
    if (::testing::Test::HasFailure()) return;
  }
  std::printf("%llu linearizable, %llu not; %llu judged by zones\n",
              static_cast<unsigned long long>(tally.linearizable),
              static_cast<unsigned long long>(tally.not_linearizable),
              static_cast<unsigned long long>(tally.by_zones));
  // The test would prove nothing if one kind were missing.
  EXPECT_GT(tally.linearizable * 10, rounds);
  EXPECT_GT(tally.not_linearizable * 10, rounds);
  EXPECT_GT(tally.by_zones * 10, rounds);
}

TEST(Linear, AgreesWithBruteForceOnTextThatGrows) {
  const std::uint64_t seed = from_environment("SEED", 1);
  const std::uint64_t rounds = from_environment("ROUNDS", 12000) / 10;
  print_extent(seed, rounds);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    base::Prng prng(seed * 998244353 + round);
    invent::Shape shape = shape_of(prng);
    shape.append_percent = 40;
    shape.write_percent = 10;
    const auto operations =
        Spoiler(prng.next()).spoil(invent::Inventor(shape, prng.next()).invent());
    Options options;
    options.model = model::find_model("kv");
    const bool expected = brute::Judge(spread(operations), false).linearizable();
    const verdict::Finding finding = check(operations, options, nullptr);
    ASSERT_EQ(finding.verdict == verdict::Verdict::Valid, expected)
        << "round " << round << ": " << finding.sentence << '\n'
        << listing(operations);
  }
}

// Longer than brute force can manage; the search alone, without the register's short cuts, against
// the zones.
TEST(Linear, ZonesAgreeWithTheSearchOnLongerRegisters) {
  const std::uint64_t seed = from_environment("SEED", 1);
  const std::uint64_t rounds = from_environment("ROUNDS", 12000) / 20;
  print_extent(seed, rounds);
  std::uint64_t decided = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    base::Prng prng(seed * 1000003 + round);
    invent::Shape shape = shape_of(prng);
    shape.operations = prng.between(20, 120);
    shape.values = 0;
    shape.found_percent = 100;
    const auto operations =
        Spoiler(prng.next()).spoil(invent::Inventor(shape, prng.next()).invent());
    Options options;
    const verdict::Finding by_zones = check(operations, options, nullptr);
    options.model = model::find_model("kv");
    options.memory_bytes = std::size_t{1} << 20U;
    const verdict::Finding searched = check(operations, options, nullptr);
    if (searched.verdict == verdict::Verdict::Unknown) continue;
    ++decided;
    ASSERT_EQ(by_zones.verdict, searched.verdict)
        << "round " << round << ": " << by_zones.sentence << searched.sentence << '\n'
        << listing(operations);
  }
  std::printf("%llu of %llu decided by the search\n", static_cast<unsigned long long>(decided),
              static_cast<unsigned long long>(rounds));
  EXPECT_GT(decided * 2, rounds);
}

}  // namespace
}  // namespace check::linear
