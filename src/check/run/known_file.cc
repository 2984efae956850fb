// SPDX-License-Identifier: Apache-2.0
#include "check/run/known_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "check/cluster/target.h"
#include "check/run/toml_reader.h"

namespace check::run {

namespace {

using plan::Document;
using plan::Value;
using verdict::KnownBug;

constexpr const char* kFile = "known.toml";

// Those that convict.
const std::vector<std::string>& checkers() {
  static const std::vector<std::string> names = {"linear",
                                                 "liveness",
                                                 "divergence",
                                                 "election-safety",
                                                 "one-vote",
                                                 "responses",
                                                 "terms",
                                                 "log-matching",
                                                 "commit-rule",
                                                 "durable-ack",
                                                 "leader-completeness",
                                                 "commit-regress"};
  return names;
}

base::Result<std::string> required(plan::TableReader& reader, const Document& document,
                                   const Value& table, const char* key) {
  TRY(std::string text, reader.text(key, ""));
  if (text.empty()) return complaint(document, table.at, fmt::format("[[known]] needs '{}'", key));
  return text;
}

base::Result<std::vector<std::string>> versions_of(const Document& document, const Value* value,
                                                   const Value& table) {
  if (value == nullptr) return complaint(document, table.at, "[[known]] needs 'versions'");
  const auto* list = std::get_if<plan::Array>(&value->data);
  if (list == nullptr || list->empty()) {
    return complaint(document, value->at, "'versions' must be a list like [\"3.4.20..3.4.41\"]");
  }
  std::vector<std::string> versions;
  for (const Value& item : *list) {
    const auto* word = std::get_if<std::string>(&item.data);
    if (word == nullptr || !verdict::is_versions(*word)) {
      return complaint(document, item.at,
                       "versions are written \"3.4.20..3.4.41\", or \"3.4\" for all that begin so");
    }
    versions.push_back(*word);
  }
  return versions;
}

base::Result<KnownBug> read_bug(const Document& document, const Value& value) {
  const auto* table = std::get_if<plan::Table>(&value.data);
  if (table == nullptr) return complaint(document, value.at, "'known' is written [[known]]");
  plan::TableReader reader(document, *table, "[[known]]");
  KnownBug bug;
  TRY(bug.id, required(reader, document, value, "id"));
  TRY(bug.about, required(reader, document, value, "about"));
  TRY(bug.checker, required(reader, document, value, "checker"));
  TRY(bug.versions, versions_of(document, reader.find("versions"), value));
  TRY(bug.sentence, required(reader, document, value, "sentence"));
  TRY([[maybe_unused]] auto finished, reader.finished());
  if (std::ranges::find(checkers(), bug.checker) == checkers().end()) {
    return complaint(document, reader.find("checker")->at,
                     base::unknown_word("checker", bug.checker, checkers()));
  }
  if (bug.sentence.find_first_not_of("* ") == std::string::npos) {
    return complaint(document, reader.find("sentence")->at,
                     "'sentence' must say more than that anything fits");
  }
  return bug;
}

}  // namespace

base::Result<std::vector<KnownBug>> read_known(const std::string& text, const std::string& file) {
  TRY(const Document document, read_toml(text, file));
  plan::TableReader reader(document, document.root, "the file");
  std::vector<KnownBug> bugs;
  if (const Value* list = reader.find("known")) {
    const auto* items = std::get_if<plan::Array>(&list->data);
    if (items == nullptr) return complaint(document, list->at, "'known' is written [[known]]");
    for (const Value& item : *items) {
      TRY(KnownBug bug, read_bug(document, item));
      bugs.push_back(std::move(bug));
    }
  }
  TRY([[maybe_unused]] auto finished, reader.finished());
  return bugs;
}

base::Status keep_known(const std::string& target, const RunDirectory& directory) {
  const std::string file = cluster::known_bugs_file(target);
  if (file.empty()) return base::Done{};
  TRY(const std::string text, read_file(file));
  TRY([[maybe_unused]] auto bugs, read_known(text, file));
  return directory.write(kFile, text);
}

base::Result<std::vector<KnownBug>> kept_known(const RunDirectory& directory) {
  if (!directory.has(kFile)) return std::vector<KnownBug>{};
  TRY(const std::string text, directory.read(kFile));
  return read_known(text, directory.file(kFile));
}

}  // namespace check::run
