// SPDX-License-Identifier: Apache-2.0
#include "server/clients.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "os/clock.h"

namespace server {
namespace {

std::vector<ClientId> without_doubles(std::vector<ClientId> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace

base::Result<std::unique_ptr<Clients>> Clients::listen(os::Loop& loop, const Log& log,
                                                       const os::HostPort& where,
                                                       const ClientLimits& limits, Info info) {
  TRY(os::Fd listening, os::listen_tcp(where));
  return std::unique_ptr<Clients>(
      new Clients(loop, log, std::move(listening), limits, std::move(info)));
}

Clients::Clients(os::Loop& loop, const Log& log, os::Fd listening, const ClientLimits& limits,
                 Info info)
    : loop_(loop),
      log_(log),
      listening_(std::move(listening)),
      watch_(loop_.add(listening_.number(), os::Loop::Interest::Read, *this)),
      limits_(limits),
      info_(std::move(info)) {}

Clients::~Clients() { loop_.remove(watch_); }

Client* Clients::find(ClientId id) const {
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second.get();
}

std::vector<ClientId> Clients::take_waiting() {
  return without_doubles(std::exchange(waiting_, {}));
}

void Clients::on_client(Client& client) {
  if (client.pipeline().has_unsent()) waiting_.push_back(client.id());
  unflushed_.push_back(client.id());
}

void Clients::on_time(std::chrono::nanoseconds now) {
  loop_.change(watch_, os::Loop::Interest::Read);
  waiting_.insert(waiting_.end(), stalled_.begin(), stalled_.end());
  stalled_.clear();
  for (const auto& [id, client] : clients_) client->expire(now);
}

void Clients::flush() {
  for (const ClientId id : without_doubles(std::exchange(unflushed_, {}))) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) continue;
    Client& client = *found->second;
    client.flush();
    if (client.is_finished()) {
      clients_.erase(found);
    } else if (client.pipeline().has_unsent()) {
      waiting_.push_back(id);
    }
  }
}

void Clients::refuse(const os::Fd& socket) {
  static constexpr std::string_view kFull = "-ERR max number of clients reached\r\n";
  (void)send(socket.number(), kFull.data(), kFull.size(), MSG_NOSIGNAL);
  if (complaints_.allows(os::steady_now()))
    log_.event("client-refused", fmt::format("reason=\"there are {} already\"", clients_.size()));
}

void Clients::on_ready(os::Ready /*ready*/) {
  while (true) {
    base::Result<std::optional<os::Fd>> socket = os::accept_tcp(listening_);
    // Out of descriptors: the waiting connection would wake us again and again. Try later.
    if (!socket.ok()) loop_.change(watch_, os::Loop::Interest::Nothing);
    if (!socket.ok() || !socket.value()) return;
    os::Fd fd = std::move(*std::move(socket).value());
    if (clients_.size() >= limits_.clients) {
      refuse(fd);
      continue;
    }
    const Client::Context context{loop_, limits_, info_, *this};
    const ClientId id = ++last_id_;
    clients_.emplace(id, std::make_unique<Client>(context, id, std::move(fd)));
  }
}

}  // namespace server
