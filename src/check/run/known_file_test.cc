// SPDX-License-Identifier: Apache-2.0
// testdata/known/lists.txt: every shipped list, against findings as checkers say them. read.txt:
// what is wrong with a list.
#include "check/run/known_file.h"

#include <gtest/gtest.h>

#include "golden/golden.h"

namespace check::run {
namespace {

// The first line names the list and the target's version; each other is "CHECKER: SENTENCE".
std::string judged(const golden::Block& lines) {
  const std::size_t space = lines.front().find(' ');
  const std::string file =
      TESTDATA "/../../../../adapters/" + lines.front().substr(0, space) + "/known.toml";
  const auto text = read_file(file);
  if (!text.ok()) return text.error().message;
  const auto bugs = read_known(text.value(), file);
  if (!bugs.ok()) return bugs.error().message;
  std::vector<verdict::Finding> findings;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(": ");
    verdict::Finding finding;
    finding.checker = lines[i].substr(0, colon);
    finding.sentence = lines[i].substr(colon + 2);
    finding.verdict = verdict::Verdict::Invalid;
    findings.push_back(finding);
  }
  verdict::mark_known(findings, bugs.value(), lines.front().substr(space + 1));
  std::string answer;
  for (const verdict::Finding& finding : findings) {
    answer += (answer.empty() ? "" : "\n") + finding.known.value_or("not known");
  }
  return answer;
}

std::string read(const golden::Block& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  const auto bugs = read_known(text, "known.toml");
  return bugs.ok() ? std::to_string(bugs.value().size()) + " known" : bugs.error().message;
}

TEST(ShippedKnownBugs, AreFoundAndNothingElseIs) {
  golden::run_blocks(TESTDATA "/known/lists.txt", judged);
}

TEST(KnownFile, MistakesAreNamedWithTheirPlace) {
  golden::run_blocks(TESTDATA "/known/read.txt", read);
}

}  // namespace
}  // namespace check::run
