// SPDX-License-Identifier: Apache-2.0
#include "check/plan/work.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"

namespace check::plan {

namespace {

constexpr std::uint64_t kMostElements = 10'000;
constexpr std::uint64_t kMostShare = 1000;
constexpr std::uint64_t kMostTimeoutMs = 60'000;

constexpr std::array<WorkWord, 2> kWorkWords = {{
    {WorkKind::Register, "register", "register", "keys are read, written, and compared and set"},
    {WorkKind::Queue, "queue", "list",
     "elements are appended to lists, which are read whole; a full one gives place to the next"},
}};

constexpr std::string_view kRotate = "rotate";
constexpr std::string_view kStay = "stay";

// "rotate" or "stay".
base::Status read_turn(const Document& document, TableReader& reader, std::string_view key,
                       bool& rotate) {
  const Value* value = reader.find(key);
  if (value == nullptr) return base::Done{};
  TRY(const std::string word, reader.text(key, ""));
  if (word != kRotate && word != kStay) {
    const std::array<std::string, 2> words = {std::string(kRotate), std::string(kStay)};
    return complaint(document, value->at,
                     '\'' + std::string(key) + "' must be \"rotate\" or \"stay\"" +
                         base::did_you_mean(word, words));
  }
  rotate = word == kRotate;
  return base::Done{};
}

base::Status read_kind(const Document& document, TableReader& reader, WorkKind& kind) {
  const Value* value = reader.find("workload");
  if (value == nullptr) return base::Done{};
  TRY(const std::string word, reader.text("workload", ""));
  const auto known = work_kind(word);
  if (known) {
    kind = *known;
    return base::Done{};
  }
  std::vector<std::string> words;
  words.reserve(kWorkWords.size());
  for (const WorkWord& other : kWorkWords) words.emplace_back(other.word);
  return complaint(document, value->at, base::unknown_word("workload", word, words));
}

}  // namespace

std::span<const WorkWord> work_words() { return kWorkWords; }

const WorkWord& describe(WorkKind kind) {
  return *std::ranges::find(kWorkWords, kind, &WorkWord::kind);
}

std::optional<WorkKind> work_kind(std::string_view word) {
  const auto* found = std::ranges::find(kWorkWords, word, &WorkWord::word);
  return found == kWorkWords.end() ? std::nullopt : std::optional(found->kind);
}

base::Result<Work> read_work(const Document& document, const Table& table) {
  struct Number {
    std::string_view key;
    std::uint32_t Work::*into;
    std::uint64_t most;
  };
  static constexpr std::array<Number, 8> kNumbers = {{
      {"count", &Work::clients, kMostClients},
      {"keys", &Work::keys, kMostKeys},
      {"elements", &Work::elements, kMostElements},
      {"stay", &Work::stay, kMostClients},
      {"read", &Work::read, kMostShare},
      {"write", &Work::write, kMostShare},
      {"cas", &Work::cas, kMostShare},
      {"timeout_ms", &Work::timeout_ms, kMostTimeoutMs},
  }};
  TableReader reader(document, table, "[clients]");
  Work work;
  TRY([[maybe_unused]] auto kind, read_kind(document, reader, work.kind));
  for (const Number& number : kNumbers) {
    TRY(const std::uint64_t value, reader.number(number.key, work.*number.into, number.most));
    work.*number.into = static_cast<std::uint32_t>(value);
  }
  TRY([[maybe_unused]] auto reads, read_turn(document, reader, "reads", work.rotate_reads));
  TRY([[maybe_unused]] auto leaders, read_turn(document, reader, "leaders", work.rotate_leaders));
  TRY([[maybe_unused]] auto end, reader.finished());
  const Position at = table.empty() ? Position{1, 1} : table.front().key.at;
  if (work.clients == 0 || work.keys == 0 || work.elements == 0) {
    return complaint(document, at, "'count', 'keys' and 'elements' must be at least 1");
  }
  if (work.read + work.write + work.cas == 0) {
    return complaint(document, at, "one of 'read', 'write' and 'cas' must be at least 1");
  }
  return work;
}

void write_work(const Work& work, std::ostream& out) {
  const auto turn = [](bool rotate) { return rotate ? kRotate : kStay; };
  out << "workload = \"" << describe(work.kind).word << "\"\ncount = " << work.clients
      << "\nkeys = " << work.keys << "\nelements = " << work.elements << "\nstay = " << work.stay
      << "\nreads = \"" << turn(work.rotate_reads) << "\"\nleaders = \""
      << turn(work.rotate_leaders) << "\"\nread = " << work.read << "\nwrite = " << work.write
      << "\ncas = " << work.cas << "\ntimeout_ms = " << work.timeout_ms << '\n';
}

}  // namespace check::plan
