// SPDX-License-Identifier: Apache-2.0
#include "check/run/list_text.h"

#include "base/json_writer.h"

namespace check::run {

std::string piece_of(std::string_view element) { return std::string(element) + ','; }

std::optional<std::string> list_of(const history::Value& text) {
  if (text && !text->empty() && text->back() != ',') return std::nullopt;
  std::string list;
  base::JsonWriter writer(list);
  writer.begin_array();
  std::string_view left = text ? std::string_view(*text) : std::string_view();
  while (!left.empty()) {
    const std::size_t end = left.find(',');
    writer.string(left.substr(0, end));
    left.remove_prefix(end + 1);
  }
  writer.end_array();
  return list;
}

}  // namespace check::run
