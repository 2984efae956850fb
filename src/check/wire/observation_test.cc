// SPDX-License-Identifier: Apache-2.0
#include "check/wire/observation.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/prng.h"
#include "golden/golden.h"

namespace check::wire {
namespace {

TEST(Observation, IsWrittenAsItWasReadOrTheErrorNamesWhatIsWrong) {
  golden::run_blocks(TESTDATA "/observations.txt", [](const golden::Block& block) {
    const auto observation = parse_observation(block.front());
    if (!observation.ok()) return observation.error().message;
    std::string line;
    append_line(line, observation.value());
    line.pop_back();
    return line == block.front() ? "the same" : line;
  });
}

class Inventor {
 public:
  explicit Inventor(std::uint64_t seed) : prng_(seed) {}

  Observation observation() {
    Observation made;
    made.id = prng_.next();
    made.time_ns = prng_.next();
    made.from = {static_cast<std::uint32_t>(prng_.next())};
    made.to = {static_cast<std::uint32_t>(prng_.next())};
    made.connection = prng_.next();
    fill(made.opened_ns);
    made.unordered = perhaps();
    made.protocol = kProtocols.at(prng_.between(0, kProtocols.size() - 1));
    made.message = message();
    made.action = text();
    return made;
  }

 private:
  bool perhaps() { return prng_.between(0, 1) == 1; }

  std::string text() {
    std::string bytes(prng_.between(0, 5), 'x');
    for (char& byte : bytes) byte = static_cast<char>(prng_.between(0, 255));
    return bytes;
  }

  template <class Value>
  void fill(std::optional<Value>& value) {
    if (perhaps()) value = Value(prng_.next());
  }

  Message message() {
    Message made;
    made.type = static_cast<MessageType>(prng_.between(0, 15));
    made.name = text();
    made.group = text();
    made.sender = text();
    made.receiver = text();
    fill(made.term);
    made.term_entered = perhaps();
    fill(made.prev_index);
    fill(made.prev_term);
    for (std::uint64_t left = prng_.between(0, 3); left > 0; --left) {
      made.entries.push_back({.index = Index(prng_.next()),
                              .term = Term(prng_.next()),
                              .kind = static_cast<EntryKind>(prng_.between(0, 3)),
                              .hash = prng_.next(),
                              .bytes = prng_.next()});
    }
    fill(made.commit);
    if (perhaps()) made.success = perhaps();
    fill(made.match);
    fill(made.last_index);
    fill(made.last_term);
    made.transfer = perhaps();
    fill(made.context);
    return made;
  }

  base::Prng prng_;
};

TEST(Observation, WrittenAndReadIsTheSame) {
  const char* given = std::getenv("SEED");
  const std::uint64_t seed = given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
  std::printf("seed: %llu\n", static_cast<unsigned long long>(seed));
  Inventor inventor(seed);
  for (int round = 0; round < 5000; ++round) {
    const Observation observation = inventor.observation();
    std::string line;
    append_line(line, observation);
    ASSERT_EQ(line.find('\n'), line.size() - 1) << line;
    const auto back = parse_observation(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(back.ok()) << line << back.error().message;
    std::string again;
    append_line(again, back.value());
    ASSERT_EQ(again, line);
    ASSERT_EQ(back.value().message.entries, observation.message.entries);
    ASSERT_EQ(back.value().message.match, observation.message.match);
    ASSERT_EQ(back.value().message.sender, observation.message.sender);
    ASSERT_EQ(back.value().action, observation.action);
    ASSERT_EQ(back.value().opened_ns, observation.opened_ns);
  }
}

}  // namespace
}  // namespace check::wire
