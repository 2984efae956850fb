// SPDX-License-Identifier: Apache-2.0
#include "os/connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/check.h"

namespace os {
namespace {

// A buffer that is empty now gives memory back beyond this: a thousand idle clients stay small.
constexpr std::size_t kKeptBytes = std::size_t{16} * 1024;

// Drops what is before `begin` when that is cheap: nothing lies behind it, or less than it.
void forget_front(std::string& bytes, std::size_t& begin) {
  if (begin == bytes.size()) {
    bytes.clear();
    if (bytes.capacity() > kKeptBytes) bytes.shrink_to_fit();
    begin = 0;
  } else if (begin > bytes.size() - begin) {
    bytes.erase(0, begin);
    begin = 0;
  }
}

}  // namespace

bool Connection::receive() {
  std::array<char, kReceiveBytes> chunk;  // NOLINT: recv fills what is read.
  const ssize_t count = recv(socket_.number(), chunk.data(), chunk.size(), 0);
  if (count > 0) {
    input_.append(chunk.data(), static_cast<std::size_t>(count));
    return true;
  }
  return count < 0 && (errno == EAGAIN || errno == EINTR);
}

void Connection::consume(std::size_t bytes) {
  CHECK(bytes <= input_.size() - input_begin_, bytes);
  input_begin_ += bytes;
  forget_front(input_, input_begin_);
}

bool Connection::flush() {
  while (output_begin_ < output_.size()) {
    const ssize_t count = send(socket_.number(), output_.data() + output_begin_,
                               output_.size() - output_begin_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      if (errno != EAGAIN) return false;
      break;
    }
    output_begin_ += static_cast<std::size_t>(count);
  }
  forget_front(output_, output_begin_);
  return true;
}

}  // namespace os
