// SPDX-License-Identifier: Apache-2.0
// Whether the program that accepts connections at an end is still the same.
//
//   connections stand ... all end ... one is refused ... one stands: another program listens there
//
// A server listens as long as it lives: where a connection was refused and none stands, it has
// ended.
#pragma once

#include <cstddef>
#include <map>

#include "check/capture/endpoint.h"

namespace check::observe {

class Listeners {
 public:
  static constexpr std::size_t kMostEnds = 4096;

  void refused(const capture::Endpoint& end);
  // A connection to `end` stands. True: it is the first of a new program.
  bool stands(const capture::Endpoint& end);
  // Requires: stands() before.
  void ended(const capture::Endpoint& end);

 private:
  struct State {
    std::size_t standing = 0;
    bool known = false;  // A connection stood there before.
    bool gone = false;
  };

  State* find(const capture::Endpoint& end);

  std::map<capture::Endpoint, State> ends_;
};

}  // namespace check::observe
