// SPDX-License-Identifier: Apache-2.0
#include "check/sniff/packet_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <system_error>

#include "check/monitor/pcapng.h"

namespace check::sniff {
namespace {

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kWriteBytes = std::size_t{1} << 20;
constexpr std::uint64_t kStatisticsBytes = 64;

}  // namespace

base::Result<std::unique_ptr<PacketFile>> PacketFile::open(const std::string& path,
                                                           std::uint64_t most_bytes) {
  sandbox::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.open()) return sandbox::system_error("cannot write the traffic file " + path);
  return std::unique_ptr<PacketFile>(new PacketFile(std::move(file), most_bytes));
}

PacketFile::PacketFile(sandbox::Fd file, std::uint64_t most_bytes)
    : file_(std::move(file)), most_bytes_(most_bytes) {
  monitor::pcapng::append_section(out_, "seaworthy");
  monitor::pcapng::append_interface(out_, "switch");
}

void PacketFile::add(const capture::Packet& packet) {
  state_.packets += 1;
  if (packet.bytes.size() < kEthernetBytes) return;
  const std::size_t before = out_.size();
  const std::string_view bytes = packet.bytes.substr(kEthernetBytes);  // Raw IP.
  monitor::pcapng::append_packet(out_, packet.time_ns, std::span(bytes.data(), bytes.size()), "");
  if (state_.bytes + out_.size() + kStatisticsBytes > most_bytes_ || !state_.error.empty()) {
    out_.resize(before);
    state_.lost += 1;
  }
  if (out_.size() >= kWriteBytes) flush();
}

void PacketFile::flush() {
  std::size_t done = 0;
  while (done < out_.size() && state_.error.empty()) {
    const ssize_t size = write(file_.get(), out_.data() + done, out_.size() - done);
    if (size >= 0) {
      done += static_cast<std::size_t>(size);
    } else if (errno != EINTR) {
      state_.error = std::system_category().message(errno);
    }
  }
  state_.bytes += done;
  out_.clear();
}

void PacketFile::finish(std::uint64_t time_ns, std::uint64_t lost) {
  state_.packets += lost;
  state_.lost += lost;
  monitor::pcapng::append_statistics(out_, time_ns, state_.packets, state_.lost);
  flush();
}

}  // namespace check::sniff
