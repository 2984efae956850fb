// SPDX-License-Identifier: Apache-2.0
// Bugs of a target that somebody has reported already (docs/formats/known.md). What a checker found
// is such a bug if checker, sentence and the target's version are those of an entry; the run's plan
// and seed never count. A known bug stays a violation.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/verdict/finding.h"

namespace check::verdict {

struct KnownBug {
  std::string id;     // "ETCD-20418"
  std::string about;  // One line for a person.
  std::string checker;
  std::vector<std::string> versions;  // "3.4.20..3.4.41", inclusive, or "3.4": all 3.4.x.
  std::string sentence;               // A wildcard for the finding's.
};

// Whether `text` is the whole of `wildcard`, in which each * stands for any text without ( and ).
// What a sentence adds in parentheses ("2 other keys went wrong, too") is thus never passed over.
bool fits(std::string_view wildcard, std::string_view text);

// Whether `word` may stand in KnownBug::versions.
bool is_versions(std::string_view word);

// Whether `version`, as a target tells it ("nats-server: v2.9.10"), is one of `word`. The version
// is its first word of numbers and points; one with anything behind ("3.4.20-rc.1") is in no range.
bool in_versions(std::string_view word, std::string_view version);

bool is_of(const KnownBug& bug, const Finding& finding, std::string_view version);

// Gives every invalid finding the id of the first of `bugs` that it is.
void mark_known(std::span<Finding> findings, std::span<const KnownBug> bugs,
                std::string_view version);

// joined() without the violations that are known: valid, if they are all that is wrong.
Verdict beside_known(std::span<const Finding> findings);

}  // namespace check::verdict
