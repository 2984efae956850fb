// SPDX-License-Identifier: Apache-2.0
#include "transport/frame_stream.h"

#include "base/check.h"

namespace transport {

using Interest = os::Loop::Interest;

FrameStream::FrameStream(os::Loop& loop, os::Handler& handler, Socket socket,
                         const codec::Expected& expected)
    : loop_(loop),
      expected_(expected),
      connection_(std::move(socket.fd)),
      tls_(std::move(socket.tls)),
      decoder_(expected, codec::Limits{}) {
  watch_ =
      loop_.add(connection_.fd(), socket.connecting ? Interest::Write : Interest::Read, handler);
}

FrameStream::~FrameStream() { loop_.remove(watch_); }

void FrameStream::connected() { loop_.change(watch_, Interest::Read); }

codec::Address FrameStream::address() const {
  CHECK(decoder_.peer().has_value());
  return {expected_.cluster, expected_.self,       *decoder_.peer(),
          expected_.life,    decoder_.peer_life(), decoder_.version()};
}

bool FrameStream::receive() {
  const bool open = connection_.receive();
  bytes_received_ += connection_.input().size();
  if (tls_ == nullptr) {
    decoder_.feed(connection_.input());
  } else {
    std::string plain;
    const base::Status received = tls_->receive(connection_.input(), plain);
    if (!received.ok() && !refusal_) refusal_ = received.error();
    decoder_.feed(plain);
    flush();  // The next words of the handshake, or the alert.
  }
  connection_.consume(connection_.input().size());
  return open;
}

base::Result<std::optional<codec::Frame>> FrameStream::next() {
  if (refusal_) return *refusal_;
  return decoder_.next();
}

void FrameStream::encrypt() {
  if (!refusal_) {
    const base::Status sent = tls_->send(plain_);
    if (!sent.ok()) refusal_ = sent.error();
  }
  tls_->take_output(connection_.output());
}

bool FrameStream::flush() {
  if (tls_ != nullptr) encrypt();
  if (connection_.output_bytes() == 0) return true;
  if (!connection_.flush()) return false;
  loop_.change(watch_, connection_.output_bytes() > 0 ? Interest::ReadWrite : Interest::Read);
  return true;
}

}  // namespace transport
