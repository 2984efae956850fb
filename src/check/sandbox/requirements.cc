// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/requirements.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <optional>

#include "check/sandbox/fd.h"

namespace check::sandbox {

namespace {

std::optional<long> read_setting(const char* path) {
  std::ifstream file(path);
  long value = 0;
  if (file >> value) return value;
  return std::nullopt;
}

// The first setting that forbids what was tried; empty: none is known.
std::string forbidding_setting(Way way) {
  struct Setting {
    const char* path;
    long forbids;
    const char* remedy;
  };
  constexpr std::array kSettings{
      Setting{"/proc/sys/kernel/unprivileged_userns_clone", 0,
              "set kernel.unprivileged_userns_clone=1 (sysctl)"},
      Setting{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
              "set kernel.apparmor_restrict_unprivileged_userns=0 (sysctl), or give this program "
              "an AppArmor profile with `userns,`"},
      Setting{"/proc/sys/user/max_user_namespaces", 0,
              "set user.max_user_namespaces to 1000 or more (sysctl)"},
  };
  if (way == Way::UserNamespace) {
    for (const Setting& setting : kSettings) {
      if (read_setting(setting.path) == setting.forbids) return setting.remedy;
    }
  }
  if (read_setting("/proc/sys/user/max_net_namespaces") == 0) {
    return "set user.max_net_namespaces to 1000 or more (sysctl)";
  }
  return {};
}

// Whether a seccomp filter is in force, as Docker's default profile.
bool filtered() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Seccomp:")) return line.find('2') != std::string::npos;
  }
  return false;
}

std::string remedy(Way way, int number) {
  std::string setting = forbidding_setting(way);
  if (!setting.empty()) return setting;
  if (number == ENOSPC || number == EUSERS) {
    return "raise user.max_user_namespaces, user.max_net_namespaces, user.max_pid_namespaces and "
           "user.max_mnt_namespaces (sysctl), or end what uses them up";
  }
  if (number == ENOSYS || ((number == EPERM || number == EACCES) && filtered())) {
    return "a seccomp filter forbids it, as Docker's default profile does: start the container "
           "with --security-opt seccomp=unconfined --security-opt systempaths=unconfined, and "
           "--privileged for the way without user namespaces";
  }
  if (number == EINVAL && way == Way::UserNamespace) {
    return "this kernel lacks CONFIG_USER_NS, CONFIG_NET_NS or CONFIG_PID_NS";
  }
  if (number == EPERM && way == Way::Root) return "this needs CAP_SYS_ADMIN and CAP_NET_ADMIN";
  if (number == EPERM) {
    return "a chroot, a security module or a container with a masked /proc forbids it";
  }
  return {};
}

}  // namespace

base::Error refused(Way way, const std::string& step, int number) {
  base::Error error = system_error("cannot " + step, number);
  error.code = base::ErrorCode::Unavailable;
  const std::string advice = remedy(way, number);
  if (!advice.empty()) error.message += "; " + advice;
  return error;
}

}  // namespace check::sandbox
