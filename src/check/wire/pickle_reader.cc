// SPDX-License-Identifier: Apache-2.0
// Pickle::read: opcodes to values.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "check/wire/pickle.h"
#include "check/wire/pickle_opcode.h"

namespace check::wire {
namespace {

using Kind = PickleValue::Kind;
using Op = PickleOpcode;

constexpr std::uint32_t kMark = std::numeric_limits<std::uint32_t>::max();  // On the stack.
constexpr std::int64_t kEncode = 1;     // Global _codecs.encode: text and "latin1" to bytes.
constexpr std::int64_t kMakeBytes = 2;  // Global bytes: from nothing, the empty bytes.

// Two's complement, little-endian, of any length (pickletools.decode_long); none if it does not
// fit.
std::optional<std::int64_t> decode_long(std::string_view raw) {
  if (raw.size() > 8) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t at = 0; at < raw.size(); ++at) {
    value |= std::uint64_t{static_cast<unsigned char>(raw[at])} << (8 * at);
  }
  const bool negative = !raw.empty() && (static_cast<unsigned char>(raw.back()) & 0x80U) != 0;
  if (negative && raw.size() < 8) value |= ~std::uint64_t{0} << (8 * raw.size());
  return static_cast<std::int64_t>(value);
}

// UTF-8 of code points below 256, as those bytes; none if it is anything else.
std::optional<std::string> latin1(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) {
      bytes.push_back(text[at]);
      continue;
    }
    if ((first != 0xc2 && first != 0xc3) || at + 1 == text.size()) return std::nullopt;
    const auto second = static_cast<unsigned char>(text[++at]);
    if ((second & 0xc0U) != 0x80) return std::nullopt;
    bytes.push_back(static_cast<char>((first & 3U) << 6U | (second & 0x3fU)));
  }
  return bytes;
}

}  // namespace

// A stack machine that only builds values.
class PickleReader {
 public:
  explicit PickleReader(std::string_view text) : in_(text) {
    constexpr std::size_t kUsual = 64;  // Values of a message without many entries.
    pickle_.values_.reserve(kUsual);
    memo_.reserve(kUsual);
    stack_.reserve(kUsual);
  }

  base::Result<Pickle> run() {
    while (!stopped_ && in_.ok()) {
      begin_ = in_.position();
      step(in_.u8());
    }
    if (stopped_ && (stack_.size() != 1 || stack_[0] == kMark)) {
      in_.refuse(begin_, "it stops with something left to do");
    }
    TRY(const base::Done done, in_.finish("pickle"));
    (void)done;
    pickle_.root_ = stack_[0];
    return std::move(pickle_);
  }

 private:
  void refuse(const char* what) { in_.refuse(begin_, what); }

  void step(std::uint8_t opcode) {
    if (!in_.ok()) return;
    if (!number(opcode) && !string(opcode) && !container(opcode) && !memory(opcode)) {
      refuse("an opcode that is not understood");
    }
  }

  bool number(std::uint8_t opcode) {
    switch (opcode) {
      case Op::NoneOpcode:
        push(Kind::None, 0);
        return true;
      case Op::NewTrue:
        push(Kind::Boolean, 1);
        return true;
      case Op::NewFalse:
        push(Kind::Boolean, 0);
        return true;
      case Op::BinInt:
        push(Kind::Integer, static_cast<std::int32_t>(in_.u32()));
        return true;
      case Op::BinInt1:
        push(Kind::Integer, in_.u8());
        return true;
      case Op::BinInt2:
        push(Kind::Integer, in_.u16());
        return true;
      case Op::Long1:
        long_number(in_.u8());
        return true;
      case Op::Long4:
        long_number(in_.u32());
        return true;
      case Op::BinFloat:
        in_.bytes(8);
        push(Kind::Real, 0);
        return true;
      default:
        return false;
    }
  }

  void long_number(std::size_t size) {
    const std::optional<std::int64_t> value = decode_long(in_.bytes(size));
    if (!value) refuse("a number too long");
    push(Kind::Integer, value.value_or(0));
  }

