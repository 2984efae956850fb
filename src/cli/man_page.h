// SPDX-License-Identifier: Apache-2.0
// A command line as a manual page, in the man macros of troff.
#pragma once

#include <string>
#include <string_view>

#include "cli/outline.h"

namespace cli {

// The page of section 1. Carries no date, so that the same source gives the same page.
std::string man_page(const Outline& outline, std::string_view version);

}  // namespace cli
