// SPDX-License-Identifier: Apache-2.0
// seaworthy: the command line.
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "cli/number.h"
#include "cli/output.h"
#include "cli/parse.h"

namespace {

using check::run::AnalyseOptions;
using check::run::AppliedOptions;
using check::run::CheckOptions;
using check::run::ReplayOptions;
using check::run::ShrinkOptions;
using check::run::WireOptions;

constexpr const char* kFooter =
    "Exit codes:\n"
    "  0  valid\n"
    "  1  invalid: a violation is proven\n"
    "  2  unknown: no violation was found, but the run does not prove enough\n"
    "  3  wrong usage, or this machine cannot do it: nothing was judged";

// `instead_of`: what a search leaves no sense to.
void add_search(CLI::App& check, CheckOptions& options,
                const std::vector<CLI::Option*>& instead_of) {
  auto* search =
      check
          .add_option("--search", options.search_s,
                      "For so many seconds: short plans, each made from what nodes said under the "
                      "ones before it")
          ->type_name("S")
          ->check(cli::is_number32());
  for (CLI::Option* other : instead_of) search->excludes(other);
  check
      .add_option("--search-how", options.search_how,
                  "Of a search: guided by new states, blind, or faults by time alone")
      ->type_name("HOW")
      ->capture_default_str();
  check.add_flag("--keep-going", options.keep_going,
                 "A search does not end with the first violation");
}

CLI::App* add_check(CLI::App& app, CheckOptions& options) {
  CLI::App* check = app.add_subcommand(
      "check", "Start a cluster, break it in every planned way, and judge what its clients saw");
  check
      ->add_option("--target", options.target,
                   "System under test: a name, or the path of an adapter")
      ->type_name("TARGET")
      ->required();
  check->add_option("--nodes", options.nodes, "Number of nodes")
      ->type_name("N")
      ->check(cli::is_number32())
      ->capture_default_str();
  check->add_option("--clients", options.clients, "Number of clients (default: the plan's, 8)")
      ->type_name("N")
      ->check(cli::is_number32());
  check->add_option("--keys", options.keys, "Number of keys (default: the plan's, 8)")
      ->type_name("N")
      ->check(cli::is_number32());
  check
      ->add_option("--workload", options.workload,
                   "What clients do: register, queue (default: the plan's, register)")
      ->type_name("WORKLOAD");
  auto* plan = check->add_option("--plan", options.plan, "What to do: a plan's name or file")
                   ->type_name("PLAN")
                   ->capture_default_str();
  auto* suite = check
                    ->add_option("--suite", options.suite,
                                 "All plans of a suite, one after the other: external, invasive")
                    ->type_name("SUITE")
                    ->excludes(plan);
  auto* time = check->add_option("--time", options.time_s, "Seconds of the phase with faults")
                   ->type_name("S")
                   ->check(cli::is_number32())
                   ->capture_default_str();
  add_search(*check, options, {plan, suite, time});
  check->add_option("--seed", options.seed, "Of every random choice (default: drawn, and printed)")
      ->type_name("N")
      ->check(cli::is_number64());
  check
      ->add_option("--out", options.out,
                   "Folder of the run (default: runs/YYYYMMDDThhmmssZ-TARGET-SEED)")
      ->type_name("DIR");
  check
      ->add_option("--monitor", options.monitor,
                   "How traffic between nodes is seen: full, packet, observe (default: full if "
                   "their messages "
                   "are understood)")
      ->type_name("MONITOR");
  check
      ->add_option("--set", options.set,
                   "Set something about the target's nodes; 'seaworthy list targets' shows what")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  const auto sets = [&options](const char* name) {
    return [&set = options.set, name](const std::string& value) {
      set.push_back(std::string(name) + '=' + value);
    };
  };
  check
      ->add_option_function<std::string>("--transport", sets("transport"),
                                         "The same as --set transport=NAME: raftkv has tcp and udp")
      ->type_name("NAME");
  check
      ->add_option_function<std::string>(
          "--storage", sets("storage"),
          "The same as --set storage=NAME: raftkv has segments and mapped")
      ->type_name("NAME");
  check->add_flag("--accept-known", options.accept_known,
                  "Exit with 0 if all that is wrong are known bugs of the target; prints each");
  return check;
}

CLI::App* add_analyse(CLI::App& app, AnalyseOptions& options) {
  CLI::App* analyse =
      app.add_subcommand("analyse", "Judge a saved run again, or a history from anywhere");
  analyse->add_option("path", options.path, "Folder of a run or a suite, or a history file")
      ->type_name("PATH")
      ->required();
  analyse->add_option("--model", options.model, "Of a history file: what the system should be")
      ->type_name("MODEL");
  analyse->add_option("--format", options.format, "Of a history file: jsonl")
      ->type_name("FORMAT")
      ->capture_default_str();
  analyse
      ->add_option("--time-limit", options.time_limit_s,
                   "Seconds until the verdict is unknown; 0: none")
      ->type_name("S")
      ->check(cli::is_number64())
      ->capture_default_str();
  analyse->add_flag("--json", options.json, "Print verdict.json instead of the last three lines");
  analyse->add_flag("--accept-known", options.accept_known,
                    "Exit with 0 if all that is wrong are known bugs of the target; prints each");
  return analyse;
}

CLI::App* add_wire(CLI::App& app, WireOptions& options) {
  CLI::App* wire = app.add_subcommand(
      "wire", "Show and judge what nodes said to each other, from a packet capture");
  wire->add_option("capture", options.path, "A pcap or pcapng file, or the folder of a run")
      ->type_name("PATH")
      ->required();
  wire->add_option("--protocol", options.protocol,
                   "Between the nodes (default: that of a run's target)")
      ->type_name("PROTOCOL");
  wire->add_option("--nodes", options.nodes,
                   "Where node 1, 2, 3, ... accept connections: ADDRESS or ADDRESS:PORT "
                   "(default: found, and numbered in the order of their addresses)")
      ->type_name("ADDRESS")
      ->delimiter(',');
  wire->add_option("--ports", options.ports,
                   "Look only at connections to these ports (default: at all)")
      ->type_name("PORT")
      ->delimiter(',');
  wire->add_flag("--from-start", options.from_start,
                 "The capture has all traffic since the cluster's first start: judge more");
  wire->add_flag("--json", options.json, "Messages as in messages.jsonl, the rest as one object");
  auto* listing = wire->add_flag("--listing", options.listing, "Only the messages");
  wire->add_flag("--summary", options.summary, "All but the messages")->excludes(listing);
  return wire;
}

CLI::App* add_replay(CLI::App& app, ReplayOptions& options) {
  CLI::App* replay = app.add_subcommand(
      "replay", "Do a saved run again: each fault where it had struck, not when");
  replay->add_option("path", options.path, "Folder of a run")->type_name("PATH")->required();
  replay
      ->add_option("--out", options.out,
                   "Folder of the new run (default: runs/YYYYMMDDThhmmssZ-TARGET-SEED)")
      ->type_name("DIR");
  return replay;
}

CLI::App* add_shrink(CLI::App& app, ShrinkOptions& options) {
  CLI::App* shrink = app.add_subcommand(
      "shrink", "Find a smallest plan that makes a system fail as it did in a saved run");
  shrink->add_option("path", options.path, "Folder of a run with a violation")
      ->type_name("PATH")
      ->required();
  shrink->add_option("--out", options.out, "The plan (default: minimal.toml in the run's folder)")
      ->type_name("FILE");
  shrink
      ->add_option("--time-limit", options.time_limit_s,
                   "Seconds until the smallest so far is written")
      ->type_name("S")
      ->check(cli::is_number64())
      ->capture_default_str();
  return shrink;
}

CLI::App* add_applied(CLI::App& app, AppliedOptions& options) {
  CLI::App* applied = app.add_subcommand(
      "applied", "Find out whether all servers applied the same, from their records");
  applied->add_option("files", options.files, "Applied-entry records, of one cluster")
      ->type_name("FILE")
      ->required();
  return applied;
}

int work(int argc, char** argv) {
  CheckOptions check_options;
  AnalyseOptions analyse_options;
  WireOptions wire_options;
  ReplayOptions replay_options;
  ShrinkOptions shrink_options;
  AppliedOptions applied_options;
  std::string what;

  CLI::App app("Finds out whether you can trust a Raft implementation", "seaworthy");
  CLI::App* check = add_check(app, check_options);
  CLI::App* analyse = add_analyse(app, analyse_options);
  CLI::App* wire = add_wire(app, wire_options);
  CLI::App* replay = add_replay(app, replay_options);
  CLI::App* shrink = add_shrink(app, shrink_options);
  CLI::App* applied = add_applied(app, applied_options);
  CLI::App* list = app.add_subcommand("list", "Show what this program knows");
  list->add_option("what", what, "targets, plans, faults, workloads, models or protocols")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"targets", "plans", "faults", "workloads", "models", "protocols"}))
      ->required();
  app.require_subcommand(1);
  app.footer(kFooter);
  const cli::Lists lists = {{"TARGET", "list targets"},
                            {"PLAN", "list plans"},
                            {"WORKLOAD", "list workloads"},
                            {"MODEL", "list models"},
                            {"PROTOCOL", "list protocols"}};
  if (const std::optional<int> code = cli::parse(app, argc, argv, lists)) return *code;

  if (check->parsed()) return check::run::check_command(check_options);
  if (analyse->parsed()) return check::run::analyse_command(analyse_options);
  if (wire->parsed()) return check::run::wire_command(wire_options);
  if (replay->parsed()) return check::run::replay_command(replay_options);
  if (shrink->parsed()) return check::run::shrink_command(shrink_options);
  if (applied->parsed()) return check::run::applied_command(applied_options);
  return check::run::list_command(what);
}

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): of a bad definition.
  cli::open_closed_streams();
  return cli::end("seaworthy", work(argc, argv));
}
