// SPDX-License-Identifier: Apache-2.0
#include "check/plan/plan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/text.h"

namespace check::plan {

namespace {

constexpr std::uint64_t kMostShare = 1000;
constexpr std::uint64_t kMostNodes = 64;
constexpr std::uint64_t kMostOperations = 1'000'000'000;
constexpr std::uint64_t kMostTurns = 1'000'000;
constexpr std::uint64_t kMostLeaders = 1'000'000;
constexpr std::uint64_t kMostWished = 1'000'000'000;

constexpr std::array<Wish, 6> kWishes = {{
    {"snapshot_entries", false, "entries after which a node takes a snapshot"},
    {"follower_reads", true, "nodes ask the leader for an index, and answer reads themselves"},
    {"leases", true, "a leader answers reads by its clock, without asking the others"},
    {"pre_vote", true, "candidates ask whether they would win before they stand"},
    {"heartbeat_ms", false, "between a leader's heartbeats"},
    {"election_ms", false, "without a heartbeat until an election"},
}};

base::Result<const Table*> as_table(const Document& document, const Value& value,
                                    const std::string& name) {
  if (const auto* table = std::get_if<Table>(&value.data)) return table;
  return complaint(document, value.at, '\'' + name + "' must be a table");
}

base::Result<Fault> read_fault(const Document& document, const Value& value) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) return complaint(document, value.at, "a fault must be a text in quotes");
  auto fault = parse_fault(*text);
  if (!fault.ok()) return complaint(document, value.at, fault.error().message);
  return fault;
}

base::Result<std::vector<history::NodeId>> read_order(const Document& document,
                                                      const Value* value) {
  std::vector<history::NodeId> order;
  if (value == nullptr) return order;
  const auto* list = std::get_if<Array>(&value->data);
  if (list == nullptr) return complaint(document, value->at, "'order' must be a list of nodes");
  for (const Value& item : *list) {
    const auto* node = std::get_if<std::int64_t>(&item.data);
    if (node == nullptr || *node < 1 || *node > static_cast<std::int64_t>(kMostNodes)) {
      return complaint(document, item.at, "a node is a whole number from 1");
    }
    order.push_back({static_cast<std::uint32_t>(*node)});
  }
  return order;
}

base::Result<std::optional<Point>> read_point(const Document& document, TableReader& step,
                                              std::string_view key) {
  const Value* value = step.find(key);
  if (value == nullptr) return std::optional<Point>();
  TRY(const Table* table, as_table(document, *value, std::string(key)));
  TableReader reader(document, *table, '\'' + std::string(key) + '\'');
  Point point;
  TRY(const std::uint64_t turn, reader.number("turn", 0, kMostTurns));
  point.turn = static_cast<std::uint32_t>(turn);
  TRY(point.acknowledged, reader.number("acknowledged", 0, kMostOperations));
  TRY(point.leaders, reader.number("leaders", 0, kMostLeaders));
  TRY([[maybe_unused]] auto end, reader.finished());
  return std::optional(point);
}

base::Result<Step> read_step(const Document& document, const Value& value) {
  TRY(const Table* table, as_table(document, value, "step"));
  TableReader reader(document, *table, "[[lane.step]]");
  const Value* text = reader.find("fault");
  if (text == nullptr) return complaint(document, value.at, "a step needs a 'fault'");
  Step step;
  TRY(step.fault, read_fault(document, *text));
  TRY(const auto gap, reader.thousandths("gap"));
  if (!gap.empty()) step.gap = gap.front();
  TRY(const auto length, reader.thousandths("length"));
  if (!length.empty()) step.length = length.front();
  TRY(step.order, read_order(document, reader.find("order")));
  TRY(step.at, read_point(document, reader, "at"));
  TRY(step.until, read_point(document, reader, "until"));
  TRY(const std::uint64_t led, reader.number("led", 0, kMostNodes));
  step.led = {static_cast<std::uint32_t>(led)};
  TRY([[maybe_unused]] auto end, reader.finished());
  return step;
}

