// SPDX-License-Identifier: Apache-2.0
// history.jsonl, in pieces as large or small as the caller's buffer.
//
//   HistoryReader reader("runs/latest/history.jsonl");
//   while (...) TRY(base::Done done, reader.add(chunk));
//   TRY(History history, std::move(reader).finish());
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "check/history/operation.h"
#include "check/history/pairing.h"

namespace check::history {

struct History {
  std::vector<Operation> operations;
  std::size_t events = 0;
  bool torn = false;  // The last line was cut off, and ignored.
};

class HistoryReader {
 public:
  // `name` is what errors call the text: FILE:LINE: what was expected.
  explicit HistoryReader(std::string name) : name_(std::move(name)) {}

  base::Status add(std::string_view chunk);

  // A last line without a line break was torn by the writer's death; it is ignored unless it is
  // whole.
  base::Result<History> finish() &&;

 private:
  base::Status add_line(std::string_view line);
  base::Error at_line(const base::Error& error) const;

  std::string name_;
  Pairing pairing_;
  std::string rest_;  // Of the last chunk, behind its last line break.
  std::size_t line_ = 0;
};

// A whole text at once.
base::Result<History> read_history(std::string_view text, std::string name);

}  // namespace check::history
