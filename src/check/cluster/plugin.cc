// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/plugin.h"

#include <dlfcn.h>

#include <filesystem>

namespace check::cluster {
namespace {

using base::Error;
using base::ErrorCode;

// Takes `name` to be an int that says how the object was built.
base::Status check_abi(void* object, const std::string& path, const char* name, int expected) {
  const void* symbol = ::dlsym(object, name);
  if (symbol == nullptr) {
    return Error{ErrorCode::InvalidArgument,
                 path + " is no seaworthy adapter: it does not export " + name +
                     " (SEAWORTHY_TARGET in check/cluster/plugin.h does)"};
  }
  const int found = *static_cast<const int*>(symbol);
  if (found == expected) return base::Done{};
  return Error{ErrorCode::InvalidArgument, path + " was built for another seaworthy: its " + name +
                                               " is " + std::to_string(found) + ", here it is " +
                                               std::to_string(expected)};
}

}  // namespace

base::Result<std::unique_ptr<RaftClusterConfig>> load_plugin(const std::string& path,
                                                             Hosts& hosts) {
  // A path without a slash would be searched for elsewhere.
  const std::string full = std::filesystem::absolute(path).string();
  void* object = ::dlopen(full.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (object == nullptr) {
    return Error{ErrorCode::InvalidArgument,
                 std::string("cannot load the adapter: ") + ::dlerror()};
  }
  TRY([[maybe_unused]] const base::Done interface,
      check_abi(object, path, "seaworthy_target_abi", SEAWORTHY_TARGET_ABI));
  TRY([[maybe_unused]] const base::Done library,
      check_abi(object, path, "seaworthy_library_abi", SEAWORTHY_LIBRARY_ABI));
  using Make = RaftClusterConfig* (*)(Hosts*);
  const auto make = reinterpret_cast<Make>(::dlsym(object, "seaworthy_make_cluster"));
  if (make == nullptr) {
    return Error{ErrorCode::InvalidArgument, path + " does not export seaworthy_make_cluster"};
  }
  std::unique_ptr<RaftClusterConfig> made(make(&hosts));
  if (made == nullptr) {
    return Error{ErrorCode::Unavailable, path + " could not make its system here"};
  }
  return made;
}

}  // namespace check::cluster
