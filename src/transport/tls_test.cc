// SPDX-License-Identifier: Apache-2.0
// Certificates are made by the openssl program, as users make them (docs/transports.md).
#include "transport/tls.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "transport/tcp_transport.h"
#include "transport/world_test.h"

namespace transport {
namespace {

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tls-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    make_authority("ca");
    make_authority("other-ca");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  static void run(const std::string& command) {
    ASSERT_EQ(std::system((command + " 2>/dev/null").c_str()), 0) << command;  // NOLINT
  }

  void make_authority(const std::string& name) {
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" +
        name + " -keyout " + path(name + ".key") + " -out " + path(name + ".pem"));
  }

  // Files of a node whose certificate, by `authority`, is for `names` ("DNS:...,IP:...").
  TlsFiles certificate(const std::string& name, const std::string& names,
                       const std::string& authority = "ca") {
    run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
        " -addext subjectAltName=" + names + " -keyout " + path(name + ".key") + " -out " +
        path(name + ".csr"));
    run("openssl x509 -req -days 2 -copy_extensions copyall -in " + path(name + ".csr") + " -CA " +
        path(authority + ".pem") + " -CAkey " + path(authority + ".key") +
        " -CAcreateserial -out " + path(name + ".pem"));
    return {path(name + ".pem"), path(name + ".key"), path("ca.pem")};
  }

  static Server& start(World& world, std::uint32_t id, const TlsFiles& files) {
    Config config = world.config(id);
    config.tls = files;
    return world.start(config, open<TcpTransport>);
  }

  // What the log says while `one` and `two` do not get to talk.
  static std::string refusal(World& world, const Server& one, const Server& two) {
    testing::internal::CaptureStderr();
    EXPECT_FALSE(world.until([&] { return one.transport->is_up({2}) || two.transport->is_up({1}); },
                             std::chrono::milliseconds(300)));
    return testing::internal::GetCapturedStderr();
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(Tls, CarriesMessagesBetweenThoseWhoAreNamed) {
  World world;
  Server& one = start(world, 1, certificate("one", "DNS:raftkv-node-1"));
  Server& two = start(world, 2, certificate("two", "IP:127.0.0.1"));
  world.introduce();
  Terms sent;
  for (std::uint64_t term = 1; term <= 2000; ++term) {
    one.transport->send({{2}, vote(term)});
    sent.push_back(term);
  }
  two.transport->send({{1}, vote(7)});
  EXPECT_TRUE(world.until([&] { return two.votes == sent && one.votes == Terms{7}; }));
}

TEST_F(Tls, APeerOfAnotherAuthorityIsRefused) {
  World world;
  Server& one = start(world, 1, certificate("one", "DNS:raftkv-node-1"));
  Server& two = start(world, 2, certificate("two", "DNS:raftkv-node-2", "other-ca"));
  const std::string log = refusal(world, one, two);
  EXPECT_NE(log.find("certificate verify failed"), std::string::npos) << log;
}

TEST_F(Tls, APeerWithTheCertificateOfAnotherNodeIsRefused) {
  World world;
  Server& one = start(world, 1, certificate("one", "DNS:raftkv-node-1"));
  Server& two = start(world, 2, certificate("three", "DNS:raftkv-node-3"));
  const std::string log = refusal(world, one, two);
  EXPECT_NE(log.find("its certificate is neither for raftkv-node-2 nor for 127.0.0.1"),
            std::string::npos)
      << log;
}

TEST_F(Tls, APeerWithoutTlsIsRefused) {
  World world;
  Server& one = start(world, 1, certificate("one", "DNS:raftkv-node-1"));
  Server& two = world.start(2, open<TcpTransport>);
  const std::string log = refusal(world, one, two);
  EXPECT_NE(log.find("TLS: "), std::string::npos) << log;
}

TEST_F(Tls, FilesThatCannotBeUsedAreNamed) {
  const TlsFiles one = certificate("one", "DNS:raftkv-node-1");
  const TlsFiles two = certificate("two", "DNS:raftkv-node-2");
  const auto message = [](const TlsFiles& files) {
    const auto context = TlsContext::load(files);
    return context.ok() ? std::string("fine") : context.error().message;
  };
  EXPECT_EQ(message(one), "fine");
  EXPECT_EQ(
      message({"/none", one.key, one.authority}).find("TLS: cannot use the certificate in /none"),
      0U);
  EXPECT_EQ(
      message({one.certificate, "/none", one.authority}).find("TLS: cannot use the key in /none"),
      0U);
  EXPECT_EQ(message({one.certificate, two.key, one.authority}).find("TLS: cannot use the key in "),
            0U);
  EXPECT_EQ(
      message({one.certificate, one.key, "/none"}).find("TLS: cannot use the authority in /none"),
      0U);
}

}  // namespace
}  // namespace transport
