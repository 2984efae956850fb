// SPDX-License-Identifier: Apache-2.0
// What a client said about itself.
#pragma once

#include <cstdint>
#include <string>

#include "resp/reply_writer.h"

namespace server {

struct Session {
  std::int64_t id = 0;
  resp::Version version = resp::Version::Two;
  std::string name;
  bool redirect = false;  // Wants to be told who leads (-MOVED), rather than served from here.
};

}  // namespace server
