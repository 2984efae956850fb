// SPDX-License-Identifier: Apache-2.0
// audit.json: every count that the opinion about the traffic is formed from
// (docs/formats/audit.md).
#pragma once

#include <string>

#include "base/result.h"
#include "check/monitor/picture.h"

namespace check::run {

std::string audit_json(const monitor::Picture& picture);
// `file` is for messages.
base::Result<monitor::Picture> read_audit(const std::string& text, const std::string& file);

}  // namespace check::run
