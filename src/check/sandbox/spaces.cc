// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/spaces.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <array>
#include <string>
#include <string_view>

#include "check/sandbox/fd.h"
#include "check/sandbox/links.h"
#include "check/sandbox/requirements.h"

namespace check::sandbox {

namespace {

constexpr unsigned kLoopback = 1;
constexpr std::string_view kHostName = "switch";

// 0, or errno.
int write_file(const std::string& path, std::string_view text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.open()) return errno;
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0
                                                                                            : errno;
}

base::Status become_root(const Identity& identity) {
  const auto map = [](unsigned id) { return "0 " + std::to_string(id) + " 1"; };
  // The group can be mapped only by who has given up to change the list of groups.
  if (const int error = write_file("/proc/self/setgroups", "deny")) {
    return refused(Way::UserNamespace, "write /proc/self/setgroups", error);
  }
  if (const int error = write_file("/proc/self/uid_map", map(identity.user))) {
    return refused(Way::UserNamespace, "write /proc/self/uid_map", error);
  }
  if (const int error = write_file("/proc/self/gid_map", map(identity.group))) {
    return refused(Way::UserNamespace, "write /proc/self/gid_map", error);
  }
  return base::Done{};
}

base::Status make_mounts(Way way) {
  constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return refused(way, "make the mounts private", errno);
  }
  if (::mount("proc", "/proc", "proc", kPlain, nullptr) != 0) {
    return refused(way, "mount a new /proc", errno);
  }
  if (::mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0) {
    return refused(way, "mount a new /run", errno);
  }
  if (::mkdir(kPrivateFolder, 0755) != 0) {
    return refused(way, std::string("make ") + kPrivateFolder, errno);
  }
  return base::Done{};
}

base::Status set_up_switch(Way way) {
  // All of these are the new network's own.
  constexpr std::array kSettings{
      std::array{"ipv4/ip_forward", "1"},
      std::array{"ipv4/conf/all/rp_filter", "0"},  // The monitor speaks in the nodes' names.
      std::array{"ipv4/conf/default/rp_filter", "0"},
      // A node that was cut off and killed may use a port again sooner than the monitor's half of
      // its old connection has ended.
      std::array{"ipv4/tcp_tw_reuse", "1"},
      std::array{"ipv4/conf/all/send_redirects", "0"},
      std::array{"ipv4/conf/default/send_redirects", "0"},
  };
  for (const auto& [name, value] : kSettings) {
    const std::string path = std::string("/proc/sys/net/") + name;
    if (const int error = write_file(path, value)) return refused(way, "write " + path, error);
  }
  write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");  // Absent: no IPv6 at all.
  TRY(Netlink routes, Netlink::open(NETLINK_ROUTE));
  NetlinkBatch batch;
  set_up(batch, kLoopback);
  return routes.run(batch, "set the loopback interface up");
}

}  // namespace

Identity current_identity() { return Identity{::geteuid(), ::getegid()}; }

base::Status set_up_spaces(Way way, const Identity& identity) {
  if (way == Way::UserNamespace) {
    TRY([[maybe_unused]] const auto root, become_root(identity));
  }
  TRY([[maybe_unused]] const auto mounted, make_mounts(way));
  if (::sethostname(kHostName.data(), kHostName.size()) != 0) {
    return refused(way, "name the switch", errno);
  }
  return set_up_switch(way);
}

}  // namespace check::sandbox
