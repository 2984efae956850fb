// SPDX-License-Identifier: Apache-2.0
#include "capi/cluster_file.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <fstream>
#include <set>
#include <vector>

#include "base/text.h"
#include "raft/quorum.h"

namespace capi {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{64} * 1024;
constexpr std::size_t kMinDatagramBytes = 256;
constexpr std::size_t kMaxDatagramBytes = 65507;  // RFC 768 over IPv4.
constexpr std::uint32_t kMaxMilliseconds = 60'000;
constexpr std::chrono::milliseconds kTick{10};  // Of the server: shorter times are one tick, too.

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  line = line.substr(0, line.find('#'));
  Words words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

template <class Number>
base::Status read_number(std::string_view word, Number low, Number high, Number& into) {
  Number value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || value < low || value > high) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("'{}' is not a number from {} to {}", word, low, high)};
  }
  into = value;
  return base::Done{};
}

base::Status read_milliseconds(std::string_view word, std::chrono::milliseconds& into) {
  std::uint32_t value = 0;
  TRY([[maybe_unused]] const auto read, read_number(word, 1U, kMaxMilliseconds, value));
  into = std::chrono::milliseconds(value);
  return base::Done{};
}

base::Status set_transport(const Words& words, ClusterFile& file) {
  if (words[1] != "udp" && words[1] != "tcp") {
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("'{}' is no transport: udp or tcp", words[1])};
  }
  file.transport = words[1] == "udp" ? ClusterFile::Transport::Udp : ClusterFile::Transport::Tcp;
  return base::Done{};
}
base::Status set_datagram_bytes(const Words& words, ClusterFile& file) {
  return read_number(words[1], kMinDatagramBytes, kMaxDatagramBytes, file.datagram_bytes);
}
base::Status set_election(const Words& words, ClusterFile& file) {
  TRY([[maybe_unused]] const auto low, read_milliseconds(words[1], file.election_min));
  return read_milliseconds(words[2], file.election_max);
}
base::Status set_heartbeat(const Words& words, ClusterFile& file) {
  return read_milliseconds(words[1], file.heartbeat);
}
base::Status set_cluster(const Words& words, ClusterFile& file) {
  file.cluster = words[1];
  return base::Done{};
}

struct Setting {
  std::string_view name;
  std::size_t values;
  base::Status (*set)(const Words& words, ClusterFile& file);
};
constexpr std::array kSettings{
    Setting{"transport", 1, set_transport}, Setting{"datagram-bytes", 1, set_datagram_bytes},
    Setting{"election-ms", 2, set_election}, Setting{"heartbeat-ms", 1, set_heartbeat},
    Setting{"cluster", 1, set_cluster}};

base::Status add_server(const Words& words, ClusterFile& file) {
  raft::NodeId id;
  constexpr auto kMaxId = static_cast<std::uint32_t>(raft::kMaxVoters);
  TRY([[maybe_unused]] const auto read, read_number(words[0], 1U, kMaxId, id.value));
  if (words.size() != 2) {
    return base::Error{base::ErrorCode::InvalidArgument, "expected: ID HOST:PORT"};
  }
  TRY(const os::HostPort where, os::parse_host_port(words[1]));
  if (where.port == 0) {
    return base::Error{base::ErrorCode::InvalidArgument, "port 0: nobody would find this server"};
  }
  if (!file.servers.emplace(id, where).second) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("server {} is listed twice", id.value)};
  }
  return base::Done{};
}

// `said`: the settings of the lines before.
base::Status read_line(const Words& words, ClusterFile& file, std::set<std::string_view>& said) {
  if ('0' <= words[0].front() && words[0].front() <= '9') return add_server(words, file);
  std::vector<std::string> names;
  names.reserve(kSettings.size());
  for (const Setting& setting : kSettings) {
    names.emplace_back(setting.name);
    if (setting.name != words[0]) continue;
    if (words.size() != setting.values + 1) {
      return base::Error{base::ErrorCode::InvalidArgument,
                         fmt::format("'{}' takes {} value(s)", words[0], setting.values)};
    }
    if (!said.insert(setting.name).second) {
      return base::Error{base::ErrorCode::InvalidArgument,
                         fmt::format("'{}' is there twice", words[0])};
    }
    return setting.set(words, file);
  }
  return base::Error{base::ErrorCode::InvalidArgument, base::unknown_word("word", words[0], names)};
}

base::Status check(const ClusterFile& file, const std::set<std::string_view>& said) {
  if (file.servers.empty()) {
    return base::Error{base::ErrorCode::InvalidArgument, "no line 'ID HOST:PORT'"};
  }
  std::set<std::string> addresses;
  for (const auto& [id, where] : file.servers) {
    if (!addresses.insert(where.text()).second) {
      return base::Error{base::ErrorCode::InvalidArgument, "two servers at " + where.text()};
    }
  }
  if (file.transport == ClusterFile::Transport::Tcp && said.count("datagram-bytes") > 0) {
    return base::Error{base::ErrorCode::InvalidArgument, "datagram-bytes: only for transport udp"};
  }
  if (file.heartbeat < kTick || file.heartbeat + kTick > file.election_min ||
      file.election_min > file.election_max) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       "expected: 10 <= heartbeat-ms, and 10 more <= election-ms MIN <= MAX"};
  }
  return base::Done{};
}

}  // namespace

base::Result<ClusterFile> parse_cluster_file(std::string_view text, const std::string& name) {
  ClusterFile file;
  std::set<std::string_view> said;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Words words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    if (const base::Status read = read_line(words, file, said); !read.ok()) {
      return base::Error{read.error().code,
                         fmt::format("{}:{}: {}", name, number, read.error().message)};
    }
  }
  if (const base::Status fits = check(file, said); !fits.ok()) {
    return base::Error{fits.error().code, name + ": " + fits.error().message};
  }
  return file;
}

base::Result<ClusterFile> read_cluster_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (!in && !in.eof())) {
    return base::Error{base::ErrorCode::InvalidArgument, path + ": cannot be read"};
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("{}: longer than {} bytes", path, kMaxFileBytes)};
  }
  return parse_cluster_file(text, path);
}

}  // namespace capi
