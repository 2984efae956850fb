// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "cli/output.h"

namespace check::run {

namespace fs = std::filesystem;

namespace {

// The runs in a folder: itself, or of a suite its subfolders.
std::vector<std::string> runs_in(const std::string& path) {
  std::error_code error;
  if (fs::exists(path + "/run.json", error)) return {path};
  std::vector<std::string> runs;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (fs::exists(entry.path() / "run.json", error)) runs.push_back(entry.path().string());
  }
  std::ranges::sort(runs);
  return runs;
}

int analyse_folder(const AnalyseOptions& options) {
  const std::vector<std::string> runs = runs_in(options.path);
  if (runs.empty()) {
    complain(
        fmt::format("{} is not a run: neither it nor a folder in it has a run.json", options.path));
    return kExitUsage;
  }
  JoinedRuns joined;
  std::string repeat;
  for (const std::string& run : runs) {
    const auto directory = RunDirectory::open(run);
    if (!directory.ok()) {
      complain(directory.error().message);
      return kExitUsage;
    }
    const auto opinion = analyse_run(directory.value(), time_limit(options.time_limit_s));
    if (!opinion.ok()) {
      complain(opinion.error().message);
      return kExitUsage;
    }
    cli::print(stderr, "{}", opinion.value().summary);
    if (!opinion.value().not_saved.empty()) complain(opinion.value().not_saved);
    if (options.json) cli::print("{}", opinion.value().json);
    if (options.accept_known && !options.json) print_known(opinion.value());
    joined.take(exit_code(opinion.value(), options.accept_known));
    repeat = opinion.value().repeat;
  }
  if (!options.json) {
    std::error_code error;
    cli::print("verdict: {}\nrun: {}\nrepeat: {}\n", verdict::name(verdict_of(joined.code())),
               fs::absolute(options.path, error).lexically_normal().string(), repeat);
  }
  return shown_code(joined.code());
}

}  // namespace

int analyse_command(const AnalyseOptions& options) {
  std::error_code error;
  if (!fs::exists(options.path, error)) {
    complain(fmt::format("{}: no such file or folder", options.path));
    return kExitUsage;
  }
  if (fs::is_directory(options.path, error)) return analyse_folder(options);
  return analyse_file(options);
}

}  // namespace check::run
