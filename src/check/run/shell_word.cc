// SPDX-License-Identifier: Apache-2.0
#include "check/run/shell_word.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>

namespace check::run {

namespace fs = std::filesystem;

std::string shell_word(const std::string& word) {
  std::error_code error;
  const bool is_path = word.find('/') != std::string::npos || word.ends_with(".toml");
  std::string whole = is_path && fs::exists(word, error)
                          ? fs::absolute(word, error).lexically_normal().string()
                          : word;
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_./+:=@%").find(c) != std::string_view::npos;
  };
  if (!whole.empty() && std::ranges::all_of(whole, plain)) return whole;
  std::string quoted = "'";
  for (const char c : whole) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string this_program() {
  std::error_code error;
  const std::string program = fs::read_symlink("/proc/self/exe", error).string();
  return shell_word(error ? "seaworthy" : program);
}

}  // namespace check::run
