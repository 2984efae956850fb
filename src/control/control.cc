// SPDX-License-Identifier: Apache-2.0
#include "control/control.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "client/link.h"
#include "control/report.h"
#include "os/clock.h"

namespace control {
namespace {

constexpr std::string_view kStatus[] = {"RAFT", "STATUS"};
// How a node refuses that does not lead: another one may take it.
constexpr std::string_view kNotLeader = "NOTDONE this node does not lead";
constexpr std::string_view kWhy[] = {"RAFT", "WHY-NOT-LEADER"};
// How long a node may take to say whether it leads, when one that does is looked for.
constexpr std::chrono::milliseconds kLook{1000};
// That are asked, however many more they name.
constexpr std::size_t kMostNodes = 100;
// Between two rounds over all nodes, so that a cluster without a leader is not flooded.
constexpr std::chrono::milliseconds kPause{20};

// One node, asked once.
client::Outcome ask(const os::HostPort& node, client::Words words, client::Time deadline) {
  client::Link link(node);
  if (const base::Status opened = link.open(deadline); !opened.ok())
    return client::NotDone{opened.error().message};
  return link.call(words, deadline);
}

// What each of the nodes answers, in their order. All are asked at the same time: one that hangs
// takes nothing from the others.
std::vector<client::Outcome> ask_all(const std::vector<os::HostPort>& nodes, client::Words words,
                                     client::Time deadline) {
  std::vector<client::Outcome> outcomes(nodes.size());
  std::vector<std::thread> askers;
  askers.reserve(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i)
    askers.emplace_back([&, i] { outcomes[i] = ask(nodes[i], words, deadline); });
  for (std::thread& asker : askers) asker.join();
  return outcomes;
}

// Why there is no answer; nothing if there is one.
const std::string* failure(const client::Outcome& outcome) {
  if (const auto* not_done = std::get_if<client::NotDone>(&outcome)) return &not_done->why;
  if (const auto* unknown = std::get_if<client::Unknown>(&outcome)) return &unknown->why;
  return nullptr;
}

// False: there is no connection to the node. A refusal of its own begins with NOTDONE.
bool reached(const client::Outcome& outcome) {
  const auto* not_done = std::get_if<client::NotDone>(&outcome);
  return not_done == nullptr || not_done->why.starts_with("NOTDONE ");
}

NodeReport report_of(const os::HostPort& node, const client::Outcome& outcome) {
  NodeReport report;
  if (const std::string* why = failure(outcome)) {
    report.error = *why;
  } else {
    base::Result<NodeReport> parsed = parse_report(std::get<client::Done>(outcome).reply);
    if (parsed.ok()) {
      report = std::move(parsed).value();
    } else {
      report.error = parsed.error().message;
    }
  }
  report.where = node.text();
  return report;
}

// In the order of `nodes`.
std::vector<NodeReport> reports_of(const std::vector<os::HostPort>& nodes, client::Time deadline) {
  const std::vector<client::Outcome> outcomes = ask_all(nodes, kStatus, deadline);
  std::vector<NodeReport> reports;
  reports.reserve(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i)
    reports.push_back(report_of(nodes[i], outcomes[i]));
  return reports;
}

bool none_answered(const std::vector<NodeReport>& reports) {
  return std::ranges::none_of(reports, [](const NodeReport& one) { return one.error.empty(); });
}

client::Time deadline_of(const Settings& settings) { return os::steady_now() + settings.timeout; }

std::string text_of(const resp::Reply& reply) {
  return reply.kind == resp::Reply::Kind::Integer ? std::to_string(reply.integer) : reply.text;
}

Outcome outcome_of(const client::Outcome& outcome) {
  if (const auto* not_done = std::get_if<client::NotDone>(&outcome))
    return {kRefused, "", "not done: " + not_done->why};
  if (const auto* unknown = std::get_if<client::Unknown>(&outcome))
    return {kUnknown, "", "it is not known whether it is done: " + unknown->why};
  const resp::Reply& reply = std::get<client::Done>(outcome).reply;
  if (reply.kind == resp::Reply::Kind::Error) {
    const std::size_t begin = reply.text.starts_with("ERR ") ? 4 : 0;
    return {kRefused, "", "refused: " + reply.text.substr(begin)};
  }
  return {kDone, text_of(reply) + "\n", ""};
}

// Looks for the node that leads, and has it do something. Only a node that leads is sent the words:
// whatever becomes of them, no other node has them.
class Change {
 public:
  Change(const Settings& settings, client::Words words)
      : words_(words),
        nodes_(settings.nodes),
        named_(settings.nodes.size()),
        deadline_(deadline_of(settings)),
        share_(std::min<std::chrono::milliseconds>(settings.timeout / 4, kLook)) {}

  Outcome run() {
    while (true) {
      reports_ = reports_of(nodes_, std::min(deadline_, os::steady_now() + share_));
      leave_out_strangers();
      answered_ = answered_ || !none_answered(reports_);
      const NodeReport* leader = find_leader(reports_);
      const std::optional<Outcome> outcome = leader != nullptr ? ask_leader(*leader) : look_on();
      if (outcome) return *outcome;
      if (os::steady_now() + kPause >= deadline_) return too_late();
      poll(nullptr, 0, static_cast<int>(kPause.count()));
    }
  }

