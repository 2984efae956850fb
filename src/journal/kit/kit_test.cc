// SPDX-License-Identifier: Apache-2.0
// Our own implementations keep the contract.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "journal/kit/conformance.h"
#include "journal/mapped_log.h"
#include "journal/segment_log.h"

namespace kit {
namespace {

std::uint64_t seed_from_environment() {
  const char* text = std::getenv("SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

void expect_conforming(const Subject& subject, std::uint64_t seeds) {
  const std::uint64_t first = seed_from_environment();
  std::cout << "SEED=" << first << '\n';
  const Report report = try_out(subject, {first, seeds, 25});
  for (const std::string& complaint : report.complaints) ADD_FAILURE() << complaint;
  EXPECT_GT(report.disasters, seeds * 300);
  std::cout << report.disasters << " disasters\n";
}

Subject segments(std::uint64_t segment_bytes, std::uint64_t prepare_bytes) {
  journal::Config config;
  config.cluster = 7;
  config.node = {1};
  config.segment_bytes = segment_bytes;
  config.prepare_bytes = prepare_bytes;
  return {"segments of " + std::to_string(segment_bytes),
          [config](io::Disk& disk) { return std::make_unique<journal::SegmentLog>(disk, config); }};
}

Subject mapped(std::uint64_t mark_bytes) {
  journal::Config config;
  config.cluster = 7;
  config.node = {1};
  config.mark_bytes = mark_bytes;
  config.prepare_bytes = 1000;  // Grows often.
  return {"mapped file, marks of " + std::to_string(mark_bytes),
          [config](io::Disk& disk) { return std::make_unique<journal::MappedLog>(disk, config); }};
}

// Among its calls to the disk is each msync, and each store before it.
TEST(Conformance, OfTheMappedFile) { expect_conforming(mapped(16384), 4); }
TEST(Conformance, OfTheMappedFileThatMovesForward) { expect_conforming(mapped(1), 3); }
TEST(Conformance, OfSmallSegmentsWrittenInAdvance) { expect_conforming(segments(6000, 1024), 4); }
TEST(Conformance, OfSegmentsThatGrow) { expect_conforming(segments(6000, 0), 3); }
TEST(Conformance, OfSegmentsOfOneFrame) { expect_conforming(segments(512, 1024), 2); }
TEST(Conformance, OfOneLargeSegment) { expect_conforming(segments(1U << 20U, 4096), 2); }

}  // namespace
}  // namespace kit
