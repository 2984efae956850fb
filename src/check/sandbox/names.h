// SPDX-License-Identifier: Apache-2.0
// What the hosts are called: /etc/hosts with every host, and no resolver.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace check::sandbox {

// Covers /etc/hosts and /etc/resolv.conf for this process and the hosts made after it.
base::Status install_names(std::uint32_t nodes);
bool names_installed();
void remove_names();

}  // namespace check::sandbox
