// SPDX-License-Identifier: Apache-2.0
// The UDP half of the monitor: takes every datagram between nodes, and sends it on in its sender's
// name, unless the link's faults lose, repeat, delay or reorder it. Belongs to the loop's thread.
//
// Each datagram makes the same draws from its link's random stream whatever their outcome, so the
// fate of the k-th datagram of a link depends on the seed and k alone.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "check/monitor/datagram_talks.h"
#include "check/monitor/endpoint.h"
#include "check/monitor/link_table.h"
#include "check/monitor/loop.h"
#include "check/monitor/traffic_log.h"
#include "check/sandbox/fd.h"

namespace check::monitor {

class UdpRelay : public Loop::Handler {
 public:
  // Opens its receiving socket in the calling thread's network. `traffic` and `messages` may be
  // null.
  static base::Result<std::unique_ptr<UdpRelay>> open(Loop& loop, LinkTable& links,
                                                      TrafficLog* traffic,
                                                      MessageContext* messages);

  std::uint16_t port() const;  // Of the receiving socket, on the loopback.
  void release(DirectedPair link);
  void settle(std::uint64_t ticket, Settled settled);

  void on_ready(std::uint32_t events) override;

 private:
  struct Datagram {
    Endpoint from;
    Endpoint to;
    std::string bytes;
    TrafficLog::Fate fate = TrafficLog::Fate::Relayed;
  };
  // What waits on a link.
  struct Queue {
    std::deque<Datagram> held;
    std::size_t held_bytes = 0;
    std::optional<Datagram> overtaken;  // To be sent behind the next one.
    std::uint64_t overtaken_number = 0;
  };

  UdpRelay(Loop& loop, LinkTable& links, TrafficLog* traffic, sandbox::Fd socket);
  bool receive();
  void take(Link& link, Datagram datagram);
  void admit(Link& link, Datagram datagram);
  void hold(Link& link, Datagram datagram);
  void send_later(Link& link, Datagram datagram, std::uint64_t delay_ns);
  void send_in_turn(Link& link, Datagram datagram);
  void send_or_hold(Link& link, Datagram datagram);
  void send(Link& link, const Datagram& datagram);
  int sender_for(const Endpoint& source);
  void lose(Link& link, const Datagram& datagram);

  Loop& loop_;
  LinkTable& links_;
  TrafficLog* traffic_;
  sandbox::Fd socket_;
  std::vector<char> buffer_;
  std::optional<DatagramTalks> talks_;  // None: nothing is understood.
  std::map<DirectedPair, Queue> queues_;
  std::map<std::uint64_t, Datagram> delayed_;
  std::uint64_t next_number_ = 1;

  // Sockets that speak as one source each; the one not used for longest makes room.
  struct Sender {
    sandbox::Fd fd;
    std::list<Endpoint>::iterator use;
  };
  std::unordered_map<Endpoint, Sender, EndpointHash> senders_;
  std::list<Endpoint> uses_;  // Last used first.
};

}  // namespace check::monitor