  bool string(std::uint8_t opcode) {
    switch (opcode) {
      case Op::BinUnicode:
      case Op::BinString:
        push_bytes(Kind::Text, in_.sized());
        return true;
      case Op::ShortBinString:
        push_bytes(Kind::Text, in_.bytes(in_.u8()));
        return true;
      case Op::BinBytes:
        push_bytes(Kind::Bytes, in_.sized());
        return true;
      case Op::ShortBinBytes:
        push_bytes(Kind::Bytes, in_.bytes(in_.u8()));
        return true;
      default:
        return false;
    }
  }

  bool container(std::uint8_t opcode) {
    switch (opcode) {
      case Op::EmptyDictionary:
        push(Kind::Dictionary, 0);
        return true;
      case Op::EmptyList:
        push(Kind::List, 0);
        return true;
      case Op::EmptyTuple:
        push(Kind::Tuple, 0);
        return true;
      case Op::Tuple1:
      case Op::Tuple2:
      case Op::Tuple3:
        if (has(opcode - Op::Tuple1 + std::size_t{1}))
          tuple(stack_.size() - (opcode - Op::Tuple1 + 1U));
        return true;
      case Op::TupleOpcode:
        if (const auto at = last_mark()) tuple(*at);
        return true;
      case Op::Append:
        if (has(2)) extend(Kind::List, stack_.size() - 1);
        return true;
      case Op::SetItem:
        if (has(3)) extend(Kind::Dictionary, stack_.size() - 2);
        return true;
      case Op::Appends:
        if (const auto at = last_mark()) extend(Kind::List, *at);
        return true;
      case Op::SetItems:
        if (const auto at = last_mark()) extend(Kind::Dictionary, *at);
        return true;
      default:
        return false;
    }
  }

  bool memory(std::uint8_t opcode) {
    switch (opcode) {
      case Op::Protocol:
        if (in_.u8() > 5) refuse("a later protocol");
        return true;
      case Op::Stop:
        stopped_ = true;
        return true;
      case Op::Mark:
        stack_.push_back(kMark);
        if (stack_.size() > Pickle::kMostValues) refuse("too many values");
        return true;
      case Op::BinPut:
        put(in_.u8());
        return true;
      case Op::LongBinPut:
        put(in_.u32());
        return true;
      case Op::BinGet:
        get(in_.u8());
        return true;
      case Op::LongBinGet:
        get(in_.u32());
        return true;
      case Op::GlobalOpcode:
        global();
        return true;
      case Op::Reduce:
        reduce();
        return true;
      default:
        return false;
    }
  }

  PickleValue& value(std::uint32_t which) { return pickle_.values_[which]; }

  void push(Kind kind, std::int64_t number) {
    if (pickle_.values_.size() >= Pickle::kMostValues || stack_.size() >= Pickle::kMostValues) {
      refuse("too many values");
      return;
    }
    stack_.push_back(static_cast<std::uint32_t>(pickle_.values_.size()));
    PickleValue& made = pickle_.values_.emplace_back();
    made.kind = kind;
    made.number = number;
    made.begin = begin_;
    made.end = in_.position();
  }

  void push_bytes(Kind kind, std::string_view bytes) {
    push(kind, 0);
    if (in_.ok()) value(stack_.back()).bytes = bytes;
  }

  // Whether the stack ends with as many values.
  bool has(std::size_t count) {
    if (stack_.size() >= count && std::find(stack_.end() - static_cast<std::ptrdiff_t>(count),
                                            stack_.end(), kMark) == stack_.end()) {
      return true;
    }
    refuse("values are missing");
    return false;
  }

  // Takes the last mark off the stack; where the values above it begin now.
  std::optional<std::size_t> last_mark() {
    const auto found = std::find(stack_.rbegin(), stack_.rend(), kMark);
    if (found == stack_.rend()) {
      refuse("a mark is missing");
      return std::nullopt;
    }
    const std::ptrdiff_t above = found - stack_.rbegin();
    stack_.erase(stack_.end() - above - 1);
    return stack_.size() - static_cast<std::size_t>(above);
  }

  void tuple(std::size_t from) {
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(from);
    std::vector<std::uint32_t> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    if (!room(items.size())) return;
    push(Kind::Tuple, 0);
    if (in_.ok()) value(stack_.back()).items = std::move(items);
  }

