// SPDX-License-Identifier: Apache-2.0
// `seaworthy wire CAPTURE --protocol P`: what nodes said to each other, from a packet capture.
//
//   first pass, the file's beginning: who the nodes are
//   second pass, all of it: listing, counts, verdict
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>

#include "base/text.h"
#include "check/observe/listing.h"
#include "check/observe/observer.h"
#include "check/observe/tally.h"
#include "check/run/commands.h"
#include "check/run/run_facts.h"
#include "check/run/wire_report.h"
#include "check/sandbox/addresses.h"

namespace check::run {

namespace {

namespace fs = std::filesystem;

// How much of the file is read to learn who the nodes are.
constexpr std::uint64_t kRosterBytes = std::uint64_t{64} << 20;
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
};

base::Result<wire::Protocol> chosen_protocol(const std::string& word) {
  const auto protocol = wire::protocol(word);
  if (!protocol) {
    std::vector<std::string> names;
    for (const wire::Protocol known : wire::kProtocols) names.emplace_back(name(known));
    return refused(fmt::format("unknown protocol '{}'{}", word, base::did_you_mean(word, names)));
  }
  if (!wire::make_decoder(*protocol)) {
    return refused(fmt::format("this version does not decode {}", word));
  }
  return *protocol;
}

// A folder of a run: its traffic, its nodes, and its protocol if that is called as the target.
base::Status open_run(const WireOptions& options, std::string& protocol, Job& job) {
  TRY(const RunDirectory directory, RunDirectory::open(options.path));
  TRY(const std::string text, directory.read("run.json"));
  TRY(const RunFacts facts, read_facts(text, directory.file("run.json")));
  job.path = directory.file("traffic.pcapng");
  if (protocol.empty() && wire::protocol(facts.target)) protocol = facts.target;
  for (std::uint32_t node = 1; node <= facts.nodes && options.nodes.empty(); ++node) {
    job.roster.fix(capture::ipv4(sandbox::address_of(history::NodeId{node})));
  }
  return base::Done{};
}

base::Result<Job> job_of(const WireOptions& options) {
  Job job;
  job.path = options.path;
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

class Nobody final : public observe::Witness {
  void seen(const wire::Observation&) override {}
  void lost(const observe::Conversation&, capture::Side, std::uint64_t) override {}
  void opaque(const observe::Conversation&, capture::Side) override {}
  void ended(const observe::Conversation&) override {}
};

// Prints messages as they come, and counts them.
class Listing final : public observe::Witness {
 public:
  enum class Form : std::uint8_t { None, Text, Json };
  Listing(Form form, observe::Tally& tally) : form_(form), tally_(tally) {}

  void seen(const wire::Observation& observation) override {
    tally_.seen(observation);
    if (form_ == Form::None) return;
    if (form_ == Form::Text) observe::append_listing(out_, observation);
    if (form_ == Form::Json) wire::append_line(out_, observation);
    if (out_.size() >= kPrintBytes) print();
  }
  void lost(const observe::Conversation& conversation, capture::Side from,
            std::uint64_t bytes) override {
    tally_.lost(conversation, from, bytes);
  }
  void opaque(const observe::Conversation& conversation, capture::Side from) override {
    tally_.opaque(conversation, from);
  }
  void ended(const observe::Conversation& conversation) override { tally_.ended(conversation); }

  void print() {
    (void)std::fwrite(out_.data(), 1, out_.size(), stdout);
    out_.clear();
  }

 private:
  Form form_;
  observe::Tally& tally_;
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

int tell(const WireOptions& options, const WireReport& report) {
  if (!options.listing) {
    const std::string text = options.json ? report_json(report) : report_text(report);
    // The lines of JSON are all that standard output is to hold.
    std::FILE* const out = options.json && !options.summary ? stderr : stdout;
    fmt::print(out, "{}", options.json && !options.summary ? report_text(report) : text);
  }
  if (report.tally.messages() > 0) return kExitValid;
  complain(
      fmt::format("{}: no message of {} was found: is it the protocol between the nodes, and is it "
                  "without TLS?",
                  report.path, name(report.protocol)));
  return kExitUnknown;
}

base::Result<int> run(const WireOptions& options) {
  TRY(Job job, job_of(options));
  Nobody nobody;
  std::uint64_t connections = 0;
  TRY(const CaptureCounts first, pass(job, 0, kRosterBytes, nobody, connections));
  job.roster.number();
  observe::Tally tally;
  const Listing::Form form = options.summary ? Listing::Form::None
                             : options.json  ? Listing::Form::Json
                                             : Listing::Form::Text;
  Listing listing(form, tally);
  TRY(CaptureCounts counts,
      pass(job, first.first_ns, std::numeric_limits<std::uint64_t>::max(), listing, connections));
  listing.print();
  tally.finish();
  return tell(options,
              {job.path, job.protocol, std::move(counts), connections, job.roster.nodes(), tally});
}

}  // namespace

int wire_command(const WireOptions& options, const std::string& program) {
  (void)program;
  const auto code = run(options);
  if (code.ok()) return code.value();
  complain(code.error().message);
  return kExitUsage;
}

}  // namespace check::run
