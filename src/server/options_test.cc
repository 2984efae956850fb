// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "server/option_table.h"

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
            "peers: 'x' is not a node: expected ID=HOST:PORT with an id from 1 on");
  EXPECT_EQ(message([](RawOptions& raw) { raw.heartbeat_ms = 200; }),
            "election-min-ms: 300 is less than two heartbeats of 200 ms");
  EXPECT_EQ(message([](RawOptions& raw) { raw.election_max_ms = 299; }),
            "election-max-ms: 299 is less than election-min-ms, 300");
  EXPECT_EQ(message([](RawOptions& raw) { raw.transport = "UDP"; }),
            "transport: unknown transport 'UDP' (there are tcp, udp)");
  EXPECT_EQ(message([](RawOptions& raw) { raw.datagram_bytes = 512; }),
            "datagram-bytes: only for transport udp");
  EXPECT_EQ(message([](RawOptions& raw) {
              raw.transport = "udp";
              raw.datagram_bytes = 100;
            }),
            "datagram-bytes: expected 256 to 65507, not 100");
  EXPECT_EQ(message([](RawOptions& raw) {
              raw.transport = "udp";
              raw.tls_cert = raw.tls_key = raw.tls_ca = "f";
            }),
            "transport: udp cannot be encrypted; leave the tls options out, or use tcp");
  EXPECT_EQ(message([](RawOptions& raw) { raw.tls_cert = "c"; }),
            "tls-key is missing: TLS needs tls-cert, tls-key and tls-ca");
  EXPECT_EQ(message([](RawOptions& raw) { raw.peers = "1=a:1,2=b:1,3=a:1"; }),
            "peers: 1 and 3 have the same address, a:1");
  EXPECT_EQ(message([](RawOptions& raw) { raw.peers = "1=a:0"; }),
            "peers: 'a:0' is no address that others can call");
  EXPECT_EQ(message([](RawOptions& raw) { raw.peers = "1=a b:1"; }),
            "peers: 'a b:1' is no address that others can call");
  EXPECT_EQ(message([](RawOptions& raw) { raw.peers = "1=" + std::string(300, 'a') + ":1"; }),
            "peers: an address has at most 255 bytes, and this one 302");
  EXPECT_EQ(message([](RawOptions& raw) {
              for (int i = 2; i <= 33; ++i) *raw.peers += fmt::format(",{}=h{}:1", i + 10, i);
            }),
            "peers: 35 nodes are more than 32");
  EXPECT_EQ(message([](RawOptions& raw) { raw.clients = "1=a:0"; }),
            "clients: 'a:0' is no address that others can call");
  EXPECT_EQ(message([](RawOptions& raw) { raw.cluster = ""; }), "cluster: expected a name");
  EXPECT_EQ(message([](RawOptions& raw) { raw.max_clients = 0; }),
            "max-clients: expected at least 1");
  EXPECT_EQ(message([](RawOptions& raw) { raw.max_input_mb = 31; }),
            "max-input-mb: expected 32, two of the longest requests, to 1048576");
  EXPECT_EQ(message([](RawOptions& raw) { raw.request_timeout_ms = 0; }),
            "request-timeout-ms: 0 is less than a tick of 10 ms");
  EXPECT_EQ(message([](RawOptions& raw) { raw.election_max_ms = 4'000'000'000; }),
            "election-max-ms: 4000000000 is more than an hour, 3600000");
  EXPECT_EQ(message([](RawOptions& raw) { raw.segment_mb = 0; }), "segment-mb: expected 1 to 1024");
  EXPECT_EQ(message([](RawOptions& raw) {
              raw.storage = "mapped";
              raw.segment_mb = 1;
            }),
            "segment-mb: only with storage = segments");
  EXPECT_EQ(
      message([](RawOptions& raw) { raw.storage = "maped"; }),
      "storage: unknown storage 'maped'; did you mean 'mapped'? (there are mapped, segments)");
  EXPECT_EQ(message([](RawOptions& raw) { raw.join = "maybe"; }),
            "join: unknown word 'maybe' (there are no, yes)");
  EXPECT_EQ(message([](RawOptions& raw) { raw.clock_drift_per_mille = 5; }),
            "clock-drift-per-mille: only with lease = yes");
  EXPECT_EQ(message([](RawOptions& raw) {
              raw.lease = "yes";
              raw.clock_drift_per_mille = 501;
            }),
            "clock-drift-per-mille: more than 500: no lease would ever hold");
  EXPECT_EQ(message([](RawOptions& raw) { raw.data = ""; }), "data: expected a directory");
  EXPECT_EQ(message([](RawOptions& raw) { raw.http = "x"; }),
            "http: 'x' is not an address: expected HOST:PORT");
  EXPECT_EQ(message([](RawOptions& raw) { raw.clients = "0=a:1"; }),
            "clients: '0=a:1' is not a node: expected ID=HOST:PORT with an id from 1 on");
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
  const ConfigFile tls("[tls]\ncert = \"c\"\nkey = \"k\"\nca = \"a\"\n");
  ASSERT_TRUE(read_config(tls.path(), raw).ok());
  EXPECT_EQ(raw.tls_cert, "c");
  EXPECT_EQ(raw.tls_key, "k");
  EXPECT_EQ(raw.tls_ca, "a");
}

TEST(ConfigFile, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(error_of("id = 1\nlistn = \"x\"\n"),
            ":2:1: unknown key 'listn'; did you mean 'listen'?");
  EXPECT_EQ(error_of("id = \"1\"\n"), ":1:6: expected a whole number from 0 to 4294967295");
  EXPECT_EQ(error_of("data = 1\n"), ":1:8: expected text in quotes");
  EXPECT_EQ(error_of("[peers]\n1 = \"nowhere\"\n"),
            ":2:1: 'nowhere' is not an address: expected HOST:PORT");
  EXPECT_EQ(error_of("[tls]\ncret = \"x\"\n"), ":2:1: unknown key 'cret'; did you mean 'cert'?");
  EXPECT_EQ(error_of("tls = 1\n"), ":1:7: expected a table: [tls] with cert, key, ca");
  EXPECT_EQ(error_of("tls-cert = \"x\"\n"),
            ":1:1: unknown key 'tls-cert': it is `cert` in `[tls]`");
  EXPECT_EQ(error_of("join = true\n"), ":1:8: expected \"yes\" or \"no\"");
  EXPECT_NE(error_of("id = \n"), "");
}

TEST(Options, AConfigThatCannotBeReadIsToldWithTheReason) {
  RawOptions raw;
  EXPECT_EQ(read_config("/nowhere/at/all", raw).error().message,
            "cannot read /nowhere/at/all: No such file or directory");
  EXPECT_EQ(read_config("/", raw).error().message, "cannot read /: Is a directory");
}

// The error that checking the options of `text` and those of complete() gives, without the path.
std::string complaint_about(const std::string& text) {
  const ConfigFile file(text);
  RawOptions raw = complete();
  const base::Status status = read_config(file.path(), raw);
  if (!status.ok()) return "unreadable";
  const base::Result<Options> options = check_options(raw);
  if (options.ok()) return "fine";
  const std::string message = options.error().message;
  return message.starts_with(file.path()) ? message.substr(file.path().size()) : message;
}

TEST(ConfigFile, SaysWhereAValueIsThatDoesNotFit) {
  EXPECT_EQ(complaint_about("election-min-ms = 60"),
            ":1:19: election-min-ms: 60 is less than two heartbeats of 50 ms");
  EXPECT_EQ(complaint_about("log-format = \"jsn\""),
            ":1:14: log-format: unknown format 'jsn'; did you mean 'json'? (there are text, json)");
  EXPECT_EQ(complaint_about("http = \"nowhere\""),
            ":1:8: http: 'nowhere' is not an address: expected HOST:PORT");
  EXPECT_EQ(complaint_about("[clients]\n1 = \"a:1\"\n"), "fine");
  EXPECT_EQ(complaint_about("[tls]\ncert = \"c\"\n"),
            "tls-key is missing: TLS needs tls-cert, tls-key and tls-ca");
  // The command line decided, so the file is not to blame.
  EXPECT_EQ(complaint_about("id = 9"), "fine");
}

TEST(Options, AreAllInTheDocuments) {
  std::ifstream file(TESTDATA "/../../../docs/raftkv.md");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (const OptionSpec& spec : option_specs()) {
    EXPECT_NE(text.find("`" + flag_of(spec) + " "), std::string::npos) << spec.key;
  }
}

TEST(ConfigFile, SampleIsValid) {
  RawOptions raw;
  const base::Status read = read_config(TESTDATA "/../../../docs/samples/raftkv.toml", raw);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(check_options(raw).ok());
}

}  // namespace
}  // namespace server
