// SPDX-License-Identifier: Apache-2.0
// The traffic file as others read it: tcpdump(8) must take it, and the payload that it shows must
// be what was sent.
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/prng.h"
#include "check/monitor/endpoint.h"
#include "check/monitor/traffic_log.h"
#include "check/monitor/world_test.h"

namespace check::monitor {
namespace {

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/monitor_test.XXXXXX";
    path_ = mkdtemp(name);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    unlink(file().c_str());
    rmdir(path_.c_str());
  }
  std::string file() const { return path_ + "/traffic.pcapng"; }

 private:
  std::string path_;
};

// Root must not run tcpdump here: it would want to become a user that this namespace does not have.
const std::string kTcpdump = "unshare --user --map-user=1 --map-group=1 tcpdump -nn ";

std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  std::string output;
  char buffer[65536];
  std::size_t size = 0;
  while ((size = fread(buffer, 1, sizeof buffer, pipe)) > 0) output.append(buffer, size);
  EXPECT_EQ(pclose(pipe), 0) << command << ": " << output;
  return output;
}

// The IP packets of a capture, as tcpdump's hexadecimal dump shows them.
std::vector<std::string> packets_of(const std::string& file) {
  std::istringstream lines(output_of(kTcpdump + "-t -x -r " + file));
  std::vector<std::string> packets;
  std::string line;
  while (std::getline(lines, line)) {
    if (line.rfind("\t0x", 0) != 0) {
      packets.emplace_back();
      continue;
    }
    std::string digits;
    for (const char letter : line.substr(line.find(':') + 1)) {
      if (letter != ' ') digits += letter;
    }
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      packets.back() += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    }
  }
  return packets;
}

std::uint32_t number_at(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    number = number << 8 | static_cast<std::uint8_t>(bytes.at(at + i));
  }
  return number;
}

// Payload of each TCP stream, put together by sequence number.
std::map<std::string, std::string> streams_of(const std::vector<std::string>& packets) {
  std::map<std::string, std::string> streams;
  std::map<std::string, std::uint32_t> begins;
  for (const std::string& packet : packets) {
    if (packet.at(9) != 6) continue;
    const std::string name = address_text(number_at(packet, 12, 4)) + ':' +
                             std::to_string(number_at(packet, 20, 2)) + '>' +
                             address_text(number_at(packet, 16, 4)) + ':' +
                             std::to_string(number_at(packet, 22, 2));
    const std::uint32_t sequence = number_at(packet, 24, 4);
    if ((number_at(packet, 33, 1) & kSyn) != 0) begins[name] = sequence + 1;
    const std::string payload = packet.substr(40);
    const std::size_t at = sequence - begins.at(name);
    if (payload.empty()) continue;
    std::string& stream = streams[name];
    if (stream.size() < at + payload.size()) stream.resize(at + payload.size());
    stream.replace(at, payload.size(), payload);
  }
  return streams;
}

std::string random_bytes(base::Prng& prng, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(prng.next());
  return bytes;
}

