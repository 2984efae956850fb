// SPDX-License-Identifier: Apache-2.0
// One connection of a Redis client: bytes in, requests in order, replies in order, all bounded.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "os/budget.h"
#include "os/connection.h"
#include "os/loop.h"
#include "resp/request_parser.h"
#include "server/commands.h"

namespace server {

// Names one connection; never used twice: a serial number, then the place where its owner has it.
using ClientId = std::uint64_t;
inline constexpr std::uint32_t kClientPlaceBits = 20;

struct ClientLimits {
  std::size_t clients = 10'000;
  std::size_t pipeline = 1024;                                    // Requests without a reply.
  std::size_t output_pause_bytes = std::size_t{1} * 1024 * 1024;  // No more requests are read.
  // Of replies, written or about to be: no more requests are sent on.
  std::size_t output_hold_bytes = std::size_t{2} * 1024 * 1024;
  std::size_t output_bytes = std::size_t{256} * 1024 * 1024;  // The connection is closed.
  // Of all clients together; when they are used up, each has one reply at a time.
  std::size_t all_output_bytes = std::size_t{256} * 1024 * 1024;
  std::size_t input_pause_bytes =
      std::size_t{64} * 1024 * 1024;  // As output_pause_bytes: requests.
  // Of requests of all clients together, those that are not all there included. When it is used up
  // each client has one short request at a time; of those that have begun a longer one, one goes on
  // nevertheless, and the rest wait for room, as long as for an answer. Who does nothing for a
  // fourth of that, and for a second at least, and so holds others up, is closed before they are.
  std::size_t all_input_bytes = std::size_t{512} * 1024 * 1024;
  std::chrono::milliseconds request_timeout{5000};
  resp::RequestLimits request;
};

class Client final : public os::Handler {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // It may have requests to send, or bytes to flush, or be finished.
    virtual void on_client(Client& client) = 0;
    // It is stuck, and reads on when it is flushed and there is room again, or is favoured.
    virtual void on_stuck(Client& client) = 0;
    virtual void on_failures(const Failures& failures) = 0;
    // It did nothing for too long while others waited for the room that it has: it is closed.
    virtual void on_silent(std::string_view why) = 0;
  };
  struct Context {
    os::Loop& loop;
    const ClientLimits& limits;
    const NodeView& node;
    Listener& listener;
    os::Budget& input;    // Of all clients.
    os::Budget& replies;  // The same.
  };

  Client(const Context& context, ClientId id, os::Fd socket);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() override;

  ClientId id() const { return id_; }
  const Session& session() const { return session_; }
  const Pipeline& pipeline() const { return pipeline_; }
  // It is of no use any more; whoever owns it lets go of it.
  bool is_finished() const;

  // Nothing more is sent on: so many replies wait to be read, or will. Over when they are taken.
  bool is_held() const;
  void sent(Pipeline::Ticket ticket, raft::NodeId node, replica::RequestId as,
            std::size_t awaited_bytes = 0);
  void resolve(Pipeline::Ticket ticket, const replica::Outcome& outcome);
  // `others_wait`: somebody waited for room, with what there is for requests of all clients used
  // up, when this was asked of the first of them. (Who is silent is closed then, be there room
  // again since or not: not one at a time.)
  void expire(std::chrono::nanoseconds now, bool others_wait);
  // To be called from time to time: frees what was not needed since.
  void tidy();

  // In the middle of a request, and nothing that is under way here will make room for the rest.
  bool is_stuck() const;
  // It is stuck, and more of its request has arrived: it has not just stopped.
  bool waits_for_room() const;
  // It may read to the end of its request, be there room or not; over when that is answered. Its
  // times to be stuck and silent begin anew.
  void favour() {
    favour_ = Favour::Reads;
    stuck_since_.reset();
    active_at_.reset();
  }
  // There is room: it reads as others do, unless its request is all there.
  void favour_no_longer() {
    if (favour_ == Favour::Reads) favour_ = Favour::None;
  }
  bool is_favoured() const { return favour_ != Favour::None; }

  // Goes on with requests that waited for room in the pipeline, and sends what it can. If that made
  // room for more of them, the listener is told, as it has more to flush.
  void flush();

  void on_ready(os::Ready ready) override;

  // In which lists of its owner it stands; nothing to the client itself.
  struct Listed {
    bool waiting = false;
    bool unflushed = false;
    bool stuck = false;
  } listed;

 private:
  enum class Favour : std::uint8_t { None, Reads, IsAnswered };

  void parse();
  void send();
  void execute(Words words, std::chrono::nanoseconds now);
  // Answers that what came makes no sense, or is too much; nothing more is read.
  void refuse(std::string_view why);
  // Refuses the request that is not all there, and gives back the room that it has.
  void give_up(std::string_view why);
  bool expire_silent();
  bool expire_stuck(std::chrono::nanoseconds now, bool others_wait);
  bool holds_room_idly(std::chrono::nanoseconds now);
  bool reads_slowly();
  std::size_t reply_bytes() const { return connection_.output_bytes() + pipeline_.kept_bytes(); }
  // What it has of the budget of all, with so much input that is not parsed.
  std::size_t held_bytes(std::size_t input_bytes) const;
  void tell_failures();
  bool has_room() const;
  bool waits_for_reader() const;
  void count_replies() { replies_.set(reply_bytes() + pipeline_.awaited_bytes()); }
  bool may_read() const;
  void update_interest();

  Context context_;
  ClientId id_;
  os::Connection connection_;
  os::Loop::Watch watch_;
  resp::RequestParser parser_;
  Session session_;
  Pipeline pipeline_;
  os::BudgetShare share_;
  os::BudgetShare replies_;
  std::optional<std::chrono::nanoseconds> stuck_since_;
  // Nothing: now.
  std::optional<std::chrono::nanoseconds> active_at_;
  std::size_t moved_bytes_ = 0;   // Received or sent since.
  std::size_t unread_bytes_ = 0;  // Of replies, by the peer's kernel, then.
  Favour favour_ = Favour::None;
  bool unparsed_ = false;  // Requests may wait in the input for room in the pipeline or output.
  bool ended_ = false;     // The client sends no more.
  bool stopped_ = false;   // Nothing more is read: QUIT, or what came makes no sense.
  bool broken_ = false;
};

}  // namespace server
