// SPDX-License-Identifier: Apache-2.0
#include "check/run/run_facts.h"

#include <fmt/format.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "check/run/json_complaint.h"

namespace check::run {

namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class Value>
std::optional<Value> optional_at(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::nullopt : std::optional(value.get<Value>());
}

// Of what earlier versions did not count.
std::optional<std::uint64_t> count_at(const Json& json, const char* key) {
  return json.contains(key) ? optional_at<std::uint64_t>(json, key) : std::nullopt;
}

Json recovery_json(const Recovery& recovery) {
  return {{"not_healed", recovery.not_healed},
          {"not_asked", recovery.not_asked},
          {"healed_ns", recovery.healed_ns},
          {"bound_ms", recovery.bound_ms},
          {"not_ready", recovery.not_ready},
          {"leader_ms", or_null(recovery.leader_ms)},
          {"freed_by_restart", or_null(recovery.freed_by_restart)},
          {"unread_nodes", recovery.unread},
          {"led", recovery.led},
          {"complete", recovery.complete}};
}

Recovery recovery_from(const Json& json) {
  Recovery recovery;
  recovery.not_healed = json.at("not_healed");
  recovery.not_asked = json.value("not_asked", std::string());
  recovery.healed_ns = json.at("healed_ns");
  recovery.bound_ms = json.at("bound_ms");
  recovery.not_ready = json.at("not_ready");
  recovery.leader_ms = optional_at<std::uint64_t>(json, "leader_ms");
  if (json.contains("freed_by_restart")) {
    recovery.freed_by_restart = optional_at<bool>(json, "freed_by_restart");
  }
  recovery.unread = json.at("unread_nodes").get<std::vector<std::uint32_t>>();
  recovery.led = json.value("led", recovery.led);
  recovery.complete = json.at("complete");
  return recovery;
}

RunFacts facts_from(const Json& json) {
  RunFacts facts;
  facts.program_version = json.at("seaworthy");
  facts.target = json.at("target");
  facts.target_version = json.at("target_version");
  facts.settings = json.value("settings", cluster::Settings());
  facts.plan = json.at("plan");
  facts.seed = json.at("seed");
  facts.nodes = json.at("nodes");
  facts.clients = json.at("clients");
  facts.workload = json.value("workload", facts.workload);
  facts.keys = json.at("keys");
  facts.time_s = json.at("time_s");
  facts.accept_known = json.at("accept_known");
  facts.monitor = json.at("monitor");
  facts.machine = json.at("machine");
  facts.sandbox = json.at("sandbox");
  facts.started = json.at("started");
  facts.repeat = json.at("repeat");
  facts.election_timeout_ms = optional_at<std::uint64_t>(json, "election_timeout_ms");
  facts.planned_faults = json.at("planned_faults");
  facts.left_out = json.value("left_out", std::string());
  const Json& require = json.at("require");
  facts.require.operations = require.at("operations");
  facts.require.fired = require.at("fired").get<std::map<std::string, std::uint32_t>>();
  facts.require.every_node = require.at("every_node");
  facts.interrupted = json.at("interrupted");
  facts.finished = json.at("finished");
  facts.own_exits = json.at("own_exits").get<std::vector<std::string>>();
  facts.recovery = recovery_from(json.at("recovery"));
  facts.history_events = count_at(json, "history_events");
  facts.fault_events = count_at(json, "fault_events");
  facts.node_events = count_at(json, "node_events");
  const Json& messages = json.at("messages");
  facts.messages.protocol = messages.at("protocol");
  facts.messages.saved = messages.at("saved");
  facts.messages.lost = messages.at("lost");
  facts.messages.not_understood = messages.at("not_understood").get<std::vector<std::string>>();
  return facts;
}

}  // namespace

std::string to_json(const RunFacts& facts) {
  const Json json = {
      {"seaworthy", facts.program_version},
      {"target", facts.target},
      {"target_version", facts.target_version},
      {"settings", facts.settings},
      {"plan", facts.plan},
      {"seed", facts.seed},
      {"nodes", facts.nodes},
      {"clients", facts.clients},
      {"workload", facts.workload},
      {"keys", facts.keys},
      {"time_s", facts.time_s},
      {"accept_known", facts.accept_known},
      {"monitor", facts.monitor},
      {"machine", facts.machine},
      {"sandbox", facts.sandbox},
      {"started", facts.started},
      {"repeat", facts.repeat},
      {"election_timeout_ms", or_null(facts.election_timeout_ms)},
      {"planned_faults", facts.planned_faults},
      {"left_out", facts.left_out},
      {"require",
       {{"operations", facts.require.operations},
        {"fired", facts.require.fired},
        {"every_node", facts.require.every_node}}},
      {"interrupted", facts.interrupted},
      {"finished", facts.finished},
      {"own_exits", facts.own_exits},
      {"recovery", recovery_json(facts.recovery)},
      {"history_events", or_null(facts.history_events)},
      {"fault_events", or_null(facts.fault_events)},
      {"node_events", or_null(facts.node_events)},
      {"messages",
       {{"protocol", facts.messages.protocol},
        {"saved", facts.messages.saved},
        {"lost", facts.messages.lost},
        {"not_understood", facts.messages.not_understood}}},
  };
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

base::Result<RunFacts> read_facts(const std::string& text, const std::string& file) {
  try {
    return facts_from(Json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    return json_complaint(file, "a run's facts as JSON", error);
  }
}

std::string describe_machine() {
  utsname system{};
  (void)uname(&system);
  struct sysinfo memory {};
  (void)sysinfo(&memory);
  return fmt::format("{} {} {}, {} CPUs, {} MB", system.sysname, system.release, system.machine,
                     sysconf(_SC_NPROCESSORS_ONLN),
                     static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit >> 20U);
}

}  // namespace check::run
