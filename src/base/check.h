// SPDX-License-Identifier: Apache-2.0
// Assertions that stay on in every build.
//
// CHECK(condition, values...) states what must be true here. A false condition is a bug in this
// program: the process prints the condition, the named values and the open contexts, then aborts.
// Bad input is never a CHECK; it is an Error (see result.h).
//
//   CHECK(commit <= last, commit, last);
//   // src/raft/log.cc:88: CHECK failed: commit <= last  [commit, last] = [9, 7]
//   //   in seed=42 tick=1073 node=3
#pragma once

#include <sstream>
#include <string>
#include <utility>

namespace base {

// Text that a failed CHECK prints while this object lives. The simulator opens one per run with the
// seed in it, so that every crash says how to repeat it.
class CheckContext {
 public:
  explicit CheckContext(std::string text);
  ~CheckContext();
  CheckContext(const CheckContext&) = delete;
  CheckContext& operator=(const CheckContext&) = delete;

  const std::string& text() const { return text_; }
  const CheckContext* outer() const { return outer_; }

 private:
  std::string text_;
  const CheckContext* outer_;
};

[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* names,
                               const std::string& values);

template <class... Values>
std::string joined(const Values&... values) {
  std::ostringstream out;
  [[maybe_unused]] const char* separator = "";
  ((out << separator << values, separator = ", "), ...);
  return std::move(out).str();
}

}  // namespace base

#define CHECK(condition, ...)                                               \
  do {                                                                      \
    if (!(condition)) [[unlikely]] {                                        \
      ::base::check_failed(__FILE__, __LINE__, #condition, "" #__VA_ARGS__, \
                           ::base::joined(__VA_ARGS__));                    \
    }                                                                       \
  } while (false)
