// SPDX-License-Identifier: Apache-2.0
// Puts a closed loop of requests to a server of Redis's protocol or to etcd, and prints what came
// of it as one line of JSON. One thread: it shares the machine with the servers it measures.
//
//   kv_load --port 6379 --connections 100 --depth 10 --operation set --seconds 3
//
// Each connection has `depth` requests under way, always; each answer is followed by a new request
// for a random key. What finishes before the warm-up ends is not counted.
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "base/prng.h"
#include "load_dialect.h"
#include "load_latency.h"
#include "os/net.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  std::uint32_t connections = 1;
  std::uint32_t depth = 1;
  std::uint32_t keys = 10'000;
  std::uint64_t requests = 0;  // 0: until the time is over.
  double warmup = 1;
  double seconds = 3;
  bool fill = false;
  std::string protocol = "resp";
  std::string operation = "set";
  load::Workload workload;
};

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "kv_load: {}\n", why);
  std::exit(3);
}

std::uint64_t now() {
  return static_cast<std::uint64_t>(Clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

struct Connection {
  os::Fd socket;
  std::unique_ptr<load::Dialect> dialect;
  std::string output;
  std::vector<std::uint64_t> begun;  // When the request of each slot was put.
  bool waits_to_write = false;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)), received_(std::size_t{256} << 10) {
    for (std::uint32_t i = 0; i < options_.connections; ++i) connect(i);
  }

  void run() {
    begin_ = now();
    window_begins_ = begin_ + nanoseconds(options_.warmup);
    end_ = window_begins_ + nanoseconds(options_.seconds);
    for (Connection& one : connections_) {
      const std::uint64_t at = now();
      for (std::uint32_t slot = 0; slot < options_.depth; ++slot) put(one, slot, at);
      flush(one);
    }
    while (!is_over()) turn();
    end_ = now();
  }

  void print() const {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const double cpu = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                       1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    const double window = 1e-9 * static_cast<double>(end_ - std::min(end_, window_begins_));
    const auto microseconds = [](std::uint64_t value) { return static_cast<double>(value) / 1e3; };
    fmt::print(
        R"({{"ops":{:.1f},"p50_us":{:.1f},"p99_us":{:.1f},"max_us":{:.1f},"counted":{},"total":{},)"
        R"("errors":{},"window_s":{:.3f},"cpu_s":{:.3f}}})"
        "\n",
        static_cast<double>(latencies_.total()) / window, microseconds(latencies_.at(500)),
        microseconds(latencies_.at(990)), microseconds(latencies_.worst()), latencies_.total(),
        answered_, errors_, window, cpu);
  }

  bool has_errors() const { return errors_ > 0; }

 private:
  void connect(std::uint32_t index) {
    const auto address = os::resolve({"127.0.0.1", options_.port});
    if (!address.ok()) fail(address.error().message);
    os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address.value().storage),
                  address.value().length) != 0) {
      fail("nobody listens at port " + std::to_string(options_.port));
    }
    Connection one;
    one.dialect = options_.protocol == "etcd" ? load::make_etcd_dialect(options_.workload)
                                              : load::make_resp_dialect(options_.workload);
    one.begun.resize(options_.depth);
    one.dialect->greet(one.output);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = index;
    if (epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, socket.number(), &event) != 0) fail("epoll");
    one.socket = std::move(socket);
    connections_.push_back(std::move(one));
  }

  bool is_over() const {
    return options_.requests > 0 ? answered_ >= options_.requests : now() >= end_;
  }

  void turn() {
    std::array<epoll_event, 256> events{};
    const int count = epoll_wait(epoll_.number(), events.data(), events.size(), 10'000);
    if (count == 0) fail("no answer for 10 s");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events.at(static_cast<std::size_t>(i));
      Connection& one = connections_[event.data.u32];
      if ((event.events & EPOLLIN) != 0) receive(one);
      flush(one);
    }
  }

  void receive(Connection& one) {
    const ssize_t count =
        recv(one.socket.number(), received_.data(), received_.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) fail("the server closed a connection");
    answers_.clear();
    const std::string_view bytes(received_.data(), static_cast<std::size_t>(count));
    if (!one.dialect->take(bytes, answers_, one.output)) fail("the server speaks in tongues");
    const std::uint64_t at = now();
    for (const load::Answer& answer : answers_) {
      ++answered_;
      if (!answer.good) ++errors_;
      if (at >= window_begins_ && at < end_) latencies_.add(at - one.begun[answer.slot]);
      if (options_.requests == 0 || started_ < options_.requests) put(one, answer.slot, at);
    }
  }

  void put(Connection& one, std::uint32_t slot, std::uint64_t at) {
    std::uint64_t key =
        options_.fill ? started_ % options_.keys : prng_.between(0, options_.keys - 1);
    std::array<char, load::kKeyBytes> text{};
    for (std::size_t i = text.size() - 1; i > 0; --i) {
      text.at(i) = static_cast<char>('0' + key % 10);
      key /= 10;
    }
    text[0] = 'k';
    one.dialect->put(slot, {text.data(), text.size()}, one.output);
    one.begun[slot] = at;
    ++started_;
  }

  void flush(Connection& one) {
    if (one.output.empty()) return;
    const ssize_t count = send(one.socket.number(), one.output.data(), one.output.size(),
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) fail("a connection broke");
    if (count > 0) one.output.erase(0, static_cast<std::size_t>(count));
    const bool waits = !one.output.empty();
    if (waits == one.waits_to_write) return;
    one.waits_to_write = waits;
    epoll_event event{};
    event.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(&one - connections_.data());
    epoll_ctl(epoll_.number(), EPOLL_CTL_MOD, one.socket.number(), &event);
  }

  Options options_;
  os::Fd epoll_;
  std::vector<Connection> connections_;
  std::vector<char> received_;
  std::vector<load::Answer> answers_;
  base::Prng prng_{now()};
  load::Latencies latencies_;
  std::uint64_t begin_ = 0;
  std::uint64_t window_begins_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t errors_ = 0;
};

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): memory has run out.
  Options options;
  CLI::App app("Puts a closed loop of requests to a key-value server at 127.0.0.1");
  app.add_option("--port", options.port)->required();
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 100'000));
  app.add_option("--depth", options.depth, "requests under way, a connection")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--keys", options.keys)->check(CLI::Range(1, 100'000'000));
  app.add_option("--value-bytes", options.workload.value_bytes);
  app.add_option("--warmup", options.warmup, "seconds that are not counted");
  app.add_option("--seconds", options.seconds);
  app.add_option("--requests", options.requests, "ends after that many, not by time");
  app.add_option("--protocol", options.protocol)->check(CLI::IsMember({"resp", "etcd"}));
  app.add_option("--operation", options.operation)->check(CLI::IsMember({"set", "get", "fill"}));
  CLI11_PARSE(app, argc, argv);
  options.fill = options.operation == "fill";  // Each key once.
  if (options.fill) options.requests = options.keys;
  options.workload.operation =
      options.operation == "get" ? load::Operation::Get : load::Operation::Set;
  if (options.requests > 0) options.warmup = 0;
  Load load(options);
  load.run();
  load.print();
  return load.has_errors() ? 1 : 0;
}
