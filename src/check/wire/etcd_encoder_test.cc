// SPDX-License-Identifier: Apache-2.0
// What a receiver is given when messages are left out or out of turn: decoded again, it must be
// what was meant.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "check/wire/etcd_sample_test.h"

namespace check::wire {
namespace {

using etcd_sample::conversation;

std::uint64_t seed_from_environment() {
  const char* text = std::getenv("SEED");
  const std::uint64_t seed = text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
  std::cout << "SEED=" << seed << '\n';
  return seed;
}

std::string show(const Message& message) { return show(Protocol::Etcd, message); }

// A leader that sends appends as etcd does: in the short form when it may. Now and then it goes
// back, skips ahead, sends nothing new, or is another leader.
class Leader {
 public:
  explicit Leader(base::Prng& prng) : prng_(prng) {}

  std::string next() {
    if (prng_.between(0, 9) == 0) return {'\0'};
    std::uint64_t prev = index_;
    std::uint64_t prev_term = term_;
    const std::uint64_t choice = prng_.between(0, 19);
    if (choice == 0) prev = prng_.between(1, index_);
    if (choice == 1) prev += 1;
    if (choice == 2) term_ += 1;
    if (choice == 3) prev_term = prng_.between(1, term_);
    std::string entries;
    const std::uint64_t count = prng_.between(0, 3);
    for (std::uint64_t entry = 1; entry <= count; ++entry) {
      entries += " e=" + std::to_string(prev + entry) + '/' + std::to_string(term_) + "/0/" +
                 std::string(prng_.between(0, 40), 'x');
    }
    const std::string commit = "commit=" + std::to_string(prng_.between(0, prev));
    const bool may_be_short =
        begun_ && prev == index_ && prev_term == last_term_ && term_ == prev_term;
    begun_ = true;
    index_ = prev + count;
    last_term_ = term_;
    if (may_be_short) return etcd_sample::data_of("short " + commit + entries);
    return etcd_sample::data_of("full type=3 term=" + std::to_string(term_) +
                                " log_term=" + std::to_string(prev_term) +
                                " index=" + std::to_string(prev) + ' ' + commit + entries);
  }

 private:
  base::Prng& prng_;
  bool begun_ = false;
  std::uint64_t index_ = 5;
  std::uint64_t term_ = 2;
  std::uint64_t last_term_ = 2;
};

std::string next_on_message_stream(base::Prng& prng) {
  if (prng.between(0, 4) == 0) return etcd_sample::data_of("streamed type=8 from=0 to=0");
  const std::uint64_t index = prng.between(1, 1000);
  return etcd_sample::data_of("streamed type=" + std::to_string(prng.between(3, 6)) +
                              " term=3 log_term=2 index=" + std::to_string(index));
}

// Data in chunks that have nothing to do with its frames, or little.
std::string in_chunks(const std::vector<std::string>& frames, base::Prng& prng) {
  std::string out;
  std::string data;
  for (const std::string& frame : frames) {
    data += frame;
    if (prng.between(0, 2) == 0) continue;
    const std::size_t cut = prng.between(0, 2) == 0 ? prng.between(0, data.size()) : data.size();
    ChunkWriter().write(data.substr(0, cut), out);
    data.erase(0, cut);
  }
  ChunkWriter().write(data, out);
  return out;
}

std::vector<Frame> decoded_stream(const std::string& name, const std::string& bytes) {
  std::vector<Piece> pieces = etcd_sample::stream_asked_for(name);
  pieces.push_back({Direction::FromAcceptor, bytes, 0});
  const auto decoder = make_decoder(Protocol::Etcd);
  std::vector<Frame> frames = decoded(*decoder, pieces);
  EXPECT_EQ(decoder->opaque(Direction::FromAcceptor), std::nullopt);
  frames.erase(frames.begin(), frames.begin() + 2);
  return frames;
}

std::vector<std::string> meanings(const std::vector<Frame>& frames) {
  std::vector<std::string> out;
  for (const Frame& frame : frames) {
    if (frame.message) out.push_back(show(*frame.message));
  }
  return out;
}

std::vector<Frame> random_stream(const std::string& name, base::Prng& prng) {
  std::vector<std::string> data;
  Leader leader(prng);
  const std::uint64_t count = prng.between(1, 60);
  for (std::uint64_t frame = 0; frame < count; ++frame) {
    data.push_back(name == "msgapp" ? leader.next() : next_on_message_stream(prng));
  }
  return decoded_stream(name, in_chunks(data, prng));
}

// Does something or nothing to each frame, and keeps what the receiver is meant to be told.
class Interference {
 public:
  Interference(const std::string& name, base::Prng& prng)
      : prng_(prng), encoder_(make_encoder(Protocol::Etcd, Direction::FromAcceptor)) {
    const auto decoder = make_decoder(Protocol::Etcd);
    for (const Frame& head : decoded(*decoder, etcd_sample::stream_asked_for(name))) {
      if (head.direction == Direction::FromAcceptor) encoder_->forward(head);
    }
  }

