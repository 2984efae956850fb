// SPDX-License-Identifier: Apache-2.0
// All connections of Redis clients, and which of them want something this turn.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "os/net.h"
#include "server/client.h"
#include "server/log.h"

namespace server {

class Clients final : public os::Handler, public Client::Listener {
 public:
  // Requires: all references outlive it.
  static base::Result<std::unique_ptr<Clients>> listen(os::Loop& loop, const Log& log,
                                                       const os::HostPort& where,
                                                       const ClientLimits& limits, Info info);
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  ~Clients() override;

  // Null if it is gone.
  Client* find(ClientId id) const;
  std::size_t size() const { return clients_.size(); }
  base::Result<os::HostPort> address() const { return os::local_address(listening_); }

  // Those that have requests to send since the last call. Those that cannot be sent now come back
  // at the next on_time(), or when they are put here again.
  std::vector<ClientId> take_waiting();
  bool any_waiting() const { return !waiting_.empty(); }
  void wait_for_time(ClientId id) { stalled_.push_back(id); }

  void on_time(std::chrono::nanoseconds now);
  // Sends what lies in output buffers, and closes who is finished.
  void flush();

  void on_ready(os::Ready ready) override;
  void on_client(Client& client) override;

 private:
  Clients(os::Loop& loop, const Log& log, os::Fd listening, const ClientLimits& limits, Info info);
  void refuse(const os::Fd& socket);

  os::Loop& loop_;
  const Log& log_;
  os::Fd listening_;
  os::Loop::Watch watch_;
  ClientLimits limits_;
  Info info_;
  RateLimit complaints_;
  ClientId last_id_ = 0;
  std::unordered_map<ClientId, std::unique_ptr<Client>> clients_;
  std::vector<ClientId> waiting_;  // May name one twice, or one that is gone.
  std::vector<ClientId> stalled_;
  std::vector<ClientId> unflushed_;
};

}  // namespace server
