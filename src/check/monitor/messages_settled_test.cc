// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <thread>
#include <utility>

#include "base/prng.h"
#include "check/monitor/messages_world_test.h"

namespace check::monitor {
namespace {

using Kind = Fate::Kind;

// Settles what is kept, in a thread of its own: every third message is dropped.
class Settler {
 public:
  Settler() = default;
  Settler(const Settler&) = delete;
  Settler& operator=(const Settler&) = delete;
  ~Settler() { stop(); }

  void add(std::uint64_t ticket) {
    const std::lock_guard lock(mutex_);
    open_.push_back(ticket);
  }
  static bool hands_on(std::uint64_t ticket) { return ticket % 3 != 0; }
  void start(RaftMonitor& monitor) {
    thread_ = std::thread([this, &monitor] {
      while (!done_) {
        for (const std::uint64_t ticket : take()) {
          monitor.settle(ticket, hands_on(ticket) ? Settled::HandOn : Settled::Drop);
        }
        std::this_thread::yield();
      }
    });
  }
  void stop() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::vector<std::uint64_t> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(open_, {});
  }

  std::mutex mutex_;
  std::vector<std::uint64_t> open_;  // Guarded by mutex_.
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

// The commit indices of the messages in `bytes`, all as append() makes them.
std::vector<std::uint64_t> numbers_in(const std::string& bytes) {
  const std::size_t size = append(0).size();
  EXPECT_EQ(bytes.size() % size, 0U);
  std::vector<std::uint64_t> numbers;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    numbers.push_back(base::ByteReader(std::string_view(bytes).substr(at + 52, 8)).u64());
    EXPECT_TRUE(bytes.substr(at, size) == append(numbers.back()));
  }
  return numbers;
}

// The order of what is handed on at once is that of sending; what was kept comes somewhere later.
TEST_F(Messages, ThousandsWithRandomFatesAreSettledByAnotherThread) {
  constexpr std::uint64_t kMessages = 5000;
  constexpr std::array kKinds{Kind::HandOn, Kind::HandOn, Kind::Drop, Kind::Keep, Kind::Stall};
  base::Prng prng(test_seed());
  std::vector<Fate> fates;
  std::set<std::uint64_t> expected;
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    const Kind kind = kKinds.at(prng.between(0, kKinds.size() - 1));
    fates.push_back({.kind = kind, .ticket = i});
    if (kind != Kind::Drop && (kind == Kind::HandOn || Settler::hands_on(i))) expected.insert(i);
  }
  Settler settler;
  judge_.decide = [&](std::uint64_t number, const wire::Frame&) {
    const Fate& fate = fates.at(number);
    if (fate.kind == Kind::Keep || fate.kind == Kind::Stall) settler.add(fate.ticket);
    return fate;
  };
  begin();
  settler.start(world_.relay());
  std::thread sender([&] {
    for (std::uint64_t i = 0; i < kMessages; ++i) pair_.client.send(append(i));
    pair_.client.finish();
  });
  const auto came = numbers_in(pair_.server.receive_all());
  sender.join();
  EXPECT_EQ(pair_.server.end(), "eof");
  EXPECT_EQ(came.size(), expected.size());
  EXPECT_EQ(std::set<std::uint64_t>(came.begin(), came.end()), expected);
  std::vector<std::uint64_t> at_once;
  std::copy_if(came.begin(), came.end(), std::back_inserter(at_once),
               [&](std::uint64_t number) { return fates.at(number).kind != Kind::Keep; });
  EXPECT_TRUE(std::is_sorted(at_once.begin(), at_once.end()));
  expect_complete(world_);
}

}  // namespace
}  // namespace check::monitor
