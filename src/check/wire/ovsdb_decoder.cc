// SPDX-License-Identifier: Apache-2.0
// The connections of OVSDB clusters (docs/formats/wire-ovsdb.md): JSON objects back to back. The
// directions do not depend on each other, and each message names its sender.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "check/wire/ovsdb_message.h"
#include "check/wire/protocols.h"
#include "check/wire/stream.h"

namespace check::wire {
namespace {

// Between two objects, and nowhere else: inside a value no brace follows another, and a quote
// inside a string ends it, after which no letter can stand.
constexpr std::string_view kSeam = "}{\"";

bool is_letter(char byte) { return byte >= 'a' && byte <= 'z'; }

class Way {
 public:
  Way(Direction direction, bool from_start) : stream_(direction), searching_(!from_start) {}

  void feed(std::string_view bytes, std::vector<Frame>& out) {
    stream_.add(bytes);
    while (!stream_.opaque() && (searching_ ? search(out) : step(out))) {
    }
    stream_.settle(out);
  }

  void skip(std::vector<Frame>& out) {
    if (stream_.opaque()) return;
    stream_.take_all(out);
    scanner_ = OvsdbScanner();
    searching_ = true;
  }

  const std::optional<std::string>& opaque() const { return stream_.opaque(); }

 private:
  // One object; false if more bytes are needed.
  bool step(std::vector<Frame>& out) {
    const auto size = scanner_.object(stream_.waiting());
    if (!size.ok()) return give_up(size.error().message);
    if (!size.value()) return false;
    auto message = ovsdb_message(stream_.waiting().substr(0, *size.value()));
    if (!message.ok()) return give_up(message.error().message);
    out.push_back(stream_.take(*size.value(), std::move(message).value()));
    return true;
  }

  // Goes on to the next seam between two objects.
  bool search(std::vector<Frame>& out) {
    const std::string_view waiting = stream_.waiting();
    for (std::size_t at = 0; at < waiting.size(); ++at) {
      if (waiting[at] != kSeam[0]) continue;
      const std::string_view here = waiting.substr(at, kSeam.size() + 1);
      if (kSeam.substr(0, here.size()) == here) {  // It may become one.
        if (at > 0) out.push_back(stream_.take(at));
        return false;
      }
      if (here.size() > kSeam.size() && here.starts_with(kSeam) && is_letter(here.back())) {
        out.push_back(stream_.take(at + 1));
        searching_ = false;
        return true;
      }
    }
    stream_.take_all(out);
    return false;
  }

  bool give_up(const std::string& why) {
    stream_.give_up(why);
    return false;
  }

  Stream stream_;
  OvsdbScanner scanner_;
  bool searching_;
};

class OvsdbDecoder final : public Decoder {
 public:
  explicit OvsdbDecoder(const ConnectionStart& start)
      : ways_{Way(Direction::FromDialer, start.seen), Way(Direction::FromAcceptor, start.seen)} {}

  void feed(Direction direction, std::string_view bytes, std::vector<Frame>& out) override {
    way(direction).feed(bytes, out);
  }
  void skip(Direction direction, std::uint64_t bytes, std::vector<Frame>& out) override {
    if (bytes > 0) way(direction).skip(out);
  }
  const std::optional<std::string>& opaque(Direction direction) const override {
    return ways_[static_cast<std::size_t>(direction)].opaque();
  }

 private:
  Way& way(Direction direction) { return ways_[static_cast<std::size_t>(direction)]; }

  std::array<Way, 2> ways_;
};

}  // namespace

std::unique_ptr<Decoder> make_ovsdb_decoder(const ConnectionStart& start) {
  return std::make_unique<OvsdbDecoder>(start);
}

}  // namespace check::wire
