// SPDX-License-Identifier: Apache-2.0
#include "check/wire/inflate.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace check::wire {
namespace {

constexpr std::size_t kMostCodeBits = 15;
constexpr std::size_t kMostLiterals = 288;
constexpr std::size_t kMostDistances = 30;
constexpr int kEndOfBlock = 256;
constexpr std::size_t kMostStored = 65535;  // In one block.

std::uint32_t adler32(std::string_view content) {
  constexpr std::uint32_t kModulus = 65521;
  constexpr std::size_t kSafeRun = 5552;  // The sums fit 32 bits for this long (RFC 1950 §9).
  std::uint32_t low = 1;
  std::uint32_t high = 0;
  while (!content.empty()) {
    const std::string_view run = content.substr(0, kSafeRun);
    for (const char byte : run) {
      low += static_cast<unsigned char>(byte);
      high += low;
    }
    low %= kModulus;
    high %= kModulus;
    content.remove_prefix(run.size());
  }
  return high << 16U | low;
}

// A canonical Huffman code (RFC 1951 §3.2.2). Codes up to kFastBits long are looked up at once.
class Code {
 public:
  // Symbol and length of a code; length 0: the bits mean nothing.
  struct Found {
    std::uint16_t symbol = 0;
    std::uint16_t bits = 0;
  };

  // False if the lengths ask for more codes than there are. An incomplete code is accepted; a bit
  // pattern that means nothing is found when it is met.
  constexpr bool assign(std::span<const std::uint8_t> lengths) {
    count_.fill(0);
    fast_.fill(Found{});
    for (const std::uint8_t length : lengths) ++count_[length];
    count_[0] = 0;
    int left = 1;
    std::array<std::uint16_t, kMostCodeBits + 2> offset{};
    std::array<std::uint32_t, kMostCodeBits + 2> code{};
    for (std::size_t bits = 1; bits <= kMostCodeBits; ++bits) {
      left = left * 2 - count_[bits];
      if (left < 0) return false;
      offset[bits + 1] = static_cast<std::uint16_t>(offset[bits] + count_[bits]);
      code[bits + 1] = (code[bits] + count_[bits]) * 2;
    }
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      const std::uint8_t length = lengths[symbol];
      if (length == 0) continue;
      const auto value = static_cast<std::uint16_t>(symbol);
      symbol_[offset[length]++] = value;
      if (length <= kFastBits) fill(code[length]++, Found{value, length});
    }
    return true;
  }

  // The code that `bits`, of which the lowest comes first, begin with.
  Found find(std::uint32_t bits) const {
    const Found found = fast_[bits & (kFast - 1)];
    return found.bits != 0 ? found : find_long(bits);
  }

 private:
  static constexpr std::size_t kFastBits = 9;
  static constexpr std::size_t kFast = std::size_t{1} << kFastBits;

  // Codes arrive with their highest bit first: the index is the code in reverse.
  constexpr void fill(std::uint32_t code, Found found) {
    std::size_t index = 0;
    for (std::size_t bit = 0; bit < found.bits; ++bit)
      index |= (code >> bit & 1U) << (found.bits - 1 - bit);
    for (; index < kFast; index += std::size_t{1} << found.bits) fast_[index] = found;
  }

  Found find_long(std::uint32_t bits) const {
    int code = 0;
    int first = 0;
    int index = 0;
    for (std::uint16_t length = 1; length <= kMostCodeBits; ++length, bits >>= 1U) {
      code |= static_cast<int>(bits & 1U);
      const int count = count_[length];
      if (code - count < first) {
        return {symbol_[static_cast<std::size_t>(index + code - first)], length};
      }
      index += count;
      first = (first + count) * 2;
      code *= 2;
    }
    return {};
  }

  std::array<Found, kFast> fast_{};
  std::array<std::uint16_t, kMostCodeBits + 1> count_{};
  std::array<std::uint16_t, kMostLiterals> symbol_{};
};

// The codes of blocks that bring none (RFC 1951 §3.2.6).
constexpr Code fixed_literals() {
  std::array<std::uint8_t, kMostLiterals> lengths{};
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
  }
  Code code;
  code.assign(lengths);
  return code;
}
constexpr Code fixed_distances() {
  std::array<std::uint8_t, kMostDistances> lengths{};
  lengths.fill(5);
  Code code;
  code.assign(lengths);
  return code;
}
constexpr Code kFixedLiterals = fixed_literals();
constexpr Code kFixedDistances = fixed_distances();

