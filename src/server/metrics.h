// SPDX-License-Identifier: Apache-2.0
// What a node counts, and its pages for Prometheus and for a load balancer.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "http/request.h"
#include "member/owner.h"
#include "server/pipeline.h"

namespace server {

struct Facts;

// How long requests took, in buckets that double: up to 0.1 ms, 0.2 ms ... 3.3 s, and longer.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 16;
  static double upper_seconds(std::size_t bucket);

  void add(std::chrono::nanoseconds time);
  const std::array<std::uint64_t, kBuckets + 1>& counts() const { return counts_; }
  std::chrono::nanoseconds sum() const { return sum_; }

 private:
  std::array<std::uint64_t, kBuckets + 1> counts_{};  // The last: longer than all.
  std::chrono::nanoseconds sum_{0};
};

class Counters {
 public:
  struct Requests {
    std::uint64_t done = 0;
    std::uint64_t not_done = 0;
    std::uint64_t unknown = 0;
    Histogram latency;  // Of those done.
  };

  void on_done(bool is_write, std::chrono::nanoseconds took);
  void on_failures(const Failures& failures);
  void on_standing(const member::Standing& standing);
  void on_sync(std::chrono::nanoseconds took) { syncs_.add(took); }

  const Requests& writes() const { return writes_; }
  const Requests& reads() const { return reads_; }
  const Histogram& syncs() const { return syncs_; }
  std::uint64_t candidacies() const { return candidacies_; }
  std::uint64_t leaderships() const { return leaderships_; }
  std::uint64_t leader_changes() const { return leader_changes_; }

 private:
  Requests writes_;
  Requests reads_;
  Histogram syncs_;
  member::Standing standing_;
  std::uint64_t candidacies_ = 0;
  std::uint64_t leaderships_ = 0;
  std::uint64_t leader_changes_ = 0;  // To another one that is known.
};

// The text format of Prometheus, version 0.0.4.
std::string metrics_text(const Facts& facts);

// 200 if requests can be served now, by this node or through it; else 503 and the reason.
http::Response health(const Facts& facts);

}  // namespace server
