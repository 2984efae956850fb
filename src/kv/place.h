// SPDX-License-Identifier: Apache-2.0
// Where a key lies in the order of key_hash.h.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace kv {

// A key with its place in the order.
struct Place {
  std::uint64_t hash = 0;
  std::string key;
};
struct PlaceView {
  std::uint64_t hash = 0;
  std::string_view key;
  PlaceView() = default;
  PlaceView(const Place& place) : hash(place.hash), key(place.key) {}  // NOLINT: a view of it.
  explicit PlaceView(std::string_view of_key);
  friend bool operator<(const PlaceView& one, const PlaceView& other) {
    return one.hash != other.hash ? one.hash < other.hash : one.key < other.key;
  }
};
struct InOrder {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): of the library.
  bool operator()(const PlaceView& one, const PlaceView& other) const { return one < other; }
};

}  // namespace kv
