// SPDX-License-Identifier: Apache-2.0
#include "check/wire/nats_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

namespace check::wire {
namespace {

constexpr std::array<std::string_view, 12> kQuiet = {
    "INFO", "CONNECT", "PING", "PONG", "+OK", "-ERR", "RS+", "RS-", "A+", "A-", "LS+", "LS-"};
constexpr std::size_t kMostWords = 4096;  // A message names the queues it is for.
constexpr std::size_t kMostMessage = std::size_t{64} << 20U;

base::Error wrong(const std::string& what) { return {base::ErrorCode::InvalidArgument, what}; }

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty() && words.size() <= kMostWords) {
    const std::size_t size = std::min(line.find_first_of(" \t"), line.size());
    if (size > 0) words.push_back(line.substr(0, size));
    line.remove_prefix(std::min(size + 1, line.size()));
  }
  return words;
}

std::optional<std::size_t> size_of(std::string_view word) {
  std::size_t size = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), size);
  if (error != std::errc() || stop != word.data() + word.size()) return std::nullopt;
  return size <= kMostMessage ? std::optional(size) : std::nullopt;
}

// Behind the subject: nothing, a reply, "+ reply queue...", or "| queue...".
std::optional<std::string_view> reply_of(const std::vector<std::string_view>& words,
                                         std::size_t at) {
  if (at == words.size() || words[at] == "|") return std::string_view();
  if (words[at] == "+") ++at;
  return at < words.size() ? std::optional(words[at]) : std::nullopt;
}

}  // namespace

base::Result<std::optional<NatsLine>> nats_line(std::string_view line) {
  std::vector<std::string_view> words = words_of(line);
  const std::string_view verb = words.empty() ? std::string_view() : words[0];
  if (std::ranges::find(kQuiet, verb) != kQuiet.end()) return std::optional<NatsLine>();
  const bool origin = verb == "LMSG";
  const bool headers = verb == "HMSG" || origin;
  if (verb != "RMSG" && !headers) return wrong("a line is not one of a NATS route");
  const std::size_t sizes = headers ? 2 : 1;
  std::size_t at = origin ? 2 : 1;
  const base::Error bad = wrong("a line announces a message in a way that makes no sense");
  if (words.size() > kMostWords || words.size() < at + 1 + sizes) return bad;

  NatsLine found;
  const auto total = size_of(words.back());
  const auto header = headers ? size_of(words[words.size() - 2]) : std::optional<std::size_t>(0);
  if (!total || !header || *header > *total) return bad;
  found.total_bytes = *total;
  found.header_bytes = *header;
  words.resize(words.size() - sizes);
  // The account; left out on a connection that carries one account only.
  if (!words[at].starts_with("$NRG.") && words.size() > at + 1) ++at;
  found.subject = words[at];
  const auto reply = reply_of(words, at + 1);
  if (!reply) return bad;
  found.reply = *reply;
  return std::optional(found);
}

}  // namespace check::wire
