// SPDX-License-Identifier: Apache-2.0
#include "check/wire/pickle.h"

namespace check::wire {

std::optional<std::uint64_t> PickleValue::natural() const {
  if (kind != Kind::Integer || number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

std::optional<bool> PickleValue::boolean() const {
  if (kind != Kind::Boolean) return std::nullopt;
  return number != 0;
}

const std::string_view* PickleValue::content() const {
  return kind == Kind::Bytes || kind == Kind::Text ? &bytes : nullptr;
}

const PickleValue* Pickle::find(const PickleValue& value, std::string_view key) const {
  if (value.kind != PickleValue::Kind::Dictionary) return nullptr;
  for (std::size_t at = value.items.size(); at >= 2; at -= 2) {
    const std::string_view* name = item(value, at - 2).text();
    if (name != nullptr && *name == key) return &item(value, at - 1);
  }
  return nullptr;
}

}  // namespace check::wire
