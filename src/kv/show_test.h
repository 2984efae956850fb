// SPDX-License-Identifier: Apache-2.0
// Replies as redis-cli prints them, and other things that the tests of this folder share.
#pragma once

#include <cstdlib>
#include <iostream>
#include <string>
#include <variant>

#include "kv/reply.h"

namespace kv {

struct Shower {
  std::string operator()(const Status& status) const { return status.text; }
  std::string operator()(const Error& error) const { return "(error) " + error.text; }
  std::string operator()(Integer integer) const {
    return "(integer) " + std::to_string(integer.value);
  }
  std::string operator()(const Bulk& bulk) const { return '"' + bulk.bytes + '"'; }
  std::string operator()(Nil) const { return "(nil)"; }
  std::string operator()(const Array& array) const {
    std::string text = "[";
    for (const Reply& item : array.items) {
      if (text.size() > 1) text += ", ";
      text += std::visit(*this, item.value);
    }
    return text + "]";
  }
};

inline std::string show(const Reply& reply) { return std::visit(Shower{}, reply.value); }

inline std::uint64_t seed_from_environment() {
  const char* text = std::getenv("SEED");
  const std::uint64_t seed = text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
  std::cout << "SEED=" << seed << '\n';
  return seed;
}

}  // namespace kv
