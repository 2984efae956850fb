// SPDX-License-Identifier: Apache-2.0
// Servers, their disks, the messages between them and their clients, without time: everything that
// happens is an Action that somebody chose.
//
//   World (draws, by virtual time) --.
//   Script (a scenario file)       --+--> act(Action) --> outbox, answers, ended, violation
//   shrinking, exploration         --'         |
//                        judges, coverage and hash see all of it
//
// The same Setup and actions give the same hash, whoever chose them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/action.h"
#include "sim/clients.h"
#include "sim/judges.h"
#include "sim/probe.h"
#include "sim/run_hash.h"
#include "sim/server.h"
#include "sim/setup.h"
#include "sim/witness.h"

namespace sim {

// A message on its way.
struct Flight {
  raft::NodeId from;
  raft::NodeId to;
  raft::Message message;  // Empty of sense if `bytes` has it.
  std::string bytes;      // In a framed run.
  MessageName name;
  std::uint32_t copies = 0;  // Delivered so far.
  bool calls = false;        // Its receiver is to take leadership over.
};

// It left its server in the last action.
struct Sent {
  std::uint32_t slot = 0;
  raft::NodeId from;
  raft::NodeId to;
  std::uint64_t phase = 0;  // How many syncs of the turn came before it.
};

class Cluster {
 public:
  explicit Cluster(const Setup& setup);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // What cannot happen does nothing: a tick of a server that is down, a message that is not there.
  void act(const Action& action);

  // Of the last action.
  const std::vector<Sent>& outbox() const { return outbox_; }
  const std::vector<Answer>& answers() const { return answers_; }
  // How many syncs its server made.
  std::uint64_t syncs() const { return syncs_; }

  // A message that will not be delivered (again).
  void discard(std::uint32_t slot);
  const Flight& flight(std::uint32_t slot) const { return flights_[slot]; }

  std::uint64_t actions() const { return action_; }
  std::uint64_t inputs() const { return inputs_; }
  const Setup& setup() const { return setup_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(servers_.size()); }
  const Server& server(raft::NodeId id) const { return *servers_[id.value - 1]; }
  bool is_up(raft::NodeId id) const { return server(id).state == ServerState::Up; }
  // Of the highest term, if several think so.
  std::optional<raft::NodeId> find_leader() const;
  // Does it belong to the cluster, as the leader sees it?
  bool is_member(raft::NodeId id) const;
  const Clients& clients() const { return clients_; }
  const Judges& judges() const { return judges_; }
  const std::optional<Violation>& violation() const { return judges_.violation(); }
  Coverage& coverage() { return coverage_; }
  const Coverage& coverage() const { return coverage_; }
  std::uint64_t hash() const { return hash_.value(); }
  // A violation that only the end of a run shows.
  void say(const std::string& judge, raft::NodeId node, const std::string& sentence) {
    judges_.say(judge, node, sentence);
  }

  // Called before and after each action.
  struct Watch {
    std::function<void(const Action& action)> before;
    std::function<void(const Action& action)> after;
  };
  void set_watch(Watch watch) { watch_ = std::move(watch); }
  // Called with one line for each action and effect, if set.
  using Trace = std::function<void(const std::string& line)>;
  void set_trace(Trace trace) { trace_ = std::move(trace); }
  // Called with each entry that a state machine is given; with null when its server starts.
  using Applied = std::function<void(raft::NodeId node, const raft::Entry* entry)>;
  void set_applied(Applied applied) { applied_ = std::move(applied); }

 private:
  class Port;

  Server& at(raft::NodeId id) { return *servers_[id.value - 1]; }

  // cluster.cc
  void do_it(const Action& action);
  void tick(Server& server, const Action& action);
  void finish(Server& server);
  void finish_unless_more(Server& server, const Action& action);
  template <class Input>
  void input(Server& server, raft::LogIndex touched, Input take);
  void begin_turn(Server& server);

  // cluster_requests.cc
  void ask(Server& server, const Action& action);
  void wish(Server& server, const Action& action);
  void answer(Server& server, replica::RequestId id, const replica::Outcome& outcome);
  void answer_wish(const Server& server, replica::RequestId id, const replica::Outcome& outcome);

  // cluster_messages.cc
  void deliver(Server& server, const Action& action);
  std::optional<raft::Message> receive(Flight& flight, const Action& action);
  std::optional<raft::Message> receive_frame(const Flight& flight, std::uint64_t corrupt);
  void send(Server& server, const raft::Envelope& envelope);
  void mix(const raft::Message& message);

  // cluster_lives.cc
  void start(Server& server);
  void on_not_started(Server& server, const base::Error& why);
  void on_findings(Server& server);
  void install(Server& server, raft::EntryId last);
  void judge_state(const Server& server);
  void crash(Server& server, Survival survival, std::uint64_t seed);
  void kill(Server& server);
  void stop(Server& server, bool power_cut);
  void die(Server& server);
  void fail(Server& server, const base::Error& error);
  void lose_majority();

  // cluster_probes.cc
  void probe_input(const Before& was, const raft::Node& node);
  void probe_message(const Before& was, const Server& server, const raft::NodeId& from,
                     const raft::Message& message);
  void probe_request(const raft::Node& node, raft::NodeId from, const raft::Message& message);
  void probe_proposal(const raft::Node& node);
  void probe_answer(const Server& server, const Answer& answer);
  void probe_configuration(const Before& was, const raft::Node& node);
  struct Housekeeping {
    std::uint64_t files = 0;
    raft::LogIndex snapshot;
    raft::LogIndex base;
    bool failed = false;
  };
  static Housekeeping housekeeping(const Server& server);
  void probe_housekeeping(Server& server, const Housekeeping& was);
  void probe_applied(const raft::Entry& entry);

  void judge_witness();
  void note(const std::string& line) const;

  Setup setup_;
  RunHash hash_;
  Coverage coverage_;
  Judges judges_;
  std::optional<Witness> witness_;
  Clients clients_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<Flight> flights_;
  std::vector<std::uint32_t> free_;  // Slots of flights_.

  std::uint64_t action_ = 0;
  std::uint64_t inputs_ = 0;
  std::vector<Sent> outbox_;
  std::vector<Answer> answers_;
  std::vector<std::uint64_t> committed_at_ask_;  // By client.
  // What operators asked for.
  struct Wish {
    ActionKind kind = ActionKind::Change;
    raft::Configuration target;
    raft::NodeId peer;
  };
  std::map<replica::RequestId, Wish> wishes_;
  Shadow shadow_;
  std::uint64_t syncs_ = 0;
  Watch watch_;
  Trace trace_;
  Applied applied_;
};

// `take` hands the input to the replica.
template <class Input>
void Cluster::input(Server& server, raft::LogIndex touched, Input take) {
  const Before was = before(*server.replica);
  judges_.begin(*server.replica, touched);
  take(*server.replica);
  if (server.fuse.dead()) return;
  judges_.on_input(was, *server.replica);
  probe_input(was, server.replica->node());
}

// The judge "linear" on the history so far. Says why, if it cannot decide.
std::string judge_clients(Cluster& cluster);

}  // namespace sim
