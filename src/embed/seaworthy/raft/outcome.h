// SPDX-License-Identifier: Apache-2.0
// What became of something that was asked of a cluster.
//
// Stability: stable. Kinds are not added within a major version.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace seaworthy {
inline namespace v0 {

struct Outcome {
  enum class Kind : std::uint8_t {
    Done,     // A write took effect, once; a read saw everything that was answered before it.
    Refused,  // Certainly no effect, now or later: it may be tried again.
    Unknown,  // A write that may or may not have taken, or may yet take, effect.
  };
  Kind kind = Kind::Unknown;
  std::string answer;  // Done: what the state machine said.
  std::string why;     // Otherwise: a sentence.

  bool done() const { return kind == Kind::Done; }
};

// Called once, on the server's thread: it must not block, nor throw, nor destroy the server. When
// the server has ended (Options::on_failed) there is none, and the caller's is used; also when
// Options::max_waiting requests that are Refused wait for that thread to say so.
using Callback = std::function<void(Outcome)>;

// Why a server could not begin, or ended.
struct Error {
  enum class Kind : std::uint8_t {
    None,
    Usage,    // An option makes no sense, an address is taken, another process has the folder.
    Storage,  // The disk failed, or what is on it is damaged beyond use or another server's.
  };
  Kind kind = Kind::None;
  std::string message;  // A sentence, with the file, the option, the address.
};

}  // namespace v0
}  // namespace seaworthy
