// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/program.h"

#include <unistd.h>

#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "check/cluster/child.h"

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;
namespace fs = std::filesystem;

constexpr std::chrono::seconds kVersionTimeout{5};

std::string variable_of(const std::string& program) {
  std::string name = "SEAWORTHY_";
  for (const char letter : program) {
    const auto byte = static_cast<unsigned char>(letter);
    name += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return name;
}

bool runnable(const fs::path& path) {
  std::error_code failure;
  return fs::is_regular_file(path, failure) && ::access(path.c_str(), X_OK) == 0;
}

std::string full_path(const fs::path& path) {
  std::error_code failure;
  const fs::path full = fs::absolute(path, failure);
  return failure ? path.string() : full.string();
}

}  // namespace

std::string executable_folder() {
  std::error_code failure;
  return fs::read_symlink("/proc/self/exe", failure).parent_path().string();
}

base::Result<std::string> find_program(const std::string& name, const std::string& advice) {
  const std::string variable = variable_of(name);
  if (const char* path = std::getenv(variable.c_str()); path != nullptr && *path != '\0') {
    if (runnable(path)) return full_path(path);
    return Error{ErrorCode::NotFound, variable + " names " + path + ", which is no program"};
  }
  const fs::path beside = fs::path(executable_folder()) / name;
  if (runnable(beside)) return beside.string();
  const bool in_folder = name.find('/') != std::string::npos;
  if (in_folder && runnable(name)) return full_path(name);
  if (const char* list = std::getenv("PATH"); list != nullptr && !in_folder) {
    std::string_view folders(list);
    while (!folders.empty()) {
      const std::string_view folder = folders.substr(0, folders.find(':'));
      folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
      if (!folder.empty() && runnable(fs::path(folder) / name)) {
        return full_path(fs::path(folder) / name);
      }
    }
  }
  const std::string places =
      in_folder ? executable_folder() : "PATH or beside " + executable_folder();
  return Error{ErrorCode::NotFound, "missing binary: " + name + " not found in " + places +
                                        (advice.empty() ? "" : ": " + advice)};
}

base::Result<std::string> version_line(const std::vector<std::string>& words,
                                       const std::string& prefix) {
  TRY(std::string line, output_of({words, {}}, kVersionTimeout));
  line.erase(std::min(line.size(), line.find_first_of("\r\n")));
  if (line.starts_with(prefix)) line.erase(0, prefix.size());
  return line;
}

}  // namespace check::cluster
