// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/connection.h"

namespace check::cluster {

base::Status Connection::open(const Deadline& deadline) {
  if (stream_.idle()) return base::Done{};
  return stream_.connect(address_, port_, deadline);
}

std::optional<Broken> Connection::request(std::string_view bytes, const Deadline& deadline) {
  for (;;) {
    const bool kept = stream_.idle();
    if (const base::Status opened = open(deadline); !opened.ok()) {
      return Broken{false, opened.error().message};
    }
    std::optional<Broken> broken = stream_.send(bytes, deadline);
    if (!broken) return std::nullopt;
    close();
    if (broken->sent || !kept) return broken;
  }
}

base::Result<std::size_t> Connection::receive(std::span<char> space, const Deadline& deadline) {
  TRY(const std::size_t count, stream_.receive(space, deadline));
  if (count == 0) {
    return base::Error{base::ErrorCode::Unavailable, "the server closed before it answered"};
  }
  return count;
}

}  // namespace check::cluster
