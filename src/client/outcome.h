// SPDX-License-Identifier: Apache-2.0
// What became of a command: done, certainly not done, or unknown. The first word of a reply that is
// an error says so (docs/raftkv.md).
#pragma once

#include <string>
#include <variant>

#include "resp/reply.h"

namespace client {

// The server's answer; possibly an error of the command itself, such as a wrong number.
struct Done {
  resp::Reply reply;
};
// It has not taken effect and never will.
struct NotDone {
  std::string why;
};
// A write that may or may not have taken, or may yet take, effect.
struct Unknown {
  std::string why;
};
using Outcome = std::variant<Done, NotDone, Unknown>;

Outcome classify(resp::Reply reply);

}  // namespace client