TEST(TrafficFile, ReadsBackAsWhatWasSent) {
  const Directory directory;
  World world;
  world.monitor({.pcapng = directory.file()});
  base::Prng prng(1);
  const std::string forth = random_bytes(prng, 150'000);
  const std::string back = random_bytes(prng, 70'000);
  auto pair = world.connected();
  const std::string client = pair.client.local();
  pair.client.send(forth);
  pair.client.finish();
  EXPECT_TRUE(pair.server.receive_all() == forth);
  pair.server.send(back);
  pair.server.close();
  EXPECT_TRUE(pair.client.receive_all() == back);
  world.stop_monitor();
  const auto streams = streams_of(packets_of(directory.file()));
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_TRUE(streams.at(client + ">10.77.0.2:7000") == forth);
  EXPECT_TRUE(streams.at("10.77.0.2:7000>" + client) == back);
  const std::string text = output_of(kTcpdump + "-vv -r " + directory.file());
  EXPECT_NE(text.find("(correct)"), std::string::npos);
  EXPECT_EQ(text.find("incorrect"), std::string::npos);
  EXPECT_EQ(text.find("bad cksum"), std::string::npos);
  EXPECT_NE(text.find("Flags [S]"), std::string::npos);
  EXPECT_NE(text.find("Flags [S.]"), std::string::npos);
  EXPECT_NE(text.find("Flags [F.]"), std::string::npos);
}

TEST(TrafficFile, HoldsDatagramsAlsoThoseLostOnPurpose) {
  const Directory directory;
  World world;
  world.monitor({.pcapng = directory.file()});
  Socket sender = world.datagram_socket(kOne, 7000);
  const sockaddr_in name = to_sockaddr({0x0a4d0002, 7000});
  ASSERT_EQ(connect(sender.fd(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  Socket receiver = world.datagram_socket(kTwo, 7000);
  sender.send("kept");
  EXPECT_EQ(receiver.receive(), "kept");
  world.relay().set_faults(kForth, {.udp_loss_ppm = 1'000'000});
  EXPECT_TRUE(world.relay().audit().complete);
  sender.send("lost");
  EXPECT_TRUE(eventually([&] { return world.relay().counters()[kForth].dropped == 1; }));
  world.stop_monitor();
  const auto packets = packets_of(directory.file());
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].substr(28), "kept");
  EXPECT_EQ(packets[1].substr(28), "lost");
  std::ifstream file(directory.file(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(bytes.find("lost on purpose: its receiver never got it"), std::string::npos);
}

TEST(TrafficFile, EndsAtItsLimitAndSaysWhatIsMissing) {
  const Directory directory;
  constexpr std::uint64_t kLimit = 10'000;
  auto opened = TrafficLog::open(directory.file(), kLimit);
  ASSERT_TRUE(opened.ok());
  auto log = std::move(opened).value();
  const SegmentHead head{.from = {0x0a4d0001, 1}, .to = {0x0a4d0002, 2}, .flags = kAck};
  for (int i = 0; i < 20; ++i) log->record(head, std::string(1000, 'x'));
  EXPECT_TRUE(eventually([&] { return log->state().packets == 20; }));
  const TrafficFile state = log->state();
  EXPECT_EQ(state.lost, 11U);
  EXPECT_EQ(state.error, "");
  log.reset();
  struct stat found {};
  ASSERT_EQ(stat(directory.file().c_str(), &found), 0);
  EXPECT_LE(static_cast<std::uint64_t>(found.st_size), kLimit);
  EXPECT_EQ(packets_of(directory.file()).size(), 9U);
}

TEST(TrafficFile, LosesRatherThanWaits) {
  const Directory directory;
  auto opened = TrafficLog::open(directory.file(), 1'000'000'000);
  ASSERT_TRUE(opened.ok());
  auto log = std::move(opened).value();
  const SegmentHead head{.from = {0x0a4d0001, 1}, .to = {0x0a4d0002, 2}, .flags = kAck};
  log->record(head, std::string(std::size_t{40} << 20, 'x'));  // More than the ring holds.
  log->record(head, "fits");
  EXPECT_TRUE(eventually([&] { return log->state().packets == 642; }));
  EXPECT_EQ(log->state().lost, 641U);
}

TEST(TrafficFile, AFullDiskEndsItWithTheReason) {
  auto opened = TrafficLog::open("/dev/full", 1'000'000'000);
  ASSERT_TRUE(opened.ok());
  auto log = std::move(opened).value();
  log->record({.from = {0x0a4d0001, 1}, .to = {0x0a4d0002, 2}, .flags = kAck},
              std::string_view("x"));
  EXPECT_TRUE(eventually([&] { return !log->state().error.empty(); }));
  EXPECT_EQ(log->state().error, "No space left on device");
}

TEST(TrafficFile, AFileThatCannotBeMadeIsAnError) {
  World world;
  const auto started = RaftMonitor::start(world.sandbox(), {.pcapng = "/no/such/directory/file"});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().message,
            "cannot write the traffic file /no/such/directory/file: No such file or directory");
}

}  // namespace
}  // namespace check::monitor
