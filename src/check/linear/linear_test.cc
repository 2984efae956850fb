// SPDX-License-Identifier: Apache-2.0
#include "check/linear/linear.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "check/history/reader.h"
#include "check/linear/invent.h"
#include "check/linear/tried.h"
#include "golden/golden.h"

namespace check::linear {
namespace {

using history::Function;
using history::Operation;
using history::Outcome;
using verdict::Verdict;

std::string judge_file(const golden::Case& the_case) {
  const std::string& name = the_case.arguments.at("file");
  std::ifstream in(TESTDATA "/" + name, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  const auto history = history::read_history(content.str(), name);
  if (!history.ok()) return history.error().message;
  Options options;
  options.model = model::find_model(the_case.arguments.at("model"));
  options.failed_cas_means_mismatch = the_case.arguments.contains("mismatch");
  const std::vector<Operation>& operations = history.value().operations;
  const verdict::Finding finding = check(operations, options, nullptr);
  std::string answer = std::string(verdict::name(finding.verdict)) + ": " + finding.sentence;
  for (const std::string& line : explain(operations, finding.evidence)) answer += "\n  " + line;
  return answer;
}

TEST(Linear, AcceptsTheGood) { golden::run(TESTDATA "/good.txt", judge_file); }
TEST(Linear, ConvictsTheBadInWords) { golden::run(TESTDATA "/bad.txt", judge_file); }
TEST(Linear, TakesAFailedCasAsTold) { golden::run(TESTDATA "/mismatch.txt", judge_file); }

// The verdict on lines `PROCESS TYPE VALUE`, all at one moment; "-" is nothing. Writes and appends
// are what a value is given to at the call, all else are reads.
Verdict at_one_moment(const std::string& model, const std::vector<std::string>& lines) {
  std::string text;
  std::map<std::string, std::string> open;  // What each process has under way.
  for (std::size_t k = 0; k < lines.size(); ++k) {
    std::istringstream words(lines[k]);
    std::string process;
    std::string type;
    std::string value;
    words >> process >> type >> value;
    const std::string change = model == "list" ? "append" : "write";
    if (type == "invoke") open[process] = value == "-" ? "read" : change;
    text += R"({"index":)" + std::to_string(k) + R"(,"time":7,"process":)" + process +
            R"(,"type":")" + type + R"(","f":")" + open[process] + R"(","key":"x","value":)" +
            (value == "-" ? "null" : value) + "}\n";
  }
  const auto history = history::read_history(text, "lines");
  if (!history.ok()) ADD_FAILURE() << history.error().message;
  if (!history.ok()) return Verdict::Unknown;
  Options options;
  options.model = model::find_model(model);
  return check(history.value().operations, options, nullptr).verdict;
}

TEST(Linear, AProcessGoesInTheOrderOfItsLines) {
  const std::vector<std::string> stale = {R"(1 invoke "1")", R"(1 ok "1")", "1 invoke -", "1 ok -"};
  EXPECT_EQ(at_one_moment("register", stale), Verdict::Invalid);
  // Values that are written twice take the search.
  std::vector<std::string> twice = stale;
  twice.insert(twice.begin(), stale.begin(), stale.begin() + 2);
  EXPECT_EQ(at_one_moment("register", twice), Verdict::Invalid);
  EXPECT_EQ(at_one_moment("list", stale), Verdict::Invalid);
  EXPECT_EQ(
      at_one_moment("register", {R"(1 invoke "1")", R"(1 ok "1")", "1 invoke -", R"(1 ok "1")"}),
      Verdict::Valid);
}

TEST(Linear, ProcessesThatTouchAreConcurrentWhateverTheirLines) {
  EXPECT_EQ(at_one_moment("register", {R"(1 invoke "1")", R"(1 ok "1")", "2 invoke -", "2 ok -"}),
            Verdict::Valid);
  // Process 2's write may be before, between and behind what process 1 did in turn.
  for (const char* seen : {"-", R"("1")", R"("2")"}) {
    const std::string read = std::string("1 ok ") + seen;
    EXPECT_EQ(at_one_moment("register", {R"(2 invoke "2")", R"(2 ok "2")", "1 invoke -", read,
                                         R"(1 invoke "1")", R"(1 ok "1")"}),
              *seen == '"' && seen[1] == '1' ? Verdict::Invalid : Verdict::Valid)
        << seen;
    EXPECT_EQ(at_one_moment("register", {R"(1 invoke "1")", R"(1 ok "1")", "1 invoke -", read,
                                         R"(2 invoke "2")", R"(2 ok "2")"}),
              *seen == '-' ? Verdict::Invalid : Verdict::Valid)
        << seen;
  }
}

// Twenty writers of few values, all at once, and a read at the end that nothing explains: a search
// has to try everything.
std::vector<Operation> endless() {
  std::vector<Operation> operations;
  for (std::uint64_t process = 0; process < 40; ++process) {
    Operation operation;
    operation.process = process;
    operation.key = "k";
    operation.function = process % 2 == 0 ? Function::Write : Function::Cas;
    operation.written = std::to_string(process % 7);
    operation.expected = std::to_string(process % 5);
    operation.called = history::Moment(process);
    operation.returned = history::Moment(1000 + process);
    operation.outcome = Outcome::Ok;
    operations.push_back(operation);
  }
  Operation last = operations.front();
  last.function = Function::Read;
  last.process = 99;
  last.called = history::Moment(2000);
  last.returned = history::Moment(2001);
  last.found = std::nullopt;
  operations.push_back(last);
  return invent::Inventor::number_events(std::move(operations));
}

TEST(Linear, StopsWhenItIsToldToAndSaysSo) {
  int polls = 0;
  const auto finding = check(endless(), Options(), [&polls] { return ++polls < 100; });
  EXPECT_EQ(finding.verdict, Verdict::Unknown);
  EXPECT_EQ(polls, 100);
  EXPECT_NE(finding.sentence.find("key k: not decided: the time limit came first, after "),
            std::string::npos)
      << finding.sentence;
}

TEST(Linear, KeepsItsMemoryLimitAndSaysSo) {
  Options options;
  options.memory_bytes = std::size_t{8} << 20U;
  const auto finding = check(endless(), options, nullptr);
  EXPECT_EQ(finding.verdict, Verdict::Unknown);
  EXPECT_NE(finding.sentence.find("the memory limit of 8 MiB came first"), std::string::npos)
      << finding.sentence;
}

TEST(Linear, AViolationOutweighsAKeyThatIsNotDecided) {
  std::vector<Operation> operations = endless();
  Operation read = operations.back();
  read.key = "other";
  read.found = "7";
  operations.push_back(read);
  Options options;
  options.memory_bytes = std::size_t{4} << 20U;
  const auto finding = check(operations, options, nullptr);
  EXPECT_EQ(finding.verdict, Verdict::Invalid);
  EXPECT_NE(finding.sentence.find("key other: "), std::string::npos) << finding.sentence;
}

TEST(Linear, TheOrderOfTheOperationsDoesNotMatter) {
  invent::Shape shape;
  shape.operations = 500;
  shape.clients = 8;
  shape.keys = 3;
  std::vector<Operation> operations = invent::Inventor(shape, 5).invent();
  const auto late_read =
      std::find_if(operations.rbegin(), operations.rend(), [](const Operation& operation) {
        return operation.function == Function::Read && operation.outcome == Outcome::Ok;
      });
  late_read->found = std::nullopt;
  const auto finding = check(operations, Options(), nullptr);
  std::reverse(operations.begin(), operations.end());
  const auto again = check(operations, Options(), nullptr);
  EXPECT_EQ(finding.verdict, Verdict::Invalid);
  EXPECT_EQ(again.sentence, finding.sentence);
  EXPECT_EQ(again.evidence, finding.evidence);
}

TEST(Linear, HasAnOpinionOnEachKeyThatWentWrong) {
  invent::Shape shape;
  shape.operations = 500;
  shape.clients = 8;
  shape.keys = 3;
  std::vector<Operation> operations = invent::Inventor(shape, 5).invent();
  for (const char* key : {"k0", "k1", "k2"}) {
    const auto late_read =
        std::find_if(operations.rbegin(), operations.rend(), [key](const Operation& operation) {
          return operation.function == Function::Read && operation.outcome == Outcome::Ok &&
                 operation.key == key;
        });
    ASSERT_NE(late_read, operations.rend());
    late_read->found = "never written";
  }
  EXPECT_EQ(check_each(operations, Options(), nullptr, 20).size(), 3U);
  const auto two = check_each(operations, Options(), nullptr, 2);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two.front().sentence.find("went wrong, too"), std::string::npos);
  EXPECT_NE(two.back().sentence.find(" (1 other key went wrong, too)"), std::string::npos);
}

TEST(Linear, NoOperationsAreLinearizable) {
  EXPECT_EQ(check({}, Options(), nullptr).sentence, "0 operations on 0 keys are linearizable");
}

TEST(Tried, KnowsWhatItWasGivenAndNothingElse) {
  Tried tried;
  // Enough to make the table grow, and one configuration longer than a chunk.
  std::vector<std::uint32_t> long_row(600000);
  for (std::uint32_t at = 0; at < long_row.size(); ++at) long_row[at] = at * 1000;
  for (int round = 0; round < 2; ++round) {
    const bool fresh = round == 0;
    for (std::uint32_t state = 0; state < 100; ++state) {
      for (std::uint32_t end = 0; end < 100; ++end) {
        const std::vector<std::uint32_t> missing = {end / 2, end + state};
        EXPECT_EQ(tried.insert({state, end + 1000, missing}), fresh);
      }
      if (state == 50) {
        EXPECT_EQ(tried.insert({1, 600000000, long_row}), fresh);
      }
    }
  }
  EXPECT_EQ(tried.size(), 10001U);
}

}  // namespace
}  // namespace check::linear
