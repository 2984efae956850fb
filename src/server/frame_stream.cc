// SPDX-License-Identifier: Apache-2.0
#include "server/frame_stream.h"

namespace server {

using Interest = os::Loop::Interest;

FrameStream::FrameStream(os::Loop& loop, os::Handler& handler, os::Fd socket,
                         const codec::Expected& expected, bool connecting)
    : loop_(loop), connection_(std::move(socket)), decoder_(expected, codec::Limits{}) {
  watch_ = loop_.add(connection_.fd(), connecting ? Interest::Write : Interest::Read, handler);
}

FrameStream::~FrameStream() { loop_.remove(watch_); }

void FrameStream::connected() { loop_.change(watch_, Interest::Read); }

bool FrameStream::receive() {
  const bool open = connection_.receive();
  decoder_.feed(connection_.input());
  connection_.consume(connection_.input().size());
  return open;
}

bool FrameStream::flush() {
  if (connection_.output_bytes() == 0) return true;
  if (!connection_.flush()) return false;
  loop_.change(watch_, connection_.output_bytes() > 0 ? Interest::ReadWrite : Interest::Read);
  return true;
}

}  // namespace server
