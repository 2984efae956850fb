// SPDX-License-Identifier: Apache-2.0
// The whole lines of a file that may still grow: what a killed writer left of the last one, or what
// a living one has written of it by now, is no line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace check::run {

class LineTail {
 public:
  // A file that is not there (yet) has no lines.
  explicit LineTail(std::string path) : path_(std::move(path)) {}
  ~LineTail();
  LineTail(const LineTail&) = delete;
  LineTail& operator=(const LineTail&) = delete;

  // False: there is none by now; asked again later, there may be.
  bool next();
  // Valid until the next next(). Requires: it returned true.
  std::string_view line() const { return line_; }
  // "FILE:LINE: what is wrong", of that line.
  base::Error wrong(const base::Error& error) const;

 private:
  bool read_more();

  const std::string path_;
  int fd_ = -1;
  std::string buffer_;
  std::size_t begin_ = 0;  // In buffer_, of what was not returned yet.
  std::string_view line_;
  std::uint64_t number_ = 0;
};

}  // namespace check::run
