// SPDX-License-Identifier: Apache-2.0
// Runs testdata/scenarios/*.txt: what a few servers do when told exactly what happens to them.
//
//   cluster COUNT [KEY=VALUE...]  fresh servers n1, n2, ...; keys: see make_config; voters=N: the
//                                 first N are the cluster, the others wait to join it
//   start n1 term=T [vote=n2] [log=1,1,2]   from this disk; log: the term of each entry
//   timeout n1                    ticks until n1 asks for votes
//   tick n1|all [COUNT]           logical time passes
//   elect n1                      lapse of all others, timeout n1, settle
//   propose n1 WORD...            each word one command
//   read n1 ID
//   change n1 n1,n2 [n3,n4]       membership: voters, learners
//   transfer n1 n2                leadership
//   snapshot n1 [KEEP]            of all that is committed; KEEP entries stay in the log
//   damage n1 INDEX               while it is down: its disk loses all behind INDEX
//   fail n1                       its storage fails
//   deliver n1->n2 [COUNT|all]    oldest first; also: drop, duplicate, defer (behind the others)
//   flood n1->n2 COUNT            delivers the oldest COUNT times; tells equal effects once
//   settle                        delivers all there is, and what comes of it
//   cut n1 n2... | heal           cut: no message between these and the rest
//   sever n1 n2                   no message between these two
//   disk n1 slow|fast             slow: nothing is synced until `persist n1 [STEP]`
//   crash n1 | restart n1         loses what no receipt covered
//   trace | quiet                 from here on, (do not) tell every effect
//   status, logs, wire, members   what there is now
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "golden/golden.h"
#include "raft/test_cluster.h"

namespace raft {
namespace {

using Words = std::vector<std::string>;

NodeId parse_id(const std::string& word) {
  return {static_cast<std::uint32_t>(std::stoul(word.substr(word.find('n') + 1)))};
}

std::string value_of(const Words& words, const std::string& key) {
  for (const std::string& word : words) {
    if (word.starts_with(key + "=")) return word.substr(key.size() + 1);
  }
  return "";
}

Config make_config(const Words& words) {
  Config config;
  const auto set = [&words](const std::string& key, auto& field) {
    const std::string value = value_of(words, key);
    if (value.empty()) return;
    field = static_cast<std::remove_reference_t<decltype(field)>>(std::stoull(value));
  };
  set("append_bytes", config.max_append_bytes);
  set("inflight", config.max_inflight_messages);
  set("uncommitted", config.max_uncommitted_bytes);
  set("reads", config.max_pending_reads);
  set("inflight_bytes", config.max_inflight_bytes);
  set("chunk", config.snapshot_chunk_bytes);
  set("lag", config.max_promotion_lag);
  set("kept", config.max_kept_bytes);
  config.lease.on = value_of(words, "leases") == "on";
  set("drift", config.lease.drift_per_mille);
  set("seed", config.seed);
  return config;
}

class Scenario {
 public:
  std::string run(const golden::Block& block) {
    for (const std::string& line : block) {
      std::istringstream stream(line);
      Words words;
      for (std::string word; stream >> word;) words.push_back(word);
      const auto command = commands().find(words.front());
      if (command == commands().end()) {
        ADD_FAILURE() << "unknown command: " << line;
        continue;
      }
      (this->*command->second)(words);
      if (!cluster_) continue;
      for (const std::string& event : cluster_->take_trace()) {
        if (tracing_) say(event);
      }
    }
    if (out_.empty()) return "ok";
    out_.pop_back();  // The runner ends the last line itself.
    return out_;
  }

 private:
  using Command = void (Scenario::*)(const Words&);
  static const std::map<std::string, Command>& commands() {
    static const std::map<std::string, Command> all = {
        {"cluster", &Scenario::cluster},   {"start", &Scenario::start},
        {"timeout", &Scenario::timeout},   {"tick", &Scenario::tick},
        {"elect", &Scenario::elect},       {"propose", &Scenario::propose},
        {"read", &Scenario::read},         {"deliver", &Scenario::deliver},
        {"drop", &Scenario::drop},         {"duplicate", &Scenario::duplicate},
        {"defer", &Scenario::defer},       {"settle", &Scenario::settle},
        {"cut", &Scenario::cut},           {"heal", &Scenario::heal},
        {"disk", &Scenario::disk},         {"persist", &Scenario::persist},
        {"crash", &Scenario::crash},       {"restart", &Scenario::restart},
        {"trace", &Scenario::trace},       {"quiet", &Scenario::quiet},
        {"status", &Scenario::status},     {"logs", &Scenario::logs},
        {"wire", &Scenario::wire},         {"change", &Scenario::change},
        {"transfer", &Scenario::transfer}, {"snapshot", &Scenario::snapshot},
        {"damage", &Scenario::damage},     {"fail", &Scenario::fail},
        {"flood", &Scenario::flood},       {"sever", &Scenario::sever},
        {"members", &Scenario::members},
    };
    return all;
  }

  void say(const std::string& line) { out_ += line + "\n"; }

