// SPDX-License-Identifier: Apache-2.0
#include "check/verdict/verdict_json.h"

#include "base/json_writer.h"

namespace check::verdict {

std::string verdict_json(std::span<const Finding> findings) {
  std::string out;
  base::JsonWriter writer(out);
  writer.begin_object().member("verdict", name(joined(findings)));
  writer.name("checkers").begin_array();
  for (const Finding& finding : findings) {
    writer.break_line().begin_object().member("name", finding.checker);
    writer.member("verdict", name(finding.verdict)).member("sentence", finding.sentence);
    writer.name("evidence").begin_array();
    for (const std::uint64_t index : finding.evidence) writer.natural(index);
    writer.end_array();
    if (finding.known) writer.member("known", *finding.known);
    writer.end_object();
  }
  writer.break_line().end_array().end_object();
  out.push_back('\n');
  return out;
}

}  // namespace check::verdict
