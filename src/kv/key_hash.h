// SPDX-License-Identifier: Apache-2.0
// The order of keys in the state machine: by a hash of theirs, the same on every computer.
//
// A place in that order is a number, so that a SCAN needs no memory between two calls, and the
// number fits where clients keep it: below 2^53, exact even as a double.
#pragma once

#include <cstdint>
#include <string_view>

namespace kv {

inline constexpr int kKeyHashBits = 53;

// SipHash-2-4 (Aumasson and Bernstein, 2012) of `bytes` under the key (k0, k1).
std::uint64_t siphash(std::uint64_t k0, std::uint64_t k1, std::string_view bytes);

// Below 2^kKeyHashBits. The SipHash key is fixed, as all servers must agree: whoever wants keys of
// one hash has to search for them, and finds few.
std::uint64_t key_hash(std::string_view key);

}  // namespace kv
