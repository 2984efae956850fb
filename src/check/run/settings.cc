// SPDX-License-Identifier: Apache-2.0
#include "check/run/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/cluster/target.h"

namespace check::run {

base::Result<cluster::Settings> parse_settings(const std::vector<std::string>& pairs) {
  cluster::Settings settings;
  for (const std::string& pair : pairs) {
    const std::size_t sign = pair.find('=');
    if (sign == std::string::npos || sign == 0) {
      return base::Error{base::ErrorCode::InvalidArgument,
                         fmt::format("--set takes NAME=VALUE, not '{}'", pair)};
    }
    const auto [at, is_new] = settings.emplace(pair.substr(0, sign), pair.substr(sign + 1));
    if (is_new) continue;
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("--set gives '{}' two values", at->first)};
  }
  return settings;
}

base::Result<cluster::Settings> resolved_settings(const std::string& target, cluster::Settings set,
                                                  const plan::Plan& plan) {
  if (plan.wishes.empty()) return set;
  TRY(const std::vector<cluster::Knob> knobs, cluster::knobs_of(target));
  for (const auto& [wish, value] : plan.wishes) {
    const auto knob = std::ranges::find(knobs, wish, &cluster::Knob::wish);
    if (knob == knobs.end()) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("plan '{}' wishes {} = {}, but {} has nothing to set for that",
                                     plan.name, wish, value, target)};
    }
    if (knob->name.empty() && knob->standard != value) {
      return base::Error{base::ErrorCode::Unavailable,
                         fmt::format("plan '{}' wishes {} = {}, but with {} it is always {}",
                                     plan.name, wish, value, target, knob->standard)};
    }
    if (knob->name.empty()) continue;
    set.emplace(knob->name, value);  // What the user says comes first.
  }
  return set;
}

std::string describe(const cluster::Settings& settings) {
  std::string text;
  for (const auto& [name, value] : settings) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

}  // namespace check::run
