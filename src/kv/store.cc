// SPDX-License-Identifier: Apache-2.0
#include "kv/store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "kv/key_hash.h"

namespace kv {

PlaceView::PlaceView(std::string_view of_key) : hash(key_hash(of_key)), key(of_key) {}

const std::string* Store::find(std::string_view key) const {
  const auto* found = index_.find(PlaceView(key));
  return found == nullptr ? nullptr : &(*found)->second;
}

Store::Values::iterator Store::before_change(const PlaceView& key, Fate fate) {
  const auto* found = index_.find(key);
  const auto at = found == nullptr ? values_.end() : *found;
  if (cut_ != nullptr) cut_->keep(key, at, fate);
  return at;
}

void Store::add(const PlaceView& key, std::string_view value) {
  index_.add(values_.emplace(Place{key.hash, std::string(key.key)}, value).first);
}

void Store::prefetch(std::span<const PlaceView> keys) const {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kMaxLines = 8;
  constexpr std::size_t kMaxKeys = 32;
  for (const PlaceView& key : keys) index_.prefetch_slot(key.hash);
  std::array<const Values::value_type*, kMaxKeys> nodes{};
  const std::size_t count = std::min(keys.size(), kMaxKeys);
  for (std::size_t i = 0; i < count; ++i) nodes.at(i) = index_.prefetch_node(keys[i].hash);
  for (std::size_t i = 0; i < count; ++i) {
    if (nodes.at(i) == nullptr) continue;
    const std::string& value = nodes.at(i)->second;
    const std::size_t bytes = std::min(value.size(), kMaxLines * kLine);
    for (std::size_t at = 0; at < bytes; at += kLine) __builtin_prefetch(value.data() + at, 1);
  }
}

void Store::set(const PlaceView& place, std::string_view value) {
  const auto at = before_change(place, Fate::Goes);
  if (at == values_.end()) {
    add(place, value);
  } else {
    at->second = value;
  }
}

void Store::append(std::string_view key, std::string_view suffix) {
  const PlaceView place(key);
  const auto at = before_change(place, Fate::Grows);
  if (at == values_.end()) {
    add(place, suffix);
  } else {
    at->second += suffix;
  }
}

bool Store::erase(std::string_view key) {
  const auto at = before_change(PlaceView(key), Fate::Goes);
  if (at == values_.end()) return false;
  index_.remove(at);
  values_.erase(at);
  return true;
}

void Store::clear() {
  if (cut_ != nullptr) {
    for (auto at = values_.begin(); at != values_.end(); ++at)
      cut_->keep(at->first, at, Fate::Goes);
  }
  index_.clear();
  values_.clear();
}

void Store::replace(Values values) {
  CHECK(cut_ == nullptr);
  index_.clear();
  values_ = std::move(values);
  for (auto at = values_.begin(); at != values_.end(); ++at) index_.add(at);
}

Cut::Cut(Store& store) : store_(store), at_(store.values_.begin()) {
  CHECK(store_.cut_ == nullptr);
  store_.cut_ = this;
}

Cut::~Cut() { store_.cut_ = nullptr; }

void Cut::keep(const PlaceView& place, Store::Values::iterator at, Store::Fate fate) {
  if (has_visited(place)) return;
  if (!old_.contains(place)) {
    std::optional<std::string> value;
    if (at != store_.values_.end()) {
      value = fate == Store::Fate::Goes ? std::move(at->second) : at->second;
    }
    old_.emplace(Place{place.hash, std::string(place.key)}, std::move(value));
  }
  if (at != store_.values_.end() && at_ == at) ++at_;  // It is visited among the old ones.
}

std::optional<Cut::Pair> Cut::next() {
  while (true) {
    const bool any = at_ != store_.values_.end();
    if (old_.empty() || (any && PlaceView(at_->first) < PlaceView(old_.begin()->first))) {
      if (!any) return std::nullopt;
      const auto& [place, value] = *at_++;
      last_ = place;
      return Pair{last_->key, value};
    }
    auto old = old_.extract(old_.begin());
    // The same key in the Store is what it became since.
    if (any && !(PlaceView(old.key()) < PlaceView(at_->first))) ++at_;
    last_ = std::move(old.key());
    if (!old.mapped()) continue;
    last_old_ = *std::move(old.mapped());
    return Pair{last_->key, last_old_};
  }
}

}  // namespace kv
