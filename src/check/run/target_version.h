// SPDX-License-Identifier: Apache-2.0
// What a target's program says of its version now, without a cluster.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "check/cluster/knob.h"

namespace check::run {

// An error if there is no such target here.
base::Result<std::string> target_version(const std::string& target, std::uint32_t nodes,
                                         const cluster::Settings& settings);

}  // namespace check::run