  // Moves the stack's values from `from` on into the list or dictionary below them.
  void extend(Kind kind, std::size_t from) {
    if (from == 0 || stack_[from - 1] == kMark || value(stack_[from - 1]).kind != kind) {
      refuse("what is to be filled is missing");
      return;
    }
    if (kind == Kind::Dictionary && (stack_.size() - from) % 2 != 0) {
      refuse("a key without a value");
      return;
    }
    if (!room(stack_.size() - from)) return;
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(from);
    std::vector<std::uint32_t>& items = value(stack_[from - 1]).items;
    items.insert(items.end(), first, stack_.end());
    stack_.erase(first, stack_.end());
  }

  // Whether containers may hold so many values more.
  bool room(std::size_t count) {
    held_ += count;
    if (held_ > Pickle::kMostValues) refuse("too many values");
    return held_ <= Pickle::kMostValues;
  }

  void put(std::uint32_t slot) {
    if (slot >= Pickle::kMostValues || !has(1)) {
      refuse("a place in memory that cannot be");
      return;
    }
    if (slot >= memo_.size()) memo_.resize(slot + std::size_t{1}, kMark);
    memo_[slot] = stack_.back();
  }

  void get(std::uint32_t slot) {
    if (slot >= memo_.size() || memo_[slot] == kMark || stack_.size() >= Pickle::kMostValues) {
      refuse("a place in memory where nothing is");
      return;
    }
    stack_.push_back(memo_[slot]);
  }

  std::string_view line() {
    std::size_t size = 0;
    const std::string_view rest = rest_of_text();
    while (size < rest.size() && rest[size] != '\n') ++size;
    const std::string_view found = in_.bytes(size);
    in_.u8();
    return found;
  }

  std::string_view rest_of_text() {
    base::ByteReader look = in_;
    return look.bytes(look.remaining());
  }

  void global() {
    const std::string_view module = line();
    const std::string_view name = line();
    if (module == "_codecs" && name == "encode") {
      push(Kind::Global, kEncode);
    } else if ((module == "__builtin__" || module == "builtins") && name == "bytes") {
      push(Kind::Global, kMakeBytes);
    } else {
      refuse("a global that is not understood; nothing is ever called");
    }
  }

  void reduce() {
    if (!has(2)) return;
    const PickleValue& arguments = value(stack_.back());
    const PickleValue& function = value(stack_[stack_.size() - 2]);
    std::optional<std::string> bytes;
    if (function.kind == Kind::Global && arguments.kind == Kind::Tuple) {
      bytes = spelled(function.number, arguments);
    }
    if (!bytes || made_bytes_ + bytes->size() > Pickle::kMostBytes) {
      refuse("a call that is not understood; nothing is ever called");
      return;
    }
    made_bytes_ += bytes->size();
    stack_.resize(stack_.size() - 2);
    pickle_.made_.push_back(std::move(*bytes));
    push_bytes(Kind::Bytes, pickle_.made_.back());
  }

  // The bytes that protocol 2, which has no opcode for them, spells as a call.
  std::optional<std::string> spelled(std::int64_t function, const PickleValue& arguments) {
    if (function == kMakeBytes) {
      if (!arguments.items.empty()) return std::nullopt;
      return std::string();
    }
    if (arguments.items.size() != 2) return std::nullopt;
    const std::string_view* text = value(arguments.items[0]).text();
    const std::string_view* encoding = value(arguments.items[1]).text();
    if (text == nullptr || encoding == nullptr || *encoding != "latin1") return std::nullopt;
    return latin1(*text);
  }

  base::ByteReader in_;
  std::size_t begin_ = 0;  // Of the opcode at hand.
  bool stopped_ = false;
  Pickle pickle_;
  std::vector<std::uint32_t> stack_;
  std::vector<std::uint32_t> memo_;
  std::size_t held_ = 0;
  std::size_t made_bytes_ = 0;
};

base::Result<Pickle> Pickle::read(std::string_view text) { return PickleReader(text).run(); }

}  // namespace check::wire
