// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/finding_log.h"

#include <algorithm>

namespace check::evidence {

void FindingLog::add(Violation violation) {
  // A doubted violation never hides one that is proven, nor the other way round.
  std::string key(doubt_.empty() ? "" : "?");
  key += violation.about;
  const auto [known, is_new] =
      known_.try_emplace({std::string(violation.checker), std::move(key)}, findings_.size());
  if (!is_new) {
    ++findings_[known->second].repeats;
    return;
  }
  if (findings_.size() >= kMost) {
    known_.erase(known);
    ++beyond_;
    return;
  }
  verdict::Finding finding;
  finding.checker = violation.checker;
  finding.verdict = doubt_.empty() ? verdict::Verdict::Invalid : verdict::Verdict::Unknown;
  finding.sentence = std::move(violation.sentence);
  if (!doubt_.empty()) finding.sentence += "; but " + doubt_;
  for (const MessageId id : violation.proof) finding.evidence.push_back(id.value());
  std::ranges::sort(finding.evidence);
  finding.evidence.erase(std::unique(finding.evidence.begin(), finding.evidence.end()),
                         finding.evidence.end());
  findings_.push_back({std::move(finding), 0});
}

std::vector<verdict::Finding> FindingLog::findings() const {
  std::vector<verdict::Finding> all;
  all.reserve(findings_.size());
  for (const Entry& entry : findings_) {
    all.push_back(entry.finding);
    if (entry.repeats > 0) {
      all.back().sentence += " (and " + std::to_string(entry.repeats) + " more of the same)";
    }
  }
  if (beyond_ > 0) {
    all.back().sentence += " (" + std::to_string(beyond_) + " more violations are not listed)";
  }
  return all;
}

}  // namespace check::evidence