 private:
  // An address that nodes named may be wrong, and another cluster's: who is there counts only if
  // the others know it so.
  void leave_out_strangers() {
    for (std::size_t i = named_; i < reports_.size(); ++i) {
      NodeReport& told = reports_[i];
      const auto end = reports_.begin() + static_cast<std::ptrdiff_t>(i);
      const bool known = std::any_of(
          reports_.begin(), end, [&](const NodeReport& teller) { return vouches(teller, told); });
      if (known || !told.error.empty()) continue;
      NodeReport stranger;
      stranger.where = told.where;
      stranger.error = "it is not the node that leads";
      told = std::move(stranger);
    }
  }

  // Nothing: to be tried again.
  std::optional<Outcome> ask_leader(const NodeReport& leader) {
    // A refusal is certain; what is asked with too little time left may end unknown.
    if (refusal_ && os::steady_now() + share_ >= deadline_) return refusal_;
    const auto at = static_cast<std::size_t>(&leader - reports_.data());
    const client::Outcome outcome = ask(nodes_[at], words_, deadline_);
    if (!std::holds_alternative<client::NotDone>(outcome)) return outcome_of(outcome);
    if (!failure(outcome)->starts_with(kNotLeader)) refusal_ = outcome_of(outcome);
    return std::nullopt;
  }

  // The node that leads is none of these, as far as they know: it is asked, too, if they know
  // where. What they say may be old while they cannot reach it, or some do not answer.
  std::optional<Outcome> look_on() {
    const std::optional<Elsewhere> elsewhere = find_elsewhere(reports_);
    if (!elsewhere) return std::nullopt;
    const base::Result<os::HostPort> where = os::parse_host_port(elsewhere->clients);
    if (where.ok()) {
      const bool is_new =
          std::ranges::count(nodes_, where.value().text(), &os::HostPort::text) == 0;
      if (is_new && nodes_.size() < kMostNodes) nodes_.push_back(where.value());
      return std::nullopt;
    }
    const bool all_answered = std::ranges::all_of(
        reports_, [](const NodeReport& report) { return report.error.empty(); });
    if (!all_answered || !elsewhere->connected) return std::nullopt;
    return Outcome{
        kRefused, "",
        fmt::format("not done: node {} leads; name it in --nodes, too", elsewhere->leader)};
  }

  Outcome too_late() const {
    if (refusal_) return *refusal_;
    if (const std::optional<Elsewhere> elsewhere = find_elsewhere(reports_)) {
      return {kRefused, "",
              fmt::format("not done: none of these nodes leads; node {} does, as far as they know",
                          elsewhere->leader)};
    }
    if (answered_) return {kRefused, "", "not done: none of these nodes leads"};
    return {kNobody, "", "not done, no node answered: " + reports_.front().error};
  }

  client::Words words_;
  std::vector<os::HostPort> nodes_;  // Those that were named, and those that they named.
  std::size_t named_ = 0;            // So many of nodes_ the operator named.
  client::Time deadline_;
  std::chrono::milliseconds share_;  // Of the time, for one look at all.
  std::vector<NodeReport> reports_;
  std::optional<Outcome> refusal_;  // Of a node that leads: it says more than that none does.
  bool answered_ = false;
};

}  // namespace

Outcome status(const Settings& settings) {
  const std::vector<NodeReport> reports = reports_of(settings.nodes, deadline_of(settings));
  if (none_answered(reports))
    return {kNobody, "", "no node gave its status: " + reports.front().error};
  return {find_leader(reports) == nullptr ? kRefused : kDone,
          settings.json ? as_json(reports) : as_table(reports), ""};
}

Outcome why_not_leader(const Settings& settings) {
  const std::vector<client::Outcome> outcomes =
      ask_all(settings.nodes, kWhy, deadline_of(settings));
  Outcome result{kNobody, "", "no node answered"};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const std::string* why = failure(outcomes[i]);
    const std::string said =
        why != nullptr ? *why : text_of(std::get<client::Done>(outcomes[i]).reply);
    result.output += fmt::format("{}: {}\n", settings.nodes[i].text(), said);
    if (why == nullptr) result = {kDone, std::move(result.output), ""};
  }
  return result;
}

Outcome change(const Settings& settings, client::Words words) {
  return Change(settings, words).run();
}

Outcome each(const Settings& settings, client::Words words) {
  const std::vector<client::Outcome> outcomes =
      ask_all(settings.nodes, words, deadline_of(settings));
  if (std::ranges::none_of(outcomes, reached))
    return {kNobody, "", "not done, no node answered: " + *failure(outcomes.front())};
  Outcome result;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Outcome one = outcome_of(outcomes[i]);
    result.code = std::max(result.code, one.code);
    result.output += fmt::format("{}: {}", settings.nodes[i].text(),
                                 one.error.empty() ? one.output : one.error + "\n");
  }
  return result;
}

base::Result<std::vector<os::HostPort>> parse_nodes(std::string_view text) {
  std::vector<os::HostPort> nodes;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    TRY(os::HostPort node, os::parse_host_port(one));
    nodes.push_back(std::move(node));
  }
  if (nodes.empty())
    return base::Error{base::ErrorCode::InvalidArgument, "expected at least one node, HOST:PORT"};
  return nodes;
}

}  // namespace control
