// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/resp_client.h"

#include <hiredis/hiredis.h>

#include <array>
#include <memory>
#include <utility>

namespace check::cluster {
namespace {

constexpr std::size_t kLongestReply = 16U << 20U;

std::string encoded(std::span<const std::string_view> words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    bytes.append("$").append(std::to_string(word.size())).append("\r\n");
    bytes.append(word).append("\r\n");
  }
  return bytes;
}

RespReply reply_of(const redisReply& from) {
  switch (from.type) {
    case REDIS_REPLY_NIL:
      return {RespReply::Kind::Nil, {}};
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return {RespReply::Kind::Text, std::string(from.str, from.len)};
    case REDIS_REPLY_ERROR:
      return {RespReply::Kind::Error, std::string(from.str, from.len)};
    case REDIS_REPLY_INTEGER:
      return {RespReply::Kind::Integer, std::to_string(from.integer)};
    default:
      return {RespReply::Kind::Other, {}};
  }
}

using Reader = std::unique_ptr<redisReader, decltype(&redisReaderFree)>;
using Reply = std::unique_ptr<void, decltype(&freeReplyObject)>;

}  // namespace

Exchange<RespReply> RespClient::call(std::span<const std::string_view> words,
                                     const Deadline& deadline) {
  if (std::optional<Broken> broken = connection_.request(encoded(words), deadline)) {
    return *std::move(broken);
  }
  const auto broken = [this](std::string note) {
    connection_.close();
    return Broken{true, std::move(note)};
  };
  const Reader reader(redisReaderCreate(), &redisReaderFree);
  CHECK(reader != nullptr);
  std::array<char, 16384> space{};
  std::size_t received = 0;
  for (;;) {
    const base::Result<std::size_t> count = connection_.receive(space, deadline);
    if (!count.ok()) return broken(count.error().message);
    // hiredis allocates whatever length an array claims; no command used here answers with one.
    if (received == 0 && space[0] == '*') return broken("an array where one value was expected");
    received += count.value();
    if (received > kLongestReply) return broken("the answer is too long");
    void* parsed = nullptr;
    if (redisReaderFeed(reader.get(), space.data(), count.value()) != REDIS_OK ||
        redisReaderGetReply(reader.get(), &parsed) != REDIS_OK) {
      return broken(std::string("the answer is not RESP: ") + reader->errstr);
    }
    if (parsed == nullptr) continue;
    const Reply reply(parsed, &freeReplyObject);
    if (reader->pos != reader->len) return broken("more than one answer to one command");
    return reply_of(*static_cast<const redisReply*>(reply.get()));
  }
}

}  // namespace check::cluster
