// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace base {

namespace {
thread_local const CheckContext* innermost_context = nullptr;  // NOLINT: diagnostics only
}  // namespace

CheckContext::CheckContext(std::string text) : text_(std::move(text)), outer_(innermost_context) {
  innermost_context = this;
}

CheckContext::~CheckContext() { innermost_context = outer_; }

void check_failed(const char* file, int line, const char* condition, const char* names,
                  const std::string& values) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s", file, line, condition);
  if (*names != '\0') std::fprintf(stderr, "  [%s] = [%s]", names, values.c_str());
  std::fputc('\n', stderr);
  for (const CheckContext* context = innermost_context; context != nullptr;
       context = context->outer()) {
    std::fprintf(stderr, "  in %s\n", context->text().c_str());
  }
  std::abort();
}

}  // namespace base