base::Result<Lane> read_lane(const Document& document, const Value& value) {
  TRY(const Table* table, as_table(document, value, "lane"));
  TableReader reader(document, *table, "[[lane]]");
  Lane lane;
  TRY(lane.gap, reader.thousandths("gap"));
  TRY(lane.length, reader.thousandths("length"));
  if (const Value* faults = reader.find("faults")) {
    const auto* list = std::get_if<Array>(&faults->data);
    if (list == nullptr) return complaint(document, faults->at, "'faults' must be a list");
    for (const Value& item : *list) {
      TRY(const Fault fault, read_fault(document, item));
      lane.faults.push_back(fault);
    }
  }
  if (const Value* steps = reader.find("step")) {
    const auto* list = std::get_if<Array>(&steps->data);
    if (list == nullptr) return complaint(document, steps->at, "steps are written [[lane.step]]");
    for (const Value& item : *list) {
      TRY(Step step, read_step(document, item));
      lane.steps.push_back(std::move(step));
    }
  }
  TRY([[maybe_unused]] auto end, reader.finished());
  if (lane.faults.empty() == lane.steps.empty()) {
    return complaint(document, value.at,
                     "a lane has either 'faults' to draw from or [[lane.step]]s, and not none");
  }
  lane.written = !lane.steps.empty();
  if (lane.written) return lane;
  if (lane.gap.empty()) lane.gap = {500, 1000, 2000};
  if (lane.length.empty()) lane.length = {300, 1000, 2000, 5000};
  return lane;
}

base::Result<Require> read_require(const Document& document, const Table& table) {
  TableReader reader(document, table, "[require]");
  Require require;
  TRY(const std::uint64_t operations,
      reader.number("operations", require.operations, kMostOperations));
  require.operations = static_cast<std::uint32_t>(operations);
  TRY(require.every_node, reader.flag("every_node", false));
  if (const Value* fired = reader.find("fired")) {
    TRY(const Table* counts, as_table(document, *fired, "fired"));
    TableReader count_reader(document, *counts, "'fired'");
    for (const FaultWord& known : fault_words()) {
      TRY(const std::uint64_t count, count_reader.number(known.word, 0, kMostShare));
      if (count > 0) require.fired[std::string(known.word)] = static_cast<std::uint32_t>(count);
    }
    TRY([[maybe_unused]] auto end, count_reader.finished());
  }
  TRY([[maybe_unused]] auto end, reader.finished());
  return require;
}

base::Result<std::vector<wire::Protocol>> read_protocols(const Document& document,
                                                         const Value& value) {
  const auto* list = std::get_if<Array>(&value.data);
  if (list == nullptr) return complaint(document, value.at, "'protocols' must be a list");
  std::vector<wire::Protocol> protocols;
  for (const Value& item : *list) {
    const auto* text = std::get_if<std::string>(&item.data);
    const auto known = text == nullptr ? std::nullopt : wire::protocol(*text);
    if (known) {
      protocols.push_back(*known);
      continue;
    }
    std::vector<std::string> names;
    names.reserve(wire::kProtocols.size());
    for (const wire::Protocol one : wire::kProtocols) names.emplace_back(wire::name(one));
    return complaint(document, item.at,
                     base::unknown_word("protocol", text == nullptr ? "" : *text, names));
  }
  return protocols;
}

base::Result<std::map<std::string, std::string>> read_wishes(const Document& document,
                                                             const Table& table) {
  TableReader reader(document, table, "[target]");
  std::map<std::string, std::string> result;
  for (const Wish& wish : kWishes) {
    if (reader.find(wish.name) == nullptr) continue;
    if (wish.is_flag) {
      TRY(const bool flag, reader.flag(wish.name, false));
      result[std::string(wish.name)] = flag ? "true" : "false";
    } else {
      TRY(const std::uint64_t number, reader.number(wish.name, 1, kMostWished));
      result[std::string(wish.name)] = std::to_string(std::max<std::uint64_t>(number, 1));
    }
  }
  TRY([[maybe_unused]] auto end, reader.finished());
  return result;
}

// 1300 -> "1.3"
std::string decimal(std::uint32_t thousandths) {
  std::string fraction = std::to_string(1000 + thousandths % 1000).substr(1);
  while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
  return std::to_string(thousandths / 1000) + '.' + fraction;
}

std::string decimals(const std::vector<std::uint32_t>& values) {
  std::string result = "[";
  for (const std::uint32_t value : values) {
    result += (result.size() > 1 ? ", " : "") + decimal(value);
  }
  return result + "]";
}

std::string quoted(const std::string& text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += std::string("\\") + c;
    } else if (byte < 0x20 || byte == 0x7f) {
      result += std::string("\\u00") + kDigits[byte >> 4U] + kDigits[byte & 15U];
    } else {
      result += c;
    }
  }
  return result + '"';
}

