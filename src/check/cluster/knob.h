// SPDX-License-Identifier: Apache-2.0
// What can be set about a system under test, for all of its nodes alike: `--set NAME=VALUE`, or by
// a plan that asks for it in words of its own, which each target translates.
//
//   plan:  [target]                       etcd:   snapshot-count, wished for as snapshot_entries
//          snapshot_entries = 100   --->          etcd ... --snapshot-count=100
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace check::cluster {

enum class KnobKind : std::uint8_t { Number, Flag, Text };

struct Knob {
  std::string name;  // "snapshot-count"; empty: cannot be set, and is what `standard` says.
  KnobKind kind = KnobKind::Text;
  std::string meaning;   // One line.
  std::string standard;  // Its value unless it is set; of a built-in target in words.
  std::string wish;      // How plans ask for it, of any target; empty: they cannot.
};

using Settings = std::map<std::string, std::string>;  // A knob's name -> its value.

// An error names what is wrong: a name that `target` does not offer, a value of another kind.
base::Status check_setting(const std::string& target, const std::vector<Knob>& knobs,
                           const std::string& name, const std::string& value);

// "5000", "true"; `standard` unless it is set. Requires: `knobs` has `name`.
std::string setting(const std::vector<Knob>& knobs, const Settings& settings,
                    const std::string& name);

}  // namespace check::cluster
