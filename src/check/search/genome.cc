// SPDX-License-Identifier: Apache-2.0
#include "check/search/genome.h"

#include <algorithm>

namespace check::search {

namespace {

void rename(std::string& name, const std::string& prefix) {
  if (!name.empty()) name.insert(0, prefix);
}

void rename(plan::Rule& rule, const std::string& prefix) {
  plan::When& when = rule.when;
  rename(rule.name, prefix);
  for (std::string& name : when.after) rename(name, prefix);
  rename(when.until, prefix);
  rename(when.from.rule, prefix);
  rename(when.to.rule, prefix);
  for (auto* relation : {&when.index, &when.term, &when.commit, &when.entries, &when.context}) {
    if (*relation) rename((*relation)->rule, prefix);
  }
  for (plan::Action& action : rule.actions) {
    rename(action.who.rule, prefix);
    rename(action.other.rule, prefix);
    rename(action.until, prefix);
  }
}

}  // namespace

std::uint64_t length_of(const std::vector<plan::Step>& lane) {
  std::uint64_t sum = 0;
  for (const plan::Step& step : lane) sum += std::uint64_t{step.gap} + step.length;
  return sum;
}

std::uint64_t length_of(const Genome& genome) {
  std::uint64_t longest = 0;
  for (const auto& lane : genome.lanes) longest = std::max(longest, length_of(lane));
  return longest;
}

std::vector<std::string> words_of(const Genome& genome) {
  std::vector<std::string> words;
  for (const auto& lane : genome.lanes) {
    for (const plan::Step& step : lane) words.push_back(plan::describe(step.fault));
  }
  for (const Gadget& gadget : genome.gadgets) {
    words.insert(words.end(), gadget.words.begin(), gadget.words.end());
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

plan::Plan plan_of(const Genome& genome, const std::string& name) {
  plan::Plan plan;
  plan.name = name;
  plan.about = "made by a search";
  for (const auto& lane : genome.lanes) plan.lanes.push_back({.written = true, .steps = lane});
  for (std::size_t k = 0; k < genome.gadgets.size(); ++k) {
    const std::string prefix = "g" + std::to_string(k + 1) + "-";
    for (plan::Rule rule : genome.gadgets[k].rules) {
      rename(rule, prefix);
      plan.rules.push_back(std::move(rule));
    }
  }
  return plan;
}

}  // namespace check::search
