// SPDX-License-Identifier: Apache-2.0
// Keys and values in the order of key_hash.h, and a Cut: all of them as they were at one moment,
// visited little by little while the Store changes.
//
//   keys in order:   a  b  c  d  e  f  g  h
//                    visited -> |    e was changed since: its old value waits in the Cut
//
// What changes behind the Cut's place is nothing to it; of what changes before it, it keeps the
// value that the key had, once. So nothing is copied that nobody changes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kv/index.h"
#include "kv/place.h"

namespace kv {

class Cut;

class Store {
 public:
  using Values = Index::Values;

  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store() = default;

  const Values& values() const { return values_; }
  std::size_t size() const { return values_.size(); }
  const std::string* find(std::string_view key) const;

  void set(std::string_view key, std::string_view value) { set(PlaceView(key), value); }
  void set(const PlaceView& key, std::string_view value);
  // Loads what set() of these will touch, all together instead of one after the other: most of what
  // a write costs in a large map is to wait for memory.
  void prefetch(std::span<const PlaceView> keys) const;
  void append(std::string_view key, std::string_view suffix);
  // False: there was no such key.
  bool erase(std::string_view key);
  void clear();
  // Requires: no Cut.
  void replace(Values values);

 private:
  friend class Cut;

  enum class Fate : std::uint8_t { Goes, Grows };  // Of the value that the key has.
  // Where `key` is, or end(); the Cut, if any, has kept what it will ask for.
  Values::iterator before_change(const PlaceView& key, Fate fate);
  void add(const PlaceView& key, std::string_view value);

  Values values_;
  Index index_;  // Of values_.
  Cut* cut_ = nullptr;
};

class Cut {
 public:
  // Requires: `store` has no other Cut, and outlives this one.
  explicit Cut(Store& store);
  Cut(const Cut&) = delete;
  Cut& operator=(const Cut&) = delete;
  ~Cut();

  struct Pair {
    std::string_view key;
    std::string_view value;
  };
  // The next pair in order, nothing after the last. The views live until the next call, and until
  // the Store changes.
  std::optional<Pair> next();

  // Old values that wait here.
  std::size_t kept() const { return old_.size(); }

 private:
  friend class Store;

  bool has_visited(const PlaceView& place) const { return last_ && !(PlaceView(*last_) < place); }
  // What is at `at` is about to change; at end(): something is about to come to `place`. A value
  // that goes is taken from there.
  void keep(const PlaceView& place, Store::Values::iterator at, Store::Fate fate);

  Store& store_;
  Store::Values::const_iterator at_;  // The next in the Store, unless `old_` has one before.
  std::map<Place, std::optional<std::string>, InOrder> old_;  // Nothing: it was not there.
  std::optional<Place> last_;                                 // Visited.
  std::string last_old_;                                      // Its value, if it was an old one.
};

}  // namespace kv
