// SPDX-License-Identifier: Apache-2.0
// `seaworthy wire CAPTURE --protocol P`: what nodes said to each other, from a packet capture.
//
//   first pass, the file's beginning: who the nodes are
//   second pass, all of it: listing, counts, verdict
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>

#include "base/text.h"
#include "check/evidence/judge.h"
#include "check/observe/listing.h"
#include "check/observe/observer.h"
#include "check/observe/tally.h"
#include "check/run/commands.h"
#include "check/run/run_facts.h"
#include "check/run/shell_word.h"
#include "check/run/wire_report.h"
#include "check/sandbox/addresses.h"
#include "cli/output.h"

namespace check::run {

namespace {

namespace fs = std::filesystem;

// How much of the file is read to learn who the nodes are.
constexpr std::uint64_t kRosterBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kWholeFile = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kPrintBytes = std::size_t{1} << 16;

base::Error refused(const std::string& sentence) {
  return {base::ErrorCode::InvalidArgument, sentence};
}

// What is to be read, and how.
struct Job {
  std::string path;
  wire::Protocol protocol = wire::Protocol::Raftkv;
  observe::Roster roster;
  std::set<std::uint16_t> ports;
  bool from_start = false;  // Since the cluster's start.
};

base::Result<wire::Protocol> chosen_protocol(const std::string& word) {
  const auto protocol = wire::protocol(word);
  if (!protocol) {
    std::vector<std::string> names;
    names.reserve(wire::kProtocols.size());
    for (const wire::Protocol known : wire::kProtocols) names.emplace_back(name(known));
    return refused(fmt::format("unknown protocol '{}'{}", word, base::did_you_mean(word, names)));
  }
  if (!wire::make_decoder(*protocol)) {
    return refused(fmt::format("this version does not decode {}", word));
  }
  return *protocol;
}

// A folder of a run: its traffic, its nodes, and its protocol if the run knew it.
base::Status open_run(const WireOptions& options, std::string& protocol, Job& job) {
  TRY(const RunDirectory directory, RunDirectory::open(options.path));
  TRY(const std::string text, directory.read("run.json"));
  TRY(const RunFacts facts, read_facts(text, directory.file("run.json")));
  job.path = directory.file("traffic.pcapng");
  job.from_start = true;
  if (protocol.empty()) protocol = facts.messages.protocol;
  if (protocol.empty() && wire::protocol(facts.target)) protocol = facts.target;
  for (std::uint32_t node = 1; node <= facts.nodes && options.nodes.empty(); ++node) {
    job.roster.fix(capture::ipv4(sandbox::address_of(history::NodeId{node})));
  }
  return base::Done{};
}

base::Result<Job> job_of(const WireOptions& options) {
  Job job;
  job.path = options.path;
  job.from_start = options.from_start;
  std::string protocol = options.protocol;
  std::error_code error;
  if (fs::is_directory(options.path, error)) {
    TRY([[maybe_unused]] const base::Done done, open_run(options, protocol, job));
  }
  if (protocol.empty()) {
    return refused("--protocol is needed ('seaworthy list protocols' shows all)");
  }
  TRY(job.protocol, chosen_protocol(protocol));
  job.ports = {options.ports.begin(), options.ports.end()};
  for (const std::string& node : options.nodes) {
    if (const auto end = capture::parse_endpoint(node)) {
      job.roster.fix(*end);
    } else if (const auto address = capture::parse_address(node)) {
      job.roster.fix(*address);
    } else {
      return refused(fmt::format("--nodes: '{}' is neither ADDRESS nor ADDRESS:PORT", node));
    }
  }
  return job;
}

std::string sentence(const observe::Conversation& conversation, const std::string& what) {
  const capture::Opening& opening = conversation.opening;
  return fmt::format("connection {}, {} to {}: {}", opening.id, capture::text(opening.dialer),
                     capture::text(opening.acceptor), what);
}

class Nobody final : public observe::Witness {
  void seen(const wire::Observation&) override {}
  void lost(const observe::Conversation&, capture::Side, std::uint64_t) override {}
  void opaque(const observe::Conversation&, capture::Side) override {}
  void restarted(history::NodeId, std::uint64_t) override {}
  void ended(const observe::Conversation&) override {}
};

// Prints, counts and judges messages as they come.
class Listing final : public observe::Witness {
 public:
  enum class Form : std::uint8_t { None, Text, Json };
  Listing(Form form, observe::Tally& tally, evidence::Judge& judge)
      : form_(form), tally_(tally), judge_(judge) {}

