// SPDX-License-Identifier: Apache-2.0
// How many messages a second are decoded, and handed on, by one core. Goal: 150,000.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check/wire/decoder.h"
#include "check/wire/encoder.h"
#include "check/wire/etcd_frame.h"
#include "check/wire/http_chunks.h"
#include "check/wire/protobuf_fields.h"

namespace {

using check::wire::Direction;
using check::wire::Frame;
using check::wire::Protocol;

constexpr std::uint64_t kMessages = 10'000;
constexpr std::size_t kEntryBytes = 128;
constexpr const char* kGoal = "goal: 150k messages/s";

// A connection on which a leader of etcd appends one entry after the other.
struct Appends {
  std::string request;
  std::string head;
  std::vector<std::string> chunks;  // One message each.
};

std::string raftpb_entry(std::uint64_t index) {
  std::string entry;
  check::wire::put_protobuf(entry, 1, 0);
  check::wire::put_protobuf(entry, 2, 7);
  check::wire::put_protobuf(entry, 3, index);
  check::wire::put_protobuf(entry, 4, std::string(kEntryBytes, 'x'));
  return entry;
}

Appends appends() {
  Appends stream;
  stream.request =
      "GET /raft/stream/msgapp/bb3763793ecc343e HTTP/1.1\r\nX-Raft-To: 2361f4b98672e2cb\r\n\r\n";
  stream.head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::uint64_t index = 0; index < kMessages; ++index) {
    std::string data;
    if (index == 0) {
      check::wire::Message message;
      message.term = check::wire::Term(7);
      message.prev_term = check::wire::Term(7);
      message.sender = "2361f4b98672e2cb";
      message.receiver = "bb3763793ecc343e";
      check::wire::RaftpbAppend append(message);
      append.entry(raftpb_entry(1));
      const std::string full = append.finish();
      data = '\2';
      check::wire::put_etcd_u64(data, full.size());
      data += full;
    } else {
      const std::string entry = raftpb_entry(index + 1);
      data = '\1';
      check::wire::put_etcd_u64(data, 1);
      check::wire::put_etcd_u64(data, entry.size());
      data += entry;
      check::wire::put_etcd_u64(data, index);
    }
    std::string chunk;
    check::wire::ChunkWriter().write(data, chunk);
    stream.chunks.push_back(chunk);
  }
  return stream;
}

void expect_messages(benchmark::State& state, std::uint64_t messages) {
  if (messages != kMessages) state.SkipWithError("not every message was decoded");
}

// As a capture is read: 64 KiB at a time.
void etcd_decode(benchmark::State& state) {
  const Appends stream = appends();
  std::string bytes = stream.head;
  for (const std::string& chunk : stream.chunks) bytes += chunk;
  for (auto step : state) {
    const auto decoder = check::wire::make_decoder(Protocol::Etcd);
    std::vector<Frame> frames;
    std::uint64_t messages = 0;
    decoder->feed(Direction::FromDialer, stream.request, frames);
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::string_view piece = rest.substr(0, 65536);
      rest.remove_prefix(piece.size());
      frames.clear();
      decoder->feed(Direction::FromAcceptor, piece, frames);
      for (const Frame& frame : frames) messages += frame.message ? 1U : 0U;
    }
    expect_messages(state, messages);
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{kMessages});
  state.SetLabel(kGoal);
}

// As the monitor does it: each message as it comes, handed on; every `Arg`th is left out (0: none).
void etcd_hand_on(benchmark::State& state) {
  const Appends stream = appends();
  const auto every = static_cast<std::uint64_t>(state.range(0));
  for (auto step : state) {
    const auto decoder = check::wire::make_decoder(Protocol::Etcd);
    const auto encoder = check::wire::make_encoder(Protocol::Etcd, Direction::FromAcceptor);
    std::vector<Frame> frames;
    std::uint64_t messages = 0;
    decoder->feed(Direction::FromDialer, stream.request, frames);
    frames.clear();
    decoder->feed(Direction::FromAcceptor, stream.head, frames);
    encoder->forward(frames.front());
    for (const std::string& chunk : stream.chunks) {
      frames.clear();
      decoder->feed(Direction::FromAcceptor, chunk, frames);
      for (const Frame& frame : frames) {
        messages += frame.message ? 1U : 0U;
        const bool leave_out = every > 0 && messages % every == 0;
        benchmark::DoNotOptimize(leave_out ? encoder->leave_out(frame) : encoder->forward(frame));
      }
    }
    expect_messages(state, messages);
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{kMessages});
  state.SetLabel(kGoal);
}

BENCHMARK(etcd_decode)->Unit(benchmark::kMillisecond);
BENCHMARK(etcd_hand_on)->Arg(0)->Arg(2)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
