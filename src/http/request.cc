// SPDX-License-Identifier: Apache-2.0
#include "http/request.h"

#include <algorithm>

namespace http {
namespace {

base::Error bad(const char* what) { return base::Error{base::ErrorCode::InvalidArgument, what}; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](char a, char b) { return lower(a) == lower(b); });
}

// RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The next line of `head`, taken off; every line of it ends with CR LF.
std::string_view take_line(std::string_view& head) {
  const std::size_t end = head.find("\r\n");
  const std::string_view line = head.substr(0, end);
  head.remove_prefix(end + 2);
  return line;
}

base::Result<Request> parse_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == last) return bad("a request line has three words");
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return bad("only HTTP/1.1 and 1.0 are known");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const bool printable = std::ranges::all_of(target, [](char c) { return c > ' ' && c <= '~'; });
  if (!is_token(line.substr(0, first)) || !target.starts_with('/') || !printable)
    return bad("a request line is METHOD /path VERSION");
  return Request{std::string(line.substr(0, first)),
                 std::string(target.substr(0, target.find('?')))};
}

base::Status check_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return bad("a header is Name: value");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  const bool has_body = equals_ignoring_case(name, "Transfer-Encoding") ||
                        (equals_ignoring_case(name, "Content-Length") && value != "0");
  if (has_body) return bad("a request has no body here");
  return base::Done{};
}

std::string_view reason(int status) {
  if (status == 200) return "OK";
  if (status == 400) return "Bad Request";
  if (status == 404) return "Not Found";
  if (status == 405) return "Method Not Allowed";
  if (status == 503) return "Service Unavailable";
  return "Status";
}

}  // namespace

base::Result<std::optional<Request>> parse_request(std::string_view input) {
  const std::size_t end = input.substr(0, kMaxHeadBytes).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (input.size() >= kMaxHeadBytes) return bad("a request has at most 8192 bytes");
    return std::optional<Request>();
  }
  std::string_view head = input.substr(0, end + 2);
  TRY(Request request, parse_request_line(take_line(head)));
  while (!head.empty()) {
    TRY([[maybe_unused]] const auto fine, check_header(take_line(head)));
  }
  return std::optional(std::move(request));
}

std::string encode(const Response& response, bool with_body) {
  std::string bytes = "HTTP/1.1 " + std::to_string(response.status) + " ";
  bytes += reason(response.status);
  bytes += "\r\nContent-Type: " + response.type;
  bytes += "\r\nContent-Length: " + std::to_string(response.body.size());
  if (!response.allow.empty()) bytes += "\r\nAllow: " + response.allow;
  bytes += "\r\nConnection: close\r\n\r\n";
  if (with_body) bytes += response.body;
  return bytes;
}

}  // namespace http
