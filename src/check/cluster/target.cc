// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/target.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/text.h"
#include "check/cluster/etcd_cluster.h"
#include "check/cluster/manifest.h"
#include "check/cluster/manifest_cluster.h"
#include "check/cluster/plugin.h"
#include "check/cluster/program.h"
#include "check/cluster/raftkv_cluster.h"

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;
namespace fs = std::filesystem;
using MadeTarget = base::Result<std::unique_ptr<RaftClusterConfig>>;

struct BuiltIn {
  const char* name;
  const char* description;
  const char* program;  // program.h
  const char* broken;   // raftkv_cluster.h
};

constexpr const char* kBroken = "broken/raftkv";
constexpr const char* kTwin = "the same build with nothing broken";

constexpr std::array kBuiltIns = {
    BuiltIn{"etcd", "etcd 3.4 to 3.6 (Debian: etcd-server)", "etcd", ""},
    BuiltIn{"raftkv", "our own replicated Redis-compatible server", "raftkv", ""},
    BuiltIn{"broken/stale-read", "wrong on purpose: a deposed leader answers reads from memory",
            kBroken, "stale-read"},
    BuiltIn{"broken/early-ack", "wrong on purpose: acknowledges before a majority has it", kBroken,
            "early-ack"},
    BuiltIn{"broken/lost-tail", "wrong on purpose: forgets its last synced batch on restart",
            kBroken, "lost-tail"},
    BuiltIn{"broken/no-sync", "wrong on purpose: acknowledges what it has written but not synced",
            kBroken, "no-sync"},
    BuiltIn{"broken/forgets-vote",
            "wrong on purpose: does not know after a restart whom it voted for", kBroken,
            "forgets-vote"},
    BuiltIn{"broken/votes-twice", "wrong on purpose: votes for every candidate of a term", kBroken,
            "votes-twice"},
    BuiltIn{"broken/stale-vote-check", "wrong on purpose: votes for candidates that lack entries",
            kBroken, "stale-vote-check"},
    BuiltIn{"broken/commits-by-counting", "wrong on purpose: counts copies of older terms' entries",
            kBroken, "commits-by-counting"},
    BuiltIn{"broken/truncates-acked", "wrong on purpose: an old append cuts off what is newer",
            kBroken, "truncates-acked"},
    BuiltIn{"broken/empties-resent", "wrong on purpose: entries sent again are empty", kBroken,
            "empties-resent"},
    BuiltIn{"twin/stale-read", kTwin, kBroken, ""},
    BuiltIn{"twin/early-ack", kTwin, kBroken, ""},
    BuiltIn{"twin/lost-tail", kTwin, kBroken, ""},
    BuiltIn{"twin/no-sync", kTwin, kBroken, ""},
    BuiltIn{"twin/forgets-vote", kTwin, kBroken, ""},
    BuiltIn{"twin/votes-twice", kTwin, kBroken, ""},
    BuiltIn{"twin/stale-vote-check", kTwin, kBroken, ""},
    BuiltIn{"twin/commits-by-counting", kTwin, kBroken, ""},
    BuiltIn{"twin/truncates-acked", kTwin, kBroken, ""},
    BuiltIn{"twin/empties-resent", kTwin, kBroken, ""},
};

const char* advice_for(const BuiltIn& target) {
  if (std::string_view(target.program) == "etcd") return "apt-get install etcd-server";
  if (std::string_view(target.program) == kBroken)
    return "the target `broken` of the build makes it";
  return "";
}

std::vector<Knob> knobs_of(const BuiltIn& target) {
  return std::string_view(target.name) == "etcd" ? EtcdCluster::knobs() : RaftkvCluster::knobs();
}

base::Status check_settings(const std::string& target, const std::vector<Knob>& knobs,
                            const Settings& settings) {
  for (const auto& [name, value] : settings) {
    TRY([[maybe_unused]] const base::Done done, check_setting(target, knobs, name, value));
  }
  return base::Done{};
}

MadeTarget make(const BuiltIn& target, Hosts& hosts, const Settings& settings) {
  TRY([[maybe_unused]] const base::Done done,
      check_settings(target.name, knobs_of(target), settings));
  TRY(const std::string program, find_program(target.program, advice_for(target)));
  if (std::string_view(target.name) == "etcd") return EtcdCluster::make(hosts, program, settings);
  return RaftkvCluster::make(hosts, {target.name, program, target.broken, settings});
}

bool has_manifest(const fs::path& folder) {
  std::error_code failure;
  return fs::is_regular_file(folder / "adapter.toml", failure);
}

