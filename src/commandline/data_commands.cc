// SPDX-License-Identifier: Apache-2.0
#include "commandline/data_commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/number.h"
#include "cli/parse.h"
#include "commandline/exit_code.h"
#include "offline/data.h"
#include "server/options.h"

namespace commandline {
namespace {

int fail_with(const base::Error& error, const std::string& cluster, const std::string& directory) {
  return fail(told(error, cluster, directory),
              error.code == base::ErrorCode::Corrupt ? kStorageDamaged : cli::kUsageError);
}

bool print(std::string& text) {
  const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  text.clear();
  return whole;
}

}  // namespace

DataCommands::DataCommands(CLI::App& app) : app_(app) {
  const auto define = [this](CLI::App& command) {
    command.add_option("directory", directory_, "Data directory of a node that is stopped")
        ->type_name("DIR")
        ->required();
    command.add_option("--id", id_, "Whose it is")
        ->type_name("ID")
        ->required()
        ->check(cli::is_number32());
    command.add_option("--cluster", cluster_, "Name of its cluster [raftkv]")->type_name("NAME");
    command.add_option("--through", through_, "No entries behind this one")
        ->type_name("INDEX")
        ->check(cli::is_number64());
  };
  define(*app.add_subcommand("verify", "Say what a data directory holds, and what is damaged"));
  CLI::App* command = app.add_subcommand("export", "Print all keys and values of a data directory");
  define(*command);
  command->add_option("--format", format_, "resp, for redis-cli --pipe, or json lines [resp]")
      ->check(CLI::IsMember({"resp", "json"}));
}

std::optional<int> DataCommands::run() {
  if (app_.got_subcommand("verify")) return verify();
  if (app_.got_subcommand("export")) return export_all();
  return std::nullopt;
}

int DataCommands::verify() const {
  const offline::Whose whose{directory_, server::cluster_id(cluster_).value, {id_}};
  const auto through = through_ ? std::optional(raft::LogIndex(*through_)) : std::nullopt;
  const base::Result<offline::Data> data = offline::read(whose, through);
  if (!data.ok()) return fail_with(data.error(), cluster_, directory_);
  std::string text = offline::description(data.value(), directory_);
  (void)print(text);
  return data.value().is_damaged() ? kStorageDamaged : 0;
}

int DataCommands::export_all() const {
  const offline::Whose whose{directory_, server::cluster_id(cluster_).value, {id_}};
  const auto through = through_ ? std::optional(raft::LogIndex(*through_)) : std::nullopt;
  const base::Result<offline::Data> data = offline::read(whose, through);
  if (!data.ok()) return fail_with(data.error(), cluster_, directory_);
  const auto format = format_ == "json" ? offline::Format::Json : offline::Format::Resp;
  constexpr std::size_t kPieceBytes = std::size_t{1} * 1024 * 1024;
  std::string text;
  bool whole = true;
  data.value().machine->visit([&](std::string_view key, std::string_view value) {
    offline::append_pair(key, value, format, text);
    if (text.size() >= kPieceBytes) whole = whole && print(text);
  });
  whole = whole && print(text) && std::fflush(stdout) == 0;
  if (!whole) return cli::kUsageError;  // The end of the program says why.
  if (!data.value().is_damaged()) return 0;
  return fail(offline::damage(data.value(), directory_), kStorageDamaged);
}

}  // namespace commandline
