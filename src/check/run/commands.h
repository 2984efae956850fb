// SPDX-License-Identifier: Apache-2.0
// The commands of `seaworthy`: each takes what was read from its command line and returns the
// program's exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check/run/analyse.h"
#include "check/run/options.h"

namespace check::run {

int check_command(const CheckOptions& options);

struct AnalyseOptions {
  std::string path;              // A run's folder, a suite's folder, or a history file.
  std::string model;             // Of a history file.
  std::string format = "jsonl";  // Of a history file.
  std::uint64_t time_limit_s = kJudgeLimitS;
  bool json = false;
  bool accept_known = false;
};
int analyse_command(const AnalyseOptions& options);
int analyse_file(const AnalyseOptions& options);  // Of a history file.

struct WireOptions {
  std::string path;                  // A capture, or a run's folder.
  std::string protocol;              // Empty: that of the run's target.
  std::vector<std::string> nodes;    // ADDRESS or ADDRESS:PORT of node 1, 2, 3, ...
  std::vector<std::uint16_t> ports;  // Where nodes accept connections; empty: anywhere.
  bool from_start = false;           // The capture has all traffic since the cluster's start.
  bool json = false;
  bool listing = false;  // Nothing but the messages.
  bool summary = false;  // Everything but the messages.
};
int wire_command(const WireOptions& options);

struct AppliedOptions {
  std::vector<std::string> files;
};
int applied_command(const AppliedOptions& options);

struct ReplayOptions {
  std::string path;  // A run's folder.
  std::string out;   // Empty: as for a check.
};
int replay_command(const ReplayOptions& options);

struct ShrinkOptions {
  std::string path;  // A run's folder.
  std::string out;   // The plan file; empty: minimal.toml in the run's folder.
  std::uint64_t time_limit_s = 600;
};
int shrink_command(const ShrinkOptions& options);

int list_command(const std::string& what);

// One sentence to standard error.
void complain(const std::string& sentence);

// The last three lines of standard output, if a verdict was formed. Returns the program's exit
// code.
int print_end(int code, const std::string& path, const std::string& repeat);

}  // namespace check::run
