// SPDX-License-Identifier: Apache-2.0
// A Store as bytes, and back (docs/formats/kv-snapshot.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kv/store.h"
#include "machine/state_machine.h"

namespace kv {

class SnapshotWriter final : public machine::Snapshot {
 public:
  // As Cut.
  explicit SnapshotWriter(Store& store) : cut_(store) {}

  std::string next(std::size_t about_bytes) override;

 private:
  enum class Part : std::uint8_t { Header, Pairs, Nothing };
  void fill();

  Cut cut_;
  Part part_ = Part::Header;
  std::uint64_t pairs_ = 0;
  std::string pending_;  // Made, and not given out from `given_` on.
  std::size_t given_ = 0;
};

class SnapshotReader final : public machine::Restore {
 public:
  // Requires: `store` outlives it.
  explicit SnapshotReader(Store& store) : store_(store) {}

  base::Status add(std::string_view bytes) override;
  base::Status finish() override;

 private:
  enum class Part : std::uint8_t { Header, Pairs, Nothing };
  // Takes what `in` begins with, and says how much that was; 0: it is not all there.
  base::Result<std::size_t> take(std::string_view in);
  base::Result<std::size_t> take_pair(std::string_view in);
  base::Error corrupt(const std::string& what) const;

  Store& store_;
  Part part_ = Part::Header;
  std::string pending_;      // Came, and is not understood yet.
  std::uint64_t taken_ = 0;  // Bytes understood.
  Store::Values values_;
};

}  // namespace kv
