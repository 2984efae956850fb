// SPDX-License-Identifier: Apache-2.0
// All options of `raftkv serve`, once: the command line, the TOML file and their tests go by it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "server/options.h"

namespace server {

struct OptionSpec {
  using Text = std::optional<std::string> RawOptions::*;
  using Number = std::optional<std::uint32_t> RawOptions::*;

  std::string_view key;   // In the file; "tls.cert" is `cert` in the table [tls].
  std::string_view type;  // For people and completion: FILE, MS, ...
  std::string_view help;
  std::variant<Text, Number> into;
  bool is_table = false;  // In the file a table of id = "host:port", joined as for parse_peers().
};
std::span<const OptionSpec> option_specs();

// "--tls-cert" for "tls.cert".
std::string flag_of(const OptionSpec& spec);

}  // namespace server