// RFC 1951 §3.2.5: the shortest length or distance of each symbol, and the bits that are added.
constexpr std::array<std::uint16_t, 29> kLengthBase = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                       15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                       67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<std::uint8_t, 29> kLengthBits = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                      2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<std::uint16_t, kMostDistances> kDistanceBase = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
constexpr std::array<std::uint8_t, kMostDistances> kDistanceBits = {
    0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
    6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

class Inflater {
 public:
  Inflater(std::string_view in, std::size_t most_bytes) : in_(in), most_bytes_(most_bytes) {
    out_.reserve(std::min(most_bytes, 4 * in.size()));
  }

  // Blocks up to the last one; null, or what is wrong with them.
  const char* run() {
    bool last = false;
    while (!last && wrong_ == nullptr) {
      last = bits(1) == 1;
      block(bits(2));
    }
    return wrong_;
  }

  std::size_t consumed() const { return at_ - left_ / 8; }  // Whole bytes.
  std::string take_content() { return std::move(out_); }

 private:
  void block(unsigned kind) {
    if (wrong_ != nullptr) return;
    if (kind == 0) {
      stored();
    } else if (kind == 1) {
      compressed(kFixedLiterals, kFixedDistances);
    } else if (kind == 2) {
      if (dynamic_codes()) compressed(literals_, distances_);
    } else {
      wrong_ = "a block is of no known kind";
    }
  }

  // Takes in what fits; behind the end there are zeros.
  void refill() {
    while (left_ <= 56 && at_ < in_.size()) {
      hold_ |= std::uint64_t{static_cast<unsigned char>(in_[at_++])} << left_;
      left_ += 8;
    }
  }

  void drop(unsigned count) {
    if (count > left_) {
      wrong_ = "it ends too early";
      return;
    }
    hold_ >>= count;
    left_ -= count;
  }

  unsigned bits(unsigned count) {
    if (left_ < count) refill();
    const auto value = static_cast<unsigned>(hold_ & ((std::uint64_t{1} << count) - 1));
    drop(count);
    return value;
  }

  bool room(std::size_t count) {
    if (count <= most_bytes_ - out_.size()) return true;
    wrong_ = "its content is longer than allowed";
    return false;
  }

  void stored() {
    at_ = consumed();
    hold_ = 0;
    left_ = 0;
    if (in_.size() - at_ < 4) {
      wrong_ = "it ends too early";
      return;
    }
    const auto byte = [this](std::size_t offset) -> unsigned {
      return static_cast<unsigned char>(in_[at_ + offset]);
    };
    const unsigned length = byte(0) | byte(1) << 8U;
    if (length != (~(byte(2) | byte(3) << 8U) & 0xffffU)) {
      wrong_ = "a stored block contradicts its own length";
      return;
    }
    at_ += 4;
    if (in_.size() - at_ < length) {
      wrong_ = "it ends too early";
      return;
    }
    if (!room(length)) return;
    out_.append(in_.substr(at_, length));
    at_ += length;
  }

  bool dynamic_codes() {
    constexpr std::array<std::uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                     11, 4,  12, 3, 13, 2, 14, 1, 15};
    const std::size_t literals = bits(5) + 257;
    const std::size_t distances = bits(5) + 1;
    const std::size_t lengths = bits(4) + 4;
    if (literals > 286 || distances > kMostDistances) wrong_ = "a block has too many codes";
    std::array<std::uint8_t, 19> shape{};
    for (std::size_t at = 0; at < lengths; ++at) {
      shape[kOrder[at]] = static_cast<std::uint8_t>(bits(3));
    }
    if (wrong_ == nullptr && !literals_.assign(shape)) wrong_ = "a block's codes overlap";
    std::array<std::uint8_t, 286 + kMostDistances> all{};
    if (wrong_ != nullptr || !code_lengths(std::span(all).first(literals + distances)))
      return false;
    const bool fine = literals_.assign(std::span(all).first(literals)) &&
                      distances_.assign(std::span(all).subspan(literals, distances));
    if (!fine) wrong_ = "a block's codes overlap";
    return fine;
  }

  // The run-length coded lengths of both codes (RFC 1951 §3.2.7). Uses literals_ as their code.
  bool code_lengths(std::span<std::uint8_t> lengths) {
    std::size_t at = 0;
    while (at < lengths.size()) {
      const int symbol = next(literals_);
      if (wrong_ != nullptr) return false;
      if (symbol < 16) {
        lengths[at++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol == 16 && at == 0) wrong_ = "a block repeats a length before the first";
      const std::uint8_t repeated = symbol == 16 && at > 0 ? lengths[at - 1] : 0;
      const std::size_t times = symbol == 16   ? 3 + bits(2)
                                : symbol == 17 ? 3 + bits(3)
                                               : 11 + bits(7);
      if (times > lengths.size() - at) wrong_ = "a block has too many lengths";
      if (wrong_ != nullptr) return false;
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(at), times, repeated);
      at += times;
    }
    return true;
  }

  int next(const Code& code) {
    if (left_ < kMostCodeBits) refill();
    const Code::Found found = code.find(static_cast<std::uint32_t>(hold_));
    if (found.bits == 0) {
      wrong_ = "bits mean nothing";
      return -1;
    }
    drop(found.bits);
    return found.symbol;
  }

  void compressed(const Code& literals, const Code& distances) {
    while (wrong_ == nullptr) {
      const int symbol = next(literals);
      if (wrong_ != nullptr || symbol == kEndOfBlock) return;
      if (symbol < kEndOfBlock) {
        if (room(1)) out_.push_back(static_cast<char>(symbol));
      } else {
        repeat(static_cast<std::size_t>(symbol) - 257, distances);
      }
    }
  }

  void repeat(std::size_t length_symbol, const Code& distances) {
    if (length_symbol >= kLengthBase.size()) {
      wrong_ = "bits mean nothing";
      return;
    }
    const std::size_t length = kLengthBase[length_symbol] + bits(kLengthBits[length_symbol]);
    const int symbol = next(distances);
    if (wrong_ != nullptr) return;
    const auto which = static_cast<std::size_t>(symbol);
    const std::size_t distance = kDistanceBase[which] + bits(kDistanceBits[which]);
    if (wrong_ != nullptr) return;
    if (distance > out_.size()) {
      wrong_ = "it repeats what was before its begin";
      return;
    }
    if (!room(length)) return;
    // The source may overlap what is being written: byte by byte.
    const std::size_t from = out_.size() - distance;
    for (std::size_t at = 0; at < length; ++at) out_.push_back(out_[from + at]);
  }

  std::string_view in_;
  std::size_t most_bytes_;
  std::string out_;
  std::size_t at_ = 0;
  std::uint64_t hold_ = 0;  // Bits that come next, the first one lowest.
  unsigned left_ = 0;       // How many.
  const char* wrong_ = nullptr;
  Code literals_;
  Code distances_;
};

