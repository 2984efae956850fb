// SPDX-License-Identifier: Apache-2.0
// One TCP connection and its bytes: what came and is not parsed yet, what is to go and the kernel
// did not take yet. Never blocks.
//
//   receive() --> input(), consume(n)        output().append(...) --> flush()
//
// The owner bounds both: it stops calling receive() while input() is too long, and looks at
// output_bytes() before it appends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "os/fd.h"

namespace os {

class Connection {
 public:
  explicit Connection(Fd socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.number(); }

  // Reads once what is there, at most `kReceiveBytes`. False: the peer closed, or the connection
  // broke; input() still has what came before.
  bool receive();
  static constexpr std::size_t kReceiveBytes = std::size_t{128} * 1024;

  std::string_view input() const { return std::string_view(input_).substr(input_begin_); }
  void consume(std::size_t bytes);

  std::string& output() { return output_; }
  std::size_t output_bytes() const { return output_.size() - output_begin_; }
  // Sends what the kernel takes; what it does not take stays. False: the connection broke.
  bool flush();

 private:
  Fd socket_;
  std::string input_;
  std::size_t input_begin_ = 0;
  std::string output_;
  std::size_t output_begin_ = 0;
};

}  // namespace os
