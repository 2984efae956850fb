// SPDX-License-Identifier: Apache-2.0
// All connections of Redis clients, and which of them want something this turn.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "os/log.h"
#include "os/net.h"
#include "server/client.h"
#include "server/metrics.h"

namespace server {

class Clients final : public os::Handler, public Client::Listener {
 public:
  struct Ground {
    os::Loop& loop;
    const os::Log& log;
    const NodeView& node;
    Counters& counters;
  };
  // Requires: what is in `ground` outlives it.
  static base::Result<std::unique_ptr<Clients>> listen(const Ground& ground,
                                                       const os::HostPort& where,
                                                       const ClientLimits& limits);
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  ~Clients() override;

  // Null if it is gone.
  Client* find(ClientId id) const;
  std::size_t size() const { return size_; }
  base::Result<os::HostPort> address() const { return os::local_address(listening_); }

  // Those that have requests to send since the last call. Those that cannot be sent now come back
  // at the next on_time(), or when they are put here again.
  void take_waiting(std::vector<ClientId>& taken);
  // Somebody has requests to send, or something to flush: there is no time to wait for sockets.
  bool has_work() const { return !waiting_.empty() || !unflushed_.empty(); }
  void wait_for_time(ClientId id) { stalled_.push_back(id); }
  bool any_stalled() const { return !stalled_.empty(); }

  void on_time(std::chrono::nanoseconds now);
  // Sends what lies in output buffers, and closes who is finished.
  void flush();

  void on_ready(os::Ready ready) override;
  void on_client(Client& client) override;
  void on_stuck(Client& client) override;
  void on_failures(const Failures& failures) override { counters_.on_failures(failures); }
  void on_silent(std::string_view why) override;

 private:
  Clients(const Ground& ground, os::Fd listening, const ClientLimits& limits);
  void refuse(const os::Fd& socket);
  void wait(Client& client);
  void flush(Client& client);
  void read_on();
  bool any_waits() const;
  void add(os::Fd socket);
  void remove(ClientId id);

  os::Loop& loop_;
  const os::Log& log_;
  os::Fd listening_;
  os::Loop::Watch watch_;
  ClientLimits limits_;
  const NodeView& node_;
  Counters& counters_;
  os::Budget input_;
  os::Budget replies_;
  os::RateLimit complaints_;
  os::RateLimit full_complaints_;
  os::RateLimit silent_complaints_;
  ClientId last_serial_ = 0;
  std::vector<std::unique_ptr<Client>> places_;  // A client's id says which is its own.
  std::vector<std::size_t> free_places_;
  std::size_t size_ = 0;
  // Each names a client once, or one that is gone: Client::Listed says who stands there.
  std::vector<ClientId> waiting_;
  std::vector<ClientId> unflushed_;
  std::vector<ClientId> flushing_;  // Room for those of one flush().
  std::vector<ClientId> stalled_;   // May name one twice.
  std::deque<ClientId> stuck_;      // As waiting_: first who waits for longest.
  ClientId favoured_ = 0;
  std::chrono::nanoseconds next_expiry_{0};
  std::chrono::nanoseconds next_tidying_{0};
};

}  // namespace server
