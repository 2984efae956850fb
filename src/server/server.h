// SPDX-License-Identifier: Apache-2.0
// One node: a loop that gathers what came, then lets the Replica do all of it with one sync.
//
//   forever:  wait -> read sockets -> time? -> dispatch requests -> Replica::finish_turn
//
// One thread does everything that a request waits for; nothing is handed over on its way.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "kv/machine.h"
#include "os/directory.h"
#include "os/log.h"
#include "os/loop.h"
#include "server/http_port.h"
#include "server/info.h"
#include "server/member_admin.h"
#include "server/options.h"
#include "server/router.h"
#include "session/sessions.h"

namespace server {

class Server final : private NodeView {
 public:
  // How run() ended.
  enum class End : std::uint8_t { Stopped, DiskFull, StorageFailed };

  // Recovers what the data directory holds and binds all sockets. Corrupt: damaged data.
  static base::Result<std::unique_ptr<Server>> open(const Options& options);

  // Serves until SIGTERM or SIGINT, or until the disk fails.
  End run();

 private:
  explicit Server(const Options& options);
  base::Status open_all();
  base::Status turn();
  std::int64_t quiet_ticks() const;
  base::Status hand_over();
  void on_time();
  void look_after();
  void tell_damage();
  void tell_findings();
  void tell_changes();
  End end_of(const base::Status& done);
  Facts facts() const;
  http::Response page(std::string_view path) const;

  std::string info(std::span<const std::string_view> sections) const override;
  std::size_t max_clients() const override;
  Status status() const override;
  std::string why_not_leader() const override;

  Options options_;
  os::Log log_;
  std::chrono::nanoseconds started_;
  std::chrono::nanoseconds next_tick_;
  // In the order in which they need each other.
  os::Fd stop_signals_;
  std::unique_ptr<os::Loop> loop_;
  std::unique_ptr<os::Directory> disk_;
  Router router_;
  MemberAdmin admin_;
  kv::Machine machine_;
  session::Sessions sessions_{machine_, session::Limits{}};
  Counters counters_;
  std::size_t told_findings_ = 0;
  bool damaged_ = false;  // As was last told; so
  std::string snapshot_failure_;
  std::unique_ptr<HttpPort> http_;  // Null: nobody wants it.
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<member::Member> member_;
};

}  // namespace server
