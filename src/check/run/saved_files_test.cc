// SPDX-License-Identifier: Apache-2.0
#include "check/run/saved_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "check/run/analyse.h"

namespace check::run {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFault =
    R"({"time":5,"id":1000000000,"fault":"rule r","nodes":[],"state":"fired","observed":"x"})";
constexpr const char* kNode = R"({"time":4,"node":1,"event":"started"})";
constexpr const char* kMessage =
    R"({"id":1,"time":5,"from":1,"to":2,"connection":1,"type":"AppendEntries","term":1})";

// The folder of a finished run, with two lines in each file that has lines.
class SavedFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "saved-files-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
    for (const auto& [file, line] : {std::pair("faults.jsonl", kFault),
                                     {"nodes.jsonl", kNode},
                                     {"messages.jsonl", kMessage}}) {
      write(file, std::string(line) + '\n' + line + '\n');
    }
    write("links.json", "{}");
    write("plan.toml",
          "name = \"p\"\n[[rule]]\nname = \"r\"\nwhen = { wait = 1.0 }\ndo = [\"isolate leader\"]\n"
          "require = true\n");
    evidence_.facts.finished = true;
    evidence_.facts.messages = {.protocol = "raftkv", .saved = 2, .lost = 0, .not_understood = {}};
    evidence_.facts.fault_events = 2;
    evidence_.facts.node_events = 2;
    faults::FaultRecord record;
    record.fault = "rule r";
    evidence_.faults = {record};
  }
  void TearDown() override { fs::remove_all(path_); }

  void write(const std::string& name, const std::string& content) const {
    ASSERT_TRUE(replace_file(path_ + '/' + name, content).ok());
  }
  void remove(const std::string& name) const { fs::remove(path_ + '/' + name); }
  // Empty: nothing.
  std::string missing() const {
    const auto found = find_missing(RunDirectory::open(path_).value(), evidence_);
    if (!found) return {};
    EXPECT_EQ(found->checker, "files");
    EXPECT_EQ(found->verdict, verdict::Verdict::Unknown);
    return found->sentence;
  }

  std::string path_;
  Evidence evidence_;
};

TEST_F(SavedFiles, ThatAreAllThereAreNotSpokenOf) { EXPECT_EQ(missing(), ""); }

TEST_F(SavedFiles, OfWhichLinesWereCutAreNamedWithTheirLines) {
  write("messages.jsonl", std::string(kMessage) + '\n');
  EXPECT_EQ(missing(), "messages.jsonl has 1 of the 2 lines that were saved");
  write("messages.jsonl", std::string(kMessage) + '\n' + kMessage);  // A torn line is none.
  EXPECT_EQ(missing(), "messages.jsonl has 1 of the 2 lines that were saved");
  write("messages.jsonl", "");
  write("nodes.jsonl", "");
  EXPECT_EQ(missing(),
            "messages.jsonl has 0 of the 2 lines that were saved; nodes.jsonl has 0 of the 2 lines "
            "that were saved");
}

TEST_F(SavedFiles, ThatWereDeletedAreNamed) {
  for (const char* name :
       {"messages.jsonl", "faults.jsonl", "nodes.jsonl", "links.json", "plan.toml"}) {
    SetUp();
    remove(name);
    EXPECT_EQ(missing(), std::string(name) + " is missing");
    TearDown();
  }
}

TEST_F(SavedFiles, OfEarlierVersionsAreMissedWithoutTheirCounts) {
  evidence_.facts.fault_events.reset();
  evidence_.facts.node_events.reset();
  EXPECT_EQ(missing(), "");
  write("faults.jsonl", "");
  evidence_.faults.clear();
  EXPECT_EQ(missing(), "faults.jsonl says nothing of the rule 'r', which had to fire");
  remove("nodes.jsonl");
  EXPECT_EQ(missing(),
            "nodes.jsonl is missing; faults.jsonl says nothing of the rule 'r', which had to fire");
}

TEST_F(SavedFiles, OfARunThatDidNotGetSoFarAreNotMissed) {
  evidence_.facts.interrupted = "Ctrl-C";
  remove("plan.toml");
  remove("links.json");
  EXPECT_EQ(missing(), "");
  evidence_.facts.finished = false;
  remove("messages.jsonl");
  EXPECT_EQ(missing(), "");
}

TEST_F(SavedFiles, ThatAreMissingLeaveTheVerdictUnknown) {
  evidence_.facts.messages.saved = 0;
  write("messages.jsonl", "");
  write("run.json", to_json(evidence_.facts));
  write("links.json", R"({"links":[]})");
  remove("plan.toml");
  const auto opinion = analyse_run(RunDirectory::open(path_).value(), [] { return true; });
  ASSERT_TRUE(opinion.ok()) << opinion.error().message;
  const auto is_files = [](const verdict::Finding& finding) { return finding.checker == "files"; };
  ASSERT_EQ(std::ranges::count_if(opinion.value().findings, is_files), 1);
}

}  // namespace
}  // namespace check::run
