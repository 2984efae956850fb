// SPDX-License-Identifier: Apache-2.0
// `seaworthy analyse FILE --model M`: a history that need not be of a run of ours.
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "check/history/reader.h"
#include "check/linear/linear.h"
#include "check/model/model.h"
#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "check/verdict/verdict_json.h"
#include "cli/output.h"

namespace check::run {

namespace {

base::Error refused(const std::string& sentence) {
  return {base::ErrorCode::InvalidArgument, sentence};
}

base::Result<const model::Model*> chosen_model(const std::string& name) {
  if (const model::Model* model = model::find_model(name)) return model;
  std::vector<std::string> names;
  for (const model::Model& model : model::models()) names.emplace_back(model.name);
  if (name.empty()) return refused("a history file needs --model: one of " + base::listed(names));
  return refused(base::unknown_word("model", name, names));
}

base::Result<verdict::Finding> judged_file(const AnalyseOptions& options) {
  if (options.format != "jsonl") {
    return refused(fmt::format("unknown format '{}': this version reads jsonl", options.format));
  }
  TRY(const model::Model* model, chosen_model(options.model));
  TRY(const std::string text, read_file(options.path));
  TRY(const history::History history, history::read_history(text, options.path));
  if (history.operations.empty()) {
    return refused(fmt::format("{} holds no operations: there is nothing to judge", options.path));
  }
  linear::Options how;
  how.model = model;
  const verdict::Finding finding =
      linear::check(history.operations, how, time_limit(options.time_limit_s));
  cli::print(stderr, "{}: {} operations against the model {}\n{}\n", verdict::name(finding.verdict),
             history.operations.size(), model->name, finding.sentence);
  for (const std::string& line : linear::explain(history.operations, finding.evidence)) {
    cli::print(stderr, "  {}\n", line);
  }
  return finding;
}

}  // namespace

int analyse_file(const AnalyseOptions& options) {
  const auto finding = judged_file(options);
  if (!finding.ok()) {
    complain(finding.error().message);
    return kExitUsage;
  }
  const std::array findings = {finding.value()};
  if (options.json) {
    cli::print("{}", verdict::verdict_json(findings));
  } else {
    cli::print("verdict: {}\n", verdict::name(finding.value().verdict));
  }
  return exit_code(finding.value().verdict);
}

}  // namespace check::run
