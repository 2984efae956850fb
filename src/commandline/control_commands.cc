// SPDX-License-Identifier: Apache-2.0
#include "commandline/control_commands.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <limits>
#include <string_view>
#include <vector>

#include "cli/number.h"
#include "cli/parse.h"
#include "commandline/exit_code.h"
#include "control/control.h"
#include "os/net.h"
#include "raft/types.h"
#include "server/options.h"

namespace commandline {
namespace {

enum class Id : std::uint8_t { No, Optional, Required };

struct Spec {
  const char* name;
  const char* help;
  Id id;
  bool takes_address;
  control::Outcome (*run)(const control::Settings&, client::Words words);
};

control::Outcome run_status(const control::Settings& settings, client::Words /*words*/) {
  return control::status(settings);
}
control::Outcome run_why(const control::Settings& settings, client::Words /*words*/) {
  return control::why_not_leader(settings);
}

constexpr Spec kSpecs[] = {
    {"status", "Who leads, and where each node stands", Id::No, false, run_status},
    {"why-not-leader", "Each node's own word why it does not lead", Id::No, false, run_why},
    {"add", "Add a node, as a learner that does not vote yet", Id::Required, true, control::change},
    {"promote", "Let a learner vote, when it has caught up", Id::Required, false, control::change},
    {"remove", "Remove a node", Id::Required, false, control::change},
    {"transfer", "Hand leadership over, to a node or to whoever is best", Id::Optional, false,
     control::change},
    {"snapshot", "Have each of the nodes write a snapshot now", Id::No, false, control::each},
};

}  // namespace

ControlCommands::ControlCommands(CLI::App& app) : app_(app) {
  for (const Spec& spec : kSpecs) {
    CLI::App* command = app.add_subcommand(spec.name, spec.help);
    command->add_option("--nodes", nodes_, "Nodes to ask, where they take clients [127.0.0.1:6379]")
        ->type_name("HOST:PORT,...");
    command->add_option("--timeout-ms", timeout_ms_, "How long to try [10000]")
        ->type_name("MS")
        ->check(cli::is_number32());
    if (std::string_view(spec.name) == "status")
      command->add_flag("--json", json_, "One JSON object instead of tables");
    if (spec.id != Id::No) {
      command->add_option("ID", id_, "Which node")
          ->type_name("")
          ->required(spec.id == Id::Required);
    }
    if (!spec.takes_address) continue;
    command->add_option("HOST:PORT", address_, "Where it listens for the other nodes")
        ->type_name("")
        ->required();
  }
}

base::Status ControlCommands::check_words() const {
  raft::NodeId id;
  const char* end = id_.data() + id_.size();
  const auto parsed = std::from_chars(id_.data(), end, id.value);
  if (!id_.empty() && (parsed.ec != std::errc{} || parsed.ptr != end || id.value == 0)) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("ID: '{}' is not a node: expected a number from 1 to {}", id_,
                                   std::numeric_limits<std::uint32_t>::max())};
  }
  if (address_.empty()) return base::Done{};
  TRY(const os::HostPort address, os::parse_host_port(address_));
  return server::check_peer_address(address);
}

std::optional<int> ControlCommands::run() {
  for (const Spec& spec : kSpecs) {
    if (!app_.got_subcommand(spec.name)) continue;
    const auto nodes = control::parse_nodes(nodes_);
    if (!nodes.ok()) return fail("--nodes: " + nodes.error().message, cli::kUsageError);
    if (const base::Status fits = check_words(); !fits.ok())
      return fail(fits.error().message, cli::kUsageError);
    std::vector<std::string_view> words{"RAFT", spec.name};
    if (!id_.empty()) words.push_back(id_);
    if (!address_.empty()) words.push_back(address_);
    const std::chrono::milliseconds timeout(timeout_ms_);
    const control::Outcome outcome = spec.run({nodes.value(), timeout, json_}, words);
    std::fputs(outcome.output.c_str(), stdout);
    return outcome.error.empty() ? outcome.code : fail(outcome.error, outcome.code);
  }
  return std::nullopt;
}

}  // namespace commandline
