// SPDX-License-Identifier: Apache-2.0
// Writes that are applied once, however often they have to be sent (docs/sessions.md).
//
//   client::Session session(client);
//   const client::Outcome outcome = session.write({"INCR", "n"});
//
// A write is sent again, to any node, until it is answered or the time is over. One that is given
// up as Unknown is not applied any more once the next write of this session is: so its doubt ends
// there, one way or the other.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "client/client.h"

namespace client {

class Session {
 public:
  // Opened with the first write. Requires: `client` outlives it.
  explicit Session(Client& client) : client_(client) {}

  // Blocks until there is an outcome. Unknown also when the session is gone (not used for long
  // while thousands of others were) and the write may have been applied before.
  Outcome write(Words words);
  Outcome write(std::initializer_list<std::string_view> words) {
    return write(Words(words.begin(), words.size()));
  }

  std::optional<std::uint64_t> id() const { return id_; }

 private:
  base::Status open(Time deadline);

  Client& client_;
  std::optional<std::uint64_t> id_;
  std::uint64_t sequence_ = 0;
};

}  // namespace client
