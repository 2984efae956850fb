// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/http_client.h"

#include <http_parser.h>

#include <array>
#include <utility>

namespace check::cluster {
namespace {

constexpr std::size_t kLongestBody = 16U << 20U;  // http_parser itself bounds the headers.

struct Incoming {
  HttpResponse response;
  bool complete = false;
};

int on_begin(http_parser* parser) {
  return static_cast<Incoming*>(parser->data)->complete ? 1 : 0;  // A second answer.
}

int on_body(http_parser* parser, const char* data, std::size_t size) {
  auto& incoming = *static_cast<Incoming*>(parser->data);
  if (incoming.response.body.size() + size > kLongestBody) return 1;
  incoming.response.body.append(data, size);
  return 0;
}

int on_complete(http_parser* parser) {
  static_cast<Incoming*>(parser->data)->complete = true;
  return 0;
}

}  // namespace

Exchange<HttpResponse> HttpClient::get(std::string_view path, const Deadline& deadline) {
  std::string request = "GET ";
  request.append(path).append(" HTTP/1.1\r\nHost: ").append(host_).append("\r\n\r\n");
  return exchange(request, deadline);
}

Exchange<HttpResponse> HttpClient::post_json(std::string_view path, std::string_view body,
                                             const Deadline& deadline) {
  std::string request = "POST ";
  request.append(path).append(" HTTP/1.1\r\nHost: ").append(host_);
  request.append("\r\nContent-Type: application/json\r\nContent-Length: ");
  request.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return exchange(request, deadline);
}

Exchange<HttpResponse> HttpClient::exchange(std::string_view request, const Deadline& deadline) {
  if (std::optional<Broken> broken = connection_.request(request, deadline)) {
    return *std::move(broken);
  }
  Incoming incoming;
  http_parser parser{};
  http_parser_init(&parser, HTTP_RESPONSE);
  parser.data = &incoming;
  http_parser_settings settings{};
  http_parser_settings_init(&settings);
  settings.on_message_begin = on_begin;
  settings.on_body = on_body;
  settings.on_message_complete = on_complete;

  std::array<char, 16384> space{};
  while (!incoming.complete) {
    const base::Result<std::size_t> count = connection_.receive(space, deadline);
    if (!count.ok()) {
      connection_.close();
      return Broken{true, count.error().message};
    }
    const std::size_t used = http_parser_execute(&parser, &settings, space.data(), count.value());
    if (used != count.value() || HTTP_PARSER_ERRNO(&parser) != HPE_OK) {
      connection_.close();
      return Broken{true, std::string("the answer is not HTTP/1.1: ") +
                              http_errno_description(HTTP_PARSER_ERRNO(&parser))};
    }
  }
  incoming.response.status = parser.status_code;
  if (http_should_keep_alive(&parser) == 0) connection_.close();
  return std::move(incoming.response);
}

}  // namespace check::cluster
