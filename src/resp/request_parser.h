// SPDX-License-Identifier: Apache-2.0
// Requests of the Redis protocol (RESP 2 and 3 send them alike) out of a stream of bytes.
//
//   *2\r\n$3\r\nGET\r\n$1\r\nx\r\n      an array of bulk strings
//   GET x\r\n                           inline: words, with "..." and '...' for spaces and escapes
//
//   while (true) {
//     TRY(const auto request, parser.next(input));    // `input` begins with the request.
//     if (!request) break;                            // More bytes are needed.
//     ... request->arguments ...
//     input.remove_prefix(request->size_bytes);
//   }
//
// It remembers how far it got, so that bytes that trickle in are looked at once.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace resp {

struct RequestLimits {
  std::size_t arguments = std::size_t{64} * 1024;
  std::size_t argument_bytes = std::size_t{8} * 1024 * 1024;
  std::size_t request_bytes = std::size_t{16} * 1024 * 1024;
  std::size_t inline_bytes = std::size_t{64} * 1024;
};

// Views live as long as the input and the parser do, and until the next call.
struct Request {
  std::span<const std::string_view> arguments;  // None for an empty line, which asks for nothing.
  std::size_t size_bytes = 0;
};

class RequestParser {
 public:
  explicit RequestParser(const RequestLimits& limits) : limits_(limits) {}

  // Requires: `input` begins where the last request ended, and has at least the bytes that it had
  // at the last call. After an error the stream has no meaning any more: close it. The error's
  // message is what Redis would answer: "Protocol error: ...".
  base::Result<std::optional<Request>> next(std::string_view input);

  // What it keeps of a request that is not all there.
  std::size_t kept_bytes() const { return pieces_.size() * sizeof(Piece); }
  // Between two requests: frees what one of very many arguments needed. Ends the views of the last.
  void tidy();

 private:
  struct Piece {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  std::optional<Request> next_whole(std::string_view input);
  base::Result<std::optional<Request>> next_in_pieces(std::string_view input);
  base::Result<std::optional<Request>> next_inline(std::string_view input);
  base::Result<std::optional<std::size_t>> number_line(std::string_view input, char mark,
                                                       std::size_t limit);
  Request finish();

  RequestLimits limits_;
  std::size_t position_ = 0;             // Parsed up to here.
  std::size_t searched_ = 0;             // No end of line before here.
  std::optional<std::size_t> count_;     // Of arguments.
  std::optional<std::size_t> argument_;  // Size of the one that is being read.
  std::vector<Piece> pieces_;
  std::vector<std::string> words_;  // Of an inline request, unescaped.
  std::vector<std::string_view> arguments_;
};

}  // namespace resp
