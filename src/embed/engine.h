// SPDX-License-Identifier: Apache-2.0
// What a seaworthy::Server has inside: a Member and the program's requests, on a thread of its own.
//
//   any thread --post()--> queue, wake up --> [the thread: turn, Requests, Member] --> callbacks
//
// Everything but post() and status() belongs to the thread.
#pragma once

#include <seaworthy/raft/options.h>
#include <seaworthy/raft/state_machine.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "embed/machine_adapter.h"
#include "embed/requests.h"
#include "embed/setup.h"
#include "io/disk.h"
#include "member/member.h"
#include "os/fd.h"
#include "os/log.h"
#include "os/loop.h"
#include "session/sessions.h"

namespace embed {

class Engine final : public member::Owner, public os::Handler {
 public:
  static base::Result<std::unique_ptr<Engine>> open(const seaworthy::Options& options,
                                                    seaworthy::StateMachine& machine);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  // Ends the thread. Not to be called on it.
  ~Engine() override;

  void write(std::string command, seaworthy::Callback callback);
  void read(std::string query, seaworthy::Callback callback);
  void change_membership(const seaworthy::Membership& target, const seaworthy::Callback& callback);
  void transfer(std::uint32_t to, const seaworthy::Callback& callback);
  void take_snapshot(const seaworthy::Callback& callback);
  seaworthy::Status status() const;

  // member::Owner
  void on_answer(member::Token token, replica::Outcome outcome) override;
  void on_flush() override {}
  void on_standing(const member::Standing& standing) override;
  // os::Handler: somebody posted.
  void on_ready(os::Ready ready) override;

 private:
  using Task = std::function<void(Engine&, const seaworthy::Callback&)>;
  struct Posted {
    seaworthy::Callback callback;
    Task task;
  };
  struct Order {
    seaworthy::Callback callback;
    Time deadline{0};
  };

  Engine(seaworthy::Options options, Setup setup, seaworthy::StateMachine& machine);
  base::Status begin();
  void run();
  base::Status turn();
  void end(const std::string& why);
  // The task is called with `callback`, which counts for `bytes` until it is called. It is dropped,
  // and that said by `callback`, when there is no room for it, or the thread has ended.
  void post(std::size_t bytes, seaworthy::Callback callback, Task task);
  seaworthy::Callback counted(std::size_t bytes, seaworthy::Callback callback);
  void push(seaworthy::Callback callback, Task task);
  void request(bool is_write, std::string bytes, seaworthy::Callback callback);
  bool submit(const Attempt& attempt);
  member::Token enter(seaworthy::Callback callback);
  void expire_orders(Time now);
  void publish();

  seaworthy::Options options_;
  Setup setup_;
  os::Log log_;
  MachineAdapter machine_;
  session::Sessions sessions_;
  std::unique_ptr<os::Loop> loop_;
  os::Fd wake_;
  std::optional<os::Loop::Watch> waking_;
  std::unique_ptr<io::Disk> disk_;
  std::unique_ptr<member::Member> member_;
  Requests requests_;
  std::map<std::uint64_t, Order> orders_;  // Membership, transfer, snapshot: oldest first.
  std::uint64_t last_order_ = 0;
  Time next_tick_{0};
  raft::Configuration published_;

  mutable std::mutex mutex_;  // Of what follows.
  std::vector<Posted> posted_;
  std::size_t waiting_ = 0;  // Not answered.
  std::size_t waiting_bytes_ = 0;
  std::size_t refused_ = 0;  // Of posted_: not counted above.
  bool ended_ = false;
  seaworthy::Status status_;

  std::atomic<bool> stop_{false};
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace embed