  void take(const Frame& frame, bool calm) {
    if (!frame.message || calm || prng_.between(0, 3) > 0) {
      forward(frame);
      return;
    }
    switch (prng_.between(0, 3)) {
      case 0:
        bytes_ += encoder_->leave_out(frame);
        break;
      case 1:
        bytes_ += encoder_->leave_out(frame);
        held_.push_back(frame);
        break;
      case 2:
        forward(frame);
        held_.push_back(frame);
        break;
      default:
        alter(frame);
    }
    if (!held_.empty() && prng_.between(0, 1) == 0) release();
  }

  void release() {
    const std::size_t which = prng_.between(0, held_.size() - 1);
    bytes_ += encoder_->out_of_turn(held_[which]);
    told_.push_back(show(*held_[which].message));
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void alter(const Frame& frame) {
    const auto changed = altered(Protocol::Etcd, frame, "term", prng_.between(1, 9));
    ASSERT_TRUE(changed.ok());
    forward(changed.value());
  }

  // Whether the frame passed as it is.
  bool forward(const Frame& frame) {
    const std::string given = encoder_->forward(frame);
    bytes_ += given;
    if (frame.message) told_.push_back(show(*frame.message));
    return given == frame.bytes;
  }

  const std::string& bytes() const { return bytes_; }
  const std::vector<std::string>& told() const { return told_; }

 private:
  base::Prng& prng_;
  std::unique_ptr<Encoder> encoder_;
  std::string bytes_;
  std::vector<Frame> held_;
  std::vector<std::string> told_;
};

TEST(EtcdEncoder, TellsTheReceiverWhatIsMeantWhateverIsDoneToTheMessages) {
  base::Prng seeds(seed_from_environment());
  for (int round = 0; round < 2000; ++round) {
    const std::string name = round % 3 == 0 ? "message" : "msgapp";
    const std::uint64_t seed = seeds.next();
    base::Prng prng(seed);
    const std::vector<Frame> frames = random_stream(name, prng);
    Interference interference(name, prng);
    for (const Frame& frame : frames) interference.take(frame, false);
    ASSERT_EQ(meanings(decoded_stream(name, interference.bytes())), interference.told())
        << "round " << round << ", " << name << ", seed of the round " << seed;
  }
}

TEST(EtcdEncoder, ChangesNothingAsLongAsNothingIsDone) {
  base::Prng prng(seed_from_environment());
  for (int round = 0; round < 300; ++round) {
    const std::string name = round % 3 == 0 ? "message" : "msgapp";
    Interference interference(name, prng);
    for (const Frame& frame : random_stream(name, prng)) {
      ASSERT_TRUE(interference.forward(frame));
    }
  }
}

// Encoders are not for captures that lose bytes; all the same they survive it.
TEST(EtcdEncoder, SurvivesBytesThatWereLost) {
  const std::vector<std::vector<std::string>> tails = {
      {"< \"99\" 0d 0a 00 01", "< lost 500", "< \"0\" 0d 0a 0d 0a"},
      {"< lost 500", "< short commit=9", "< short commit=9 e=10/4/0/ten"},
  };
  for (const auto& tail : tails) {
    std::vector<std::string> lines = {"msgapp", "< full type=3 term=4 index=8 log_term=4"};
    lines.insert(lines.end(), tail.begin(), tail.end());
    const auto decoder = make_decoder(Protocol::Etcd);
    const auto encoder = make_encoder(Protocol::Etcd, Direction::FromAcceptor);
    for (const Frame& frame : decoded(*decoder, conversation(lines))) {
      if (frame.direction == Direction::FromDialer) continue;
      EXPECT_FALSE(encoder->forward(frame).empty());
    }
    EXPECT_EQ(decoder->opaque(Direction::FromAcceptor), std::nullopt);
  }
}

TEST(EtcdEncoder, PassesFramesAsTheyAreAgainSoonAfterADrop) {
  const std::vector<std::string> lines = {
      "msgapp",
      "< full type=3 term=4 index=9 log_term=4 commit=9",
      "< short commit=9 e=10/4/0/ten",
      "< short commit=10 e=11/4/0/eleven",
      "< short commit=11",
      "< heartbeat",
      "< short commit=11 e=12/4/0/twelve",
  };
  const auto decoder = make_decoder(Protocol::Etcd);
  const std::vector<Frame> frames = decoded(*decoder, conversation(lines));
  const auto encoder = make_encoder(Protocol::Etcd, Direction::FromAcceptor);
  for (std::size_t at = 1; at < 3; ++at) encoder->forward(frames[at]);
  EXPECT_EQ(encoder->leave_out(frames[3]), "");
  EXPECT_NE(encoder->forward(frames[4]), frames[4].bytes);
  for (std::size_t at = 5; at < frames.size(); ++at) {
    EXPECT_EQ(encoder->forward(frames[at]), frames[at].bytes) << at;
  }
}

TEST(EtcdEncoder, EndsAStreamOfWhichAChunkIsStillOwed) {
  for (const std::string name : {"msgapp", "message"}) {
    const bool append = name == "msgapp";
    for (std::size_t rest = 0; rest < 40; ++rest) {
      const std::string first =
          append ? "< full type=3 term=4 index=9" : "< streamed type=8 term=4";
      const std::string second =
          append ? "+ full type=3 term=4 index=9 e=10/4/0/" : "+ streamed type=2 e=0/0/0/";
      const std::string third = append ? "< heartbeat" : "< streamed type=8 from=0 to=0";
      const auto decoder = make_decoder(Protocol::Etcd);
      const std::vector<Frame> frames =
          decoded(*decoder, conversation({name, first, second + std::string(rest, 'x'), third,
                                          "< \"0\" 0d 0a 0d 0a"}));
      const auto encoder = make_encoder(Protocol::Etcd, Direction::FromAcceptor);
      std::string bytes;
      for (std::size_t at = 1; at < frames.size(); ++at) {
        bytes += at == 3 ? encoder->leave_out(frames[at]) : encoder->forward(frames[at]);
      }
      std::vector<Piece> pieces = {etcd_sample::stream_asked_for(name).front()};
      pieces.push_back({Direction::FromAcceptor, bytes, 0});
      const auto again = make_decoder(Protocol::Etcd);
      const std::vector<Frame> given = decoded(*again, pieces);
      EXPECT_EQ(again->opaque(Direction::FromAcceptor), std::nullopt);
      EXPECT_EQ(EtcdShape::unpacked(given.back().shape).kind, EtcdKind::StreamEnd);
      EXPECT_EQ(meanings(given).size(), 1U);
    }
  }
}

TEST(EtcdEncoder, GivesNothingMoreWhereTheReceiverCouldMisunderstandWhatIsOpaque) {
  const std::vector<std::string> lines = {"msgapp", "< full type=3 term=4 index=9 log_term=4",
                                          "< short commit=9 e=10/4/0/ten", "< heartbeat",
                                          "< \"nonsense\""};
  for (const bool drop : {false, true}) {
    const auto decoder = make_decoder(Protocol::Etcd);
    std::vector<Frame> frames = decoded(*decoder, conversation(lines));
    ASSERT_TRUE(decoder->opaque(Direction::FromAcceptor));
    const auto encoder = make_encoder(Protocol::Etcd, Direction::FromAcceptor);
    for (std::size_t at = 1; at < 3; ++at) encoder->forward(frames[at]);
    if (drop) {
      encoder->leave_out(frames[3]);
    } else {
      encoder->forward(frames[3]);
    }
    EXPECT_EQ(encoder->forward(frames[4]), frames[4].bytes);
    for (std::size_t at = 5; at < frames.size(); ++at) {
      EXPECT_EQ(encoder->forward(frames[at]), drop ? "" : frames[at].bytes);
      EXPECT_EQ(encoder->out_of_turn(frames[3]), "");
    }
  }
}

// A posted message that is left out keeps its size, and its request its answer.
TEST(EtcdEncoder, PutsAMessageThatEtcdIgnoresInPlaceOfAPostedOne) {
  const auto decoder = make_decoder(Protocol::Etcd);
  const std::vector<Frame> frames = decoded(
      *decoder, conversation({"> post type=3 term=4 index=9 log_term=4 commit=9 e=10/4/0/ten",
                              "> snapshot type=7 term=4 snap=900/4 db=abc"}));
  ASSERT_EQ(frames.size(), 4U);
  const auto encoder = make_encoder(Protocol::Etcd, Direction::FromDialer);
  const std::string post = encoder->leave_out(frames[0]);
  EXPECT_EQ(post.size(), frames[0].bytes.size());
  const auto again = make_decoder(Protocol::Etcd);
  const std::vector<Frame> given = decoded(*again, {{Direction::FromDialer, post, 0}});
  EXPECT_EQ(show(*given.front().message),
            R"({"type":"Other","name":"MsgBeat","sender":"1a","receiver":"2b","term":4})");
  EXPECT_EQ(encoder->out_of_turn(frames[0]), "");

  EXPECT_EQ(encoder->forward(frames[1]), frames[1].bytes);
  std::string snapshot = encoder->leave_out(frames[2]);
  EXPECT_EQ(unchunked(snapshot, 0)[9], '\1');
  snapshot[snapshot.find(unhex("08 01")) + 1] = '\7';
  EXPECT_EQ(snapshot, frames[2].bytes);
}

}  // namespace
}  // namespace check::wire
