// SPDX-License-Identifier: Apache-2.0
// One TCP connection to or from a peer, as frames. Watches its socket while it lives.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "os/connection.h"
#include "os/loop.h"

namespace server {

class FrameStream {
 public:
  // `connecting`: the socket is not connected yet; the handler is told when it is writable.
  // Requires: `loop` and `handler` outlive the stream.
  FrameStream(os::Loop& loop, os::Handler& handler, os::Fd socket, const codec::Expected& expected,
              bool connecting);
  FrameStream(const FrameStream&) = delete;
  FrameStream& operator=(const FrameStream&) = delete;
  ~FrameStream();

  // From now on it waits for frames.
  void connected();
  // Takes what came. False: the peer closed.
  bool receive();
  // The next frame of what came; an error ends the stream.
  base::Result<std::optional<codec::Frame>> next() { return decoder_.next(); }

  template <class Body>
  void send(const codec::Address& address, const Body& body) {
    codec::encode(address, body, connection_.output());
  }
  std::size_t output_bytes() const { return connection_.output_bytes(); }
  // False: the connection broke.
  bool flush();

  int fd() const { return connection_.fd(); }

 private:
  os::Loop& loop_;
  os::Connection connection_;
  codec::Decoder decoder_;
  os::Loop::Watch watch_;
};

}  // namespace server
