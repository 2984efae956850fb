// SPDX-License-Identifier: Apache-2.0
#include "check/run/message_judge.h"

#include <fmt/format.h>

#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include "check/evidence/judge.h"
#include "check/observe/listing.h"

namespace check::run {

namespace {

using verdict::Finding;
using verdict::Verdict;

constexpr std::uint64_t kAskEvery = 4096;
// Of a finding that rests on more messages, the rest is in verdict.json alone.
constexpr std::size_t kMostListed = 100;

// The whole lines of a file, one after the other: what a killed writer left of the last one is no
// line.
class Lines {
 public:
  explicit Lines(std::string path) : path_(std::move(path)), file_(path_) {}

  bool next() {
    if (!std::getline(file_, line_) || file_.eof()) return false;
    ++number_;
    return true;
  }
  const std::string& line() const { return line_; }
  base::Error wrong(const base::Error& error) const {
    return {base::ErrorCode::Corrupt, fmt::format("{}:{}: {}", path_, number_, error.message)};
  }

 private:
  std::string path_;
  std::ifstream file_;
  std::string line_;
  std::uint64_t number_ = 0;
};

// Both files, as one sequence in order of time.
class Sequence {
 public:
  explicit Sequence(const RunDirectory& directory)
      : messages_(directory.file("messages.jsonl")), nodes_(directory.file("nodes.jsonl")) {}

  // Shows the judge what comes next; false: there is no more.
  base::Result<bool> step(evidence::Judge& judge) {
    if (!message_ && messages_.next()) {
      auto parsed = wire::parse_observation(messages_.line());
      if (!parsed.ok()) return messages_.wrong(parsed.error());
      message_ = std::move(parsed).value();
    }
    if (!event_ && nodes_.next()) {
      auto parsed = evidence::parse_node_event(nodes_.line());
      if (!parsed.ok()) return nodes_.wrong(parsed.error());
      event_ = std::move(parsed).value();
    }
    if (event_ && (!message_ || event_->time_ns <= message_->time_ns)) {
      judge.on(*event_);
      event_.reset();
      return true;
    }
    if (!message_) return false;
    if (message_->id != next_id_) {
      judge.missed(fmt::format("the messages {} to {} are not in messages.jsonl", next_id_,
                               message_->id - 1));
    }
    next_id_ = message_->id + 1;
    judge.observe(*message_);
    message_.reset();
    return true;
  }

 private:
  Lines messages_;
  Lines nodes_;
  std::optional<wire::Observation> message_;
  std::optional<evidence::NodeEvent> event_;
  std::uint64_t next_id_ = 1;
};

base::Result<std::map<std::uint64_t, std::string>> listed(const RunDirectory& directory,
                                                          const std::vector<Finding>& findings) {
  std::set<std::uint64_t> wanted;
  for (const Finding& finding : findings) {
    const std::size_t count = std::min(finding.evidence.size(), kMostListed);
    wanted.insert(finding.evidence.begin(),
                  finding.evidence.begin() + static_cast<std::ptrdiff_t>(count));
  }
  std::map<std::uint64_t, std::string> listing;
  Lines lines(directory.file("messages.jsonl"));
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
  Sequence sequence(directory);
  bool more = true;
  bool in_time = true;
  for (std::uint64_t count = 1; more && in_time; ++count) {
    TRY(more, sequence.step(judge));
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
