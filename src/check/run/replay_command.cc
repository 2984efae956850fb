// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "check/run/commands.h"
#include "check/run/contained_run.h"
#include "check/run/interrupts.h"
#include "check/run/recording.h"
#include "check/run/shell_word.h"
#include "check/run/verdict_file.h"
#include "check/shrink/shrink.h"
#include "cli/output.h"

namespace check::run {

namespace fs = std::filesystem;

namespace {

int refused(const base::Error& error) {
  complain(error.message);
  return kExitUsage;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  return fs::absolute(path, error).lexically_normal().string();
}

// What came of what had been recorded, on standard error.
void compare(const Recording& recording, const std::string& path) {
  if (recording.wanted.empty()) return;
  const auto text = read_file(path + "/verdict.json");
  if (!text.ok()) return;
  const auto again = convicting_checkers(text.value(), path + "/verdict.json");
  if (!again.ok()) return;
  const bool repeated = std::ranges::any_of(
      recording.wanted, [&](const auto& checker) { return again.value().contains(checker); });
  cli::print(stderr, "replay: the recorded violation ({}) {}\n", fmt::join(recording.wanted, ", "),
             repeated ? "came again" : "did not come again");
}

}  // namespace

int replay_command(const ReplayOptions& asked) {
  hold_interrupts();
  const auto directory = RunDirectory::open(asked.path);
  if (!directory.ok()) return refused(directory.error());
  const auto recording = load_recording(directory.value());
  if (!recording.ok()) return refused(recording.error());
  const CheckOptions options = options_of(recording.value());
  cli::print("seed: {}\n", *options.seed);
  cli::print(stderr, "replay: {} of {} faults by points; {}\n",
             shrink::size_of(recording.value().plan), recording.value().planned,
             recording.value().wanted.empty()
                 ? "nothing was wrong"
                 : fmt::format("ends when {} is proven again",
                               fmt::join(recording.value().wanted, " or ")));
  (void)std::fflush(stdout);

  Manner manner = manner_of(recording.value());
  manner.recovers = true;  // Without a violation there is a verdict, too.
  const std::string path =
      absolute(asked.out.empty() ? default_path(options.target, *options.seed) : asked.out);
  const std::string repeat =
      fmt::format("{} replay {}", this_program(), shell_word(directory.value().path()));
  const auto code = run_contained({options, recording.value().plan, path, repeat, manner});
  if (!code.ok()) return refused(code.error());
  if (!judged(code.value())) return kExitUsage;
  compare(recording.value(), path);
  return print_end(code.value(), path, repeat);
}

}  // namespace check::run
