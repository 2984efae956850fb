// SPDX-License-Identifier: Apache-2.0
// A stream socket that never waits past a deadline and always knows whether something was sent.
//
// The difference between "no byte left" and "some may have" is the difference between Fail and Info
// (raft_client.h), so no library that reconnects or sends again on its own may stand in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "check/cluster/deadline.h"

namespace check::cluster {

// Why a request has no answer.
struct Broken {
  bool sent = false;  // Some of it may have reached the other end.
  std::string note;   // One sentence.
};

// What became of a request.
template <class Reply>
using Exchange = std::variant<Reply, Broken>;

class Stream {
 public:
  Stream() = default;
  explicit Stream(int fd) : fd_(fd) {}  // Takes over a connected, non-blocking socket.
  ~Stream() { close(); }
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // `address` is IPv4 in dots. Replaces what was open.
  base::Status connect(const std::string& address, std::uint16_t port, const Deadline& deadline);
  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  // Open, not closed from the other end and nothing unread: fit for the next request.
  bool idle() const;

  // Sends all of `bytes`; nothing on success.
  std::optional<Broken> send(std::string_view bytes, const Deadline& deadline) const;
  // Waits for at least one byte; returns how many it put into `space`, 0 at the end of the stream.
  base::Result<std::size_t> receive(std::span<char> space, const Deadline& deadline) const;
  void close();

 private:
  int fd_ = -1;
};

}  // namespace check::cluster
