// SPDX-License-Identifier: Apache-2.0
// The TCP half of the monitor: asks the server before a client's SYN is answered, joins the two
// halves of each connection, and finds connections by link. Belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/result.h"
#include "check/monitor/connection.h"

namespace check::monitor {

class Relay : public Loop::Handler {
 public:
  struct Parts {
    Loop& loop;
    LinkTable& links;
    EventLog& events;
    TrafficLog* traffic = nullptr;
    MessageContext* messages = nullptr;
  };
  // Opens the gate's queue and the listener in the calling thread's network.
  static base::Result<std::unique_ptr<Relay>> open(const Parts& parts);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() override;

  std::uint16_t port() const;  // Of the listener, on the loopback.

  // The link's state has changed: its connections go on with what is possible now.
  void wake(DirectedPair link);
  // Resets the connections between the two nodes, whoever opened them.
  void reset(DirectedPair link);
  void settle(std::uint64_t ticket, Settled settled);
  // The open connections' share of the audit.
  std::map<DirectedPair, StreamCount> open_counts() const;

  void on_ready(std::uint32_t events) override;

 private:
  Relay(const Parts& parts, std::unique_ptr<SynGate> gate, sandbox::Fd listener);
  void on_syn(const SynGate::Syn& syn);
  void forget(const Flow& flow);
  template <class Action>
  void for_each_between(DirectedPair link, Action action);

  std::unique_ptr<SynGate> gate_;
  sandbox::Fd listener_;
  RelayContext context_;
  std::unordered_map<Flow, std::shared_ptr<Connection>, FlowHash> connections_;
  std::unordered_map<std::uint64_t, Connection*> by_number_;
};

}  // namespace check::monitor
