// SPDX-License-Identifier: Apache-2.0
#include "resp/request_parser.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace resp {
namespace {

base::Error protocol_error(const std::string& what) {
  return base::Error{base::ErrorCode::InvalidArgument, "Protocol error: " + what};
}

constexpr std::size_t kNumberBytes = 32;  // A line with a number is never longer.
constexpr std::size_t kPlainDigits = 7;   // Of a number that a well-behaved client sends.
constexpr std::size_t kPlainArguments = 64;

// A cursor over what has all arrived and is as well-behaved clients send it; whatever is not ends
// the walk, and is looked at again by those who know what to say of it.
class PlainWalk {
 public:
  explicit PlainWalk(std::string_view input) : input_(input) {}

  std::size_t position() const { return at_; }

  // MARK, up to kPlainDigits digits, CR LF.
  std::optional<std::size_t> number(char mark) {
    if (at_ == input_.size() || input_[at_] != mark) return std::nullopt;
    const std::size_t end = std::min(input_.size(), at_ + 1 + kPlainDigits);
    std::size_t value = 0;
    std::size_t digit = at_ + 1;
    for (; digit < end && input_[digit] >= '0' && input_[digit] <= '9'; ++digit) {
      value = 10 * value + static_cast<std::size_t>(input_[digit] - '0');
    }
    if (digit == at_ + 1 || !ends_at(digit)) return std::nullopt;
    at_ = digit + 2;
    return value;
  }

  std::optional<std::string_view> bytes(std::size_t size) {
    if (input_.size() - at_ < size + 2 || !ends_at(at_ + size)) return std::nullopt;
    const std::string_view found = input_.substr(at_, size);
    at_ += size + 2;
    return found;
  }

 private:
  bool ends_at(std::size_t at) const {
    return input_.size() - at >= 2 && input_[at] == '\r' && input_[at + 1] == '\n';
  }

  std::string_view input_;
  std::size_t at_ = 0;
};

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// The words of an inline request (sdssplitargs of Redis): "..." with \n \r \t \b \a \xHH, '...'
// with \'.
class Words {
 public:
  explicit Words(std::string_view line) : line_(line) {}

  base::Result<std::vector<std::string>> split() {
    std::vector<std::string> words;
    while (true) {
      while (at_ < line_.size() && is_space(line_[at_])) ++at_;
      if (at_ == line_.size()) return words;
      std::string word;
      while (at_ < line_.size() && !is_space(line_[at_])) {
        const char mark = line_[at_];
        if (mark != '"' && mark != '\'') {
          word += line_[at_++];
        } else if (!quoted(word, mark)) {
          return protocol_error("unbalanced quotes in request");
        }
      }
      words.push_back(std::move(word));
    }
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\0' || c == '\r'; }

  // From one quote to the other, after which a word must end.
  bool quoted(std::string& word, char mark) {
    for (++at_; at_ < line_.size(); ++at_) {
      const char c = line_[at_];
      if (c == mark) {
        ++at_;
        return at_ == line_.size() || is_space(line_[at_]);
      }
      const bool escape = c == '\\' && at_ + 1 < line_.size();
      if (escape && mark == '"') {
        word += escaped();
      } else if (escape && line_[at_ + 1] == '\'') {
        word += line_[++at_];
      } else {
        word += c;
      }
    }
    return false;
  }

  char escaped() {
    const char c = line_[++at_];
    if (c == 'x' && at_ + 2 < line_.size()) {
      const int high = hex_digit(line_[at_ + 1]);
      const int low = hex_digit(line_[at_ + 2]);
      if (high >= 0 && low >= 0) {
        at_ += 2;
        return static_cast<char>(high * 16 + low);
      }
    }
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'b':
        return '\b';
      case 'a':
        return '\a';
      default:
        return c;
    }
  }

  std::string_view line_;
  std::size_t at_ = 0;
};

}  // namespace

base::Result<std::optional<Request>> RequestParser::next(std::string_view input) {
  if (input.empty()) return std::optional<Request>();
  if (input[0] != '*') return next_inline(input);
  if (!count_) {
    if (std::optional<Request> whole = next_whole(input)) return whole;
  }
  return next_in_pieces(input);
}

