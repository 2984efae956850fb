// SPDX-License-Identifier: Apache-2.0
#include "check/wire/http_head.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace check::wire {
namespace {

base::Error malformed(std::string_view what, std::string_view line) {
  constexpr std::size_t kShown = 40;
  std::string shown;
  for (const char byte : line.substr(0, kShown)) {
    shown.push_back(byte >= ' ' && byte <= '~' ? byte : '?');
  }
  return {base::ErrorCode::InvalidArgument, "HTTP: " + std::string(what) + ": \"" + shown + "\""};
}

// Takes the first line off, without its line break.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find("\r\n"), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 2, rest.size()));
  return line;
}

bool same_but_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

base::Result<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return malformed("expected a length", text);
  }
  return value;
}

// What the fields say of the body; none if they say nothing.
base::Result<std::optional<HttpBody>> stated_body(std::string_view head) {
  if (const auto coding = http_field(head, "transfer-encoding")) {
    if (!same_but_case(*coding, "chunked")) return malformed("unknown transfer coding", *coding);
    return std::optional(HttpBody{HttpBody::Kind::Chunked, 0});
  }
  if (const auto length = http_field(head, "content-length")) {
    TRY(const std::uint64_t size, number(*length));
    return std::optional(HttpBody{HttpBody::Kind::Sized, size});
  }
  return std::optional<HttpBody>();
}

}  // namespace

std::optional<std::string_view> http_field(std::string_view head, std::string_view name) {
  take_line(head);
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && same_but_case(line.substr(0, colon), name)) {
      return trimmed(line.substr(colon + 1));
    }
  }
  return std::nullopt;
}

base::Result<HttpRequest> parse_request(std::string_view head) {
  std::string_view rest = head;
  const std::string_view line = take_line(rest);
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || line.substr(second + 1) != "HTTP/1.1") {
    return malformed("expected METHOD PATH HTTP/1.1", line);
  }
  HttpRequest request;
  request.method = line.substr(0, first);
  request.path = line.substr(first + 1, second - first - 1);
  request.path = request.path.substr(0, request.path.find('?'));
  TRY(const std::optional<HttpBody> body, stated_body(head));
  request.body = body.value_or(HttpBody{});
  return request;
}

base::Result<HttpResponse> parse_response(std::string_view head, bool to_head) {
  std::string_view rest = head;
  const std::string_view line = take_line(rest);
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  HttpResponse response;
  if (!line.starts_with(kVersion) || line.size() < kVersion.size() + 3) {
    return malformed("expected HTTP/1.1 STATUS", line);
  }
  TRY(const std::uint64_t status, number(line.substr(kVersion.size(), 3)));
  response.status = static_cast<unsigned>(status);
  TRY(const std::optional<HttpBody> body, stated_body(head));
  const bool bodiless = to_head || status < 200 || status == 204 || status == 304;
  if (!bodiless) response.body = body.value_or(HttpBody{HttpBody::Kind::UntilClose, 0});
  return response;
}

}  // namespace check::wire
