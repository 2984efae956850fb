// SPDX-License-Identifier: Apache-2.0
#include "resp/reply.h"

#include <charconv>

namespace resp {
namespace {

constexpr int kMaxDepth = 8;
constexpr std::int64_t kMaxBulkBytes = std::int64_t{512} * 1024 * 1024;
constexpr std::int64_t kMaxItems = std::int64_t{1024} * 1024;

base::Error bad_reply(const std::string& what, std::size_t at) {
  return base::Error{base::ErrorCode::Corrupt, "reply: " + what + " at byte " + std::to_string(at)};
}

class Parser {
 public:
  explicit Parser(std::string_view input) : input_(input) {}

  base::Result<std::optional<Reply>> value(int depth);
  std::size_t position() const { return position_; }

 private:
  base::Result<std::optional<Reply>> items(std::int64_t count, int depth);
  base::Result<std::optional<Reply>> bulk(std::int64_t size);

  std::string_view input_;
  std::size_t position_ = 0;
};

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

Reply simple(Reply::Kind kind, std::string_view text) {
  Reply reply;
  reply.kind = kind;
  reply.text = text;
  return reply;
}

base::Result<std::optional<Reply>> Parser::value(int depth) {
  const std::size_t begin = position_;
  if (depth > kMaxDepth) return bad_reply("nested too deep", begin);
  const std::size_t end = input_.find("\r\n", begin);
  if (end == std::string_view::npos) return std::optional<Reply>{};
  if (end == begin) return bad_reply("an empty line", begin);
  const char mark = input_[begin];
  const std::string_view text = input_.substr(begin + 1, end - begin - 1);
  position_ = end + 2;
  switch (mark) {
    case '+':
      return std::optional<Reply>(simple(Reply::Kind::Status, text));
    case '-':
      return std::optional<Reply>(simple(Reply::Kind::Error, text));
    case ',':
    case '#':
    case '(':
      return std::optional<Reply>(simple(Reply::Kind::Bulk, text));
    case '_':
      return std::optional<Reply>(Reply{});
    default:
      break;
  }
  const std::optional<std::int64_t> number = parse_number(text);
  if (!number) return bad_reply("not a number", begin + 1);
  switch (mark) {
    case ':': {
      Reply reply;
      reply.kind = Reply::Kind::Integer;
      reply.integer = *number;
      return std::optional<Reply>(std::move(reply));
    }
    case '$':
    case '=':
    case '!':
      return bulk(*number);
    case '*':
    case '~':
    case '>':
      return items(*number, depth);
    case '%':
      return items(*number > kMaxItems ? *number : *number * 2, depth);
    default:
      return bad_reply("an unknown type", begin);
  }
}

base::Result<std::optional<Reply>> Parser::bulk(std::int64_t size) {
  if (size == -1) return std::optional<Reply>(Reply{});
  if (size < 0 || size > kMaxBulkBytes) return bad_reply("an impossible length", position_);
  const auto bytes = static_cast<std::size_t>(size);
  if (input_.size() - position_ < bytes + 2) return std::optional<Reply>{};
  Reply reply = simple(Reply::Kind::Bulk, input_.substr(position_, bytes));
  position_ += bytes;
  if (input_.substr(position_, 2) != "\r\n") return bad_reply("no end of line", position_);
  position_ += 2;
  return std::optional<Reply>(std::move(reply));
}

base::Result<std::optional<Reply>> Parser::items(std::int64_t count, int depth) {
  if (count == -1) return std::optional<Reply>(Reply{});
  if (count < 0 || count > kMaxItems) return bad_reply("an impossible length", position_);
  Reply reply;
  reply.kind = Reply::Kind::Array;
  for (std::int64_t i = 0; i < count; ++i) {
    TRY(std::optional<Reply> item, value(depth + 1));
    if (!item) return item;
    reply.items.push_back(std::move(*item));
  }
  return std::optional<Reply>(std::move(reply));
}

}  // namespace

base::Result<std::optional<ParsedReply>> parse_reply(std::string_view input) {
  Parser parser(input);
  TRY(std::optional<Reply> reply, parser.value(0));
  if (!reply) return std::optional<ParsedReply>{};
  return std::optional<ParsedReply>(ParsedReply{std::move(*reply), parser.position()});
}

}  // namespace resp
