// SPDX-License-Identifier: Apache-2.0
#include "check/run/first_facts.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <string>

#include "version/version.h"

namespace check::run {

namespace {

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace

RunFacts first_facts(const RunRequest& request) {
  RunFacts facts;
  facts.program_version = version::text();
  facts.target = request.options.target;
  facts.plan = request.plan.name;
  facts.seed = *request.options.seed;
  facts.nodes = request.options.nodes;
  facts.clients = request.plan.work.clients;
  facts.workload = plan::describe(request.plan.work.kind).word;
  facts.keys = request.plan.work.keys;
  facts.time_s = request.options.time_s;
  facts.accept_known = request.options.accept_known;
  facts.machine = describe_machine();
  facts.sandbox =
      fmt::format("{}: {}", request.support.way == sandbox::Way::Root ? "root" : "user namespaces",
                  request.support.why);
  facts.started = utc_now();
  facts.repeat = request.repeat;
  facts.require = request.plan.require;
  return facts;
}

}  // namespace check::run
