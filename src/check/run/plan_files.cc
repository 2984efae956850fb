// SPDX-License-Identifier: Apache-2.0
#include "check/run/plan_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "check/run/run_directory.h"
#include "check/run/toml_reader.h"

namespace check::run {

namespace fs = std::filesystem;

namespace {

// In the order in which a suite is best run: the cheapest proof that anything works comes first.
constexpr std::string_view kSuiteOrder[] = {"sanity", "many-clients", "crash-restart",
                                            "partitions"};

std::size_t place_in_suite(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  return static_cast<std::size_t>(std::ranges::find(kSuiteOrder, name) - std::begin(kSuiteOrder));
}

base::Result<plan::Plan> read_plan_file(const std::string& path) {
  TRY(const std::string text, read_file(path));
  TRY(const plan::Document document, read_toml(text, path));
  return plan::read_plan(document);
}

base::Result<std::vector<std::string>> shipped_paths() {
  TRY(const std::string folder, plans_folder());
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.path().extension() != ".toml") continue;
    fs::path relative = entry.path().lexically_relative(folder);
    paths.push_back(relative.replace_extension().string());
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

base::Result<std::string> plans_folder() {
  if (const char* chosen = std::getenv("SEAWORTHY_PLANS")) return std::string(chosen);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate :
       {program / "../../../plans", program / "../share/seaworthy/plans"}) {
    if (fs::is_directory(candidate, error)) return fs::canonical(candidate, error).string();
  }
  return base::Error{
      base::ErrorCode::NotFound,
      fmt::format("no folder of plans beside {}; set SEAWORTHY_PLANS to it", program.string())};
}

base::Result<plan::Plan> load_plan(const std::string& name_or_file) {
  std::error_code error;
  const bool is_file = name_or_file.ends_with(".toml") || fs::is_regular_file(name_or_file, error);
  if (is_file) return read_plan_file(name_or_file);

  TRY(const std::string folder, plans_folder());
  TRY(const std::vector<std::string> paths, shipped_paths());
  std::vector<std::string> names = paths;
  for (const std::string& path : paths) {
    const std::string name = fs::path(path).filename().string();
    if (path == name_or_file || name == name_or_file) {
      return read_plan_file(folder + '/' + path + ".toml");
    }
    names.push_back(name);
  }
  return base::Error{
      base::ErrorCode::NotFound,
      fmt::format("unknown plan '{}'{} (there are {}); a file ends in .toml", name_or_file,
                  base::did_you_mean(name_or_file, names), base::listed(paths))};
}

base::Result<std::vector<ShippedPlan>> shipped_plans() {
  TRY(const std::string folder, plans_folder());
  TRY(const std::vector<std::string> paths, shipped_paths());
  std::vector<ShippedPlan> result;
  for (const std::string& path : paths) {
    TRY(const plan::Plan plan, read_plan_file(folder + '/' + path + ".toml"));
    result.push_back({path, plan.about});
  }
  return result;
}

base::Result<std::vector<std::string>> plans_of_suite(const std::string& suite) {
  TRY(const std::vector<std::string> paths, shipped_paths());
  std::vector<std::string> result;
  std::vector<std::string> suites;
  for (const std::string& path : paths) {
    const std::string folder = fs::path(path).parent_path().string();
    if (folder == suite) result.push_back(path);
    if (!folder.empty()) suites.push_back(folder);
  }
  if (suite.empty() || result.empty()) {
    suites.erase(std::unique(suites.begin(), suites.end()), suites.end());
    return base::Error{base::ErrorCode::NotFound, base::unknown_word("suite", suite, suites)};
  }
  std::ranges::stable_sort(result, {}, place_in_suite);
  return result;
}

}  // namespace check::run
