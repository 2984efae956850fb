// SPDX-License-Identifier: Apache-2.0
// How one connection of the load generator speaks: requests to bytes, bytes to answers. Connects
// nothing, waits for nothing, so that each protocol is a file of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace load {

enum class Operation : std::uint8_t { Set, Get };

struct Workload {
  Operation operation = Operation::Set;
  std::size_t value_bytes = 256;
};

// An answer: to the request that was put with this slot, and whether it was the answer hoped for.
struct Answer {
  std::uint32_t slot = 0;
  bool good = false;
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  // What is to be said before the first request.
  virtual void greet(std::string& out) = 0;
  // `key` has kKeyBytes. No two requests under way have the same slot.
  virtual void put(std::uint32_t slot, std::string_view key, std::string& out) = 0;
  // Takes what arrived; appends the answers that are whole, and to `out` what the protocol itself
  // has to say. False: this is not the protocol.
  virtual bool take(std::string_view bytes, std::vector<Answer>& answers, std::string& out) = 0;
};

constexpr std::size_t kKeyBytes = 9;

// Redis: raftkv, and the ceiling.
std::unique_ptr<Dialect> make_resp_dialect(const Workload& workload);
// gRPC over HTTP/2, without TLS: etcd.
std::unique_ptr<Dialect> make_etcd_dialect(const Workload& workload);

}  // namespace load
