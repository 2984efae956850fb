// SPDX-License-Identifier: Apache-2.0
// The thread that answers the trapped calls of one program, from its start until no process with
// its filter is left.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "check/sandbox/fd.h"
#include "check/trap/arms.h"
#include "check/trap/listener.h"

namespace check::trap {

class Warden {
 public:
  struct Node {
    NodeId id;
    std::string directory;  // Of its data, without symbolic links; with a slash at the end.
    std::shared_ptr<Arms> arms;
    std::function<base::Status(NodeId)> kill;
  };

  static base::Result<std::unique_ptr<Warden>> start(Node node, sandbox::Fd listener);
  // What still waits in a call then fails with ENOSYS.
  ~Warden();
  Warden(const Warden&) = delete;
  Warden& operator=(const Warden&) = delete;

  bool over() const { return over_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Late {
    Clock::time_point until;
    std::uint64_t call;
  };

  Warden(Node node, sandbox::Fd listener, sandbox::Fd end);
  void run();
  int patience() const;  // For poll(2): until the next delayed call is due.
  void release_late();
  void decide(const seccomp_notif& call);
  void strike(const seccomp_notif& call, Call which, const std::string& path, const Arms::Hit& hit);
  std::string kill(const seccomp_notif& call, Call which, Deed deed) const;

  Node node_;
  Listener listener_;
  sandbox::Fd end_;  // An eventfd: readable when the thread has to end.
  std::vector<Late> late_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace check::trap
