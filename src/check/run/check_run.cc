// SPDX-License-Identifier: Apache-2.0
#include "check/run/check_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "check/cluster/target.h"
#include "check/faults/injector.h"
#include "check/faults/link_probe.h"
#include "check/faults/rule_runner.h"
#include "check/monitor/links.h"
#include "check/monitor/raft_monitor.h"
#include "check/plan/rule_check.h"
#include "check/plan/schedule.h"
#include "check/run/audit_file.h"
#include "check/run/cluster_setup.h"
#include "check/run/draws.h"
#include "check/run/fault_log.h"
#include "check/run/first_facts.h"
#include "check/run/history_log.h"
#include "check/run/judge.h"
#include "check/run/known_file.h"
#include "check/run/leader_turns.h"
#include "check/run/message_log.h"
#include "check/run/message_watch.h"
#include "check/run/monitor_choice.h"
#include "check/run/node_log.h"
#include "check/run/online_judge.h"
#include "check/run/progress.h"
#include "check/run/recovery.h"
#include "check/run/sandbox_hosts.h"
#include "check/run/settings.h"
#include "check/run/status_board.h"
#include "check/run/strikes.h"
#include "check/run/workload.h"
#include "check/sniff/passive_monitor.h"

namespace check::run {

namespace {

using std::chrono::milliseconds;

// Of an operation, if the plan leaves it to the election timeout.
constexpr std::uint64_t kLeastTimeoutMs = 200;
constexpr std::uint64_t kMostTimeoutMs = 1000;
// For what is missing to kLeastOperations.
constexpr milliseconds kMoreOperations{10'000};
// Where elections were not measured, because the plan has no faults.
constexpr std::uint64_t kAssumedElectionMs = 1000;
// Everything that lives as long as the system under test. Members are destroyed from the last to
// the first: the clients' threads end before the cluster, the cluster before the network.
class Run {
 public:
  static base::Result<std::unique_ptr<Run>> build(const RunRequest& request, faults::Stop& stop);

  base::Status execute();

 private:
  Run(const RunRequest& request, faults::Stop& stop)
      : request_(request),
        stop_(stop),
        draws_(draws_of(request.options)),
        plan_(drawn_plan(request.options, request.plan)) {}

  base::Status save_facts() const;
  base::Status start_monitor();
  base::Status begin();
  base::Status fit_faults();
  milliseconds operation_timeout() const;
  base::Status check_rules() const;
  base::Status check_machine() const;
  base::Status check_work() const;
  faults::Surroundings surroundings();
  faults::Counts counts() const;
  std::unique_ptr<OnlineJudge> judge_online();  // Null: nothing ends the run early.
  void fault_phase();
  void recover();
  void read_back_in_turns(ReadBack& read_back);
  void save_or_stop(const base::Status& saved);
  base::Status finish();
  std::string progress_line() const;

  const RunRequest& request_;
  faults::Stop& stop_;
  const Draws draws_;
  plan::Plan plan_;
  faults::RunClock clock_;
  RunFacts facts_;
  MonitorChoice choice_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<NodeLog> nodes_;
  std::unique_ptr<Strikes> strikes_;
  std::unique_ptr<MessageLog> messages_;       // Null: none are understood.
  std::unique_ptr<MessageWatch> watch_;        // Likewise.
  std::unique_ptr<faults::RuleRunner> rules_;  // Null: the plan has no rules.
  std::unique_ptr<monitor::RaftMonitor> monitor_;
  std::unique_ptr<faults::LinkProbe> probe_;
  std::unique_ptr<SandboxHosts> hosts_;
  std::unique_ptr<cluster::RaftClusterConfig> config_;
  std::unique_ptr<StatusBoard> board_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<faults::NetworkFaults> network_;
  std::unique_ptr<faults::ProcessFaults> processes_;
  std::unique_ptr<HistoryLog> history_;
  std::unique_ptr<FaultLog> fault_log_;
  std::unique_ptr<Workload> workload_;
  std::unique_ptr<Progress> progress_;
};

base::Result<std::unique_ptr<Run>> Run::build(const RunRequest& request, faults::Stop& stop) {
  std::unique_ptr<Run> run(new Run(request, stop));
  Run& r = *run;
  r.facts_ = first_facts(request);
  const RunDirectory& directory = request.directory;
  TRY(r.sandbox_, sandbox::Sandbox::create(request.options.nodes));
  TRY(r.nodes_, NodeLog::create(directory.file("nodes.jsonl"), r.clock_, stop));
  r.hosts_ = std::make_unique<SandboxHosts>(*r.sandbox_, directory, *r.nodes_);
  TRY(cluster::Settings set, parse_settings(request.options.set));
  TRY(r.facts_.settings, resolved_settings(request.options.target, std::move(set), request.plan));
  TRY(r.config_, cluster::make_target(request.options.target, *r.hosts_, r.facts_.settings));
  r.facts_.target_version = r.config_->version();
  TRY([[maybe_unused]] auto kept, keep_known(request.options.target, directory));

  TRY([[maybe_unused]] auto monitored, r.start_monitor());
  TRY(r.probe_, faults::LinkProbe::open(*r.sandbox_));
  TRY(r.history_, HistoryLog::create(directory.file("history.jsonl"), r.clock_, stop));
  TRY(r.fault_log_, FaultLog::create(directory.file("faults.jsonl"), stop));
  r.board_ = std::make_unique<StatusBoard>(*r.sandbox_, *r.config_, *r.nodes_);
  r.cluster_.reset(new Cluster{*r.sandbox_, *r.hosts_, *r.config_, *r.board_, stop});
  r.network_ = std::make_unique<faults::NetworkFaults>(*r.sandbox_, *r.monitor_, *r.probe_);
  r.processes_ = std::make_unique<faults::ProcessFaults>(*r.sandbox_, *r.hosts_, *r.config_);
  TRY(r.strikes_, Strikes::prepare(
                      r.plan_, {*r.sandbox_, *r.hosts_, *r.config_, *r.network_, *r.nodes_, stop}));
  TRY([[maybe_unused]] auto possible, r.check_machine());
  TRY([[maybe_unused]] auto workable, r.check_work());
  r.workload_ = std::make_unique<Workload>(*r.sandbox_, *r.config_, *r.history_, r.clock_,
                                           possible_work(request.plan.work, *r.config_));
  r.progress_ =
      std::make_unique<Progress>([&r] { return r.progress_line(); }, request.manner.quiet);
  if (!r.plan_.rules.empty()) {
    const faults::RuleRunner::Options rules{r.plan_.rules, request.options.nodes,
                                            *r.choice_.protocol};
    r.rules_ = std::make_unique<faults::RuleRunner>(r.surroundings(), rules);
    r.watch_->set_rules(*r.rules_);
  }
  return run;
}

// An error if the plan's rules need messages that are not understood, or what cannot be done to
// them.
base::Status Run::check_rules() const {
  if (plan_.rules.empty()) return base::Done{};
  const cluster::Capabilities can = config_->capabilities();
  const plan::Means means{
      .membership = can.membership, .transfer = can.transfer, .connections = !can.datagrams};
  if (choice_.protocol) return plan::check_rules(plan_.rules, *choice_.protocol, means);
  return base::Error{base::ErrorCode::Unavailable,
                     fmt::format("plan '{}' has rules about messages, but the monitor is '{}': {}",
                                 plan_.name, choice_.name, choice_.reason)};
}

// Of a suite, a plan is skipped that the machine does not let be; alone it is carried out, and the
// rule that does not do what it should is reported.
base::Status Run::check_machine() const {
  const std::string impossible = strikes_->impossible_actions(plan_);
  if (impossible.empty() || !request_.manner.skip_impossible) return base::Done{};
  return base::Error{
      base::ErrorCode::Unavailable,
      fmt::format("plan '{}' cannot be carried out here: {}", plan_.name, impossible)};
}

base::Status Run::check_work() const {
  const cluster::Capabilities can = config_->capabilities();
  if (plan_.work.kind != plan::WorkKind::Queue || can.append || can.cas) return base::Done{};
  return base::Error{base::ErrorCode::Unavailable,
                     fmt::format("the workload queue needs a target with append or cas; {} has "
                                 "neither",
                                 facts_.target)};
}

base::Status Run::start_monitor() {
  TRY(choice_, choose_monitor(request_.options.monitor, *config_));
  facts_.monitor = choice_.name;
  monitor::Options options;
  options.pcapng = request_.directory.file("traffic.pcapng");
  options.seed = draws_.monitor;
  if (choice_.protocol) {
    facts_.messages.protocol = name(*choice_.protocol);
    TRY(messages_, MessageLog::create(request_.directory.file("messages.jsonl"), stop_));
    watch_ = std::make_unique<MessageWatch>(*messages_, clock_.started_ns());
    options.protocol = choice_.protocol;
    options.watcher = watch_.get();
    options.message_ports = config_->peer_ports();
    options.act = !plan_.rules.empty();
  }
  TRY([[maybe_unused]] auto suits, check_plan(choice_, plan_));
  TRY([[maybe_unused]] auto possible, check_rules());
  const auto start =
      choice_.name == "observe" ? sniff::start_passive_monitor : monitor::RaftMonitor::start;
  TRY(monitor_, start(*sandbox_, options));
  return base::Done{};
}

base::Status Run::save_facts() const {
  return request_.directory.write("run.json", to_json(facts_));
}

std::string Run::progress_line() const {
  const Workload::Counts counts = workload_->counts();
  const double seconds = static_cast<double>(clock_.now().value()) / 1e9;
  const auto leader = board_->leader();
  const std::string faults = fault_log_->in_force();
  return fmt::format("{:.0f} s, {} ok {} fail {} unknown, leader {}, faults: {}", seconds,
                     counts.ok, counts.fail, counts.info,
                     leader ? fmt::format("n{}", leader->value) : "none",
                     faults.empty() ? "none" : faults);
}

base::Status Run::begin() {
  TRY([[maybe_unused]] auto saved, save_facts());
  if (!request_.manner.quiet) {
    TRY([[maybe_unused]] auto linked, link_latest(request_.directory));
  }
  progress_->note(fmt::format("sandbox: {}; {} {} on {} nodes", facts_.sandbox, facts_.target,
                              facts_.target_version, facts_.nodes));
  progress_->note(fmt::format("monitor: {}: {}", choice_.name, choice_.reason));
  if (!facts_.settings.empty()) progress_->note("settings: " + describe(facts_.settings));
  if (plan_.work.kind == plan::WorkKind::Queue) {
    progress_->note(config_->capabilities().append
                        ? "workload: queue, by the target's own append"
                        : "workload: queue; an append is a read and a cas");
  } else if (!config_->capabilities().cas)
    progress_->note("the target has no cas: only reads and writes");
  if (!config_->capabilities().status) {
    progress_->note(
        fmt::format("the target does not tell who leads: any node is taken for the "
                    "leader, and the election timeout for {} ms",
                    kAssumedElectionMs));
  }
  progress_->phase("set-up");
  TRY([[maybe_unused]] auto started, start_cluster(*cluster_));
  strikes_->look_at_clocks();
  if (base::Status possible = check_machine(); !possible.ok()) {
    request_.directory.remove("run.json");  // As if it had been known before.
    return possible;
  }
  facts_.election_timeout_ms = request_.manner.election_timeout_ms;
  if (plan_.has_faults() && config_->capabilities().status && !facts_.election_timeout_ms) {
    progress_->phase("set-up: measuring elections");
    const std::uint64_t time_s = request_.options.time_s;  // No need is less than any time.
    const auto suffices = [&](std::uint64_t ms) { return seconds_needed(plan_, ms) <= time_s; };
    TRY(facts_.election_timeout_ms, measure_election_timeout(*cluster_, suffices));
    progress_->note(fmt::format("election timeout: {} ms from the leader's death to the next write",
                                *facts_.election_timeout_ms));
  }
  return fit_faults();
}

base::Status Run::fit_faults() {
  const std::uint64_t election_ms = facts_.election_timeout_ms.value_or(kAssumedElectionMs);
  const std::uint64_t time_s = request_.options.time_s;
  if (const auto needed = seconds_needed(plan_, election_ms); needed > time_s) {
    return base::Error{base::ErrorCode::InvalidArgument,
                       fmt::format("{}, for which --time {} has no room with the election timeout "
                                   "of {} ms; the smallest that has is --time {}",
                                   required_faults(plan_), time_s, election_ms, *needed)};
  }
  plan_ = plan::fitted(plan_, time_s * 1000, election_ms, kFaultOverheadMs);
  facts_.left_out = strikes_->leave_out_impossible(plan_);
  if (!facts_.left_out.empty()) progress_->note("plan: left out: " + facts_.left_out);
  for (std::size_t lane = 0; lane < plan_.lanes.size(); ++lane) {
    for (const plan::Step& step : plan_.lanes[lane].steps) {
      facts_.planned_faults += 1;
      progress_->note(fmt::format("plan: lane {}: after {} ms \"{}\" for {} ms", lane + 1,
                                  plan::milliseconds(step.gap, election_ms),
                                  plan::describe(step.fault),
                                  plan::milliseconds(step.length, election_ms)));
    }
  }
  TRY([[maybe_unused]] auto written,
      request_.directory.write("plan.toml", plan::write_plan(plan_)));
  return save_facts();
}

milliseconds Run::operation_timeout() const {
  const std::uint64_t election_ms = facts_.election_timeout_ms.value_or(kAssumedElectionMs);
  const std::uint64_t planned_ms = plan_.work.timeout_ms;
  return milliseconds(static_cast<std::int64_t>(
      planned_ms > 0 ? planned_ms : std::clamp(election_ms / 2, kLeastTimeoutMs, kMostTimeoutMs)));
}

faults::Surroundings Run::surroundings() {
  return {clock_,
          stop_,
          *network_,
          *processes_,
          *workload_,
          [this] { return board_->leader(); },
          [this](const faults::FaultRecord& record) { fault_log_->append(record); },
          strikes_->disks(),
          strikes_->syncs(),
          strikes_->clocks(),
          strikes_->members(),
          strikes_->impossible_actions(plan_)};
}

faults::Counts Run::counts() const {
  return {workload_->counts().ok, watch_ ? watch_->leaders() : 0};
}

std::unique_ptr<OnlineJudge> Run::judge_online() {
  const std::set<std::string> checkers = OnlineJudge::possible(request_.manner.stop_at);
  if (checkers.empty()) return nullptr;
  return std::make_unique<OnlineJudge>(
      request_.directory,
      OnlineJudge::Options{checkers, facts_.messages.protocol, model_of(facts_)}, stop_);
}

void Run::fault_phase() {
  progress_->phase("faults");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(request_.options.time_s);
  const std::uint64_t election_ms = facts_.election_timeout_ms.value_or(kAssumedElectionMs);
  const auto judge = judge_online();
  faults::Injector injector(surroundings(), plan_, election_ms, [this] { return counts(); });
  workload_->start(draws_.work, operation_timeout());
  if (rules_) rules_->start(*monitor_, election_ms);
  std::vector<std::thread> lanes;
  std::atomic<std::size_t> lanes_left = plan_.lanes.size();
  for (std::size_t lane = 0; lane < plan_.lanes.size(); ++lane) {
    lanes.emplace_back([&injector, &lanes_left, lane] {
      injector.run(lane);
      lanes_left -= 1;
    });
  }
  const auto left =
      std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
  // A plan that is nothing but rules is over when they are.
  const bool may_end = request_.manner.ends_with_faults || plan_.lanes.empty();
  const auto over = [&] {
    return may_end && plan_.has_faults() && lanes_left == 0 && (!rules_ || rules_->done());
  };
  const bool done = stop_.wait_until(over, std::max(left, milliseconds(0)), milliseconds(20));
  // What came of it takes its time.
  if (done) (void)stop_.wait(milliseconds(static_cast<std::int64_t>(2 * election_ms)));
  if (rules_) rules_->let_clients_go();
  // First the rules: a lane may wait for a node that they hold.
  if (rules_) rules_->stop();
  for (std::thread& lane : lanes) lane.join();
}

void Run::recover() {
  if (!request_.manner.recovers || (!request_.manner.stop_at.empty() && stop_.requested())) {
    workload_->stop();
    return;
  }
  progress_->phase("recovery");
  if (strikes_->disks() != nullptr) strikes_->disks()->heal_all();
  if (strikes_->clocks() != nullptr) strikes_->clocks()->heal_all();
  facts_.recovery = heal({*network_, *processes_, strikes_->members()},
                         recovery_bound_ms(facts_.election_timeout_ms));
  const bool recovered = await_recovery(*cluster_, *workload_, clock_, facts_.recovery);
  if (!recovered) {
    progress_->phase("recovery: restarting all nodes");
    try_restart(*cluster_, *processes_, *workload_, clock_, facts_.recovery);
  } else if (request_.manner.ends_with_faults) {
    // It was over too soon to be believed.
    const auto enough = [this] { return workload_->counts().ok >= kLeastOperations; };
    (void)stop_.wait_until(enough, kMoreOperations, milliseconds(20));
  }
  workload_->stop();
  progress_->phase("read-back");
  facts_.keys = static_cast<std::uint32_t>(workload_->keys().size());
  ReadBack read_back(*cluster_, *history_, *workload_);
  read_back.make(facts_.recovery);
  if (plan_.has_faults() && plan_.work.rotate_leaders && recovered) read_back_in_turns(read_back);
}

void Run::read_back_in_turns(ReadBack& read_back) {
  if (!config_->capabilities().status || !facts_.recovery.unread.empty()) return;
  LeaderTurns turns(*cluster_, *processes_, strikes_->members(),
                    facts_.election_timeout_ms.value_or(kAssumedElectionMs));
  while (turns.next()) {
    progress_->phase(fmt::format("read-back, n{} leads", turns.led().back()));
    read_back.make(facts_.recovery);
  }
  facts_.recovery.led = turns.led();
}

// A disk that is full by now does not take away the judgement of what was saved before.
void Run::save_or_stop(const base::Status& saved) {
  if (saved.ok()) return;
  stop_.request(saved.error().message);
  progress_->note(saved.error().message);
}

base::Status Run::finish() {
  progress_->phase("audit");
  const monitor::Audit audit = monitor_->audit();
  save_or_stop(
      request_.directory.write("links.json", monitor::links_json(monitor_->counters(), audit)));
  if (audit.picture) {
    save_or_stop(request_.directory.write("audit.json", audit_json(*audit.picture)));
  }
  if (messages_) {
    messages_->close();
    facts_.messages.saved = messages_->counts().saved;
    facts_.messages.lost = messages_->counts().lost;
    facts_.messages.not_understood = watch_->not_understood();
  }
  facts_.interrupted = stop_.reason();
  // There was none when all nodes were restarted; what a restart does is not what made them stuck.
  if (!facts_.recovery.freed_by_restart) facts_.own_exits = hosts_->own_exits();
  facts_.history_events = history_->events();
  facts_.fault_events = fault_log_->events();
  facts_.node_events = nodes_->events();
  facts_.finished = true;
  save_or_stop(save_facts());
  return base::Done{};
}

base::Status Run::execute() {
  base::Status ready = begin();
  // Interrupted before anything was asked of the system: there is a run, and it says nothing.
  if (!ready.ok() && !stop_.requested()) return ready;
  if (ready.ok()) {
    fault_phase();
    recover();
  }
  return finish();
}

}  // namespace

base::Status execute(const RunRequest& request, faults::Stop& stop) {
  TRY(const std::unique_ptr<Run> run, Run::build(request, stop));
  return run->execute();
}

}  // namespace check::run
