// SPDX-License-Identifier: Apache-2.0
// What one end of a connection has sent and the other has not yet been given: chunks in order, each
// with the time before which it must not go on, and behind them how the sending ended.
//
//   append() -->  | due 7 | due 9 | due 9 | Fin |  --> ready(), consume(), ended()
//
// Usually empty: a chunk that may go on at once is not put in here, unless the receiver is slow.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>

namespace check::monitor {

class Stream {
 public:
  enum class End : std::uint8_t {
    None,
    Fin,      // No more will come.
    Reset,    // The connection was torn down.
    Vanished  // The sender stopped answering.
  };

  bool empty() const { return chunks_.empty(); }
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  End end() const { return end_; }

  // Order is kept: nothing becomes due before what came before it.
  void append(std::span<const char> bytes, std::uint64_t due_ns) {
    last_due_ns_ = std::max(last_due_ns_, due_ns);
    chunks_.push_back({last_due_ns_, std::string(bytes.data(), bytes.size())});
    waiting_bytes_ += bytes.size();
  }
  void set_end(End end, std::uint64_t due_ns) {
    last_due_ns_ = std::max(last_due_ns_, due_ns);
    end_ = end;
  }

  // Bytes that may go on at `now_ns`; none if empty.
  std::span<const char> ready(std::uint64_t now_ns) const {
    if (chunks_.empty() || chunks_.front().due_ns > now_ns) return {};
    return std::span<const char>(chunks_.front().bytes).subspan(gone_of_first_);
  }
  void consume(std::size_t count) {
    gone_of_first_ += count;
    waiting_bytes_ -= count;
    if (gone_of_first_ < chunks_.front().bytes.size()) return;
    chunks_.pop_front();
    gone_of_first_ = 0;
  }
  // How it ended, once everything before that is gone and it may be told.
  End ended(std::uint64_t now_ns) const {
    return chunks_.empty() && last_due_ns_ <= now_ns ? end_ : End::None;
  }
  // When the next chunk, or the end, may go on.
  std::optional<std::uint64_t> next_due_ns() const {
    if (!chunks_.empty()) return chunks_.front().due_ns;
    if (end_ != End::None) return last_due_ns_;
    return std::nullopt;
  }

  // Forgets what waits (the receiver is gone) and says how many bytes that was.
  std::size_t clear() {
    const std::size_t lost = waiting_bytes_;
    chunks_.clear();
    gone_of_first_ = 0;
    waiting_bytes_ = 0;
    return lost;
  }

 private:
  struct Chunk {
    std::uint64_t due_ns = 0;
    std::string bytes;
  };
  std::deque<Chunk> chunks_;
  std::size_t gone_of_first_ = 0;
  std::size_t waiting_bytes_ = 0;
  End end_ = End::None;
  std::uint64_t last_due_ns_ = 0;
};

}  // namespace check::monitor
