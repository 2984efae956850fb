// SPDX-License-Identifier: Apache-2.0
// What one request or answer of hashicorp/raft's NetworkTransport says
// (docs/formats/wire-hashicorp.md).
//
//   request  [rpc u8][map]                      InstallSnapshot: raw bytes of the snapshot follow
//   answer   [error text, "" if none][map or nil]
//
// An answer does not say what it answers: that is known from the order, and much of its meaning is
// in the request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "check/wire/message.h"

namespace check::wire {

enum class HashicorpRpc : std::uint8_t {
  AppendEntries = 0,
  RequestVote = 1,
  InstallSnapshot = 2,
  TimeoutNow = 3,
  RequestPreVote = 4  // Since 1.7.
};
inline constexpr std::uint8_t kHashicorpLastRpc = 4;

struct HashicorpRequest {
  Message message;
  std::uint64_t follows = 0;  // Bytes of a snapshot behind it.
};
base::Result<HashicorpRequest> hashicorp_request(std::string_view bytes);

// What must be remembered of a request to understand its answer.
struct HashicorpAsked {
  std::uint32_t number = 0;  // 1, 2, 3, ... on its connection.
  MessageType type = MessageType::Other;
  std::optional<Term> term = {};
  std::optional<Index> prev_index = {};
  std::optional<Term> prev_term = {};
  std::optional<Index> last = {};  // Of what was sent: entries, or the snapshot.
};
HashicorpAsked hashicorp_asked(const Message& request, std::uint32_t number);

base::Result<Message> hashicorp_answer(std::string_view bytes, const HashicorpAsked& asked);

// Where the value of a member of the message's map lies: its begin and end. None if it has none.
std::optional<std::pair<std::size_t, std::size_t>> hashicorp_member(std::string_view bytes,
                                                                    bool answer,
                                                                    std::string_view key);

}  // namespace check::wire
