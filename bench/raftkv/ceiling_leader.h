// SPDX-License-Identifier: Apache-2.0
// Takes SET and GET from Redis clients. Per turn of its loop one frame for both followers, one
// durable append of its own, one send to each client that has answers.
//
//   wait -> read all that is ready -> frame to both followers -> answers that became true -> append
//
// A write is acknowledged when two of the three have it on disk, its own disk counting like the
// others; a read is answered from the map when a follower answered a round begun after the read
// came.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ceiling_frame.h"
#include "ceiling_log.h"
#include "os/fd.h"

namespace ceiling {

class Leader {
 public:
  Leader(Log& log, os::Fd listening, std::array<os::Fd, 2> followers);
  [[noreturn]] void serve();

 private:
  struct Client {
    os::Fd socket;
    std::string rest;  // Of a command that is not all there.
    std::string output;
    bool dirty = false;
  };
  struct Batch {
    Buffer frame;
    std::vector<std::uint32_t> clients;  // Of each entry.
  };
  struct Waiting {
    std::uint32_t client = 0;
    std::string key;
  };
  struct Round {
    std::uint64_t number = 0;
    std::vector<Waiting> reads;
  };
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): of the library.
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };

  void watch(int fd, std::uint64_t name) const;
  void accept_clients();
  void read_client(std::uint32_t name);
  // Bytes used by the command that `input` begins with; 0: it is not all there.
  std::size_t take_command(std::uint32_t client, std::string_view input);
  void add_write(std::uint32_t client, std::string_view key, std::string_view value);
  void read_follower(std::size_t which);
  void send_batch();
  void send_round();
  void to_followers(const void* bytes, std::size_t count);
  void commit();
  void apply(const Batch& batch);
  void answer_reads();
  std::string& output_of(std::uint32_t client);
  void flush();

  Log& log_;
  os::Fd listening_;
  std::array<os::Fd, 2> followers_;
  os::Fd epoll_;
  std::vector<char> received_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::uint32_t> dirty_;
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> values_;

  Batch gathering_;
  std::deque<Batch> sent_;
  std::vector<Batch> spare_;
  std::uint64_t last_batch_ = 0;
  std::uint64_t stored_ = 0;  // Here.
  std::uint64_t committed_ = 0;
  std::array<Ack, 2> acks_{};

  std::vector<Waiting> new_reads_;
  std::deque<Round> rounds_;
  std::uint64_t last_round_ = 0;
};

}  // namespace ceiling
