// SPDX-License-Identifier: Apache-2.0
#include "check/monitor/links.h"

#include "base/json_writer.h"

namespace check::monitor {

std::string links_json(const std::map<DirectedPair, LinkCounters>& links, const Audit& audit) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("complete", audit.complete).member("sentence", audit.sentence);
  json.name("links").begin_array();
  for (const auto& [pair, counters] : links) {
    json.break_line().begin_object();
    json.member("from", pair.from.value).member("to", pair.to.value);
    json.member("bytes", counters.bytes).member("chunks", counters.chunks);
    json.member("messages", counters.messages).member("connections", counters.connections);
    json.member("dropped", counters.dropped).member("left_out", counters.left_out);
    json.member("invented", counters.invented);
    json.end_object();
  }
  json.end_array().end_object();
  text += '\n';
  return text;
}

}  // namespace check::monitor