  void seen(const wire::Observation& observation) override {
    tally_.seen(observation);
    judge_.observe(observation);
    if (form_ == Form::None) return;
    if (form_ == Form::Text) observe::append_listing(out_, observation);
    if (form_ == Form::Json) wire::append_line(out_, observation);
    if (out_.size() >= kPrintBytes) print();
  }
  void lost(const observe::Conversation& conversation, capture::Side,
            std::uint64_t bytes) override {
    if (conversation.matters()) {
      judge_.missed(sentence(conversation, fmt::format("{} bytes were lost", bytes)));
    }
  }
  void opaque(const observe::Conversation& conversation, capture::Side from) override {
    if (!conversation.matters()) return;
    const auto& way = conversation.directions[static_cast<std::size_t>(from)];
    judge_.missed(sentence(conversation, way.opaque.value_or("")));
  }
  void restarted(history::NodeId node, std::uint64_t time_ns) override {
    tally_.restarted(node, time_ns);
    judge_.on({.time_ns = time_ns, .node = node, .kind = evidence::NodeEventKind::Started});
  }
  void ended(const observe::Conversation& conversation) override { tally_.ended(conversation); }

  void print() {
    (void)std::fwrite(out_.data(), 1, out_.size(), stdout);
    out_.clear();
  }

 private:
  Form form_;
  observe::Tally& tally_;
  evidence::Judge& judge_;
  std::string out_;
};

base::Result<CaptureCounts> pass(Job& job, std::uint64_t origin_ns, std::uint64_t most_bytes,
                                 observe::Witness& witness, std::uint64_t& connections) {
  observe::Observer observer({.protocol = job.protocol, .origin_ns = origin_ns, .ports = job.ports},
                             job.roster, witness);
  capture::Reassembler reassembler(observer, {.listening_ports = job.ports});
  TRY(const CaptureCounts counts, read_capture(job.path, most_bytes, reassembler));
  connections = observer.connections();
  return counts;
}

// The command that says the same again.
std::string repeat_line(const WireOptions& options, const Job& job) {
  const std::string path = fs::absolute(options.path).lexically_normal().string();
  std::string line =
      fmt::format("{} wire {} --protocol {}", this_program(), shell_word(path), name(job.protocol));
  if (!options.nodes.empty()) line += fmt::format(" --nodes {}", fmt::join(options.nodes, ","));
  if (!options.ports.empty()) line += fmt::format(" --ports {}", fmt::join(options.ports, ","));
  if (options.from_start) line += " --from-start";
  return line;
}

int tell(const WireOptions& options, const WireReport& report, const std::string& repeat) {
  if (options.json && options.summary) {
    cli::print("{}", report_json(report));
  } else if (!options.listing) {
    // Lines of JSON have standard output for themselves.
    std::FILE* const out = options.json ? stderr : stdout;
    cli::print(out, "{}", report_text(report));
    if (report.tally.messages() > 0) {
      cli::print(out, "verdict: {}\nrun: {}\nrepeat: {}\n",
                 verdict::name(verdict::joined(report.findings)), report.path, repeat);
    }
  }
  if (report.tally.messages() > 0) return exit_code(verdict::joined(report.findings));
  complain(
      fmt::format("{}: no message of {} was found: is that the protocol between the nodes, and is "
                  "it without TLS?",
                  report.path, name(report.protocol)));
  return kExitUnknown;
}

base::Result<int> run(const WireOptions& options) {
  TRY(Job job, job_of(options));
  Nobody nobody;
  std::uint64_t connections = 0;
  // Whether it is the whole beginning shows at the end: what was lost is told there.
  TRY(const CaptureCounts first,
      pass(job, 0, job.from_start ? kWholeFile : kRosterBytes, nobody, connections));
  job.roster.number();

  observe::Tally tally;
  evidence::Judge judge(job.protocol);
  if (job.from_start && first.lost == 0 && !first.error) judge.saw_the_beginning();
  const Listing::Form form = options.summary ? Listing::Form::None
                             : options.json  ? Listing::Form::Json
                                             : Listing::Form::Text;
  Listing listing(form, tally, judge);
  TRY(CaptureCounts counts, pass(job, first.first_ns, kWholeFile, listing, connections));
  listing.print();
  tally.finish();
  WireReport report = {job.path,       job.protocol,       std::move(counts),
                       connections,    job.roster.nodes(), tally,
                       judge.health(), judge.finish(),     judge.notes()};
  report.findings.push_back(judge_capture(report));
  return tell(options, report, repeat_line(options, job));
}

}  // namespace

int wire_command(const WireOptions& options) {
  const auto code = run(options);
  if (code.ok()) return code.value();
  complain(code.error().message);
  return kExitUsage;
}

}  // namespace check::run
