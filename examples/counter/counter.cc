// SPDX-License-Identifier: Apache-2.0
// A counter on three machines: a whole program on the public headers (docs/embedding.md).
//
//   add 5    -> 5          get -> 5          who -> 2, who leads; 0: nobody
//
// Lines come on standard input, answers go to standard output in the same order, the events of the
// server to standard error. At the end of the input leadership is handed over.
#include <seaworthy/raft/server.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr const char* kUsage = R"(counter ID FOLDER ID=HOST:PORT ...

One of the servers that count together. For three on this machine, each in a terminal of its own:

    counter 1 /tmp/counter-1 1=127.0.0.1:7101 2=127.0.0.1:7102 3=127.0.0.1:7103
    counter 2 /tmp/counter-2 1=127.0.0.1:7101 2=127.0.0.1:7102 3=127.0.0.1:7103
    counter 3 /tmp/counter-3 1=127.0.0.1:7101 2=127.0.0.1:7102 3=127.0.0.1:7103

Then type at any of them: add 5, get, who. Kill one, and start it again by the same line.
)";

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The state, the same on all servers: a number. A command is what to add, in decimal digits.
class Counter final : public seaworthy::StateMachine {
 public:
  std::string apply(const seaworthy::Command& command) override {
    const auto amount = number<std::uint32_t>(command.bytes);
    if (!amount) return "no number";
    total_ += *amount;
    return std::to_string(total_);
  }

  std::string read(std::string_view /*query*/) const override { return std::to_string(total_); }

  std::unique_ptr<seaworthy::Snapshot> snapshot() override {
    return seaworthy::whole_snapshot(std::to_string(total_));
  }

  std::unique_ptr<seaworthy::Restore> restore() override {
    return seaworthy::whole_restore([this](const std::string& state) {
      const auto total = number<std::uint64_t>(state);
      if (total) total_ = *total;
      return total.has_value();
    });
  }

 private:
  std::uint64_t total_ = 0;
};

std::optional<seaworthy::Options> options_of(int count, char** words) {
  seaworthy::Options options;
  if (count < 4) return std::nullopt;
  const auto id = number<std::uint32_t>(words[1]);
  if (!id) return std::nullopt;
  options.id = *id;
  options.folder = words[2];
  options.cluster = "counter";
  for (int i = 3; i < count; ++i) {
    const std::string_view word = words[i];
    const auto member = number<std::uint32_t>(word.substr(0, word.find('=')));
    if (!member || word.find('=') == std::string_view::npos) return std::nullopt;
    options.members.emplace(*member, word.substr(word.find('=') + 1));
  }
  options.on_failed = [](const seaworthy::Error& error) {
    std::fprintf(stderr, "counter: %s\n", error.message.c_str());
    std::_Exit(4);
  };
  return options;
}

std::string text_of(const seaworthy::Outcome& outcome) {
  switch (outcome.kind) {
    case seaworthy::Outcome::Kind::Done:
      return outcome.answer;
    case seaworthy::Outcome::Kind::Refused:
      return "refused: " + outcome.why;
    case seaworthy::Outcome::Kind::Unknown:
      return "unknown: " + outcome.why;
  }
  return {};
}

std::string answer_to(const std::string& line, seaworthy::Server& server) {
  if (line.starts_with("add ")) return text_of(server.write(line.substr(4)).get());
  if (line == "get") return text_of(server.read("").get());
  if (line == "who") return std::to_string(server.status().standing.leader);
  return "add NUMBER, get, or who";
}

}  // namespace

int main(int count, char** words) {
  if (count == 2 && std::string_view(words[1]) == "--help") {
    std::cout << kUsage;
    return 0;
  }
  const std::optional<seaworthy::Options> options = options_of(count, words);
  if (!options) {
    std::cerr << kUsage;
    return 3;
  }
  Counter counter;
  std::promise<void> handed_over;  // Outlives the server, which may still call back when it ends.
  seaworthy::Error error;
  const std::unique_ptr<seaworthy::Server> server =
      seaworthy::Server::open(*options, counter, error);
  if (server == nullptr) {
    std::cerr << "counter: " << error.message << '\n';
    return error.kind == seaworthy::Error::Kind::Storage ? 4 : 3;
  }
  std::string line;
  while (std::getline(std::cin, line)) std::cout << answer_to(line, *server) << std::endl;

  server->transfer(0, [&](const seaworthy::Outcome& /*outcome*/) { handed_over.set_value(); });
  handed_over.get_future().wait_for(std::chrono::seconds(1));
  return 0;
}