base::Result<std::optional<Request>> RequestParser::next_in_pieces(std::string_view input) {
  const std::optional<Request> more;
  if (!count_) {
    TRY(count_, number_line(input, '*', limits_.arguments));
    if (!count_) return more;
  }
  while (pieces_.size() < *count_) {
    if (!argument_) {
      TRY(argument_, number_line(input, '$', limits_.argument_bytes));
      if (!argument_) return more;
      if (position_ + *argument_ > limits_.request_bytes) return protocol_error("too big request");
    }
    const std::size_t end = position_ + *argument_;
    if (input.size() < end + 2) return more;
    if (input.substr(end, 2) != "\r\n") return protocol_error("expected CRLF after a bulk string");
    pieces_.push_back({position_, *argument_});
    position_ = end + 2;
    searched_ = position_;
    argument_.reset();
  }
  arguments_.clear();
  for (const Piece& piece : pieces_) arguments_.push_back(input.substr(piece.begin, piece.size));
  return std::optional<Request>(finish());
}

// Nearly every request is short and arrives whole: this is how it is read. Nothing: it is none of
// those, or wrong; nothing has happened then.
std::optional<Request> RequestParser::next_whole(std::string_view input) {
  PlainWalk walk(input);
  const std::optional<std::size_t> count = walk.number('*');
  if (!count || *count > std::min(kPlainArguments, limits_.arguments)) return std::nullopt;
  arguments_.clear();
  for (std::size_t i = 0; i < *count; ++i) {
    const std::optional<std::size_t> size = walk.number('$');
    if (!size || *size > limits_.argument_bytes) return std::nullopt;
    if (walk.position() + *size > limits_.request_bytes) return std::nullopt;
    const std::optional<std::string_view> argument = walk.bytes(*size);
    if (!argument) return std::nullopt;
    arguments_.push_back(*argument);
  }
  position_ = walk.position();
  return finish();
}

// Reads MARK, a number up to `limit`, CR LF.
base::Result<std::optional<std::size_t>> RequestParser::number_line(std::string_view input,
                                                                    char mark, std::size_t limit) {
  const bool is_count = mark == '*';
  if (position_ == input.size()) return std::optional<std::size_t>{};
  if (input[position_] != mark) {
    return protocol_error(std::string("expected '") + mark + "', got '" +
                          std::string(1, input[position_]) + "'");
  }
  const char* invalid = is_count ? "invalid multibulk length" : "invalid bulk length";
  const std::size_t end = input.find("\r\n", searched_);
  if (end == std::string_view::npos || end - position_ > kNumberBytes) {
    if (input.size() - position_ > kNumberBytes) return protocol_error(invalid);
    searched_ = std::max(position_, input.size() - 1);  // A CR may be the last byte.
    return std::optional<std::size_t>{};
  }
  std::int64_t number = 0;
  const char* first = input.data() + position_ + 1;
  const char* last = input.data() + end;
  const auto [stop, error] = std::from_chars(first, last, number);
  if (error != std::errc{} || stop != last) return protocol_error(invalid);
  // Redis takes an array of -1 for nothing, too.
  if (is_count && number < 0) number = 0;
  if (number < 0 || static_cast<std::uint64_t>(number) > limit) return protocol_error(invalid);
  position_ = end + 2;
  searched_ = position_;
  return std::optional<std::size_t>(static_cast<std::size_t>(number));
}

base::Result<std::optional<Request>> RequestParser::next_inline(std::string_view input) {
  const std::size_t end = input.find('\n', searched_);
  if (std::min(end, input.size()) > limits_.inline_bytes)
    return protocol_error("too big inline request");
  if (end == std::string_view::npos) {
    searched_ = input.size();
    return std::optional<Request>{};
  }
  TRY(words_, Words(input.substr(0, end)).split());
  position_ = end + 1;
  arguments_.assign(words_.begin(), words_.end());
  return std::optional<Request>(finish());
}

void RequestParser::tidy() {
  if (count_) return;
  if (pieces_.capacity() > kPlainArguments) pieces_ = {};
  if (arguments_.capacity() > kPlainArguments) arguments_ = {};
  if (words_.capacity() > kPlainArguments) words_ = {};
}

Request RequestParser::finish() {
  const Request request{arguments_, position_};
  position_ = 0;
  searched_ = 0;
  count_.reset();
  pieces_.clear();
  return request;
}

}  // namespace resp
