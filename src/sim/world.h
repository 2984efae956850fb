// SPDX-License-Identifier: Apache-2.0
// One run: virtual time, a network, disks that take time, clients, and trouble, all drawn from one
// seed. It decides what happens when; what then happens is the Cluster's (cluster.h).
//
//   |---- options.events inputs, with faults ----|--- all heals ---|  judges of the end
//                                                 a leader, every client served, all alike:
//                                                 within kPatience, or it is a violation
#pragma once

#include <cstdint>
#include <vector>

#include "base/prng.h"
#include "check/verdict/finding.h"
#include "sim/cluster.h"
#include "sim/event_queue.h"
#include "sim/options.h"

namespace sim {

class World {
 public:
  explicit World(const Options& options);

  Cluster& cluster() { return cluster_; }
  const Cluster& cluster() const { return cluster_; }
  std::uint64_t now_us() const { return now_; }

  // All of it.
  void run();

  // After it.
  check::verdict::Verdict verdict() const;
  std::optional<Violation> violation() const;
  std::string unknown() const { return unknown_; }

 private:
  struct Item {  // Of a server's mailbox.
    enum class Kind : std::uint8_t { Slept, Tick, Message, Question, Wish } kind = Kind::Tick;
    std::uint32_t slot = 0;
    Question question = {};
    Action wish = {};
  };
  struct Host {
    std::uint64_t free_at = 0;  // Until then it syncs, or is stuck.
    std::uint64_t tick = 0;     // How long one takes, on its clock.
    bool wakes = false;         // A Wake is planned.
    std::uint32_t ticks_waiting = 0;
    std::uint64_t ticks_missed = 0;
    std::uint64_t ticks_slept = 0;  // It did not wake up for these, and takes them next.
    std::vector<Item> mailbox;
    // Between the first two it hears all later and later, up to `echo`; from `mute_from` on nobody
    // hears it.
    std::uint64_t echo_from = 0;
    std::uint64_t echo_until = 0;
    std::uint64_t echo = 0;
    std::uint64_t mute_from = 0;
  };
  struct Person {
    std::uint32_t stamp = 0;
    raft::NodeId asks;         // Whom it believes to lead.
    std::uint64_t served = 0;  // Since the faults healed.
  };
  struct Trouble {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> cuts;  // From, to.
  };

  // world.cc: time and turns.
  void act(const Action& action) { cluster_.act(action); }
  void on_event(const Event& event);
  void take(raft::NodeId node, Item item);
  void run_turn(raft::NodeId node);
  void on_wake(raft::NodeId node);
  void on_tick(raft::NodeId node);
  bool sleeps(raft::NodeId node) const;
  void send_off(const Sent& sent, std::uint64_t sync_time);
  Action action_of(const Item& item, raft::NodeId node);
  std::uint64_t sync_time(raft::NodeId node);
  bool happens(std::uint64_t per_million);
  bool is_cut(raft::NodeId from, raft::NodeId to) const;

  // world_clients.cc
  void on_client(std::uint32_t client);
  void on_timeout(std::uint32_t client, std::uint32_t stamp);
  void give_up(std::uint32_t client);
  void on_answer(const Answer& answer);
  Question question(std::uint32_t client);
  std::uint32_t text_key();
  raft::NodeId choose_node(const Person& person);
  std::uint64_t recent_value(std::uint32_t key);

  // world_troubles.cc
  void arm(raft::NodeId node);
  void on_trouble();
  void begin_trouble(std::uint64_t kind, std::uint64_t lasts);
  void kill(raft::NodeId node, std::uint64_t lasts);
  Trouble around(raft::NodeId node) const;
  Trouble between_halves();
  Trouble between(std::uint64_t side) const;
  void freeze(std::uint64_t lasts);
  void hand_over(raft::NodeId leader);
  raft::NodeId slowest_but(raft::NodeId node) const;
  void on_lapse(raft::NodeId leader);
  void echo(std::uint64_t lasts);
  void cut(Trouble trouble, std::uint64_t lasts);
  void on_heal(std::uint32_t trouble);
  void on_restart(raft::NodeId node);
  void restart_later(raft::NodeId node, std::uint64_t within);
  void power_cut(raft::NodeId node, std::uint64_t lasts);
  void damage(raft::NodeId node);
  void heal_all();

  // world_wishes.cc
  void on_wish();
  void choose_members(Action& wish);
  void demote(raft::NodeId node);

  // world_end.cc
  void run_to_rest();
  bool is_at_rest() const;
  std::string missing() const;
  void judge_end();

  raft::NodeId any_node();

  Options options_;
  base::Prng prng_;
  Cluster cluster_;
  EventQueue queue_;
  std::uint64_t now_ = 0;
  bool healed_ = false;
  std::vector<Host> hosts_;
  std::vector<Person> people_;
  std::vector<Trouble> troubles_;
  std::vector<std::uint32_t> cut_;  // From * nodes + to: how many troubles cut it.
  // Each client has this much to be served with after the faults; then it is silent.
  static constexpr std::uint64_t kServings = 2;
  std::uint64_t last_value_ = 0;
  // A text with many appends, or some that nobody knows the fate of, is hard to judge: on to fresh
  // keys.
  std::uint64_t appends_ = 0;
  std::uint64_t unknown_appends_ = 0;
  std::uint64_t damaged_ = 0;  // Servers whose storage was,
  raft::NodeId last_damaged_;  // and the last of them.
  std::string unknown_;        // Why the history could not be decided.
  std::uint64_t violation_time_ = 0;
};

}  // namespace sim
