// SPDX-License-Identifier: Apache-2.0
// Servers that say each message of Raft in a datagram of its own. What clients ask goes over TCP
// connections between the same ports, as in TcpTransport: it must not be done twice, its loss must
// be noticed, and answers may be long.
//
//   send()  ---> a datagram for each message ---> checksum, cluster, lives, peer ---> on_message()
//   forward(), reply() ---> TcpTransport
//
// Which life of a peer is the present one is asked: a Hello with a fresh question, which only who
// lives can answer. Messages from any other life are dropped; they make us ask.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "os/datagrams.h"
#include "transport/tcp_transport.h"

namespace transport {

class UdpTransport final : public Transport, public os::Handler {
 public:
  // Less than a message without entries needs, or more than a datagram can have, is an error.
  static constexpr std::size_t kLeastDatagramBytes = 256;
  static base::Status check_datagram_bytes(std::size_t bytes);

  // Requires: all references outlive it; there is no Config::tls.
  static base::Result<std::unique_ptr<UdpTransport>> open(os::Loop& loop, const os::Log& log,
                                                          const Config& config, Listener& listener);
  UdpTransport(const UdpTransport&) = delete;
  UdpTransport& operator=(const UdpTransport&) = delete;
  ~UdpTransport() override;

  void send(const raft::Envelope& envelope) override;
  bool forward(raft::NodeId to, const codec::Forward& forward) override {
    return requests_->forward(to, forward);
  }
  void reply(InboundId inbound, const codec::ForwardReply& reply) override {
    requests_->reply(inbound, reply);
  }
  void flush() override;
  void on_time(std::chrono::nanoseconds now) override;
  void set_peers(const Peers& peers) override;
  bool is_up(raft::NodeId peer) const override;
  std::map<raft::NodeId, PeerStatistics> statistics() const override;
  Limits limits() const override { return limits_; }

  void on_ready(os::Ready ready) override;

 private:
  struct Peer {
    os::HostPort where;
    os::Address address;
    codec::Incarnation life;                       // 0: not known yet.
    std::uint8_t version = codec::kOldestVersion;  // What that life and we speak.
    std::uint64_t question = 0;                    // 0: none is open.
    std::chrono::nanoseconds ask_at{0};
    std::chrono::nanoseconds heard_at{0};
    PeerStatistics statistics;
  };

  UdpTransport(os::Loop& loop, const os::Log& log, const Config& config, Listener& listener,
               os::Datagrams socket);
  void find_peers();
  void receive(std::string_view bytes, const os::Address& from);
  void on_hello(raft::NodeId from, Peer& peer, const codec::Frame& frame);
  void ask(raft::NodeId to, Peer& peer, std::chrono::nanoseconds now);
  void refuse(const os::Address& from, const std::string& reason);
  void put(Peer& peer, std::string bytes);
  codec::Address address(raft::NodeId to, const Peer& peer) const;
  codec::Address address_of_hello(raft::NodeId to, codec::Incarnation life) const;

  os::Loop& loop_;
  const os::Log& log_;
  Listener& listener_;
  Config config_;
  Limits limits_;
  os::Datagrams socket_;
  std::optional<Unreliable> unreliable_;
  os::Loop::Watch watch_;
  os::RateLimit complaints_;
  std::map<raft::NodeId, Peer> peers_;
  std::unique_ptr<TcpTransport> requests_;
};

}  // namespace transport
