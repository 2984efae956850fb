// SPDX-License-Identifier: Apache-2.0
// Streams of messages and events, written short (see `Stream`), and what is found in them.
#include "check/evidence/judge.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <sstream>

#include "golden/golden.h"

namespace check::evidence {
namespace {

using wire::MessageType;

const std::map<std::string, MessageType> kTypes = {
    {"vote", MessageType::RequestVote},         {"vote-reply", MessageType::RequestVoteReply},
    {"pre-vote", MessageType::PreVote},         {"pre-vote-reply", MessageType::PreVoteReply},
    {"append", MessageType::AppendEntries},     {"append-reply", MessageType::AppendReply},
    {"heartbeat", MessageType::Heartbeat},      {"heartbeat-reply", MessageType::HeartbeatReply},
    {"snapshot", MessageType::InstallSnapshot}, {"snapshot-reply", MessageType::SnapshotReply},
    {"propose", MessageType::Propose},
};

// One line an event; a millisecond lies between two. Messages are counted from 1.
//
//   protocol etcd                                   raftkv, if it does not say
//   partial                                         not from the cluster's beginning
//   missed WHAT
//   node 2 started | ended | power-cut | emptied | status term=3 commit=5
//   1>2 append t=3 prev=4/2 e=5/3:x,6/3:y commit=4 ok no match=4 last=4/2 asked transfer
//       (and c=CONNECTION opened=MILLISECOND g=GROUP as=SENDER to=RECEIVER action=drop)
class Stream {
 public:
  void line(const std::string& text) {
    time_ns_ += 1000000;
    std::istringstream words(text);
    std::string first;
    words >> first;
    if (first == "protocol") {
      words >> first;
      protocol_ = wire::protocol(first).value();
    } else if (first == "partial") {
      partial_ = true;
    } else if (first == "missed") {
      judge().missed(text.substr(7));
    } else if (first == "node") {
      event(words);
    } else {
      message(first, words);
    }
  }

  Judge& judge() {
    if (judge_ == nullptr) {
      judge_ = std::make_unique<Judge>(protocol_);
      if (!partial_) judge_->saw_the_beginning();
    }
    return *judge_;
  }

 private:
  static std::uint64_t number(const std::string& text) { return std::stoull(text); }

  void event(std::istringstream& words) {
    NodeEvent event;
    std::string word;
    words >> event.node.value >> word;
    event.time_ns = time_ns_;
    for (const NodeEventKind kind :
         {NodeEventKind::Started, NodeEventKind::Ended, NodeEventKind::PowerCut,
          NodeEventKind::Emptied, NodeEventKind::Status}) {
      if (word == name(kind)) event.kind = kind;
    }
    event.asked_ns = time_ns_ - 1000;
    while (words >> word) {
      const std::string value = word.substr(word.find('=') + 1);
      if (word.starts_with("term=")) event.term = wire::Term(number(value));
      if (word.starts_with("commit=")) event.commit = wire::Index(number(value));
      if (word.starts_with("asked=")) event.asked_ns = number(value) * 1000000;
    }
    judge().on(event);
  }

  void message(const std::string& nodes, std::istringstream& words) {
    wire::Observation seen;
    seen.id = ++messages_;
    seen.time_ns = time_ns_;
    seen.from.value = static_cast<std::uint32_t>(number(nodes));
    seen.to.value = static_cast<std::uint32_t>(number(nodes.substr(nodes.find('>') + 1)));
    seen.connection =
        std::min(seen.from.value, seen.to.value) * 10 + std::max(seen.from.value, seen.to.value);
    seen.protocol = protocol_;
    std::string word;
    words >> word;
    seen.message.type = kTypes.at(word);
    while (words >> word) field(word, seen);
    judge().observe(seen);
  }

  static void place(const std::string& text, std::optional<wire::Index>& index,
                    std::optional<wire::Term>& term) {
    index = wire::Index(number(text));
    const std::size_t slash = text.find('/');
    if (slash != std::string::npos) term = wire::Term(number(text.substr(slash + 1)));
  }

  static void entries(const std::string& text, wire::Message& message) {
    std::istringstream list(text);
    for (std::string one; std::getline(list, one, ',');) {
      wire::Entry entry;
      entry.index = wire::Index(number(one));
      entry.term = wire::Term(number(one.substr(one.find('/') + 1)));
      entry.hash = wire::hash_of(one.substr(one.find(':') + 1));
      message.entries.push_back(entry);
    }
  }

  static void field(const std::string& word, wire::Observation& seen) {
    wire::Message& message = seen.message;
    const std::string key = word.substr(0, word.find('='));
    const std::string value = word.substr(std::min(word.find('='), word.size() - 1) + 1);
    if (key == "t") message.term = wire::Term(number(value));
    if (key == "asked") message.term_entered = false;
    if (key == "prev") place(value, message.prev_index, message.prev_term);
    if (key == "last") place(value, message.last_index, message.last_term);
    if (key == "e") entries(value, message);
    if (key == "commit") message.commit = wire::Index(number(value));
    if (key == "match") message.match = wire::Index(number(value));
    if (key == "ok" || key == "no") message.success = key == "ok";
    if (key == "c") seen.connection = number(value);
    if (key == "opened") seen.opened_ns = number(value) * 1000000;
    if (key == "g") message.group = value;
    if (key == "as") message.sender = value;
    if (key == "to") message.receiver = value;
    if (key == "action") seen.action = value;
    if (key == "transfer") message.transfer = true;
  }

  wire::Protocol protocol_ = wire::Protocol::Raftkv;
  bool partial_ = false;
  std::unique_ptr<Judge> judge_;
  std::uint64_t time_ns_ = 0;
  std::uint64_t messages_ = 0;
};

std::string describe(const verdict::Finding& finding) {
  std::string text = finding.checker + ": " + finding.sentence + " [";
  for (const std::uint64_t id : finding.evidence) {
    text += (text.back() == '[' ? "" : " ") + std::to_string(id);
  }
  return (finding.verdict == verdict::Verdict::Invalid ? "" : "unknown ") + text + ']';
}

std::string judged(const golden::Block& block) {
  Stream stream;
  for (const std::string& line : block) stream.line(line);
  std::string answer;
  for (const verdict::Finding& finding : stream.judge().findings()) {
    answer += (answer.empty() ? "" : "\n") + describe(finding);
  }
  return answer.empty() ? "nothing" : answer;
}

TEST(Judge, FindsTwoLeadersOfATerm) { golden::run_blocks(TESTDATA "/leaders.txt", judged); }
TEST(Judge, FindsTwoVotesInATerm) { golden::run_blocks(TESTDATA "/votes.txt", judged); }
TEST(Judge, FindsTermsThatGoBack) { golden::run_blocks(TESTDATA "/terms.txt", judged); }
TEST(Judge, FindsLogsThatDoNotMatch) { golden::run_blocks(TESTDATA "/logs.txt", judged); }
TEST(Judge, FindsCommitsThatDoNotHold) { golden::run_blocks(TESTDATA "/commits.txt", judged); }
TEST(Judge, FindsAcknowledgementsThatDoNotHold) {
  golden::run_blocks(TESTDATA "/acks.txt", judged);
}
TEST(Judge, FindsNothingInWhatIsHealthy) { golden::run_blocks(TESTDATA "/healthy.txt", judged); }

}  // namespace
}  // namespace check::evidence
