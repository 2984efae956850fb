// SPDX-License-Identifier: Apache-2.0
// How well each word of a plan has paid: how many new states plans with it reached, compared with
// what plans reached at that time. (A bandit with a prior; words that are never tried stay likely.)
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace check::search {

class Merits {
 public:
  // A plan of these words reached so many new states in so much time.
  void reward(const std::vector<std::string>& words, std::uint64_t fresh, std::uint64_t cost_ms);

  // 1,000 for a word of which nothing is known, and for one that pays as well as all do.
  std::uint64_t of(const std::string& word) const;
  // As of(), sharpened: what a draw among words is weighted by.
  std::uint64_t weight(const std::string& word) const;

 private:
  struct Account {
    std::uint64_t plans = 0;
    std::uint64_t pay = 0;  // Sum of thousandths of the usual.
  };
  std::map<std::string, Account> accounts_;
  std::uint64_t usual_ = 0;  // New states of a plan in 1,000 s, of late.
  bool any_ = false;
};

}  // namespace check::search
