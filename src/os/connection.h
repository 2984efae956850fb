// SPDX-License-Identifier: Apache-2.0
// One TCP connection and its bytes: what came and is not parsed yet, what is to go and the kernel
// did not take yet. Never blocks.
//
//   receive() --> input(), consume(n)        output().append(...) --> flush()
//
// What comes lies in one buffer for all connections of a thread, as it is mostly used at once; only
// a rest is kept here. The owner bounds both: it stops calling receive() while input() is too long,
// and looks at output_bytes() before it appends. Buffers keep their memory from one use to the
// next, up to kKeptBytes; tidy() gives back what a silent connection has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "os/fd.h"

namespace os {

class Connection {
 public:
  explicit Connection(Fd socket) : socket_(std::move(socket)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  int fd() const { return socket_.number(); }

  static constexpr std::size_t kReceiveBytes = std::size_t{128} * 1024;
  // Reads once what is there, at most so many bytes (and never more than kReceiveBytes). False: the
  // peer closed, or the connection broke; input() still has what came before.
  bool receive(std::size_t most_bytes = kReceiveBytes);

  // Until the next call of receive() or consume(), of any connection of this thread.
  std::string_view input() const {
    return fresh_.empty() ? std::string_view(input_).substr(input_begin_) : fresh_;
  }
  void consume(std::size_t bytes);
  // What the next receive() would find, which takes it.
  enum class Arrived : std::uint8_t { Something, Nothing, TheEnd };
  Arrived arrived() const;

  std::string& output() { return output_; }
  std::size_t output_bytes() const { return output_.size() - output_begin_; }
  // Of what was appended, what the peer's kernel did not acknowledge yet.
  std::size_t unacknowledged_bytes() const;
  // Sends what the kernel takes; what it does not take stays. False: the connection broke.
  bool flush();

  // To be called from time to time: frees what was not needed since the last call.
  void tidy();
  static constexpr std::size_t kKeptBytes = std::size_t{1} << 20;

 private:
  void keep_fresh();

  Fd socket_;
  std::string_view fresh_;  // In the thread's buffer; `input_` is empty then.
  std::string input_;
  std::size_t input_begin_ = 0;
  std::string output_;
  std::size_t output_begin_ = 0;
  bool used_ = false;  // Since the last tidy().
};

}  // namespace os
