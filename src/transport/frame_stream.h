// SPDX-License-Identifier: Apache-2.0
// One TCP connection to or from a peer, as frames, under TLS if there is a session for it. Watches
// its socket while it lives.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "os/connection.h"
#include "os/loop.h"
#include "transport/tls.h"

namespace transport {

class FrameStream {
 public:
  // `connecting`: the socket is not connected yet; the handler is told when it is writable.
  // `tls` may be null. Requires: `loop` and `handler` outlive the stream.
  struct Socket {
    os::Fd fd;
    bool connecting = false;
    std::unique_ptr<TlsSession> tls;
  };
  FrameStream(os::Loop& loop, os::Handler& handler, Socket socket, const codec::Expected& expected);
  FrameStream(const FrameStream&) = delete;
  FrameStream& operator=(const FrameStream&) = delete;
  ~FrameStream();

  // From now on it waits for frames.
  void connected();
  // Takes what came. False: the peer closed.
  bool receive();
  // The next frame of what came; an error ends the stream.
  base::Result<std::optional<codec::Frame>> next();
  // Whether it may be the one called `name`; true without TLS.
  bool names_peer(const std::string& name) const {
    return tls_ == nullptr || tls_->names_peer(name);
  }

  // To the peer's life that said Hello, if it did. Requires: the peer is known.
  template <class Body>
  void send(const Body& body) {
    codec::encode(address(), body, tls_ == nullptr ? connection_.output() : plain_);
  }
  // Of the peer; 0 until its Hello came.
  codec::Incarnation peer_life() const { return decoder_.peer_life(); }
  std::size_t output_bytes() const { return plain_.size() + connection_.output_bytes(); }
  std::uint64_t bytes_received() const { return bytes_received_; }
  // False: the connection broke.
  bool flush();

  int fd() const { return connection_.fd(); }

 private:
  codec::Address address() const;
  void encrypt();

  os::Loop& loop_;
  codec::Expected expected_;
  os::Connection connection_;
  std::unique_ptr<TlsSession> tls_;
  std::string plain_;                   // To be encrypted.
  std::optional<base::Error> refusal_;  // What TLS said against the peer.
  codec::Decoder decoder_;
  os::Loop::Watch watch_;
  std::uint64_t bytes_received_ = 0;
};

}  // namespace transport
