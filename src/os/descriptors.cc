// SPDX-License-Identifier: Apache-2.0
#include "os/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace os {

std::size_t allow_descriptors(std::size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  const rlimit more{std::min<rlim_t>(wanted, limit.rlim_max), limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &more) == 0 ? more.rlim_cur : limit.rlim_cur;
}

}  // namespace os