  void cluster(const Words& words) {
    const auto count = static_cast<std::uint32_t>(std::stoul(words.at(1)));
    const std::string voters = value_of(words, "voters");
    cluster_.emplace(count, voters.empty() ? count : static_cast<std::uint32_t>(std::stoul(voters)),
                     make_config(words));
  }

  void start(const Words& words) {
    HardState hard_state{Term(std::stoull(value_of(words, "term"))), std::nullopt};
    const std::string vote = value_of(words, "vote");
    if (!vote.empty()) hard_state.vote = parse_id(vote);
    std::vector<Term> log;
    std::istringstream terms(value_of(words, "log"));
    for (std::string term; std::getline(terms, term, ',');) log.emplace_back(std::stoull(term));
    cluster_->restart_with(parse_id(words.at(1)), hard_state, log);
  }

  void timeout(const Words& words) { cluster_->time_out(parse_id(words.at(1))); }

  void tick(const Words& words) {
    const int count = words.size() > 2 ? std::stoi(words[2]) : 1;
    for (int i = 0; i < count; ++i) {
      for (const NodeId id : cluster_->ids()) {
        if (words.at(1) == "all" || id == parse_id(words[1])) cluster_->step(id, Tick{});
      }
    }
  }

  // Others must have stopped to hear a leader before they help to elect another.
  void elect(const Words& words) {
    const NodeId candidate = parse_id(words.at(1));
    for (const NodeId id : cluster_->ids()) {
      if (id == candidate || !cluster_->is_up(id)) continue;
      if (cluster_->node(id).role() != Role::Follower) continue;
      for (std::uint32_t i = 0; i < Config().election_ticks_min; ++i) cluster_->step(id, Tick{});
    }
    cluster_->time_out(candidate);
    cluster_->settle();
  }

  void propose(const Words& words) {
    Propose propose;
    for (std::size_t i = 2; i < words.size(); ++i)
      propose.commands.push_back(make_payload(words[i]));
    cluster_->step(parse_id(words.at(1)), propose);
  }

  void read(const Words& words) {
    cluster_->step(parse_id(words.at(1)), Read{ReadId(std::stoull(words.at(2)))});
  }

  static std::vector<Member> parse_members(const std::string& word) {
    std::vector<Member> members;
    std::istringstream ids(word);
    for (std::string id; std::getline(ids, id, ',');) members.push_back({parse_id(id), {}});
    return members;
  }
  void change(const Words& words) {
    Configuration target;
    target.voters = parse_members(words.at(2));
    if (words.size() > 3) target.learners = parse_members(words[3]);
    cluster_->step(parse_id(words.at(1)), ChangeMembership{target});
  }
  void transfer(const Words& words) {
    cluster_->step(parse_id(words.at(1)), TransferLeadership{parse_id(words.at(2))});
  }
  void snapshot(const Words& words) {
    cluster_->take_snapshot(parse_id(words.at(1)), words.size() > 2 ? std::stoull(words[2]) : 0);
  }
  void damage(const Words& words) {
    cluster_->damage(parse_id(words.at(1)), LogIndex(std::stoull(words.at(2))));
  }
  void fail(const Words& words) { cluster_->step(parse_id(words.at(1)), StorageFailed{}); }

  // Hands each message that the words name to `then`.
  template <class Then>
  void take(const Words& words, Then then) {
    take(words.at(1), words.size() > 2 ? words[2] : "1", then);
  }
  template <class Then>
  void take(const std::string& link, const std::string& amount, Then then) {
    const NodeId from = parse_id(link.substr(0, link.find("->")));
    const NodeId to = parse_id(link.substr(link.find("->") + 2));
    const auto waiting = std::ranges::count_if(cluster_->wire(), [&](const auto& flight) {
      return flight.from == from && flight.envelope.to == to;
    });
    const auto count = amount == "all" ? waiting : std::stol(amount);
    EXPECT_LE(count, waiting) << link << " has no such message";
    std::vector<TestCluster::Flight> flights;
    for (long i = 0; i < std::min<long>(count, waiting); ++i) {
      flights.push_back(*cluster_->take(from, to, 0));
    }
    for (const TestCluster::Flight& flight : flights) then(flight);
  }

  void deliver(const Words& words) {
    take(words, [this](const auto& flight) { cluster_->deliver(flight); });
  }
  void drop(const Words& words) {
    take(words, [](const auto& /*flight*/) {});
  }
  void duplicate(const Words& words) {
    take(words, [this](const auto& flight) {
      cluster_->wire().push_front(flight);
      cluster_->wire().push_front(flight);
    });
  }
  void defer(const Words& words) {
    take(words, [this](const auto& flight) { cluster_->wire().push_back(flight); });
  }
  void flood(const Words& words) {
    take(words.at(1), "1", [&](const auto& flight) {
      for (int i = std::stoi(words.at(2)); i > 0; --i) cluster_->deliver(flight);
    });
    std::vector<std::pair<std::string, int>> events;
    for (const std::string& event : cluster_->take_trace()) {
      auto same = std::ranges::find(events, event, &std::pair<std::string, int>::first);
      if (same == events.end()) same = events.insert(same, {event, 0});
      same->second += 1;
    }
    for (const auto& [event, count] : events) {
      if (tracing_) say(event + (count > 1 ? "  (" + std::to_string(count) + " times)" : ""));
    }
  }
  void settle(const Words& /*words*/) { cluster_->settle(); }