base::Error bad(const char* what) {
  return {base::ErrorCode::InvalidArgument, std::string("not a zlib stream: ") + what};
}

}  // namespace

base::Result<std::string> inflate(std::string_view compressed, std::size_t most_bytes) {
  if (compressed.size() < 6) return bad("it ends too early");
  const auto byte = [&compressed](std::size_t at) -> std::uint32_t {
    return static_cast<unsigned char>(compressed[at]);
  };
  const bool deflate = (byte(0) & 0x0fU) == 8 && (byte(0) >> 4U) <= 7;
  if (!deflate || (byte(0) << 8U | byte(1)) % 31 != 0) return bad("its first two bytes are wrong");
  if ((byte(1) & 0x20U) != 0) return bad("it needs a dictionary");
  Inflater inflater(compressed.substr(2, compressed.size() - 6), most_bytes);
  if (const char* wrong = inflater.run()) return bad(wrong);
  if (inflater.consumed() != compressed.size() - 6) return bad("bytes are left over");
  std::string content = inflater.take_content();
  std::uint32_t sum = 0;
  for (std::size_t at = compressed.size() - 4; at < compressed.size(); ++at)
    sum = sum << 8U | byte(at);
  if (sum != adler32(content)) return bad("its checksum is wrong");
  return content;
}

std::string deflate_stored(std::string_view content) {
  std::string out = "\x78\x01";
  const std::uint32_t sum = adler32(content);
  bool last = false;
  while (!last) {
    const std::string_view block = content.substr(0, kMostStored);
    content.remove_prefix(block.size());
    last = content.empty();
    out.push_back(last ? '\1' : '\0');
    const auto length = static_cast<unsigned>(block.size());
    for (const unsigned field : {length, ~length}) {
      out.push_back(static_cast<char>(field & 0xffU));
      out.push_back(static_cast<char>(field >> 8U & 0xffU));
    }
    out.append(block);
  }
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    out.push_back(static_cast<char>(sum >> (shift - 8) & 0xffU));
  }
  return out;
}

}  // namespace check::wire
