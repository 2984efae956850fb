// SPDX-License-Identifier: Apache-2.0
// One server of the C interface: a Member, and the channels of its clients, on one thread.
//
//   channel --Request--> [waits while nobody leads] --> Member::submit
//   channel <--RESULT--- on_answer --[no room for what a read found]--> asked again later
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capi/applied_file.h"
#include "capi/callback_machine.h"
#include "capi/channel.h"
#include "capi/setup.h"
#include "io/disk.h"
#include "member/member.h"
#include "os/budget.h"
#include "os/log.h"
#include "os/loop.h"

namespace capi {

class Server final : public member::Owner, public Channel::Server, public os::Handler {
 public:
  // Recovers what the persistence file holds, and binds its address.
  static base::Result<std::unique_ptr<Server>> open(const Setup& setup);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() override;

  // Until the first client has closed or a signal says so. An error is the disk's.
  base::Status run();

  // member::Owner
  void on_answer(member::Token token, replica::Outcome outcome) override;
  void on_flush() override;
  void on_standing(const member::Standing& standing) override;
  void on_applied(const raft::Entry& entry) override;
  // Channel::Server
  void on_request(std::uint64_t channel, Channel::Request request) override;
  bool has_room(std::uint64_t channel, std::size_t bytes) override;
  void on_end(std::uint64_t channel, const std::string& complaint) override;
  // os::Handler: somebody connects.
  void on_ready(os::Ready /*ready*/) override { accept_clients(); }

 private:
  class StopFlag final : public os::Handler {
   public:
    void on_ready(os::Ready /*ready*/) override { raised_ = true; }
    bool raised() const { return raised_; }

   private:
    bool raised_ = false;
  };
  // Not answered.
  struct Open {
    std::uint64_t channel = 0;
    Channel::Request request;  // Of a write that was submitted, without its bytes.
    std::size_t bytes = 0;
  };
  struct Waiting {
    std::uint64_t number = 0;
    std::chrono::nanoseconds deadline{0};
  };
  // What of a channel's pipeline the Member knows.
  struct Client {
    std::unique_ptr<Channel> channel;
    std::optional<replica::RequestId> last_write;
    // Reads whose results were dropped, as its client had not read others: asked again.
    std::set<std::uint64_t> again;
  };

  explicit Server(const Setup& setup);
  base::Status open_all();
  base::Status turn();
  void submit_waiting(std::chrono::nanoseconds now);
  bool submit(std::uint64_t number, raft::NodeId leader);
  bool waits_for_its_reader(std::uint64_t number, std::size_t result_bytes);
  void ask_again(Client& client, std::chrono::nanoseconds now);
  void answer(std::uint64_t number, raft_status status, std::string_view bytes);
  void resume_channels(std::chrono::nanoseconds now);
  void accept_clients();
  void set_used() { used_.set(open_bytes_ + open_.size() * kRequestBytes); }
  raft_record record(raft_record_type type) const;
  std::uint64_t add_channel(os::Fd read, os::Fd write);
  void refuse(const std::string& why);
  void bury();

  Setup setup_;
  os::Log log_;
  CallbackMachine machine_;
  std::unique_ptr<os::Loop> loop_;
  os::Fd stop_signals_;
  StopFlag stop_;
  std::optional<os::Loop::Watch> stopping_;
  std::unique_ptr<AppliedFile> applied_;
  std::unique_ptr<io::Disk> disk_;
  std::unique_ptr<member::Member> member_;
  std::optional<os::Loop::Watch> listening_;
  os::RateLimit refusals_;
  // What a request costs beside its bytes.
  static constexpr std::size_t kRequestBytes = 256;
  os::Budget input_;
  os::BudgetShare used_{input_};  // By open_.
  std::unordered_map<std::uint64_t, Open> open_;
  std::size_t open_bytes_ = 0;
  std::uint64_t last_number_ = 0;
  std::deque<std::uint64_t> for_room_;  // Channels that wait, in order.
  std::map<std::uint64_t, Client> clients_;
  std::vector<std::uint64_t> ended_;
  std::uint64_t last_channel_ = 0;
  std::uint64_t first_client_ = 0;  // Its end is the server's. 0: there is none.
  std::deque<Waiting> waiting_;     // Oldest first.
  std::chrono::nanoseconds next_tick_{0};
  std::optional<raft::Term> leads_;
  bool client_closed_ = false;
};

}  // namespace capi
