// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/names.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "check/sandbox/addresses.h"
#include "check/sandbox/fd.h"
#include "check/sandbox/spaces.h"

namespace check::sandbox {

namespace {

constexpr const char* kHosts = "/etc/hosts";
constexpr const char* kResolver = "/etc/resolv.conf";

std::string hosts_file(std::uint32_t nodes) {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  for (std::uint32_t k = 1; k <= nodes; ++k) {
    text += fmt::format("{} n{}\n", address_text(NodeId{k}), k);
  }
  text += fmt::format("{} clients\n{} switch\n", address_text(kClients), address_text(kSwitch));
  return text;
}

// Puts a file with `text` in the place of `path`. A link into /run, as systemd-resolved makes it,
// leads nowhere in here, so its target is made; without the file there is nothing to cover.
base::Status cover(const std::string& path, const std::string& name, const std::string& text) {
  const std::string copy = std::string(kPrivateFolder) + "/" + name;
  std::ofstream(copy) << text;
  std::error_code error;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, error);
  if (!error && !std::filesystem::exists(target, error) && target.string().starts_with("/run/")) {
    std::filesystem::create_directories(target.parent_path(), error);
    std::ofstream(target) << "";
  }
  if (!std::filesystem::exists(path, error)) return base::Done{};
  if (::mount(copy.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return system_error("cannot put a file of the sandbox in the place of " + path);
  }
  return base::Done{};
}

}  // namespace

base::Status install_names(std::uint32_t nodes) {
  TRY([[maybe_unused]] const auto hosts, cover(kHosts, "hosts", hosts_file(nodes)));
  return cover(kResolver, "resolv.conf", "");
}

bool names_installed() {
  std::error_code error;
  return std::filesystem::exists(std::string(kPrivateFolder) + "/hosts", error);
}

void remove_names() {
  // Where nothing was covered these fail, and nothing is to be done.
  ::umount2(kHosts, MNT_DETACH);
  ::umount2(kResolver, MNT_DETACH);
}

}  // namespace check::sandbox
