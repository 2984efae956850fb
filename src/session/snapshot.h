// SPDX-License-Identifier: Apache-2.0
// A Table as bytes in front of the inner machine's snapshot, and back (docs/formats/sessions.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "machine/state_machine.h"
#include "session/table.h"

namespace session {

class SnapshotWriter final : public machine::Snapshot {
 public:
  // `inner`: of the same moment.
  SnapshotWriter(const Table& table, std::unique_ptr<machine::Snapshot> inner);

  std::string next(std::size_t about_bytes) override;

 private:
  void write_header();
  void write_session();

  Table table_;
  Table::Records::const_iterator at_;
  std::string pending_;  // Made, and not given out from `given_` on.
  std::size_t given_ = 0;
  std::unique_ptr<machine::Snapshot> inner_;
};

class SnapshotReader final : public machine::Restore {
 public:
  // Requires: `table` outlives it.
  SnapshotReader(Table& table, std::unique_ptr<machine::Restore> inner)
      : table_(table), staged_(table.limits()), inner_(std::move(inner)) {}

  base::Status add(std::string_view bytes) override;
  base::Status finish() override;

 private:
  enum class Part : std::uint8_t { Header, Session, Answer, Inner };
  // Takes what `in` begins with, and says how much that was; 0: it is not all there.
  base::Result<std::size_t> take(std::string_view in);
  base::Result<std::size_t> take_header(std::string_view in);
  base::Result<std::size_t> take_session(std::string_view in);
  base::Result<std::size_t> take_answer(std::string_view in);
  base::Status end_session_if_whole();
  base::Error corrupt(const std::string& what) const;

  Table& table_;
  Table staged_;
  std::unique_ptr<machine::Restore> inner_;
  Part part_ = Part::Header;
  std::string pending_;      // Came, and is not understood yet.
  std::uint64_t taken_ = 0;  // Bytes understood, up to the inner machine's.
  std::uint64_t sessions_left_ = 0;
  std::uint64_t answers_left_ = 0;  // Of the session that is being read:
  SessionId session_;
  Record record_;
};

}  // namespace session
