// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <deque>

#include "load_dialect.h"

namespace load {
namespace {

class RespDialect final : public Dialect {
 public:
  explicit RespDialect(const Workload& workload) : is_set_(workload.operation == Operation::Set) {
    const std::string value(workload.value_bytes, 'v');
    const std::string bulk = fmt::format("${}\r\n{}\r\n", value.size(), value);
    before_key_ = fmt::format("*{}\r\n$3\r\n{}\r\n${}\r\n", is_set_ ? 3 : 2,
                              is_set_ ? "SET" : "GET", kKeyBytes);
    after_key_ = is_set_ ? "\r\n" + bulk : "\r\n";
    good_ = is_set_ ? "+OK\r\n" : bulk;
  }

  void greet(std::string& /*out*/) override {}

  void put(std::uint32_t slot, std::string_view key, std::string& out) override {
    out += before_key_;
    out += key;
    out += after_key_;
    slots_.push_back(slot);
  }

  bool take(std::string_view bytes, std::vector<Answer>& answers, std::string& /*out*/) override {
    if (!rest_.empty()) {
      rest_ += bytes;
      bytes = rest_;
    }
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::string_view left = bytes.substr(at);
      const bool good = left.substr(0, good_.size()) == good_;
      if (!good && good_.substr(0, left.size()) == left) break;  // So far so good.
      const std::size_t size = good ? good_.size() : size_of_other(left);
      if (size == 0) break;
      if (slots_.empty()) return false;
      if (!good && ++complaints_ == 1) fmt::print(stderr, "answered: {}", left.substr(0, size));
      answers.push_back({slots_.front(), good});
      slots_.pop_front();
      at += size;
    }
    rest_ = std::string(bytes.substr(at));
    return true;
  }

 private:
  // Of an answer that was not hoped for: an error, a status, a null, a bulk string; 0: not whole.
  static std::size_t size_of_other(std::string_view bytes) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return 0;
    if (bytes[0] != '$' || bytes[1] == '-') return end + 2;
    std::size_t size = 0;
    for (const char digit : bytes.substr(1, end - 1)) size = 10 * size + std::size_t(digit - '0');
    return bytes.size() < end + 2 + size + 2 ? 0 : end + 2 + size + 2;
  }

  bool is_set_;
  std::string before_key_;
  std::string after_key_;
  std::string good_;
  std::deque<std::uint32_t> slots_;  // Answers come in order.
  std::string rest_;
  int complaints_ = 0;
};

}  // namespace

std::unique_ptr<Dialect> make_resp_dialect(const Workload& workload) {
  return std::make_unique<RespDialect>(workload);
}

}  // namespace load
