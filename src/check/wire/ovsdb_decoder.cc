// SPDX-License-Identifier: Apache-2.0
// The connections of OVSDB clusters (docs/formats/wire-ovsdb.md): JSON objects back to back. The
// directions do not depend on each other, and each message names its sender.
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
  Way(Direction direction, bool from_start) : stream(direction), searching_(!from_start) {}

  bool step(std::vector<Frame>& out) { return searching_ ? search(out) : follow(out); }

  void lost() {
    scanner_ = OvsdbScanner();
    searching_ = true;
  }

  Stream stream;

 private:
  // One object; false if more bytes are needed.
  bool follow(std::vector<Frame>& out) {
    const auto size = scanner_.object(stream.waiting());
    if (!size.ok()) return give_up(size.error().message);
    if (!size.value()) return false;
    auto message = ovsdb_message(stream.waiting().substr(0, *size.value()));
    if (!message.ok()) return give_up(message.error().message);
    out.push_back(stream.take(*size.value(), std::move(message).value()));
    return true;
  }

  // Goes on to the next seam between two objects.
  bool search(std::vector<Frame>& out) {
    const std::string_view waiting = stream.waiting();
    for (std::size_t at = 0; at < waiting.size(); ++at) {
      if (waiting[at] != kSeam[0]) continue;
      const std::string_view here = waiting.substr(at, kSeam.size() + 1);
      if (kSeam.substr(0, here.size()) == here) {  // It may become one.
        if (at > 0) out.push_back(stream.take(at));
        return false;
      }
      if (here.size() > kSeam.size() && here.starts_with(kSeam) && is_letter(here.back())) {
        out.push_back(stream.take(at + 1));
        searching_ = false;
        return true;
      }
    }
    stream.take_all(out);
    return false;
  }

  bool give_up(const std::string& why) {
    stream.give_up(why);
    return false;
  }

  OvsdbScanner scanner_;
  bool searching_;
};

class OvsdbDecoder final : public TwoStreams<Way> {
 public:
  using TwoStreams::TwoStreams;

 private:
  bool step(Direction direction, std::vector<Frame>& out) override {
    return side(direction).step(out);
  }
  void lost(Direction direction, std::uint64_t) override { side(direction).lost(); }
};

}  // namespace

std::unique_ptr<Decoder> make_ovsdb_decoder(const ConnectionStart& start) {
  return std::make_unique<OvsdbDecoder>(start);
}

}  // namespace check::wire
