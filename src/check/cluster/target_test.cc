// SPDX-License-Identifier: Apache-2.0
#include "check/cluster/target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "check/cluster/local_hosts.h"
#include "check/cluster/plugin.h"
#include "check/cluster/words.h"
#include "golden/golden.h"

namespace check::cluster {
namespace {

// Why there is no such target.
std::string refusal_of(const std::string& name) {
  LocalHosts hosts(1);
  const auto made = make_target(name, hosts);
  return made.ok() ? "made" : made.error().message;
}

class Variable {  // Set for as long as this lives.
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value, 1);
  }
  ~Variable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(Target, UnknownNameIsAnsweredWithTheNearest) {
  EXPECT_TRUE(refusal_of("ectd").starts_with(
      "unknown target 'ectd'; did you mean 'etcd'? (there are etcd, raftkv, broken/stale-read, "));
  EXPECT_TRUE(
      refusal_of("raftkv-shin")
          .starts_with("unknown target 'raftkv-shin'; did you mean 'raftkv-shim'? (there are "));
  EXPECT_EQ(refusal_of("./nothing"), "./nothing is not there");
  EXPECT_EQ(refusal_of("/"), "/ has no adapter.toml");
}

TEST(Target, MissingBinaryIsAnsweredWithHowToGetIt) {
  const Variable path("PATH", "/nowhere");
  const std::string missing = refusal_of("etcd");
  EXPECT_TRUE(missing.starts_with("missing binary: etcd not found in PATH")) << missing;
  EXPECT_TRUE(missing.ends_with(": apt-get install etcd-server")) << missing;
  const Variable named("SEAWORTHY_ETCD", "/etc/passwd");
  EXPECT_EQ(refusal_of("etcd"), "SEAWORTHY_ETCD names /etc/passwd, which is no program");
}

TEST(Target, ListNamesAllAndSaysWhatIsMissing) {
  const Variable path("PATH", "/nowhere");
  const std::vector<TargetInfo> all = targets();
  for (const char* name :
       {"etcd", "raftkv", "broken/stale-read", "broken/early-ack", "broken/lost-tail",
        "broken/no-sync", "twin/stale-read", "raftkv-shim"}) {
    const auto found = std::find_if(
        all.begin(), all.end(), [name](const TargetInfo& target) { return target.name == name; });
    ASSERT_NE(found, all.end()) << name;
    EXPECT_FALSE(found->description.empty());
    if (found->name == "etcd") {
      EXPECT_FALSE(found->missing.empty());
    }
  }
  EXPECT_TRUE(std::none_of(all.begin(), all.end(),
                           [](const TargetInfo& target) { return target.name == "template"; }));
}

TEST(Target, AdaptersAreTakenFromTheFolderThatTheUserNames) {
  const Variable folder("SEAWORTHY_ADAPTERS", TESTDATA "/manifest");
  const std::vector<TargetInfo> all = targets();
  const auto wrong = std::find_if(
      all.begin(), all.end(), [](const TargetInfo& target) { return target.name == "wrong-key"; });
  ASSERT_NE(wrong, all.end());
  EXPECT_NE(wrong->missing.find("adapter.toml:5:1"), std::string::npos) << wrong->missing;
}

TEST(Target, SharedObjectMakesItsOwnSystem) {
  LocalHosts hosts(3);
  const auto made = make_target(PLUGIN_GOOD, hosts);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made.value()->name(), "plugged in");
  EXPECT_EQ(made.value()->nodes(), 3U);
}

TEST(Target, SharedObjectOfAnotherSeaworthyIsRefused) {
  EXPECT_NE(
      refusal_of(PLUGIN_OTHER_ABI)
          .find("was built for another seaworthy: its seaworthy_target_abi is 0, here it is " +
                std::to_string(SEAWORTHY_TARGET_ABI)),
      std::string::npos)
      << refusal_of(PLUGIN_OTHER_ABI);
  EXPECT_NE(refusal_of("/lib/x86_64-linux-gnu/libc.so.6").find("is no seaworthy adapter"),
            std::string::npos);
  EXPECT_NE(refusal_of("/etc/passwd").find("cannot load the adapter"), std::string::npos);
}

TEST(Words, AreFilledIn) {
  golden::run(std::string(TESTDATA) + "/words.txt", [](const golden::Case& the_case) {
    const Scope scope = {{{"program", "/bin/p"}, {"nodes", "3"}},
                         {{{"id", "1"}, {"address", "10.77.0.1"}},
                          {{"id", "2"}, {"address", "10.77.0.2"}},
                          {{"id", "3"}, {"address", "10.77.0.3"}}},
                         the_case.command == "node" ? std::optional<std::size_t>(1) : std::nullopt};
    const auto words = expand(the_case.arguments.at("word"), scope);
    if (!words.ok()) return "error: " + words.error().message;
    std::string lines;
    for (const std::string& word : words.value()) lines += (lines.empty() ? "" : "\n") + word;
    return lines;
  });
}

}  // namespace
}  // namespace check::cluster
