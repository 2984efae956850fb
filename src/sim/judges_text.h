// SPDX-License-Identifier: Apache-2.0
// How judges call things, and compare payloads.
#pragma once

#include <string>

#include "raft/message.h"

namespace sim {

inline std::string text(raft::NodeId id) { return "n" + std::to_string(id.value); }
inline std::string text(raft::Term term) { return std::to_string(term.value()); }
inline std::string text(raft::LogIndex index) { return std::to_string(index.value()); }

inline bool same_payload(const raft::Payload& left, const raft::Payload& right) {
  if (left == right) return true;
  return left != nullptr && right != nullptr && *left == *right;
}

}  // namespace sim
