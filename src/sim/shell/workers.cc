// SPDX-License-Identifier: Apache-2.0
#include "sim/shell/workers.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <vector>

namespace sim::shell {

namespace {

constexpr std::uint64_t kSeedsAChild = 64;
// A seed takes milliseconds; one that takes this long does not end.
constexpr std::chrono::seconds kPatience(60);
constexpr int kPollMs = 1000;

using Clock = std::chrono::steady_clock;

struct Child {
  pid_t pid = 0;
  int results = -1;  // Lines of results.
  int errors = -1;   // Its standard error.
  SeedRange seeds;
  std::uint64_t next = 0;  // The seed whose result comes next.
  std::string line;
  std::string complaint;
  Clock::time_point heard;
  bool hung = false;
};

base::Error failed(const char* what) {
  return {base::ErrorCode::Io, std::string(what) + ": " + std::strerror(errno)};
}

[[noreturn]] void be_child(const SeedRange& seeds, int results, int errors, const RunOne& run) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // Also when it computes and writes nothing.
  dup2(errors, STDERR_FILENO);
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    const std::string line = line_of(run(seed)) + "\n";
    std::string_view rest = line;
    while (!rest.empty()) {
      const ssize_t count = write(results, rest.data(), rest.size());
      if (count <= 0) _exit(kUsage);
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  _exit(0);
}

class Pool {
 public:
  Pool(const SeedRange& seeds, const RunOne& run, const Sink& sink)
      : run_(run), sink_(sink), next_(seeds.first) {
    for (std::uint64_t first = seeds.first; first <= seeds.last; first += kSeedsAChild) {
      waiting_.push_back({first, std::min(seeds.last, first + kSeedsAChild - 1)});
      if (seeds.last - first < kSeedsAChild) break;
    }
  }

  base::Status work(std::uint64_t jobs) {
    while (!waiting_.empty() || !children_.empty()) {
      while (!waiting_.empty() && children_.size() < jobs) {
        const SeedRange seeds = waiting_.front();
        waiting_.pop_front();
        TRY([[maybe_unused]] const auto begun, begin(seeds));
      }
      listen();
    }
    return base::Done{};
  }

 private:
  base::Status begin(const SeedRange& seeds) {
    std::array<int, 2> results{};
    std::array<int, 2> errors{};
    if (pipe(results.data()) != 0 || pipe(errors.data()) != 0) return failed("pipe");
    const pid_t pid = fork();
    if (pid < 0) return failed("fork");
    if (pid == 0) be_child(seeds, results[1], errors[1], run_);
    close(results[1]);
    close(errors[1]);
    children_.push_back({pid, results[0], errors[0], seeds, seeds.first, {}, {}, Clock::now()});
    return base::Done{};
  }

  void listen() {
    std::vector<pollfd> polled;
    for (const Child& child : children_) {
      polled.push_back({child.results, POLLIN, 0});
      polled.push_back({child.errors, POLLIN, 0});
    }
    poll(polled.data(), polled.size(), kPollMs);
    for (std::size_t i = 0; i < children_.size(); ++i) {
      Child& child = children_[i];
      if (polled[2 * i + 1].revents != 0) hear(child.errors, child.complaint);
      if (polled[2 * i].revents != 0) {
        child.heard = Clock::now();
        hear(child.results, child.line);
        take_lines(child);
      } else if (Clock::now() - child.heard > kPatience) {
        child.hung = true;
        kill(child.pid, SIGKILL);
        child.heard = Clock::now();
      }
    }
    std::erase_if(children_, [this](Child& child) { return child.results < 0 && end(child); });
  }

  // At its end, `from` becomes -1.
  static void hear(int& from, std::string& into) {
    if (from < 0) return;
    std::array<char, 4096> bytes{};
    const ssize_t count = read(from, bytes.data(), bytes.size());
    if (count > 0) {
      into.append(bytes.data(), static_cast<std::size_t>(count));
    } else {
      close(from);
      from = -1;
    }
  }

  void take_lines(Child& child) {
    for (std::size_t end = 0; (end = child.line.find('\n')) != std::string::npos;) {
      base::Result<SeedResult> result = parse_result(child.line.substr(0, end));
      child.line.erase(0, end + 1);
      CHECK(result.ok() && result.value().seed == child.next, child.next);
      child.next += 1;
      give(std::move(result).value());
    }
  }

  // Its output has ended: it is done, or it broke off at `next`.
  bool end(Child& child) {
    while (child.errors >= 0) hear(child.errors, child.complaint);
    waitpid(child.pid, nullptr, 0);
    if (child.next > child.seeds.last) return true;
    SeedResult result;
    result.seed = child.next;
    result.verdict = check::verdict::Verdict::Invalid;
    std::string said = child.complaint.substr(0, child.complaint.find('\n'));
    if (child.hung) said = "the run did not end within a minute";
    result.violation = Violation{child.hung ? "hang" : "check", std::move(said), 0, 0, 0};
    give(std::move(result));
    if (child.next < child.seeds.last) waiting_.push_front({child.next + 1, child.seeds.last});
    return true;
  }

  void give(SeedResult result) {
    early_.emplace(result.seed, std::move(result));
    for (auto first = early_.begin(); first != early_.end() && first->first == next_;) {
      sink_(first->second);
      first = early_.erase(first);
      next_ += 1;
    }
  }

  const RunOne& run_;
  const Sink& sink_;
  std::uint64_t next_;  // The seed whose result goes to the sink next.
  std::deque<SeedRange> waiting_;
  std::vector<Child> children_;
  std::map<std::uint64_t, SeedResult> early_;
};

}  // namespace

base::Status run_seeds(const SeedRange& seeds, std::uint64_t jobs, const RunOne& run,
                       const Sink& sink) {
  return Pool(seeds, run, sink).work(jobs);
}

}  // namespace sim::shell