// Empty: there are none.
fs::path adapters_folder() {
  if (const char* named = std::getenv("SEAWORTHY_ADAPTERS"); named != nullptr) return named;
  const fs::path prefix = fs::path(executable_folder()).parent_path();  // Of bin/.
  fs::path installed = prefix / "share" / "seaworthy" / "adapters";
  fs::path source = prefix.parent_path().parent_path() / "adapters";  // Of build/PRESET/bin/.
  std::error_code failure;
  if (fs::is_directory(installed, failure)) return installed;
  if (!has_manifest(source / "template")) source.clear();
  return source;
}

std::vector<fs::path> adapters() {
  std::vector<fs::path> folders;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(adapters_folder(), failure)) {
    // The template is there to be copied.
    if (entry.path().filename() != "template" && has_manifest(entry.path()))
      folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

TargetInfo describe(const fs::path& folder) {
  const base::Result<Manifest> manifest = read_manifest(folder.string());
  const std::string name = folder.filename().string();
  if (!manifest.ok()) return {name, "an adapter with a mistake", manifest.error().message, {}};
  return {name, manifest.value().description, ManifestCluster::missing(manifest.value()),
          manifest.value().knobs};
}

MadeTarget make(const fs::path& folder, Hosts& hosts, const Settings& settings) {
  TRY(Manifest manifest, read_manifest(folder.string()));
  TRY([[maybe_unused]] const base::Done done,
      check_settings(folder.filename().string(), manifest.knobs, settings));
  manifest.settings = settings;
  return ManifestCluster::make(hosts, std::move(manifest));
}

// Which of the kinds of target a name or path means.
struct Chosen {
  const BuiltIn* built_in = nullptr;
  fs::path folder;      // With a manifest.
  std::string library;  // A shared object.
};

base::Result<Chosen> chosen_path(const std::string& path) {
  std::error_code failure;
  if (has_manifest(path)) return Chosen{nullptr, path, {}};
  if (fs::is_regular_file(path, failure)) return Chosen{nullptr, {}, path};
  const bool folder = fs::is_directory(path, failure);
  return Error{ErrorCode::NotFound,
               folder ? path + " has no adapter.toml" : path + " is not there"};
}

Error unknown_target(const std::string& name) {
  std::vector<std::string> names;
  for (const TargetInfo& target : targets()) names.push_back(target.name);
  return {ErrorCode::NotFound, base::unknown_word("target", name, names)};
}

base::Result<Chosen> chosen(const std::string& name_or_path) {
  for (const BuiltIn& target : kBuiltIns) {
    if (name_or_path == target.name) return Chosen{&target, {}, {}};
  }
  for (const fs::path& folder : adapters()) {
    if (name_or_path == folder.filename()) return Chosen{nullptr, folder, {}};
  }
  std::error_code failure;
  if (fs::exists(name_or_path, failure) || name_or_path.find("./") != std::string::npos ||
      name_or_path.starts_with('/')) {
    return chosen_path(name_or_path);
  }
  return unknown_target(name_or_path);
}

}  // namespace

std::vector<TargetInfo> targets() {
  std::vector<TargetInfo> all;
  for (const BuiltIn& target : kBuiltIns) {
    const base::Result<std::string> program = find_program(target.program, advice_for(target));
    all.push_back({target.name, target.description, program.ok() ? "" : program.error().message,
                   knobs_of(target)});
  }
  for (const fs::path& folder : adapters()) all.push_back(describe(folder));
  return all;
}

MadeTarget make_target(const std::string& name_or_path, Hosts& hosts, const Settings& settings) {
  TRY(const Chosen target, chosen(name_or_path));
  if (target.built_in != nullptr) return make(*target.built_in, hosts, settings);
  if (!target.folder.empty()) return make(target.folder, hosts, settings);
  TRY([[maybe_unused]] const base::Done done, check_settings(name_or_path, {}, settings));
  return load_plugin(target.library, hosts);
}

base::Result<std::vector<Knob>> knobs_of(const std::string& name_or_path) {
  TRY(const Chosen target, chosen(name_or_path));
  if (target.built_in != nullptr) return knobs_of(*target.built_in);
  if (target.folder.empty()) return std::vector<Knob>{};
  TRY(Manifest manifest, read_manifest(target.folder.string()));
  return std::move(manifest.knobs);
}

std::string known_bugs_file(const std::string& name_or_path) {
  for (const fs::path& folder : {adapters_folder() / name_or_path, fs::path(name_or_path)}) {
    std::error_code failure;
    fs::path file = folder / "known.toml";
    if (fs::is_regular_file(file, failure)) return file.string();
  }
  return {};
}

}  // namespace check::cluster
