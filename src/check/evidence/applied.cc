// SPDX-License-Identifier: Apache-2.0
#include "check/evidence/applied.h"

#include <charconv>

#include "base/check.h"

namespace check::evidence {

namespace {

constexpr std::string_view kStart = "# start";
constexpr std::size_t kDigestDigits = 64;
constexpr std::size_t kShownBytes = 40;  // Of a line that is wrong.

// Takes a number and the space behind it off the front.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop == end || *stop != ' ') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return value;
}

// What a process may have left of its last line when it died; the next one writes behind it.
bool is_torn(std::string_view text) {
  constexpr std::size_t kMostDigits = 20;
  return text.size() < kMostDigits + 1 + kMostDigits + 1 + kDigestDigits &&
         text.find_first_not_of("0123456789abcdefABCDEF ") == std::string_view::npos;
}

}  // namespace

void AppliedJudge::begin_file(std::string name) {
  files_.push_back(std::move(name));
  line_ = 0;
  last_index_.reset();
}

std::optional<AppliedJudge::Record> AppliedJudge::parse(std::string_view line) {
  Record record;
  const std::optional<std::uint64_t> index = take_number(line);
  const std::optional<std::uint64_t> term = index ? take_number(line) : std::nullopt;
  if (!term || line.size() != kDigestDigits) return std::nullopt;
  record.index = *index;
  record.term = *term;
  for (std::uint64_t& part : record.digest) {
    constexpr std::size_t kDigits = 16;
    const std::string_view digits = line.substr(0, kDigits);
    const char* const end = digits.data() + kDigits;
    const auto [stop, error] = std::from_chars(digits.data(), end, part, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    line.remove_prefix(kDigits);
  }
  return record;
}

base::Status AppliedJudge::add(std::string_view line) {
  CHECK(!files_.empty());
  ++line_;
  const auto file = static_cast<std::uint32_t>(files_.size() - 1);
  if (line.ends_with(kStart) && is_torn(line.substr(0, line.size() - kStart.size()))) {
    ++starts_;
    last_index_.reset();
    return base::Done{};
  }
  const std::optional<Record> record = parse(line);
  if (!record) {
    return base::Error{base::ErrorCode::Corrupt,
                       place(file, line_) + ": expected '# start', or an index, a term and 64 " +
                           "hexadecimal digits, not '" + std::string(line.substr(0, kShownBytes)) +
                           "'"};
  }
  if (last_index_ && record->index < *last_index_) {
    return base::Error{base::ErrorCode::Corrupt,
                       place(file, line_) + ": index " + std::to_string(record->index) +
                           " follows index " + std::to_string(*last_index_) +
                           " without '# start' in between"};
  }
  last_index_ = record->index;
  ++entries_;
  compare(*record);
  return base::Done{};
}

void AppliedJudge::compare(const Record& record) {
  const auto file = static_cast<std::uint32_t>(files_.size() - 1);
  const auto [at, is_new] =
      seen_.try_emplace(record.index, Seen{record.term, record.digest, file, line_});
  if (is_new) return;
  const Seen& other = at->second;
  if (other.term == record.term && other.digest == record.digest) return;
  ++violated_;
  if (violations_.size() >= kMostFindings) return;
  const std::string both = place(other.file, other.line) + " and " + place(file, line_);
  violations_.push_back(
      both + ": two " +
      (other.digest == record.digest
           ? "terms, " + std::to_string(other.term) + " and " + std::to_string(record.term) + ","
           : std::string("commands")) +
      " were applied at index " + std::to_string(record.index));
}

base::Status AppliedJudge::add_torn(std::string_view rest) {
  if (parse(rest) || rest.ends_with(kStart) || !is_torn(rest)) return add(rest);
  return base::Done{};
}

std::string AppliedJudge::place(std::uint32_t file, std::uint64_t line) const {
  return files_[file] + ':' + std::to_string(line);
}

std::vector<verdict::Finding> AppliedJudge::findings() const {
  std::vector<verdict::Finding> all;
  for (const std::string& violation : violations_) {
    verdict::Finding& finding = all.emplace_back();
    finding.checker = "applied";
    finding.verdict = verdict::Verdict::Invalid;
    finding.sentence = violation;
  }
  if (violated_ > violations_.size()) {
    all.back().sentence +=
        " (" + std::to_string(violated_ - violations_.size()) + " more violations are not listed)";
  }
  if (!all.empty()) return all;
  verdict::Finding& finding = all.emplace_back();
  finding.checker = "applied";
  finding.verdict = verdict::Verdict::Valid;
  finding.sentence = std::to_string(entries_) + " applied entries in " +
                     std::to_string(files_.size()) + " files, at " + std::to_string(seen_.size()) +
                     " indices: one command at each";
  return all;
}

}  // namespace check::evidence
