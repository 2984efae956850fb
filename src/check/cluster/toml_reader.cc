// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/toml_reader.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace check::cluster {

using base::Error;
using base::ErrorCode;

void TomlReader::only(const std::vector<std::string>& keys) {
  for (const auto& [key, node] : table_) {
    if (std::find(keys.begin(), keys.end(), key.str()) == keys.end()) {
      fail(key.source(),
           "unknown key '" + std::string(key.str()) + "'" + base::did_you_mean(key.str(), keys));
    }
  }
}

void TomlReader::require(const char* key) {
  if (!table_.contains(key)) fail(table_.source(), "the key '" + full(key) + "' is missing");
}

void TomlReader::text(const char* key, std::string& into) {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return;
  if (node->is_string()) {
    into = node->as_string()->get();
  } else {
    fail(node->source(), "'" + full(key) + "' has to be a string");
  }
}

void TomlReader::flag(const char* key, bool& into) {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return;
  if (node->is_boolean()) {
    into = node->as_boolean()->get();
  } else {
    fail(node->source(), "'" + full(key) + "' has to be true or false");
  }
}

void TomlReader::port(const char* key, std::uint16_t& into) {
  if (const toml::node* node = table_.get(key)) into = port_of(key, *node);
}

void TomlReader::ports(const char* key, std::vector<std::uint16_t>& into) {
  each(key, "port numbers", [&](const toml::node& node) { into.push_back(port_of(key, node)); });
}

void TomlReader::words(const char* key, std::vector<std::string>& into) {
  each(key, "strings", [&](const toml::node& node) {
    if (node.is_string()) {
      into.push_back(node.as_string()->get());
    } else {
      fail(node.source(), "'" + full(key) + "' has to be a list of strings");
    }
  });
  if (table_.contains(key) && into.empty())
    fail(table_.get(key)->source(), "'" + full(key) + "' is empty");
}

void TomlReader::check(const char* key,
                       const std::function<base::Status(const std::string&)>& judge) {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return;
  const auto look = [&](const toml::node& leaf) {
    if (!leaf.is_string()) return;
    const base::Status judged = judge(leaf.as_string()->get());
    if (!judged.ok()) fail(leaf.source(), judged.error().message);
  };
  look(*node);
  if (const toml::array* list = node->as_array()) {
    for (const toml::node& leaf : *list) look(leaf);
  }
  if (const toml::table* table = node->as_table()) {
    for (const auto& [name, leaf] : *table) look(leaf);
  }
}

void TomlReader::pairs(const char* key, std::vector<std::pair<std::string, std::string>>& into) {
  const toml::table* table = child(key);
  if (table == nullptr) return;
  for (const auto& [name, node] : *table) {
    if (node.is_string()) {
      into.emplace_back(std::string(name.str()), node.as_string()->get());
    } else {
      fail(node.source(), "'" + std::string(name.str()) + "' has to be a string");
    }
  }
}

const toml::table* TomlReader::child(const char* key) {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) fail(node->source(), "'" + full(key) + "' has to be a table");
  return node->as_table();
}

void TomlReader::each(const char* key, const char* kind,
                      const std::function<void(const toml::node&)>& take) {
  const toml::node* node = table_.get(key);
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    fail(node->source(), "'" + full(key) + "' has to be a list of " + kind);
    return;
  }
  for (const toml::node& element : *list) take(element);
}

void TomlReader::fail(const toml::source_region& where, const std::string& sentence) {
  if (error_) return;
  error_ =
      Error{ErrorCode::InvalidArgument, path_ + ":" + std::to_string(where.begin.line) + ":" +
                                            std::to_string(where.begin.column) + ": " + sentence};
}

base::Status TomlReader::finished() const {
  if (error_) return *error_;
  return base::Done{};
}

std::uint16_t TomlReader::port_of(const char* key, const toml::node& node) {
  const auto number = node.value_exact<std::int64_t>();
  if (number && *number > 0 && *number <= std::numeric_limits<std::uint16_t>::max()) {
    return static_cast<std::uint16_t>(*number);
  }
  fail(node.source(), "'" + full(key) + "' has to be a port number, 1 to 65535");
  return 0;
}

}  // namespace check::cluster
