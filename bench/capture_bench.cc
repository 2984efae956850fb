// SPDX-License-Identifier: Apache-2.0
// capture_bench SEAWORTHY [MEGABYTES]: how fast `seaworthy wire` reads a capture, and in how much
// memory.
//
// The capture is made here: three nodes of raftkv elect a leader, which replicates entries of 160
// bytes, one a message, until the file is large enough. Every message is one that a healthy cluster
// would send, so that the judges have all to judge.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "check/monitor/packet.h"
#include "check/monitor/pcapng.h"
#include "codec/encode.h"

namespace {

using check::monitor::Endpoint;
using check::monitor::SegmentHead;
using raft::EntryId;
using raft::LogIndex;
using raft::NodeId;
using raft::Term;

constexpr std::uint16_t kPort = 7000;
constexpr std::size_t kEntryBytes = 160;
constexpr std::size_t kWriteBytes = std::size_t{1} << 20;
constexpr std::uint64_t kStepNs = 20'000;
constexpr std::size_t kFloorMegabytesPerSecond = 51;  // 1 GB in 20 s.
constexpr long kMostMegabytes = 500;

[[noreturn]] void fail(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(3);
}

// One way of a connection from a node to another; the other way is silent.
struct Line {
  Endpoint from;
  Endpoint to;
  std::uint32_t sequence = 1;
};

class Generator {
 public:
  explicit Generator(const std::string& path) : file_(path, std::ios::binary | std::ios::trunc) {
    check::monitor::pcapng::append_section(out_, "capture_bench");
    check::monitor::pcapng::append_interface(out_, "made up");
  }

  void say(std::uint32_t from, std::uint32_t to, const raft::Message& message) {
    const codec::Address address = {{7}, NodeId{from}, NodeId{to}};
    auto found = lines_.find({from, to});
    std::string bytes;
    if (found == lines_.end()) {
      found = lines_.emplace(std::pair{from, to}, open(from, to)).first;
      codec::encode(address, codec::Hello{}, bytes);
    }
    codec::encode(address, message, bytes);
    Line& line = found->second;
    packet({line.from, line.to, line.sequence, 1, check::monitor::kAck}, bytes);
    line.sequence += static_cast<std::uint32_t>(bytes.size());
  }

  std::uint64_t written() const { return written_ + out_.size(); }
  std::uint64_t messages() const { return messages_; }
  void finish() { flush(); }

 private:
  static Endpoint at(std::uint32_t node, std::uint16_t port) { return {0x0a4d0000 + node, port}; }

  Line open(std::uint32_t from, std::uint32_t to) {
    const Line line = {at(from, static_cast<std::uint16_t>(40000 + to)), at(to, kPort)};
    packet({line.from, line.to, 0, 0, check::monitor::kSyn}, "");
    packet({line.to, line.from, 0, 1, check::monitor::kSyn | check::monitor::kAck}, "");
    return line;
  }

  void packet(const SegmentHead& head, const std::string& payload) {
    packet_.clear();
    check::monitor::append_segment(packet_, head, payload);
    check::monitor::pcapng::append_packet(out_, time_ns_ += kStepNs, packet_, "");
    messages_ += payload.empty() ? 0U : 1U;
    if (out_.size() >= kWriteBytes) flush();
  }

  void flush() {
    file_.write(out_.data(), static_cast<std::streamsize>(out_.size()));
    if (!file_) fail("cannot write the capture");
    written_ += out_.size();
    out_.clear();
  }

  std::ofstream file_;
  std::string out_;
  std::string packet_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Line> lines_;
  std::uint64_t time_ns_ = 1'700'000'000'000'000'000;
  std::uint64_t written_ = 0;
  std::uint64_t messages_ = 0;
};

std::uint64_t generate(const std::string& path, std::uint64_t bytes) {
  Generator out(path);
  const Term term(1);
  for (const std::uint32_t voter : {2U, 3U}) {
    out.say(1, voter, raft::RequestVote{term, {}});
    out.say(voter, 1, raft::VoteReply{term, true});
  }
  LogIndex commit;
  EntryId last;
  while (out.written() < bytes) {
    const EntryId next = {term, last.index.next()};
    raft::Entry entry;
    entry.id = next;
    if (next.index > LogIndex(1)) {
      std::string payload = fmt::format("SET key{} ", next.index.value());
      payload.resize(kEntryBytes, 'v');
      entry.kind = raft::EntryKind::Command;
      entry.payload = std::make_shared<const std::string>(std::move(payload));
    }
    const raft::AppendEntries append = {term, last, commit, 0, {entry}};
    for (const std::uint32_t follower : {2U, 3U}) {
      out.say(1, follower, append);
      out.say(follower, 1, raft::AppendReply{term, last.index, 1, 0, true, {}});
    }
    last = next;
    commit = next.index;
  }
  out.finish();
  return out.messages();
}

struct Outcome {
  double seconds = 0;
  double cpu_seconds = 0;
  long megabytes = 0;
  int code = 0;
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

Outcome run(const std::string& program, const std::string& capture) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    execl(program.c_str(), program.c_str(), "wire", capture.c_str(), "--protocol", "raftkv",
          "--summary", nullptr);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child) fail("cannot run " + program);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return {took.count(), seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss / 1024,
          WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

}  // namespace

int main(int argc, char** argv) {
  const auto here = std::filesystem::path(argv[0]).parent_path();
  const std::string program = argc > 1 ? argv[1] : (here / "../bin/seaworthy").string();
  const std::uint64_t megabytes = argc > 2 ? std::stoull(argv[2]) : 1024;
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("capture_bench-{}", getpid());
  const std::uint64_t messages = generate(path.string(), megabytes << 20U);
  const Outcome outcome = run(program, path.string());
  std::filesystem::remove(path);
  if (outcome.code != 0) fail(fmt::format("{} ended with {}", program, outcome.code));
  const double rate = static_cast<double>(megabytes) / outcome.seconds;
  fmt::print(
      "wire: {} MB, {} messages in {:.1f} s ({:.1f} s of CPU): {:.0f} MB/s (goal {}), {:.0f} "
      "messages/s, "
      "{} MB of memory (goal {})\n",
      megabytes, messages, outcome.seconds, outcome.cpu_seconds, rate, kFloorMegabytesPerSecond,
      static_cast<double>(messages) / outcome.seconds, outcome.megabytes, kMostMegabytes);
  return 0;
}
