// SPDX-License-Identifier: Apache-2.0
#include "commandline/serve_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/number.h"
#include "cli/parse.h"
#include "commandline/exit_code.h"
#include "server/option_table.h"
#include "server/server.h"

namespace commandline {

ServeCommand::ServeCommand(CLI::App& app)
    : command_(app.add_subcommand("serve", "Run one node of a cluster")) {
  command_->add_option("--config", config_, "File with any of these options, in TOML")
      ->type_name("FILE");
  for (const server::OptionSpec& spec : server::option_specs()) {
    const auto define = [&](auto into) {
      CLI::Option* option =
          command_->add_option(server::flag_of(spec), options_.*into, std::string(spec.help))
              ->type_name(std::string(spec.type));
      if (std::holds_alternative<server::OptionSpec::Number>(spec.into))
        option->check(cli::is_number32());
    };
    std::visit(define, spec.into);
  }
#ifdef SEAWORTHY_BROKEN
  command_->add_option("--broken", broken_, "Be wrong on purpose in this way")
      ->check(CLI::IsMember({"stale-read", "early-ack", "lost-tail", "no-sync", "forgets-vote",
                             "votes-twice", "stale-vote-check", "commits-by-counting",
                             "truncates-acked", "empties-resent"}));
#endif
}

bool ServeCommand::was_given() const { return command_->parsed(); }

base::Result<server::Options> ServeCommand::options() {
  if (!config_.empty()) {
    TRY([[maybe_unused]] const auto read, server::read_config(config_, options_));
  }
  TRY(server::Options options, server::check_options(options_));
#ifdef SEAWORTHY_BROKEN
  options.broken = broken_;
#endif
  return options;
}

int ServeCommand::run() {
  const base::Result<server::Options> options = this->options();
  if (!options.ok()) return fail(options.error().message, cli::kUsageError);
  base::Result<std::unique_ptr<server::Server>> server = server::Server::open(options.value());
  if (!server.ok()) {
    const base::ErrorCode why = server.error().code;
    return fail(told(server.error(), options.value().cluster, options.value().data),
                why == base::ErrorCode::Corrupt   ? kStorageDamaged
                : why == base::ErrorCode::NoSpace ? kDiskFull
                                                  : cli::kUsageError);
  }
  switch (server.value()->run()) {
    case server::Server::End::Stopped:
      return 0;
    case server::Server::End::DiskFull:
      return kDiskFull;
    case server::Server::End::StorageFailed:
      break;
  }
  return kStorageDamaged;
}

}  // namespace commandline
