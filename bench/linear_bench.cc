// SPDX-License-Identifier: Apache-2.0
// How long histories take to judge, and how much memory: each from its file to its verdict, in a
// process of its own. Beside it, what Porcupine (after v1.3.0) took for the same kind of history on
// a machine like this one, with a limit of 60 s and 6 GB.
//
//   linear_bench [SEED]
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "check/history/event.h"
#include "check/history/reader.h"
#include "check/linear/invent.h"
#include "check/linear/linear.h"

namespace {

using check::history::Event;
using check::history::EventType;
using check::history::Function;
using check::history::Operation;
using check::history::Outcome;
using check::linear::invent::Inventor;
using check::linear::invent::Shape;

struct Case {
  const char* name;
  Shape shape;
  const char* model;
  bool stale;  // One read, at three quarters, sees what another saw at one half.
  double goal_seconds;
  std::uint64_t goal_megabytes;
  const char* porcupine;
};

std::vector<Case> cases() {
  Shape one{.operations = 1'000'000,
            .clients = 100,
            .keys = 1,
            .write_percent = 50,
            .cas_percent = 0,
            .unknown_percent = 1,
            .longest = 1000};
  Shape cas = one;
  cas.write_percent = 30;
  cas.cas_percent = 20;
  Shape ten = cas;
  ten.keys = 10;
  Shape twenty = one;
  twenty.clients = 20;
  twenty.operations = 1000;
  Shape hundred = one;
  hundred.operations = 100'000;
  Shape alone = one;
  alone.clients = 1;
  alone.operations = 100'000;
  alone.unknown_percent = 0;
  Shape lost = ten;
  lost.clients = 10;
  lost.operations = 2000;
  lost.unknown_percent = 30;
  Shape few{.operations = 10'000,
            .clients = 5,
            .keys = 1,
            .values = 5,
            .write_percent = 40,
            .cas_percent = 20,
            .unknown_percent = 0,
            .longest = 1000};
  Shape text{.operations = 10'000,
             .clients = 20,
             .keys = 10,
             .write_percent = 20,
             .cas_percent = 0,
             .append_percent = 30,
             .unknown_percent = 0,
             .longest = 1000};
  Shape crowd = text;
  crowd.clients = 50;
  Shape throng = text;
  throng.clients = 100;
  throng.operations = 1000;
  Shape busy = few;
  busy.clients = 10;
  return {
      {"1M operations, 100 clients, 1 register", one, "register", false, 2, 500, "over 60 s at 1k"},
      {"the same, one stale read", one, "register", true, 2, 500, "over 60 s at 1k"},
      {"1M, 100 clients, 1 register with cas", cas, "register", false, 2, 500, "over 60 s at 1k"},
      {"1M, 100 clients, 10 registers with cas", ten, "register", true, 2, 500, "over 60 s at 1k"},
      {"100k, 100 clients, 1 register", hundred, "register", true, 0.3, 100, "over 60 s"},
      {"1k, 20 clients, 1 register, stale read", twenty, "register", true, 0.1, 50, "over 60 s"},
      {"100k, 1 client, 1 register", alone, "register", false, 0.3, 100, "2.0 s, 1410 MB"},
      {"2k, 10 registers, 30% unknown, stale read", lost, "register", true, 0.1, 50, "over 40 s"},
      {"10k, 5 clients, 5 values (search)", few, "register", false, 1, 200, ""},
      {"10k, 20 clients, 10 texts (search)", text, "kv", false, 1, 200, "0.1 s, 15 MB"},
      {"10k, 50 clients, 10 texts (search)", crowd, "kv", false, 5, 500, "1.1 s, 105 MB"},
      {"1k, 100 clients, 10 texts (search)", throng, "kv", false, 5, 500, "6.4 s, 283 MB"},
      {"1k, 100 clients, 10 texts, stale (search)", throng, "kv", true, 5, 500, "9.3 s, 386 MB"},
      {"10k, 10 clients, 5 values (search)", busy, "register", false, 5, 500, ""},
      {"10k, 10 clients, 5 values, stale (search)", busy, "register", true, 5, 500, ""},
  };
}

void make_stale(std::vector<Operation>& operations) {
  const auto find_read = [&operations](std::size_t from, const std::string* key) {
    for (std::size_t at = from; at < operations.size(); ++at) {
      const Operation& operation = operations[at];
      const bool fits = operation.function == Function::Read && operation.outcome == Outcome::Ok;
      if (fits && operation.found && (key == nullptr || operation.key == *key)) return at;
    }
    return operations.size();
  };
  const std::size_t early = find_read(operations.size() / 2, nullptr);
  if (early == operations.size()) return;
  const std::size_t late = find_read(operations.size() * 3 / 4, &operations[early].key);
  if (late < operations.size()) operations[late].found = operations[early].found;
}

Event as_event(const Operation& operation, bool is_return) {
  Event event;
  event.index = is_return ? *operation.returned_at : operation.invoked_at;
  event.time = is_return ? *operation.returned : operation.called;
  event.process = operation.process;
  event.function = operation.function;
  event.key = operation.key;
  event.expected = operation.expected;
  if (operation.function != Function::Read) event.value = operation.written;
  if (!is_return) return event;
  event.type = operation.outcome == Outcome::Ok ? EventType::Ok : EventType::Fail;
  if (operation.function == Function::Read) event.value = operation.found;
  event.found_known = operation.function == Function::Cas && operation.found_known;
  if (event.found_known) event.found = operation.found;
  return event;
}

std::string as_history(const std::vector<Operation>& operations) {
  std::vector<std::pair<const Operation*, bool>> events(operations.size() * 2, {nullptr, false});
  for (const Operation& operation : operations) {
    events[operation.invoked_at.value()] = {&operation, false};
    if (operation.returned_at) events[operation.returned_at->value()] = {&operation, true};
  }
  std::string text;
  for (const auto& [operation, is_return] : events) {
    if (operation != nullptr) append_line(text, as_event(*operation, is_return));
  }
  return text;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Writes the case's history to the open file. Runs in a child, so that its memory is not counted.
int write_history(const Case& the_case, std::uint64_t seed, int file) {
  std::vector<Operation> operations = Inventor(the_case.shape, seed).invent();
  if (the_case.stale) make_stale(operations);
  const std::string text = as_history(operations);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t some = write(file, text.data() + written, text.size() - written);
    if (some < 0) return 1;
    written += static_cast<std::size_t>(some);
  }
  return 0;
}

// Reads the history, judges it and prints what that took. Runs in a child, whose peak is its own.
int judge_history(const Case& the_case, int file) {
  lseek(file, 0, SEEK_SET);
  check::history::HistoryReader reader("history");
  std::vector<char> buffer(std::size_t{1} << 18U);
  while (true) {
    const ssize_t some = read(file, buffer.data(), buffer.size());
    if (some < 0) return 1;
    if (some == 0) break;
    const auto status = reader.add({buffer.data(), static_cast<std::size_t>(some)});
    if (!status.ok()) return fmt::print(stderr, "{}\n", status.error().message), 1;
  }
  const auto history = std::move(reader).finish();
  if (!history.ok()) return fmt::print(stderr, "{}\n", history.error().message), 1;
  const double parsed = cpu_seconds();

  check::linear::Options options;
  options.model = check::model::find_model(the_case.model);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto finding = check::linear::check(history.value().operations, options, [deadline] {
    return std::chrono::steady_clock::now() < deadline;
  });
  const double total = cpu_seconds();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto megabytes = static_cast<std::uint64_t>(usage.ru_maxrss) / 1024;
  const bool met = total <= the_case.goal_seconds && megabytes <= the_case.goal_megabytes;
  fmt::print("{:<42} {:>6.2f} {:>6.2f} {:>5.1f} {:>6} {:>5}  {:<4} {:<8} {}\n", the_case.name,
             parsed, total, the_case.goal_seconds, megabytes, the_case.goal_megabytes,
             met ? "met" : "MISS", check::verdict::name(finding.verdict), the_case.porcupine);
  const auto expected =
      the_case.stale ? check::verdict::Verdict::Invalid : check::verdict::Verdict::Valid;
  if (finding.verdict == expected) return 0;
  fmt::print("  expected {}: {}\n", check::verdict::name(expected), finding.sentence);
  return 1;
}

template <class Work>
bool in_child(const Work& work) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const int code = work();
    std::fflush(stdout);
    _exit(code);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  fmt::print("seed: {}\n{:<42} {:>6} {:>6} {:>5} {:>6} {:>5}  {:<4} {:<8} {}\n", seed,
             "from file to verdict; CPU s, peak MB", "parse", "all", "goal", "MB", "goal", "", "",
             "Porcupine");
  bool well = true;
  for (const Case& the_case : cases()) {
    std::array<char, 32> path{"/tmp/linear_bench.XXXXXX"};
    const int file = mkstemp(path.data());
    if (file < 0) return fmt::print(stderr, "cannot make a file in /tmp\n"), 3;
    unlink(path.data());
    well = in_child([&] { return write_history(the_case, seed, file); }) &&
           in_child([&] { return judge_history(the_case, file); }) && well;
    close(file);
  }
  return well ? 0 : 1;
}
