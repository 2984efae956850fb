// SPDX-License-Identifier: Apache-2.0
// Takes the keys of one TOML table, each as the kind it has to be, and remembers the first thing
// that is wrong, with its place in the file. What is absent leaves the variable as it is.
//
//   TomlReader reader(path, table, "node");
//   reader.only({"program", "start"});
//   reader.require("program");
//   reader.text("program", manifest.program);
//   return reader.finished();  // "adapter.toml:7:1: unknown key 'strat'; did you mean 'start'?"
#pragma once

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace check::cluster {

class TomlReader {
 public:
  // `name`: of the table, for messages; empty for the root. `table` outlives this object.
  TomlReader(std::string path, const toml::table& table, std::string name)
      : path_(std::move(path)), table_(table), name_(std::move(name)) {}

  // All keys that there are.
  void only(const std::vector<std::string>& keys);
  void require(const char* key);

  void text(const char* key, std::string& into);
  void flag(const char* key, bool& into);
  void port(const char* key, std::uint16_t& into);
  void ports(const char* key, std::vector<std::uint16_t>& into);
  void words(const char* key, std::vector<std::string>& into);  // Not empty.
  void pairs(const char* key, std::vector<std::pair<std::string, std::string>>& into);
  // The table under `key`, or null.
  const toml::table* child(const char* key);
  // Every element of the list under `key`; `kind` is for the message if it is no list.
  void each(const char* key, const char* kind, const std::function<void(const toml::node&)>& take);

  // Puts what `judge` says about a string under `key` (itself, or in a list or table there) at that
  // string's place.
  void check(const char* key, const std::function<base::Status(const std::string&)>& judge);
  void fail(const toml::source_region& where, const std::string& sentence);

  base::Status finished() const;

 private:
  std::string full(const char* key) const { return name_.empty() ? key : name_ + "." + key; }
  std::uint16_t port_of(const char* key, const toml::node& node);

  std::string path_;
  const toml::table& table_;
  std::string name_;
  std::optional<base::Error> error_;
};

}  // namespace check::cluster
