// SPDX-License-Identifier: Apache-2.0
// `seaworthy applied FILE...`: whether all servers applied the same.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "check/evidence/applied.h"
#include "check/run/analyse.h"
#include "check/run/commands.h"
#include "cli/output.h"

namespace check::run {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 16;
constexpr std::size_t kMostLineBytes = 4096;

struct Close {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};

base::Error broken(const std::string& path) {
  return {base::ErrorCode::Io, fmt::format("{}: {}", path, std::strerror(errno))};
}

base::Status add_file(const std::string& path, evidence::AppliedJudge& judge) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return broken(path);
  judge.begin_file(path);
  std::string text;
  for (;;) {
    const std::size_t kept = text.size();
    text.resize(kept + kChunkBytes);
    const std::size_t got = std::fread(text.data() + kept, 1, kChunkBytes, file.get());
    if (std::ferror(file.get()) != 0) return broken(path);
    text.resize(kept + got);
    if (got == 0) break;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      TRY([[maybe_unused]] const base::Done done,
          judge.add(std::string_view(text).substr(begin, end - begin)));
    }
    text.erase(0, begin);
    if (text.size() > kMostLineBytes) break;
  }
  if (text.empty()) return base::Done{};
  return judge.add_torn(text);
}

}  // namespace

int applied_command(const AppliedOptions& options) {
  evidence::AppliedJudge judge;
  for (const std::string& path : options.files) {
    const base::Status added = add_file(path, judge);
    if (added.ok()) continue;
    complain(added.error().message);
    return kExitUsage;
  }
  const std::vector<verdict::Finding> findings = judge.findings();
  for (const verdict::Finding& finding : findings) cli::print("{}\n", finding.sentence);
  const verdict::Verdict verdict = verdict::joined(findings);
  cli::print("verdict: {}\n", verdict::name(verdict));
  return exit_code(verdict);
}

}  // namespace check::run
