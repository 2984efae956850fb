// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/prng.h"
#include "check/history/event.h"
#include "check/history/pairing.h"
#include "check/history/reader.h"
#include "golden/golden.h"

namespace check::history {
namespace {

std::string text(const Value& value) { return value ? '"' + *value + '"' : "nothing"; }

std::string describe(const Operation& operation) {
  std::ostringstream out;
  out << operation.invoked_at << ".." << (operation.returned_at ? "" : "open");
  if (operation.returned_at) out << *operation.returned_at;
  out << " process " << operation.process << ' ' << name(operation.function) << ' '
      << operation.key;
  if (operation.function == Function::Cas) out << " expected " << text(operation.expected);
  if (operation.function != Function::Read) out << " written " << text(operation.written);
  if (operation.found_known) out << " found " << text(operation.found);
  constexpr std::array<const char*, 3> kOutcomes = {"ok", "fail", "info"};
  out << ' ' << kOutcomes.at(static_cast<std::size_t>(operation.outcome)) << " ["
      << operation.called << ", ";
  if (operation.returned) out << *operation.returned << ']';
  if (!operation.returned) out << "ever after";
  if (operation.node) out << " node " << *operation.node;
  if (operation.final) out << " final";
  return out.str();
}

std::string file(const std::string& name) {
  std::ifstream in(TESTDATA "/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

std::string read(const golden::Case& the_case) {
  const std::string& name = the_case.arguments.at("file");
  std::string content = file(name);
  if (the_case.command == "read-torn") content.resize(content.size() - 20);
  // In chunks of an awkward size: the answer must not depend on it.
  HistoryReader reader(name);
  for (std::size_t at = 0; at < content.size(); at += 7) {
    const base::Status status = reader.add(std::string_view(content).substr(at, 7));
    if (!status.ok()) return status.error().message;
  }
  const auto history = std::move(reader).finish();
  if (!history.ok()) return history.error().message;
  std::string answer;
  for (const Operation& operation : history.value().operations) {
    answer += describe(operation) + '\n';
  }
  return answer + std::to_string(history.value().events) + " events" +
         (history.value().torn ? ", torn" : "");
}

TEST(History, IsReadAsWritten) { golden::run(TESTDATA "/history.txt", read); }

TEST(History, ErrorsNameTheLineAndWhatWasExpected) {
  golden::run(TESTDATA "/errors.txt", [](const golden::Case& the_case) {
    // Two lines, `;` between them, and a good one behind.
    std::string text = the_case.arguments.begin()->first;
    for (char& byte : text) {
      if (byte == ';') byte = '\n';
    }
    const auto history = read_history(text + "\n\n", "h");
    return history.ok() ? "fine" : history.error().message;
  });
}

TEST(Event, WrittenAndReadIsTheSame) {
  const char* given = std::getenv("SEED");
  const std::uint64_t seed = given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
  std::printf("seed: %llu\n", static_cast<unsigned long long>(seed));
  base::Prng prng(seed);
  const auto some = [&prng](std::uint64_t limit) { return prng.between(0, limit); };
  const auto value = [&]() -> Value {
    if (some(4) == 0) return std::nullopt;
    std::string bytes(some(5), 'x');
    for (char& byte : bytes) byte = static_cast<char>(some(255));
    return bytes;
  };
  for (int round = 0; round < 5000; ++round) {
    Event event;
    event.index = EventIndex(prng.next());
    event.time = Moment(prng.next());
    event.process = prng.next();
    event.type = static_cast<EventType>(some(3));
    event.function = static_cast<Function>(some(3));
    event.key = value().value_or("k");
    event.value = value();
    if (event.function == Function::Cas) event.expected = value();
    event.found_known = some(1) == 0;
    if (event.found_known) event.found = value();
    if (some(1) == 0) event.node = static_cast<std::uint32_t>(prng.next());
    event.final = some(1) == 0;
    event.error = value().value_or("");

    std::string line;
    append_line(line, event);
    ASSERT_EQ(line.find('\n'), line.size() - 1) << line;
    const auto back = parse_event(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(back.ok()) << line << back.error().message;
    std::string again;
    append_line(again, back.value());
    ASSERT_EQ(again, line);
    ASSERT_EQ(back.value().value, event.value);
    ASSERT_EQ(back.value().key, event.key);
    ASSERT_EQ(back.value().found, event.found);
  }
}

}  // namespace
}  // namespace check::history
