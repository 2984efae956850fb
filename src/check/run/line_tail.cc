// SPDX-License-Identifier: Apache-2.0
#include "check/run/line_tail.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

namespace check::run {

namespace {

constexpr std::size_t kPart = std::size_t{1} << 18;

}  // namespace

LineTail::~LineTail() {
  if (fd_ >= 0) ::close(fd_);
}

bool LineTail::read_more() {
  if (fd_ < 0) fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return false;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t size = buffer_.size();
  buffer_.resize(size + kPart);
  ssize_t count = -1;
  do {
    count = ::read(fd_, buffer_.data() + size, kPart);
  } while (count < 0 && errno == EINTR);
  buffer_.resize(size + static_cast<std::size_t>(count < 0 ? 0 : count));
  return count > 0;
}

bool LineTail::next() {
  std::size_t searched = 0;  // From begin_.
  while (true) {
    const std::size_t end = buffer_.find('\n', begin_ + searched);
    if (end != std::string::npos) {
      line_ = std::string_view(buffer_).substr(begin_, end - begin_);
      begin_ = end + 1;
      ++number_;
      return true;
    }
    searched = buffer_.size() - begin_;
    if (!read_more()) return false;
  }
}

base::Error LineTail::wrong(const base::Error& error) const {
  return {base::ErrorCode::Corrupt, fmt::format("{}:{}: {}", path_, number_, error.message)};
}

}  // namespace check::run
