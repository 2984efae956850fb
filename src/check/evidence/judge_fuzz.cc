// SPDX-License-Identifier: Apache-2.0
// Any lines at all as messages, events and applied entries: no crash, whatever they claim.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "check/evidence/applied.h"
#include "check/evidence/judge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(data, data + size);
  std::string_view rest = text;
  if (rest.empty()) return 0;
  const auto at = static_cast<std::size_t>(static_cast<unsigned char>(rest.front()));
  check::evidence::Judge judge(check::wire::kProtocols[at % check::wire::kProtocols.size()]);
  if (at >= 128) judge.saw_the_beginning();
  check::evidence::AppliedJudge applied;
  applied.begin_file("f");
  rest.remove_prefix(1);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
    (void)applied.add(line);
    const auto message = check::wire::parse_observation(line);
    if (message.ok()) judge.observe(message.value());
    const auto event = check::evidence::parse_node_event(line);
    if (!event.ok()) continue;
    judge.on(event.value());
    std::string once;
    append_line(once, event.value());
    const auto again =
        check::evidence::parse_node_event(std::string_view(once).substr(0, once.size() - 1));
    CHECK(again.ok(), once);
    std::string twice;
    append_line(twice, again.value());
    CHECK(once == twice, once, twice);
  }
  CHECK(judge.finish().size() >= judge.findings().size());
  CHECK(!applied.findings().empty());
  (void)judge.notes();
  (void)judge.health();
  return 0;
}
