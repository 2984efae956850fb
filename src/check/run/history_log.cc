// SPDX-License-Identifier: Apache-2.0
#include "check/run/history_log.h"

#include <unistd.h>

#include "check/history/event.h"
#include "check/run/append_line.h"
#include "check/run/list_text.h"

namespace check::run {

namespace {

using history::Event;
using history::EventType;
using history::Function;
using history::Outcome;

Event event_of(const Call& call) {
  Event event;
  event.process = call.process;
  event.function = call.function;
  event.key = call.key;
  event.value = call.written;
  event.expected = call.expected;
  event.final = call.final;
  event.node = call.node.value;
  return event;
}

EventType type_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Ok:
      return EventType::Ok;
    case Outcome::Fail:
      return EventType::Fail;
    case Outcome::Info:
      return EventType::Info;
  }
  return EventType::Info;
}

}  // namespace

base::Result<std::unique_ptr<HistoryLog>> HistoryLog::create(const std::string& path,
                                                             const faults::RunClock& clock,
                                                             faults::Stop& stop) {
  TRY(const int fd, create_line_file(path));
  return std::unique_ptr<HistoryLog>(new HistoryLog(fd, path, clock, stop));
}

HistoryLog::~HistoryLog() { ::close(fd_); }

void HistoryLog::invoke(const Call& call) { append(event_of(call)); }

void HistoryLog::complete(const Call& call, const cluster::Answer& answer) {
  Event event = event_of(call);
  event.type = type_of(answer.outcome);
  if (call.function == Function::Read) {
    const bool lists = call.list && answer.outcome == Outcome::Ok;
    auto list = lists ? list_of(answer.found) : std::nullopt;
    event.list = list.has_value();
    if (event.list) {
      event.value = std::move(list);
    } else {
      event.value = answer.found;
    }
  }
  if (call.function == Function::Cas && answer.outcome == Outcome::Fail) {
    event.found = answer.found;
    event.found_known = answer.found_known;
  }
  if (answer.outcome != Outcome::Ok) event.error = answer.note;
  append(std::move(event));
}

std::uint64_t HistoryLog::events() {
  const std::lock_guard lock(mutex_);
  return next_index_;
}

void HistoryLog::append(Event event) {
  const std::lock_guard lock(mutex_);
  event.index = history::EventIndex(next_index_++);
  event.time = clock_.now();
  line_.clear();
  history::append_line(line_, event);
  const base::Status written = append_lines(fd_, line_, path_);
  if (!written.ok()) stop_.request(written.error().message);
}

}  // namespace check::run
