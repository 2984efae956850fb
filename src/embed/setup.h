// SPDX-License-Identifier: Apache-2.0
// seaworthy::Options, validated, as the library's own configurations.
#pragma once

#include <seaworthy/raft/options.h>

#include <chrono>

#include "base/result.h"
#include "member/member.h"
#include "raft/configuration.h"
#include "transport/transport.h"

namespace embed {

inline constexpr std::chrono::milliseconds kTick{10};

struct Setup {
  member::Member::Config member;
  transport::Config transport;
};

base::Result<Setup> read_setup(const seaworthy::Options& options);

base::Result<raft::Configuration> configuration_of(const seaworthy::Membership& membership);
seaworthy::Membership membership_of(const raft::Configuration& configuration);

}  // namespace embed
