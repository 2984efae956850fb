// SPDX-License-Identifier: Apache-2.0
// What the clients of a run do: a plan's [clients].
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string_view>

#include "base/result.h"
#include "check/plan/document.h"

namespace check::plan {

enum class WorkKind : std::uint8_t { Register, Queue };

struct WorkWord {
  WorkKind kind;
  std::string_view word;   // As plans and `--workload` say it.
  std::string_view model;  // What the answers are judged by (check/model).
  std::string_view meaning;
};

// All there are.
std::span<const WorkWord> work_words();
const WorkWord& describe(WorkKind kind);
std::optional<WorkKind> work_kind(std::string_view word);

// As many as a plan, or the command line in its place, can ask for.
inline constexpr std::uint32_t kMostClients = 1000;
inline constexpr std::uint32_t kMostKeys = 100'000;

// What clients do, each in a closed loop.
struct Work {
  WorkKind kind = WorkKind::Register;
  std::uint32_t clients = 8;
  std::uint32_t keys = 8;
  std::uint32_t elements = 100;  // Queue: appends to one list until the next takes its place.
  std::uint32_t stay = 1;    // For each node, so many keep to it whatever happens; the others roam.
  bool rotate_reads = true;  // Each read of a client that roams asks the next node.
  bool rotate_leaders = true;  // After the read-back others lead, and all is read back again.
  // Shares of the operations; their sum is not zero. In a queue, what is no read is an append.
  std::uint32_t read = 45;
  std::uint32_t write = 35;
  std::uint32_t cas = 20;
  std::uint32_t timeout_ms = 0;  // Of one operation; 0: half an election timeout, 200 to 1000 ms.
};

base::Result<Work> read_work(const Document& document, const Table& table);

// The keys, without the line "[clients]".
void write_work(const Work& work, std::ostream& out);

}  // namespace check::plan
