// SPDX-License-Identifier: Apache-2.0
#include "check/run/message_judge.h"

#include <fmt/format.h>

#include <set>

#include "check/evidence/judge.h"
#include "check/observe/listing.h"
#include "check/run/line_tail.h"
#include "check/run/message_sequence.h"

namespace check::run {

namespace {

using verdict::Finding;
using verdict::Verdict;

constexpr std::uint64_t kAskEvery = 4096;
// Of a finding that rests on more messages, the rest is in verdict.json alone.
constexpr std::size_t kMostListed = 100;

base::Result<std::map<std::uint64_t, std::string>> listed(const RunDirectory& directory,
                                                          const std::vector<Finding>& findings) {
  std::set<std::uint64_t> wanted;
  for (const Finding& finding : findings) {
    const std::size_t count = std::min(finding.evidence.size(), kMostListed);
    wanted.insert(finding.evidence.begin(),
                  finding.evidence.begin() + static_cast<std::ptrdiff_t>(count));
  }
  std::map<std::uint64_t, std::string> listing;
  LineTail lines(directory.file("messages.jsonl"));
  while (listing.size() < wanted.size() && lines.next()) {
    auto parsed = wire::parse_observation(lines.line());
    if (!parsed.ok()) return lines.wrong(parsed.error());
    if (!wanted.contains(parsed.value().id)) continue;
    std::string& text = listing[parsed.value().id];
    observe::append_listing(text, parsed.value());
    while (text.ends_with('\n')) text.pop_back();
  }
  return listing;
}

}  // namespace

base::Result<MessageOpinion> judge_messages(const RunDirectory& directory, const RunFacts& facts,
                                            const std::function<bool()>& keep_going) {
  MessageOpinion opinion;
  const auto protocol = wire::protocol(facts.messages.protocol);
  if (!protocol || !directory.has("messages.jsonl")) return opinion;
  evidence::Judge judge(*protocol);
  judge.saw_the_beginning();
  if (!facts.finished) judge.missed("the run ended before it was known what had been missed");
  for (const std::string& sentence : facts.messages.not_understood) {
    judge.missed("not understood: " + sentence);
  }
  MessageSequence sequence(directory);
  bool more = true;
  bool in_time = true;
  for (std::uint64_t count = 1; more && in_time; ++count) {
    TRY(more, sequence.step(judge, MessageSequence::Files::Whole));
    if (count % kAskEvery == 0) in_time = keep_going();
  }
  opinion.findings = judge.finish();
  opinion.notes = judge.notes();
  for (Finding& finding : opinion.findings) {
    if (in_time || finding.verdict != Verdict::Valid) continue;
    finding.verdict = Verdict::Unknown;
    finding.sentence = fmt::format("only the first {} messages were judged in the time there was",
                                   judge.messages());
  }
  TRY(opinion.listing, listed(directory, judge.findings()));
  return opinion;
}

}  // namespace check::run
