// SPDX-License-Identifier: Apache-2.0
// The answers of raft_client.h, and the one place where a broken request becomes an outcome.
#pragma once

#include <string>
#include <utility>

#include "check/cluster/raft_client.h"
#include "check/cluster/stream.h"

namespace check::cluster {

inline Answer done() { return {history::Outcome::Ok, std::nullopt, false, {}}; }
inline Answer was_read(history::Value value) {
  return {history::Outcome::Ok, std::move(value), false, {}};
}
// A cas that did nothing since `value` was there.
inline Answer found_instead(history::Value value) {
  return {history::Outcome::Fail, std::move(value), true, {}};
}
inline Answer certainly_not(std::string note) {
  return {history::Outcome::Fail, std::nullopt, false, std::move(note)};
}
inline Answer unknown(std::string note) {
  return {history::Outcome::Info, std::nullopt, false, std::move(note)};
}

// A read has no effect that could come later.
inline Answer unanswered_read(Broken broken) { return certainly_not(std::move(broken.note)); }
inline Answer unanswered_change(Broken broken) {
  return broken.sent ? unknown(std::move(broken.note)) : certainly_not(std::move(broken.note));
}

}  // namespace check::cluster
