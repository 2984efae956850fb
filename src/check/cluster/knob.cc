// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/knob.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace check::cluster {
namespace {

constexpr std::size_t kMostDigits = 18;

bool is_number(const std::string& value) {
  return !value.empty() && value.size() <= kMostDigits &&
         std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
}

std::string wrong_kind(KnobKind kind, const std::string& value) {
  if (kind == KnobKind::Number && !is_number(value)) return "a whole number";
  if (kind == KnobKind::Flag && value != "true" && value != "false") return "true or false";
  return {};
}

}  // namespace

base::Status check_setting(const std::string& target, const std::vector<Knob>& knobs,
                           const std::string& name, const std::string& value) {
  const auto wrong = [](std::string sentence) {
    return base::Error{base::ErrorCode::InvalidArgument, std::move(sentence)};
  };
  const auto knob = std::ranges::find(knobs, name, &Knob::name);
  if (knob == knobs.end()) {
    if (std::ranges::all_of(knobs, [](const Knob& known) { return known.name.empty(); }))
      return wrong("nothing can be set about " + target);
    std::vector<std::string> names;
    names.reserve(knobs.size());
    for (const Knob& known : knobs) {
      if (!known.name.empty()) names.push_back(known.name);
    }
    return wrong("of " + target + ": " + base::unknown_word("setting", name, names));
  }
  const std::string expected = wrong_kind(knob->kind, value);
  if (expected.empty()) return base::Done{};
  return wrong("setting '" + name + "' of " + target + " is " + expected + ", not '" + value + "'");
}

std::string setting(const std::vector<Knob>& knobs, const Settings& settings,
                    const std::string& name) {
  const auto set = settings.find(name);
  if (set != settings.end()) return set->second;
  const auto knob = std::ranges::find(knobs, name, &Knob::name);
  CHECK(knob != knobs.end(), name);
  return knob->standard;
}

}  // namespace check::cluster
