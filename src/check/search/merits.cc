// SPDX-License-Identifier: Apache-2.0
#include "check/search/merits.h"

#include <algorithm>
#include <utility>

namespace check::search {

namespace {

constexpr std::uint64_t kUsual = 1000;
constexpr std::uint64_t kMostPay = 4 * kUsual;
// What is known counts like so many plans.
constexpr std::uint64_t kPrior = 3;
// The usual is that of about so many plans.
constexpr std::uint64_t kWindow = 8;

}  // namespace

void Merits::reward(const std::vector<std::string>& words, std::uint64_t fresh,
                    std::uint64_t cost_ms) {
  const std::uint64_t rate = fresh * 1'000'000 / std::max<std::uint64_t>(cost_ms, 1);
  const std::uint64_t usual = std::exchange(any_, true) ? usual_ : rate;
  const std::uint64_t pay = std::min(kMostPay, rate * kUsual / std::max<std::uint64_t>(usual, 1));
  for (const std::string& word : words) {
    Account& account = accounts_[word];
    account.plans += 1;
    account.pay += pay;
  }
  usual_ = (usual * (kWindow - 1) + rate) / kWindow;
}

std::uint64_t Merits::of(const std::string& word) const {
  const auto found = accounts_.find(word);
  if (found == accounts_.end()) return kUsual;
  const Account& account = found->second;
  return (account.pay + kPrior * kUsual) / (account.plans + kPrior);
}

std::uint64_t Merits::weight(const std::string& word) const {
  const std::uint64_t merit = of(word);
  return 1 + merit * merit / kUsual;
}

}  // namespace check::search
