// SPDX-License-Identifier: Apache-2.0
#include "commandline/recover_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/number.h"
#include "cli/output.h"
#include "cli/parse.h"
#include "commandline/exit_code.h"
#include "offline/rebuild.h"
#include "os/net.h"
#include "server/options.h"

namespace commandline {
namespace {

constexpr int kRefused = 1;

}  // namespace

RecoverCommand::RecoverCommand(CLI::App& app) : app_(app) {
  CLI::App* command = app.add_subcommand(
      "recover", "Last resort, loses writes: begin a new cluster with what one node has");
  command->add_option("directory", directory_, "Data directory of the survivor, stopped")
      ->type_name("DIR")
      ->required();
  command->add_option("--id", id_, "Whose it is; in the new cluster, too")
      ->type_name("ID")
      ->required()
      ->check(cli::is_number32());
  command->add_option("--cluster", cluster_, "Name of the cluster that is lost [raftkv]")
      ->type_name("NAME");
  command->add_option("--new-cluster", new_cluster_, "Name of the new one: another")
      ->type_name("NAME")
      ->required();
  command->add_option("--into", into_, "New directory for the node of the new cluster")
      ->type_name("DIR")
      ->required();
  command->add_option("--address", address_, "Where that node listens for others")
      ->type_name("HOST:PORT")
      ->required();
  command->add_flag("--i-accept-losing-writes", accepts_losing_writes_,
                    "Acknowledged writes may be missing in what the survivor has");
  command->add_flag("--i-accept-damage", accepts_damage_,
                    "Go on although some of what the survivor had cannot be read any more");
}

std::optional<int> RecoverCommand::run() {
  if (!app_.got_subcommand("recover")) return std::nullopt;
  return recover();
}

int RecoverCommand::recover() const {
  const base::Result<os::HostPort> address = os::parse_host_port(address_);
  const base::Status fits =
      address.ok() ? server::check_peer_address(address.value()) : address.error();
  if (!fits.ok()) return fail("--address: " + fits.error().message, cli::kUsageError);
  if (id_ == 0) return fail("--id: expected a number from 1 on", cli::kUsageError);
  if (new_cluster_.empty() || new_cluster_ == cluster_) {
    return fail("--new-cluster: expected another name than " + cluster_ +
                    ", so that no node of the old cluster can take part in the new one",
                cli::kUsageError);
  }
  const base::Result<offline::Data> data =
      offline::read({directory_, server::cluster_id(cluster_).value, {id_}}, std::nullopt);
  if (!data.ok()) return fail(told(data.error(), cluster_, directory_), cli::kUsageError);
  std::fputs(offline::description(data.value(), directory_).c_str(), stdout);
  std::fputs(warning(data.value()).c_str(), stdout);
  std::fflush(stdout);
  if (data.value().is_damaged() && !accepts_damage_) {
    return fail("refused: " + directory_ + " is damaged, and more is missing than the warning " +
                    "says; look for another survivor, or say --i-accept-damage",
                kRefused);
  }
  if (!accepts_losing_writes_) {
    return fail("refused: nothing was done; read the warning, then say --i-accept-losing-writes",
                kRefused);
  }
  return write(data.value());
}

std::string RecoverCommand::warning(const offline::Data& data) const {
  return fmt::format(
      "\nWARNING: cluster {0} ends here, and cluster {1} begins with what node {2} has.\n"
      "  - Every write behind entry {3} is LOST, also if it was acknowledged: the leader may have\n"
      "    had it from the nodes that are gone.\n"
      "  - Of the last entries up to {3} some may never have been acknowledged, or were answered\n"
      "    UNKNOWN: they are done now.\n"
      "  - All other nodes of {0} must stay stopped for good; one that runs on has its own truth.\n"
      "    It is refused by the nodes of {1}.\n\n",
      cluster_, new_cluster_, id_, data.applied.value());
}

int RecoverCommand::write(const offline::Data& data) const {
  const offline::NewCluster target{
      into_, server::cluster_id(new_cluster_).value, {{id_}, address_}, data.kind};
  const base::Status done = offline::rebuild(data, target);
  if (!done.ok()) return fail(done.error().message, cli::kUsageError);
  cli::print(
      "{}: cluster {}, one voter, node {}, which goes on after entry {}\n"
      "Start it: raftkv serve --cluster {} --id {} --peers {}={} --data {} --listen ...\n"
      "Then add others with empty directories, started with --cluster {} --join yes: raftkv add, "
      "raftkv promote\n",
      into_, new_cluster_, id_, data.applied.value(), new_cluster_, id_, id_, address_, into_,
      new_cluster_);
  return 0;
}

}  // namespace commandline
