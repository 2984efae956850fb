// SPDX-License-Identifier: Apache-2.0
#include "check/plan/document.h"

#include <algorithm>

#include "base/text.h"

namespace check::plan {

namespace {

constexpr std::int64_t kMostThousandths = 1'000'000;  // A thousand election timeouts.

}  // namespace

base::Error complaint(const Document& document, Position at, const std::string& message) {
  return {base::ErrorCode::InvalidArgument, document.file + ':' + std::to_string(at.line) + ':' +
                                                std::to_string(at.column) + ": " + message};
}

TableReader::TableReader(const Document& document, const Table& table, std::string name)
    : document_(document), table_(table), name_(std::move(name)) {}

const Value* TableReader::find(std::string_view key) {
  asked_.emplace_back(key);
  const auto found =
      std::ranges::find_if(table_, [&](const auto& entry) { return entry.key.name == key; });
  return found == table_.end() ? nullptr : &found->value;
}

base::Error TableReader::wrong(const Value& value, std::string_view key,
                               std::string_view expected) const {
  return complaint(document_, value.at,
                   '\'' + std::string(key) + "' must be " + std::string(expected));
}

base::Result<std::string> TableReader::text(std::string_view key, const std::string& otherwise) {
  const Value* value = find(key);
  if (value == nullptr) return otherwise;
  if (const auto* text = std::get_if<std::string>(&value->data)) return *text;
  return wrong(*value, key, "a text in quotes");
}

base::Result<std::uint64_t> TableReader::number(std::string_view key, std::uint64_t otherwise,
                                                std::uint64_t most) {
  const Value* value = find(key);
  if (value == nullptr) return otherwise;
  const auto* number = std::get_if<std::int64_t>(&value->data);
  if (number == nullptr || *number < 0 || static_cast<std::uint64_t>(*number) > most) {
    return wrong(*value, key, "a whole number from 0 to " + std::to_string(most));
  }
  return static_cast<std::uint64_t>(*number);
}

base::Result<bool> TableReader::flag(std::string_view key, bool otherwise) {
  const Value* value = find(key);
  if (value == nullptr) return otherwise;
  if (const auto* flag = std::get_if<bool>(&value->data)) return *flag;
  return wrong(*value, key, "true or false");
}

base::Result<std::vector<std::uint32_t>> TableReader::thousandths(std::string_view key) {
  const Value* value = find(key);
  if (value == nullptr) return std::vector<std::uint32_t>{};
  std::vector<std::uint32_t> result;
  const auto* list = std::get_if<Array>(&value->data);
  const std::size_t count = list == nullptr ? 1 : list->size();
  for (std::size_t i = 0; i < count; ++i) {
    const Value& item = list == nullptr ? *value : (*list)[i];
    std::int64_t thousandths = -1;
    if (const auto* whole = std::get_if<std::int64_t>(&item.data)) {
      const bool small = *whole >= 0 && *whole <= kMostThousandths / 1000;
      if (small) thousandths = *whole * 1000;
    } else if (const auto* fraction = std::get_if<Thousandths>(&item.data)) {
      thousandths = fraction->count;
    }
    if (thousandths < 0 || thousandths > kMostThousandths) {
      return wrong(item, key, "a number from 0 to 1000, or a list of such");
    }
    result.push_back(static_cast<std::uint32_t>(thousandths));
  }
  if (result.empty()) return wrong(*value, key, "a list with at least one number");
  return result;
}

base::Status TableReader::finished() const {
  for (const auto& [key, value] : table_) {
    if (std::ranges::find(asked_, key.name) != asked_.end()) continue;
    return complaint(
        document_, key.at,
        "unknown key '" + key.name + "' in " + name_ + base::did_you_mean(key.name, asked_));
  }
  return base::Done{};
}

}  // namespace check::plan
