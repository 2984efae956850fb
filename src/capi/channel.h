// SPDX-License-Identifier: Apache-2.0
// One client of the C interface: records in, records out, over a socket or a pair of pipes.
//
// When the client has closed, what had come whole before is carried out as if it had not; the
// channel is over when all that is answered, and the answers are on their way if anybody reads
// them. Who only stops to read results is heard on.
#pragma once

#include <seaworthy/raft.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/budget.h"
#include "os/fd.h"
#include "os/loop.h"

namespace capi {

class Channel final : public os::Handler {
 public:
  // Requests may wait unread while so much is to be written, or so many are unanswered.
  static constexpr std::size_t kPauseOutputBytes = std::size_t{16} * 1024 * 1024;
  // What can be asked for again waits beyond this.
  static constexpr std::size_t kShareOutputBytes = std::size_t{128} * 1024 * 1024;
  // Who has not read so much is let go.
  static constexpr std::size_t kMaxOutputBytes = std::size_t{256} * 1024 * 1024;
  static constexpr std::size_t kMaxUnanswered = 4096;

  struct Request {
    bool is_write = false;
    std::uint64_t id = 0;
    std::string bytes;
  };
  class Server {
   public:
    virtual ~Server() = default;
    virtual void on_request(std::uint64_t channel, Request request) = 0;
    // A record of so many bytes has begun: is there room to read it? No: ask again on resume().
    virtual bool has_room(std::uint64_t channel, std::size_t bytes) = 0;
    // It is over: `complaint` says why, unless its client has just closed. Called once.
    virtual void on_end(std::uint64_t channel, const std::string& complaint) = 0;
  };

  struct Ground {
    os::Loop& loop;
    Server& server;
    os::Budget& input;  // For what is read of requests.
  };
  // Takes `read` and, if it is another one, `write`; makes them non-blocking.
  // Requires: what is in `ground` outlives it.
  Channel(const Ground& ground, std::uint64_t name, os::Fd read, os::Fd write);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() override;

  // Puts a record into the output. `bytes.size()` stands in for record.size.
  void send(raft_record record, std::string_view bytes);
  // One of the requests is answered.
  void on_answered() { --unanswered_; }
  std::size_t unanswered() const { return unanswered_; }
  bool has_room_for(std::size_t result_bytes) const {
    return output_bytes() + result_bytes <= kShareOutputBytes;
  }
  // Its client has read most of what was there.
  bool is_drained() const { return output_bytes() < kPauseOutputBytes; }
  // Its client has to read first: no more requests are begun, until it goes on.
  void hold();
  void go_on() { held_at_.reset(); }
  // It is held, and its client has read nothing since then, or longer.
  bool is_unread(std::chrono::nanoseconds since) const;
  // Hands on requests that waited because too many were unanswered, and goes on with a record for
  // which there was no room. To be called in each turn, as flush().
  void resume();
  bool waits_for_room() const { return waits_; }
  // It waits for the rest of a record since then, or longer; what trickles in is no progress.
  bool is_late(std::chrono::nanoseconds since) const;
  // Its client closed then, or before.
  bool is_closed(std::chrono::nanoseconds since) const;
  void end(std::string_view complaint);
  void flush();

  void on_ready(os::Ready ready) override;

 private:
  // The descriptor that is for results only.
  class Outlet final : public os::Handler {
   public:
    explicit Outlet(Channel& channel) : channel_(channel) {}
    void on_ready(os::Ready ready) override { channel_.on_writable(ready); }

   private:
    Channel& channel_;
  };

  void on_writable(os::Ready ready);
  void receive();
  void note_end();
  void close_input();
  void deafen();
  void take_records();
  void begin_record(std::size_t size);
  // Of a record that has begun, and is not all there.
  std::size_t rest_bytes() const;
  std::size_t output_bytes() const { return output_.size() - written_; }
  bool may_begin_record() const;
  bool may_read() const;
  void unwatch(std::optional<os::Loop::Watch>& watch);
  void watch();
  int write_number() const { return write_.is_open() ? write_.number() : read_.number(); }

  os::Loop& loop_;
  Server& server_;
  std::uint64_t name_;
  os::Fd read_;
  os::Fd write_;  // Closed: read_ is for both directions.
  Outlet outlet_{*this};
  // Nothing: the other end is closed, of which the loop would tell again and again.
  std::optional<os::Loop::Watch> read_watch_;
  std::optional<os::Loop::Watch> write_watch_;
  std::string input_;
  std::string output_;
  std::size_t written_ = 0;  // Of output_.
  std::size_t unanswered_ = 0;
  os::BudgetShare share_;  // Of the record that is being read,
  bool reads_record_ = false;
  // When it last made progress, and how much came since.
  std::chrono::nanoseconds record_since_{0};
  std::size_t record_bytes_ = 0;
  bool waits_ = false;  // For room.
  // Since then, or since its client has read something.
  std::optional<std::chrono::nanoseconds> held_at_;
  // Its client's end was seen; what it had sent is still to be read.
  std::optional<std::chrono::nanoseconds> closed_at_;
  bool all_read_ = false;  // Nothing more comes.
  std::string complaint_;
  bool deaf_ = false;   // Nobody reads results.
  bool ended_ = false;  // The server knows.
};

}  // namespace capi
