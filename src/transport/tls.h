// SPDX-License-Identifier: Apache-2.0
// Mutual TLS 1.3 between servers, as a filter that knows no sockets:
//
//   bytes from the socket --receive()--> plain bytes        plain bytes --send()--> take_output()
//
// Both ends show a certificate of the same authority; whom it names is asked for by names_peer(),
// once the peer has said who it is. OpenSSL's objects and errors stay in tls.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace transport {

// Paths of PEM files.
struct TlsFiles {
  std::string certificate;  // Of this node, with what leads to the authority.
  std::string key;
  std::string authority;  // Whose certificates are believed.
  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

class TlsSession {
 public:
  virtual ~TlsSession() = default;

  // Appends what `bytes`, the next ones from the socket, mean to `plain`. After an error the
  // connection is to be closed, once what take_output() gives, an alert, was sent.
  virtual base::Status receive(std::string_view bytes, std::string& plain) = 0;
  // Takes all of `plain` as soon as both ends have shown who they are; before, it leaves it.
  virtual base::Status send(std::string& plain) = 0;
  // Appends what is to go to the socket.
  virtual void take_output(std::string& out) = 0;

  // Whether the peer's certificate is for this host name or address. False before it is known.
  virtual bool names_peer(const std::string& name) const = 0;
};

class TlsContext {
 public:
  enum class Side : std::uint8_t { Dialer, Acceptor };

  static base::Result<std::shared_ptr<const TlsContext>> load(const TlsFiles& files);
  virtual ~TlsContext() = default;

  // The context may go before the session does.
  virtual base::Result<std::unique_ptr<TlsSession>> begin(Side side) const = 0;
};

}  // namespace transport
