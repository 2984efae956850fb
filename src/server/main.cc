// SPDX-License-Identifier: Apache-2.0
// raftkv: a replicated key-value server for Redis clients.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "cli/parse.h"
#include "server/server.h"

namespace {

constexpr int kStorageDamaged = 4;

constexpr const char* kFooter =
    "Exit codes:\n"
    "  0  stopped by SIGTERM or SIGINT\n"
    "  3  usage or environment: an option, an address, a directory that is in use\n"
    "  4  storage: the data is damaged, or the disk failed\n";

struct CommandLine {
  server::RawOptions options;
  std::string config;
#ifdef SEAWORTHY_BROKEN
  std::string broken;
#endif
};

void define_serve(CLI::App& serve, CommandLine& line) {
  server::RawOptions& options = line.options;
  serve.add_option("--id", options.id, "Which of the peers this node is")->type_name("ID");
  serve.add_option("--peers", options.peers, "All nodes, this one included: 1=HOST:PORT,2=...")
      ->type_name("LIST");
  serve.add_option("--listen", options.listen, "Address for Redis clients")->type_name("HOST:PORT");
  serve.add_option("--data", options.data, "Directory of this node's log, made if missing")
      ->type_name("DIR");
  serve.add_option("--config", line.config, "File with any of these options, in TOML")
      ->type_name("FILE");
  serve
      .add_option("--cluster", options.cluster,
                  "Name of the cluster: nodes of others are refused [raftkv]")
      ->type_name("NAME");
  serve.add_option("--heartbeat-ms", options.heartbeat_ms, "Time between heartbeats [50]")
      ->type_name("MS");
  serve
      .add_option("--election-min-ms", options.election_min_ms,
                  "Shortest silence of the leader before an election [300]")
      ->type_name("MS");
  serve.add_option("--election-max-ms", options.election_max_ms, "Longest such silence [600]")
      ->type_name("MS");
  serve
      .add_option("--request-timeout-ms", options.request_timeout_ms,
                  "How long a request may wait for a leader and its answer [5000]")
      ->type_name("MS");
  serve.add_option("--max-clients", options.max_clients, "Connections of clients [10000]")
      ->type_name("N");
#ifdef SEAWORTHY_BROKEN
  serve.add_option("--broken", line.broken, "Be wrong on purpose in this way")
      ->check(CLI::IsMember({"stale-read", "early-ack", "lost-tail", "no-sync", "forgets-vote",
                             "votes-twice", "stale-vote-check", "commits-by-counting",
                             "truncates-acked", "empties-resent"}));
#endif
}

base::Result<server::Options> options_of(CommandLine& line) {
  if (!line.config.empty()) {
    TRY([[maybe_unused]] const auto read, server::read_config(line.config, line.options));
  }
  TRY(server::Options options, server::check_options(line.options));
#ifdef SEAWORTHY_BROKEN
  options.broken = line.broken;
#endif
  return options;
}

int serve_until_stopped(const server::Options& options) {
  base::Result<std::unique_ptr<server::Server>> server = server::Server::open(options);
  if (!server.ok()) {
    std::fprintf(stderr, "raftkv: %s\n", server.error().message.c_str());
    return server.error().code == base::ErrorCode::Corrupt ? kStorageDamaged : cli::kUsageError;
  }
  return server.value()->run() == server::Server::End::Stopped ? 0 : kStorageDamaged;
}

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): of a bad definition.
  CommandLine line;
  CLI::App app("A replicated key-value server for Redis clients", "raftkv");
  CLI::App* serve = app.add_subcommand("serve", "Run one node of a cluster");
  define_serve(*serve, line);
  app.require_subcommand(1);
  app.footer(kFooter);
  if (const std::optional<int> code = cli::parse(app, argc, argv)) return *code;
  const base::Result<server::Options> options = options_of(line);
  if (!options.ok()) {
    std::fprintf(stderr, "raftkv: %s\n", options.error().message.c_str());
    return cli::kUsageError;
  }
  return serve_until_stopped(options.value());
}
