// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace server {
namespace {

RawOptions complete() {
  RawOptions raw;
  raw.id = 1;
  raw.peers = "1=127.0.0.1:7001,2=n2:7001,3=[::1]:7001";
  raw.listen = "127.0.0.1:6379";
  raw.data = "d";
  return raw;
}

// A file that is gone when the test is.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) {
    std::string name = "/tmp/raftkv_options.XXXXXX";
    ::close(mkstemp(name.data()));
    path_ = name;
    std::ofstream(path_) << text;
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  ~ConfigFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The error that reading `text` gives, without the path.
std::string error_of(const std::string& text) {
  const ConfigFile file(text);
  RawOptions raw;
  const base::Status status = read_config(file.path(), raw);
  return status.ok() ? "" : status.error().message.substr(file.path().size());
}

TEST(Options, HaveDefaultsThatFitTogether) {
  const base::Result<Options> options = check_options(complete());
  ASSERT_TRUE(options.ok()) << options.error().message;
  EXPECT_EQ(options.value().peers.size(), 3U);
  EXPECT_EQ(options.value().peers.at({3}).host, "::1");
  EXPECT_EQ(options.value().heartbeat.count(), 50);
}

TEST(Options, NameWhatIsMissingOrDoesNotFit) {
  const auto message = [](auto change) {
    RawOptions raw = complete();
    change(raw);
    const base::Result<Options> options = check_options(raw);
    return options.ok() ? std::string("fine") : options.error().message;
  };
  EXPECT_EQ(message([](RawOptions& raw) { raw.data.reset(); }),
            "--data is missing, on the command line and in a --config file");
  EXPECT_EQ(message([](RawOptions& raw) { raw.id = 4; }), "id: 4 is not one of the peers");
  EXPECT_EQ(message([](RawOptions& raw) { raw.peers = "1=a:1,1=b:2"; }), "peers: 1 is there twice");
  EXPECT_EQ(message([](RawOptions& raw) { raw.peers = "1=a:1,x"; }),
            "'x' is not a peer: expected ID=HOST:PORT with an id from 1 on");
  EXPECT_EQ(message([](RawOptions& raw) { raw.heartbeat_ms = 200; }),
            "election-min-ms: 300 is less than two heartbeats of 200 ms");
  EXPECT_EQ(message([](RawOptions& raw) { raw.election_max_ms = 299; }),
            "election-max-ms: 299 is less than election-min-ms, 300");
  EXPECT_EQ(message([](RawOptions& raw) { raw.heartbeat_ms = 9; }),
            "heartbeat-ms: 9 is less than a tick of 10 ms");
}

TEST(ConfigFile, FillsWhatTheCommandLineDidNotSay) {
  const ConfigFile file("id = 2\nlisten = \"a:1\"\nelection-max-ms = 900\n[peers]\n1 = \"n1:7\"\n");
  RawOptions raw;
  raw.id = 1;
  ASSERT_TRUE(read_config(file.path(), raw).ok());
  EXPECT_EQ(raw.id, 1U);
  EXPECT_EQ(raw.listen, "a:1");
  EXPECT_EQ(raw.election_max_ms, 900U);
  EXPECT_EQ(raw.peers, "1=n1:7");
}

TEST(ConfigFile, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(error_of("id = 1\nlistn = \"x\"\n"),
            ":2:1: unknown key 'listn'; did you mean 'listen'?");
  EXPECT_EQ(error_of("id = \"1\"\n"), ":1:6: expected a whole number from 0 to 4294967295");
  EXPECT_EQ(error_of("data = 1\n"), ":1:8: expected text in quotes");
  EXPECT_EQ(error_of("[peers]\n1 = \"nowhere\"\n"),
            ":2:1: 'nowhere' is not an address: expected HOST:PORT");
  EXPECT_NE(error_of("id = \n"), "");
  RawOptions raw;
  EXPECT_FALSE(read_config("/nowhere/at/all", raw).ok());
}

TEST(ConfigFile, SampleIsValid) {
  RawOptions raw;
  const base::Status read = read_config(TESTDATA "/../../../docs/samples/raftkv.toml", raw);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(check_options(raw).ok());
}

}  // namespace
}  // namespace server
