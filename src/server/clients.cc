// SPDX-License-Identifier: Apache-2.0
#include "server/clients.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "os/clock.h"

namespace server {
namespace {

// To look at every client is work, and what waits for seconds need not be seen to the millisecond.
constexpr std::chrono::milliseconds kExpiryPeriod{50};
constexpr std::chrono::seconds kTidyingPeriod{1};

constexpr std::size_t kPlaceMask = (std::size_t{1} << kClientPlaceBits) - 1;

}  // namespace

base::Result<std::unique_ptr<Clients>> Clients::listen(const Ground& ground,
                                                       const os::HostPort& where,
                                                       const ClientLimits& limits) {
  TRY(os::Fd listening, os::listen_tcp(where));
  return std::unique_ptr<Clients>(new Clients(ground, std::move(listening), limits));
}

Clients::Clients(const Ground& ground, os::Fd listening, const ClientLimits& limits)
    : loop_(ground.loop),
      log_(ground.log),
      listening_(std::move(listening)),
      watch_(loop_.add(listening_.number(), os::Loop::Interest::Read, *this)),
      limits_(limits),
      node_(ground.node),
      counters_(ground.counters),
      input_(limits_.all_input_bytes),
      replies_(limits_.all_output_bytes) {}

Clients::~Clients() { loop_.remove(watch_); }

Client* Clients::find(ClientId id) const {
  const std::size_t place = id & kPlaceMask;
  if (place >= places_.size()) return nullptr;
  Client* found = places_[place].get();
  return found != nullptr && found->id() == id ? found : nullptr;
}

void Clients::add(os::Fd socket) {
  if (free_places_.empty()) {
    free_places_.push_back(places_.size());
    places_.emplace_back();
  }
  const std::size_t place = free_places_.back();
  CHECK(place <= kPlaceMask, place);
  free_places_.pop_back();
  const Client::Context context{loop_, limits_, node_, *this, input_, replies_};
  const ClientId id = (++last_serial_ << kClientPlaceBits) | place;
  places_[place] = std::make_unique<Client>(context, id, std::move(socket));
  ++size_;
}

void Clients::remove(ClientId id) {
  const std::size_t place = id & kPlaceMask;
  places_[place].reset();
  free_places_.push_back(place);
  --size_;
}

void Clients::take_waiting(std::vector<ClientId>& taken) {
  for (const ClientId id : waiting_) {
    if (Client* client = find(id)) client->listed.waiting = false;
  }
  taken.clear();
  taken.swap(waiting_);
}

void Clients::wait(Client& client) {
  if (std::exchange(client.listed.waiting, true)) return;
  waiting_.push_back(client.id());
}

void Clients::on_client(Client& client) {
  if (client.pipeline().has_unsent()) wait(client);
  if (!std::exchange(client.listed.unflushed, true)) unflushed_.push_back(client.id());
}

void Clients::on_time(std::chrono::nanoseconds now) {
  loop_.change(watch_, os::Loop::Interest::Read);
  for (const ClientId id : std::exchange(stalled_, {})) {
    if (Client* client = find(id)) wait(*client);
  }
  if (now >= next_expiry_) {
    next_expiry_ = now + kExpiryPeriod;
    const bool others_wait = any_waits();
    for (const auto& client : places_) {
      if (client != nullptr) client->expire(now, others_wait);
    }
  }
  if (now >= next_tidying_) {
    next_tidying_ = now + kTidyingPeriod;
    for (const auto& client : places_) {
      if (client != nullptr) client->tidy();
    }
  }
}

void Clients::flush() {
  flushing_.clear();
  flushing_.swap(unflushed_);
  for (const ClientId id : flushing_) {
    Client* client = find(id);
    if (client == nullptr) continue;
    client->listed.unflushed = false;
    flush(*client);
  }
  read_on();
}

void Clients::flush(Client& client) {
  client.flush();
  if (client.is_finished()) {
    remove(client.id());
  } else if (client.pipeline().has_unsent()) {
    wait(client);
  }
}

void Clients::on_stuck(Client& client) {
  if (std::exchange(client.listed.stuck, true)) return;
  stuck_.push_back(client.id());
  if (!full_complaints_.allows(os::steady_now())) return;
  log_.event("clients-wait",
             fmt::format("reason=\"their requests have {} MiB together (max-input-mb)\"",
                         limits_.all_input_bytes >> 20U));
}

bool Clients::any_waits() const {
  return input_.left_bytes() == 0 && std::ranges::any_of(stuck_, [this](ClientId id) {
           const Client* client = find(id);
           return client != nullptr && client->waits_for_room();
         });
}

void Clients::on_silent(std::string_view why) {
  if (!silent_complaints_.allows(os::steady_now())) return;
  log_.event("client-refused",
             fmt::format("reason=\"{}, and others wait for the room that it has\"", why));
}

// As many as there is room for what they may read at once; without any room one, or those that have
// begun a request would wait for one another.
void Clients::read_on() {
  Client* favoured = find(favoured_);
  const std::size_t left = input_.left_bytes();
  // Who stopped while it was favoured would hold up others when there is no room again.
  if (left > 0 && favoured != nullptr) favoured->favour_no_longer();
  const bool may_favour = favoured == nullptr || !favoured->is_favoured();
  std::size_t count = left > 0 ? 1 + left / os::Connection::kReceiveBytes : may_favour ? 1 : 0;
  while (count > 0 && !stuck_.empty()) {
    Client* client = find(stuck_.front());
    stuck_.pop_front();
    if (client == nullptr) continue;
    client->listed.stuck = false;
    if (left == 0 && !client->is_stuck()) continue;
    if (left == 0) {
      client->favour();
      favoured_ = client->id();
    }
    flush(*client);
    --count;
  }
}

void Clients::refuse(const os::Fd& socket) {
  static constexpr std::string_view kFull = "-ERR max number of clients reached\r\n";
  (void)send(socket.number(), kFull.data(), kFull.size(), MSG_NOSIGNAL);
  if (complaints_.allows(os::steady_now()))
    log_.event("client-refused", fmt::format("reason=\"there are {} already\"", size_));
}

void Clients::on_ready(os::Ready /*ready*/) {
  while (true) {
    base::Result<std::optional<os::Fd>> socket = os::accept_tcp(listening_);
    // Out of descriptors: the waiting connection would wake us again and again. Try later.
    if (!socket.ok()) loop_.change(watch_, os::Loop::Interest::Nothing);
    if (!socket.ok() || !socket.value()) return;
    os::Fd fd = std::move(*std::move(socket).value());
    if (size_ >= limits_.clients || size_ > kPlaceMask) {
      refuse(fd);
      continue;
    }
    add(std::move(fd));
  }
}

}  // namespace server
