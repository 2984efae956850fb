// SPDX-License-Identifier: Apache-2.0
// New leaders, by what they say to others: one for each term higher than all before in which a node
// speaks as the leader.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "check/wire/message.h"

namespace check::run {

class LeaderCount {
 public:
  static constexpr std::size_t kMostGroups = 1024;  // Leaders of more are not counted.

  // Whether the message is the first of a new leader.
  bool begins(const wire::Message& message);

 private:
  std::map<std::string, wire::Term> newest_;  // By group.
};

}  // namespace check::run
