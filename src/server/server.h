// SPDX-License-Identifier: Apache-2.0
// One node: a loop that gathers what came, then lets the Replica do all of it with one sync.
//
//   forever:  wait -> read sockets -> time? -> dispatch requests -> Replica::finish_turn
//
// One thread does everything; nothing is handed over on the way of a request.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "os/directory.h"
#include "os/loop.h"
#include "server/options.h"
#include "server/router.h"

namespace server {

class Server {
 public:
  // How run() ended.
  enum class End : std::uint8_t { Stopped, StorageFailed };

  // Recovers what the data directory holds and binds all sockets. Corrupt: damaged data.
  static base::Result<std::unique_ptr<Server>> open(const Options& options);

  // Serves until SIGTERM or SIGINT, or until the disk fails.
  End run();

 private:
  explicit Server(const Options& options);
  base::Status open_all();
  base::Status turn();
  void on_time();
  std::string info(std::string_view section) const;

  Options options_;
  Log log_;
  std::chrono::nanoseconds started_;
  std::chrono::nanoseconds next_tick_;
  // In the order in which they need each other.
  os::Fd stop_signals_;
  std::unique_ptr<os::Loop> loop_;
  std::unique_ptr<os::Directory> disk_;
  Router router_;
  std::optional<replica::Replica> replica_;
  std::unique_ptr<Peers> peers_;
  std::unique_ptr<Clients> clients_;
};

}  // namespace server