void write_protocols(const std::vector<wire::Protocol>& protocols, std::ostream& out) {
  if (protocols.empty()) return;
  const char* separator = "protocols = [";
  for (const wire::Protocol protocol : protocols) {
    out << separator << quoted(std::string(wire::name(protocol)));
    separator = ", ";
  }
  out << "]\n";
}

void write_point(std::string_view key, const std::optional<Point>& point, std::ostream& out) {
  if (!point) return;
  out << '\n' << key << " = { ";
  if (point->turn > 0) out << "turn = " << point->turn << ", ";
  out << "acknowledged = " << point->acknowledged << ", leaders = " << point->leaders << " }";
}

void write_step(const Step& step, std::ostream& out) {
  out << "[[lane.step]]\nfault = " << quoted(describe(step.fault));
  write_point("at", step.at, out);
  out << "\ngap = " << decimal(step.gap);
  write_point("until", step.until, out);
  out << "\nlength = " << decimal(step.length) << "\norder = [";
  for (std::size_t i = 0; i < step.order.size(); ++i) {
    out << (i > 0 ? ", " : "") << step.order[i].value;
  }
  out << "]\n";
  if (step.led.value > 0) out << "led = " << step.led.value << '\n';
}

void write_lane(const Lane& lane, std::ostream& out) {
  out << "\n[[lane]]\n";
  // Steps have lengths of their own, and nothing is drawn from an empty list.
  if (!lane.gap.empty()) out << "gap = " << decimals(lane.gap) << '\n';
  if (!lane.length.empty()) out << "length = " << decimals(lane.length) << '\n';
  if (!lane.faults.empty()) {
    out << "faults = [";
    for (std::size_t i = 0; i < lane.faults.size(); ++i) {
      out << (i > 0 ? ", " : "") << quoted(describe(lane.faults[i]));
    }
    out << "]\n";
  }
  for (const Step& step : lane.steps) write_step(step, out);
}

}  // namespace

std::span<const Wish> wishes() { return kWishes; }

base::Result<Plan> read_plan(const Document& document) {
  TableReader reader(document, document.root, "the plan");
  Plan plan;
  TRY(plan.name, reader.text("name", ""));
  TRY(plan.about, reader.text("about", ""));
  if (const Value* protocols = reader.find("protocols")) {
    TRY(plan.protocols, read_protocols(document, *protocols));
  }
  if (const Value* clients = reader.find("clients")) {
    TRY(const Table* table, as_table(document, *clients, "clients"));
    TRY(plan.work, read_work(document, *table));
  }
  if (const Value* target = reader.find("target")) {
    TRY(const Table* table, as_table(document, *target, "target"));
    TRY(plan.wishes, read_wishes(document, *table));
  }
  if (const Value* lanes = reader.find("lane")) {
    const auto* list = std::get_if<Array>(&lanes->data);
    if (list == nullptr) return complaint(document, lanes->at, "lanes are written [[lane]]");
    for (const Value& item : *list) {
      TRY(Lane lane, read_lane(document, item));
      plan.lanes.push_back(std::move(lane));
    }
  }
  if (const Value* rules = reader.find("rule")) {
    TRY(plan.rules, read_rules(document, *rules));
  }
  if (const Value* require = reader.find("require")) {
    TRY(const Table* table, as_table(document, *require, "require"));
    TRY(plan.require, read_require(document, *table));
  }
  TRY([[maybe_unused]] auto end, reader.finished());
  if (plan.name.empty()) {
    return complaint(document, {1, 1}, "a plan needs a 'name', such as name = \"mine\"");
  }
  return plan;
}

std::string write_plan(const Plan& plan) {
  std::ostringstream out;
  out << "name = " << quoted(plan.name) << "\nabout = " << quoted(plan.about) << '\n';
  write_protocols(plan.protocols, out);
  out << "\n[clients]\n";
  write_work(plan.work, out);
  out << "\n[require]\noperations = " << plan.require.operations
      << "\nevery_node = " << (plan.require.every_node ? "true" : "false") << "\nfired = {";
  const char* separator = " ";
  for (const auto& [fault, count] : plan.require.fired) {
    out << separator << fault << " = " << count;
    separator = ", ";
  }
  out << (plan.require.fired.empty() ? "}\n" : " }\n");
  if (!plan.wishes.empty()) out << "\n[target]\n";
  for (const auto& [name, value] : plan.wishes) out << name << " = " << value << '\n';
  for (const Lane& lane : plan.lanes) write_lane(lane, out);
  for (const Rule& rule : plan.rules) out << write_rule(rule);
  return std::move(out).str();
}

}  // namespace check::plan
