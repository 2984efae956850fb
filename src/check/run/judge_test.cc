// SPDX-License-Identifier: Apache-2.0
#include "check/run/judge.h"

#include <gtest/gtest.h>

#include <functional>

#include "check/run/audit_file.h"
#include "check/run/fault_log.h"

namespace check::run {
namespace {

using verdict::Verdict;

history::Operation operation(std::uint64_t index, std::uint64_t process, const std::string& value) {
  history::Operation result;
  result.invoked_at = history::EventIndex(index);
  result.returned_at = history::EventIndex(index + 1);
  result.process = process;
  result.function = history::Function::Write;
  result.key = "k0";
  result.written = value;
  result.called = history::Moment(index * 10);
  result.returned = history::Moment(index * 10 + 5);
  result.outcome = history::Outcome::Ok;
  return result;
}

faults::FaultRecord record(faults::FaultState state) {
  faults::FaultRecord result;
  result.id = 1;
  result.fault = "kill leader";
  result.nodes = {{1}, {2}};
  result.state = state;
  return result;
}

constexpr history::DirectedPair kForth{{1}, {2}};
constexpr history::DirectedPair kBack{{2}, {1}};

// The counts of two nodes of which the first sent the second 100 bytes in a stream.
monitor::Picture audited() {
  monitor::Picture picture;
  picture.links[kForth] = {.stream_read = 100, .stream_written = 100, .kernel_received = 100};
  picture.links[kBack] = {};
  picture.pairs[kForth].arrived = {.packets = 3, .bytes = 240};
  picture.pairs[kForth].delivered = {.packets = 3, .bytes = 240};
  picture.pairs[kBack] = {};
  picture.hosts[{1}] = {.sent_bytes = 282, .sent_packets = 3};
  picture.hosts[{2}] = {.received_bytes = 282, .received_packets = 3};
  return picture;
}

// A run with nothing missing: two nodes, two clients, one key, one fault.
Evidence healthy() {
  Evidence evidence;
  evidence.facts.nodes = 2;
  evidence.facts.clients = 2;
  evidence.facts.keys = 1;
  evidence.facts.finished = true;
  evidence.facts.planned_faults = 1;
  evidence.facts.recovery.complete = true;
  evidence.facts.recovery.bound_ms = 30'000;
  evidence.facts.recovery.leader_ms = 12;
  evidence.audit = audited();
  evidence.facts.require = {};
  for (std::uint64_t i = 0; i < 100; ++i) {
    evidence.operations.push_back(operation(2 * i, i % 2, std::to_string(i)));
  }
  for (std::uint32_t node = 1; node <= 2; ++node) {
    history::Operation read = operation(198 + 2 * node, 10 + node, "");
    read.function = history::Function::Read;
    read.written.reset();
    read.found = "99";
    read.node = node;
    read.final = true;
    evidence.operations.push_back(read);
  }
  evidence.faults = {record(faults::FaultState::Armed), record(faults::FaultState::Fired),
                     record(faults::FaultState::Healed)};
  return evidence;
}

std::map<std::string, Verdict> verdicts(const Evidence& evidence) {
  std::map<std::string, Verdict> result;
  for (const verdict::Finding& finding : judge(evidence, [] { return true; })) {
    result[finding.checker] = finding.verdict;
  }
  return result;
}

TEST(Judge, IsContentWithARunThatLacksNothing) {
  for (const auto& [checker, verdict] : verdicts(healthy())) {
    EXPECT_EQ(verdict, Verdict::Valid) << checker;
  }
}

TEST(Judge, SaysWhatWasLeftOut) {
  Evidence evidence = healthy();
  evidence.facts.left_out = "3 faults of disks: no /dev/fuse";
  const verdict::Finding found = judge_faults(evidence);
  EXPECT_EQ(found.verdict, Verdict::Valid);
  EXPECT_EQ(found.sentence,
            "all 1 planned faults fired, were observed, and ended; left out were 3 faults of "
            "disks: no /dev/fuse");
}

// Each change of a healthy run changes one opinion, and no other.
struct Change {
  const char* what;
  std::function<void(Evidence&)> apply;
  const char* checker;
  Verdict verdict;
};

TEST(Judge, EachThingThatIsMissingChangesItsOpinionAlone) {
  const std::vector<Change> changes = {
      {"a failed fault", [](Evidence& e) { e.faults[1].state = faults::FaultState::Failed; },
       "faults", Verdict::Unknown},
      {"a fault that never fired", [](Evidence& e) { e.facts.planned_faults = 2; }, "faults",
       Verdict::Unknown},
      {"a fault that did not end", [](Evidence& e) { e.faults.pop_back(); }, "faults",
       Verdict::Unknown},
      {"no fault but those left out",
       [](Evidence& e) {
         e.facts.planned_faults = 0;
         e.faults.clear();
         e.facts.left_out = "3 faults of disks: no /dev/fuse";
       },
       "faults", Verdict::Unknown},
      {"a required kind that did not fire", [](Evidence& e) { e.facts.require.fired["pause"] = 1; },
       "faults", Verdict::Unknown},
      {"a node that was never struck",
       [](Evidence& e) {
         e.facts.require.every_node = true;
         for (auto& fault : e.faults) fault.nodes = {{1}};
       },
       "faults", Verdict::Unknown},
      {"99 operations", [](Evidence& e) { e.operations.erase(e.operations.begin()); }, "workload",
       Verdict::Unknown},
      {"a byte that passed by", [](Evidence& e) { e.audit->hosts[{2}].received_bytes += 1; },
       "traffic", Verdict::Unknown},
      {"a packet that passed by", [](Evidence& e) { e.audit->pairs[kForth].bypassed.packets = 1; },
       "traffic", Verdict::Unknown},
      {"a byte that was not relayed",
       [](Evidence& e) { e.audit->links[kForth].stream_written = 99; }, "traffic",
       Verdict::Unknown},
      {"a host that was not counted", [](Evidence& e) { e.audit->hosts.erase({1}); }, "traffic",
       Verdict::Unknown},
      {"no audit", [](Evidence& e) { e.audit.reset(); }, "traffic", Verdict::Unknown},
      {"no leader", [](Evidence& e) { e.facts.recovery.leader_ms.reset(); }, "liveness",
       Verdict::Invalid},
      {"no progress", [](Evidence& e) { e.facts.recovery.healed_ns = 2000; }, "liveness",
       Verdict::Invalid},
      // Process 1's last operation, from 1980 to 1985, ends after the heal, but began before it.
      {"an answer to what was asked before the heal",
       [](Evidence& e) { e.facts.recovery.healed_ns = 1981; }, "liveness", Verdict::Invalid},
      {"an answer after the bound", [](Evidence& e) { e.facts.recovery.bound_ms = 0; }, "liveness",
       Verdict::Invalid},
      {"a node that did not come back", [](Evidence& e) { e.facts.recovery.not_ready = "n2"; },
       "liveness", Verdict::Invalid},
      {"faults that could not be ended",
       [](Evidence& e) { e.facts.recovery.not_healed = "n2 would not start"; }, "liveness",
       Verdict::Unknown},
      {"clients of ours that did not start",
       [](Evidence& e) {
         e.facts.recovery.not_asked = "the client shim 'x' was not up";
         e.facts.recovery.not_ready = "n2";
         e.facts.recovery.leader_ms.reset();
       },
       "liveness", Verdict::Unknown},
      {"a node that died by itself",
       [](Evidence& e) { e.facts.own_exits = {"n2 exited with code 1"}; }, "liveness",
       Verdict::Unknown},
      {"Ctrl-C", [](Evidence& e) { e.facts.interrupted = "Ctrl-C"; }, "liveness", Verdict::Unknown},
      {"a node without the final read", [](Evidence& e) { e.operations.pop_back(); }, "divergence",
       Verdict::Unknown},
  };
  const auto before = verdicts(healthy());
  for (const Change& change : changes) {
    Evidence evidence = healthy();
    change.apply(evidence);
    auto expected = before;
    expected[change.checker] = change.verdict;
    EXPECT_EQ(verdicts(evidence), expected) << change.what;
  }
}

TEST(Judge, AClientThatWasNeverServedIsMissedByTheWorkloadToo) {
  Evidence evidence = healthy();
  evidence.facts.clients = 3;
  EXPECT_EQ(judge_workload(evidence).verdict, Verdict::Unknown);
  EXPECT_EQ(judge_liveness(evidence).verdict, Verdict::Invalid);
}

TEST(Judge, AHistoryThatBreaksOffAccusesNobody) {
  Evidence evidence = healthy();
  evidence.events = evidence.operations.size() * 2;
  evidence.facts.history_events = evidence.events;
  EXPECT_EQ(judge_liveness(evidence).verdict, Verdict::Valid);
  evidence.operations.clear();
  evidence.events = 0;
  EXPECT_EQ(judge_liveness(evidence).verdict, Verdict::Unknown);
  evidence.facts.history_events.reset();
  EXPECT_EQ(judge_liveness(evidence).verdict, Verdict::Invalid);
}

TEST(Judge, SaysWhetherARestartFreedWhatWasStuck) {
  Evidence evidence = healthy();
  evidence.facts.recovery.leader_ms.reset();
  EXPECT_EQ(judge_liveness(evidence).sentence, "no node led within 30 s of the end of the faults");
  evidence.facts.recovery.freed_by_restart = true;
  EXPECT_EQ(judge_liveness(evidence).verdict, Verdict::Invalid);
  EXPECT_EQ(judge_liveness(evidence).sentence,
            "no node led within 30 s of the end of the faults; a restart of all nodes freed it");
  evidence.facts.recovery.freed_by_restart = false;
  EXPECT_EQ(judge_liveness(evidence).sentence,
            "no node led within 30 s of the end of the faults; nor did it come back when all were "
            "restarted");
}

TEST(Judge, NodesThatReadDifferentlyAtTheEndDiverge) {
  Evidence evidence = healthy();
  evidence.operations.back().found = "98";
  const verdict::Finding finding = judge_divergence(evidence);
  EXPECT_EQ(finding.verdict, Verdict::Invalid);
  EXPECT_EQ(finding.sentence, "key k0: at the end n1 reads \"99\", but n2 reads \"98\"");
  EXPECT_EQ(finding.evidence, (std::vector<std::uint64_t>{200, 202}));
}

TEST(RunFacts, AreReadAsTheyWereWritten) {
  RunFacts facts = healthy().facts;
  facts.target = "etcd";
  facts.seed = 7;
  facts.election_timeout_ms = 1300;
  facts.recovery.healed_ns = 12'000'000'000;
  facts.recovery.unread = {1, 4};
  facts.recovery.freed_by_restart = false;
  facts.require.fired["kill"] = 3;
  const auto again = read_facts(to_json(facts), "run.json");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(to_json(again.value()), to_json(facts));
}

TEST(RunFacts, OfAnotherFileAreRefused) {
  for (const char* text : {"", "{}", "[1]", "{\"seaworthy\":3}", "{\"seaworthy\":\"0.1.0\""}) {
    EXPECT_FALSE(read_facts(text, "run.json").ok()) << text;
  }
}

TEST(AuditFile, IsReadAsItWasWritten) {
  monitor::Picture picture = audited();
  picture.stray_packets = 3;
  picture.pairs[kBack].bypassed = {.packets = 1, .bytes = 60};
  const std::string text = audit_json(picture);
  const auto again = read_audit(text, "audit.json");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(audit_json(again.value()), text);
  EXPECT_EQ(again.value().stray_packets, 3U);
  for (const std::string& wrong : {std::string("{}"), std::string("[]"), text.substr(0, 200)}) {
    EXPECT_FALSE(read_audit(wrong, "audit.json").ok()) << wrong;
  }
}

TEST(FaultLog, ATornLastLineIsLeftOut) {
  const std::string line =
      R"({"time":5,"id":1,"fault":"kill one","nodes":[2],"state":"fired","observed":"x"})";
  const auto whole = read_faults(line + '\n' + line.substr(0, 30), "faults.jsonl");
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole.value().size(), 1U);
  const auto broken = read_faults(line + "\nnonsense\n" + line + '\n', "faults.jsonl");
  ASSERT_FALSE(broken.ok());
  EXPECT_TRUE(broken.error().message.starts_with(
      "faults.jsonl:2 is not a fault as JSON: it breaks off or goes"));
}

}  // namespace
}  // namespace check::run
