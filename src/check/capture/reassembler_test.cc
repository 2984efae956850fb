// SPDX-License-Identifier: Apache-2.0
#include "check/capture/reassembler.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/prng.h"
#include "golden/golden.h"

namespace check::capture {
namespace {

const char* word(Closing how) {
  switch (how) {
    case Closing::Refused:
      return "refused";
    case Closing::Ended:
      return "ended";
    case Closing::Reset:
      return "reset";
    case Closing::Replaced:
      return "replaced";
    case Closing::Evicted:
      return "evicted";
    case Closing::CaptureEnded:
      break;
  }
  return "capture ended";
}

class Script final : public ConnectionListener {
 public:
  void opened(const Opening& opening) override {
    out_ << opening.id << " opened " << opening.dialer.port << " > " << opening.acceptor.port
         << (opening.seen ? "\n" : " in the middle\n");
  }
  void bytes(ConnectionId id, Side from, std::uint64_t, std::string_view bytes) override {
    out_ << id << arrow(from) << bytes << '\n';
  }
  void gap(ConnectionId id, Side from, std::uint64_t, std::uint64_t bytes) override {
    out_ << id << arrow(from) << bytes << " bytes lost\n";
  }
  void closed(ConnectionId id, Closing how, std::uint64_t) override {
    out_ << id << " closed: " << word(how) << '\n';
  }
  std::string text() const {
    const std::string text = out_.str();
    return text.empty() ? "nothing" : text.substr(0, text.size() - 1);
  }

 private:
  static const char* arrow(Side from) { return from == Side::Dialer ? " > " : " < "; }
  std::ostringstream out_;
};

constexpr std::uint64_t kMillisecond = 1'000'000;

std::uint8_t flags_of(const std::string& letters) {
  std::uint8_t flags = 0;
  for (const char letter : letters) {
    if (letter == 'S') flags |= Segment::kSyn;
    if (letter == 'F') flags |= Segment::kFin;
    if (letter == 'R') flags |= Segment::kReset;
    if (letter == 'A') flags |= Segment::kAck;
  }
  return flags;
}

// A line is `TIME_MS FROM>TO FLAGS SEQUENCE ACKNOWLEDGED [PAYLOAD [WHOLE]]`, ports for ends,
// `-` for no flags; or `repeat N` of the line before; or `limits CONNECTIONS BYTES`.
TEST(Reassembler, PutsBytesInOrderAndSaysWhatIsLost) {
  golden::run_blocks(TESTDATA "/reassembler.txt", [](const golden::Block& block) {
    Script script;
    Reassembler::Options options;
    options.listening_ports = {9};
    std::vector<Segment> segments;
    std::vector<std::string> payloads(block.size());
    for (std::size_t i = 0; i < block.size(); ++i) {
      std::istringstream line(block[i]);
      std::string first;
      line >> first;
      if (first == "limits") {
        line >> options.limits.connections >> options.limits.waiting_bytes;
      } else if (first == "interfaces") {
        options.by_interface = true;
      } else if (first == "repeat") {
        std::size_t times = 0;
        line >> times;
        segments.insert(segments.end(), times, Segment(segments.back()));
      } else {
        Segment segment;
        char arrow = 0;
        std::string flags;
        segment.time_ns = std::stoull(first) * kMillisecond;
        line >> segment.from.port >> arrow >> segment.to.port >> flags >> segment.sequence >>
            segment.acknowledged >> payloads[i];
        segment.flags = flags_of(flags);
        segment.payload = payloads[i];
        segment.whole = static_cast<std::uint32_t>(payloads[i].size());
        line >> segment.whole;
        segments.push_back(segment);
      }
    }
    Reassembler reassembler(script, options);
    for (const Segment& segment : segments) reassembler.add(segment);
    reassembler.finish();
    return script.text();
  });
}

// What each side of each connection was given, with `?` for each lost byte.
class Collected final : public ConnectionListener {
 public:
  void opened(const Opening&) override { count_ += 1; }
  void bytes(ConnectionId id, Side from, std::uint64_t, std::string_view bytes) override {
    streams_[{id, from}] += bytes;
  }
  void gap(ConnectionId id, Side from, std::uint64_t, std::uint64_t bytes) override {
    streams_[{id, from}].append(static_cast<std::size_t>(bytes), '?');
  }
  void closed(ConnectionId, Closing, std::uint64_t) override {}
  std::string stream(Side from) { return streams_[{1, from}]; }
  int count() const { return count_; }

 private:
  int count_ = 0;
  std::map<std::pair<ConnectionId, Side>, std::string> streams_;
};

void mark_unseen(std::string& bytes, const std::vector<bool>& seen) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!seen[i]) bytes[i] = '?';
  }
}

void disorder(std::vector<Segment>& segments, base::Prng& prng) {
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    if (prng.between(0, 4 - 1) == 0) std::swap(segments[i], segments[i + 1]);
    if (prng.between(0, 6 - 1) == 0) segments.push_back(segments[i]);
  }
}

// A sender whose packets are cut anywhere, sent again, swapped and lost by the capture.
TEST(Reassembler, IsRightAboutRandomStreams) {
  const char* given = std::getenv("CAPTURE_SEED");
  const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device{}();
  std::cout << "CAPTURE_SEED=" << seed << '\n';
  base::Prng prng(seed);
  for (int round = 0; round < 300; ++round) {
    std::string sent(1 + prng.between(0, 3000 - 1), ' ');
    for (char& byte : sent) byte = static_cast<char>('a' + prng.between(0, 26 - 1));
    const auto origin = static_cast<std::uint32_t>(prng.next());
    const Endpoint a{ipv4(1), 40000};
    const Endpoint b{ipv4(2), 80};
    const auto segment = [&](const Endpoint& from, std::uint8_t flags) {
      Segment result;
      result.from = from;
      result.to = from == a ? b : a;
      result.flags = flags;
      result.sequence = origin;
      return result;
    };
    std::vector<Segment> segments;
    std::string expected = sent;
    std::vector<bool> seen(sent.size(), false);
    const bool lossy = prng.between(0, 2 - 1) == 0;
    for (std::size_t at = 0; at < sent.size();) {
      const std::size_t size =
          std::min<std::size_t>(sent.size() - at, 1 + prng.between(0, 200 - 1));
      Segment piece = segment(a, Segment::kAck);
      piece.sequence = origin + 1 + static_cast<std::uint32_t>(at);
      piece.payload = std::string_view(sent).substr(at, size);
      piece.whole = static_cast<std::uint32_t>(size);
      if (!lossy || prng.between(0, 10 - 1) != 0) {
        segments.push_back(piece);
        std::fill_n(seen.begin() + static_cast<std::ptrdiff_t>(at), size, true);
      }
      // Often the next one begins with bytes of this one.
      at += prng.between(0, 3 - 1) == 0 && size > 1 ? size - 1 : size;
    }
    mark_unseen(expected, seen);
    disorder(segments, prng);
    Collected collected;
    Reassembler reassembler(collected, {});
    reassembler.add(segment(a, Segment::kSyn));
    for (const Segment& piece : segments) reassembler.add(piece);
    Segment all = segment(b, Segment::kAck);
    all.acknowledged = origin + 2 + static_cast<std::uint32_t>(sent.size());
    Segment end = segment(a, Segment::kFin | Segment::kAck);
    end.sequence = all.acknowledged - 1;
    reassembler.add(end);
    reassembler.add(all);
    reassembler.finish();
    ASSERT_EQ(collected.count(), 1);
    ASSERT_EQ(collected.stream(Side::Dialer), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace check::capture
