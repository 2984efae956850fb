// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/applied.h"

#include <gtest/gtest.h>

#include "golden/golden.h"

namespace check::evidence {
namespace {

// 64 digits that begin with what is written: "2 1 abc..." stands for "2 1 abc0000...".
std::string filled(const std::string& line) {
  const std::size_t dots = line.find("...");
  if (dots == std::string::npos) return line;
  const std::size_t begin = line.find_last_of(' ', dots) + 1;
  return line.substr(0, dots) + std::string(64 - (dots - begin), '0') + line.substr(dots + 3);
}

std::string judged(const golden::Block& block) {
  AppliedJudge judge;
  for (const std::string& line : block) {
    base::Status done = base::Done{};
    if (line.starts_with("file ")) {
      judge.begin_file(line.substr(5));
    } else if (line.starts_with("torn ")) {
      done = judge.add_torn(filled(line.substr(5)));
    } else {
      done = judge.add(filled(line.substr(line[0] == '>' ? 1 : 0)));
    }
    if (!done.ok()) return "error: " + done.error().message;
  }
  std::string answer;
  for (const verdict::Finding& finding : judge.findings()) {
    answer += std::string(answer.empty() ? "" : "\n") + verdict::name(finding.verdict) + ": " +
              finding.sentence;
  }
  return answer;
}

TEST(Applied, OneCommandAnIndexInAllFiles) { golden::run_blocks(TESTDATA "/applied.txt", judged); }

}  // namespace
}  // namespace check::evidence