  void cut(const Words& words) {
    std::vector<NodeId> inside;
    for (std::size_t i = 1; i < words.size(); ++i) inside.push_back(parse_id(words[i]));
    const auto is_inside = [&](NodeId id) { return std::ranges::find(inside, id) != inside.end(); };
    for (const NodeId from : cluster_->ids()) {
      for (const NodeId to : cluster_->ids()) {
        if (is_inside(from) != is_inside(to)) cluster_->cut(from, to);
      }
    }
  }
  void sever(const Words& words) {
    cluster_->cut(parse_id(words.at(1)), parse_id(words.at(2)));
    cluster_->cut(parse_id(words.at(2)), parse_id(words.at(1)));
  }
  void heal(const Words& /*words*/) { cluster_->heal(); }

  void disk(const Words& words) {
    const NodeId id = parse_id(words.at(1));
    cluster_->server(id).syncs_at_once = words.at(2) == "fast";
    if (words.at(2) == "fast") cluster_->persist_all(id);
  }
  void persist(const Words& words) {
    if (words.size() > 2) {
      cluster_->persist(parse_id(words[1]), StepNumber(std::stoull(words[2])));
    } else {
      cluster_->persist_all(parse_id(words.at(1)));
    }
  }
  void crash(const Words& words) { cluster_->crash(parse_id(words.at(1))); }
  void restart(const Words& words) { cluster_->restart(parse_id(words.at(1))); }
  void trace(const Words& /*words*/) { tracing_ = true; }
  void quiet(const Words& /*words*/) { tracing_ = false; }

  void status(const Words& /*words*/) {
    for (const NodeId id : cluster_->ids()) {
      std::ostringstream line;
      line << id << ' ';
      if (!cluster_->is_up(id)) {
        line << "down";
      } else {
        const Node& node = cluster_->node(id);
        line << describe(node.role()) << ' ' << describe(HardState{node.term(), node.vote()})
             << " last=" << describe(node.last()) << " commit=" << node.commit();
        if (node.floor() != EntryId()) line << " floor=" << describe(node.floor());
        if (node.storage_failed()) line << " failed";
      }
      say(line.str());
    }
  }

  void members(const Words& /*words*/) {
    for (const NodeId id : cluster_->ids()) {
      if (!cluster_->is_up(id)) continue;
      std::ostringstream line;
      line << id << " members " << describe(cluster_->node(id).configuration());
      say(line.str());
    }
  }

  // Each entry by its term; what lies before its base is gone; what is committed stands before the
  // bar, what is not on disk in brackets.
  void logs(const Words& /*words*/) {
    for (const NodeId id : cluster_->ids()) {
      if (!cluster_->is_up(id)) continue;
      std::ostringstream line;
      const EntryId base = cluster_->node(id).log().base();
      line << id << " log";
      if (base != EntryId()) line << " .." << describe(base);
      if (cluster_->node(id).commit() == base.index) line << " |";
      for (LogIndex i = base.index.next(); i <= cluster_->node(id).last().index; i = i.next()) {
        line << describe_slot(cluster_->node(id), i);
      }
      say(line.str());
    }
  }
  static std::string describe_slot(const Node& node, LogIndex index) {
    const std::string term = std::to_string(node.log().at(index).id.term.value());
    const bool on_disk = index <= node.log().persisted();
    return (on_disk ? " " + term : " [" + term + "]") + (index == node.commit() ? " |" : "");
  }

  void wire(const Words& /*words*/) {
    for (const TestCluster::Flight& flight : cluster_->wire()) {
      std::ostringstream line;
      line << flight.from << ' ' << describe(flight.envelope);
      say(line.str());
    }
    if (cluster_->wire().empty()) say("nothing on the wire");
  }

  std::optional<TestCluster> cluster_;
  bool tracing_ = false;
  std::string out_;
};

class ScenarioFile : public testing::TestWithParam<std::string> {};

TEST_P(ScenarioFile, AnswersAsWritten) {
  golden::run_blocks(std::string(TESTDATA "/scenarios/") + GetParam(),
                     [](const golden::Block& block) { return Scenario().run(block); });
}

INSTANTIATE_TEST_SUITE_P(Raft, ScenarioFile,
                         testing::Values("election.txt", "pre_vote.txt", "replication.txt",
                                         "repair.txt", "commit.txt", "durability.txt", "read.txt",
                                         "flow.txt", "membership.txt", "transfer.txt",
                                         "snapshot.txt", "lease.txt", "follower_read.txt",
                                         "shortened.txt", "deadlines.txt", "partial.txt"),
                         [](const auto& file) {
                           return file.param.substr(0, file.param.find('.'));
                         });

}  // namespace
}  // namespace raft
