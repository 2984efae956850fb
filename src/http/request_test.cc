// SPDX-License-Identifier: Apache-2.0
#include "http/request.h"

#include <gtest/gtest.h>

namespace http {
namespace {

std::string parsed(const std::string& input) {
  const auto request = parse_request(input);
  if (!request.ok()) return request.error().message;
  if (!request.value()) return "more";
  return request.value()->method + " " + request.value()->path;
}

TEST(Request, IsAMethodAndAPath) {
  EXPECT_EQ(parsed("GET /metrics HTTP/1.1\r\nHost: n1:9121\r\nAccept: */*\r\n\r\n"),
            "GET /metrics");
  EXPECT_EQ(parsed("GET /health?verbose=1 HTTP/1.0\r\n\r\nrest"), "GET /health");
  EXPECT_EQ(parsed("HEAD / HTTP/1.1\r\ncontent-length:0\r\n\r\n"), "HEAD /");
}

TEST(Request, TakesItsTimeUpToABound) {
  const std::string whole = "GET /metrics HTTP/1.1\r\nHost: n1\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(parsed(whole.substr(0, size)), "more") << size;
  }
  EXPECT_EQ(parsed(std::string(kMaxHeadBytes - 1, 'x')), "more");
  EXPECT_EQ(parsed(std::string(kMaxHeadBytes, 'x')), "a request has at most 8192 bytes");
  EXPECT_EQ(parsed("GET / HTTP/1.1\r\nX: " + std::string(kMaxHeadBytes, 'x') + "\r\n\r\n"),
            "a request has at most 8192 bytes");
}

TEST(Request, SaysWhatIsWrong) {
  EXPECT_EQ(parsed("\r\n\r\n"), "a request line has three words");
  EXPECT_EQ(parsed("GET /\r\n\r\n"), "a request line has three words");
  EXPECT_EQ(parsed("GET / HTTP/2\r\n\r\n"), "only HTTP/1.1 and 1.0 are known");
  EXPECT_EQ(parsed("GET metrics HTTP/1.1\r\n\r\n"), "a request line is METHOD /path VERSION");
  EXPECT_EQ(parsed("G\x01T / HTTP/1.1\r\n\r\n"), "a request line is METHOD /path VERSION");
  EXPECT_EQ(parsed("GET / HTTP/1.1\r\nno colon\r\n\r\n"), "a header is Name: value");
  EXPECT_EQ(parsed("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"),
            "a request has no body here");
  EXPECT_EQ(parsed("POST / HTTP/1.1\r\nTRANSFER-ENCODING: chunked\r\n\r\n"),
            "a request has no body here");
}

TEST(Response, SaysHowLongItIs) {
  EXPECT_EQ(encode({503, "no\n"}, true),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 3\r\nConnection: close\r\n\r\nno\n");
  EXPECT_NE(encode({.status = 405, .allow = "GET, HEAD"}, true).find("\r\nAllow: GET, HEAD\r\n"),
            std::string::npos);
  EXPECT_TRUE(encode({200, "body"}, false).ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace http
