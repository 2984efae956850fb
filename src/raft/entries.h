// SPDX-License-Identifier: Apache-2.0
// The entries of one AppendEntries: shared and immutable, like the payloads in them. The messages
// to all followers that get the same hold the same, and to copy a message copies no entry.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "raft/entry.h"

namespace raft {

class Entries {
 public:
  Entries() = default;                 // None.
  Entries(std::vector<Entry> entries)  // NOLINT(google-explicit-constructor): it is the same thing.
      : entries_(std::make_shared<std::vector<Entry>>(std::move(entries))) {}
  Entries(std::initializer_list<Entry> entries) : Entries(std::vector<Entry>(entries)) {}

  std::size_t size() const { return entries_ == nullptr ? 0 : entries_->size(); }
  bool empty() const { return size() == 0; }
  const Entry* begin() const { return entries_ == nullptr ? nullptr : entries_->data(); }
  const Entry* end() const { return begin() + size(); }
  const Entry& operator[](std::size_t at) const { return (*entries_)[at]; }
  const Entry& front() const { return entries_->front(); }
  const Entry& back() const { return entries_->back(); }

  // Do both hold not just equal entries, but the same ones?
  bool is_same(const Entries& other) const { return entries_ == other.entries_; }
  bool is_shared() const { return entries_.use_count() > 1; }

  // To build them; if others share them, a copy of its own, which these are from now on.
  std::vector<Entry>& edit() {
    if (entries_ == nullptr || is_shared()) entries_ = copy();
    return *entries_;
  }

 private:
  std::shared_ptr<std::vector<Entry>> copy() const {
    return entries_ == nullptr ? std::make_shared<std::vector<Entry>>()
                               : std::make_shared<std::vector<Entry>>(*entries_);
  }

  std::shared_ptr<std::vector<Entry>> entries_;  // Null: none.
};

}  // namespace raft
