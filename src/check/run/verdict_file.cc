// SPDX-License-Identifier: Apache-2.0
#include "check/run/verdict_file.h"

#include <nlohmann/json.hpp>

#include "check/run/json_complaint.h"
#include "check/verdict/finding.h"

namespace check::run {

base::Result<std::set<std::string>> convicting_checkers(const std::string& text,
                                                        const std::string& file) {
  try {
    std::set<std::string> checkers;
    const nlohmann::json json = nlohmann::json::parse(text);
    for (const nlohmann::json& checker : json.at("checkers")) {
      const bool invalid = checker.at("verdict") == verdict::name(verdict::Verdict::Invalid);
      if (invalid) checkers.insert(checker.at("name").get<std::string>());
    }
    return checkers;
  } catch (const nlohmann::json::exception& error) {
    return json_complaint(file, "a verdict as JSON", error);
  }
}

}  // namespace check::run
