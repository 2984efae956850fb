// SPDX-License-Identifier: Apache-2.0
#include "check/linear/words.h"

#include "base/json_writer.h"
#include "check/history/event.h"

namespace check::linear {

namespace {

using history::Function;
using history::Operation;
using history::Outcome;

constexpr std::size_t kLongestQuote = 40;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

// Seconds with `digits` decimals, cut, not rounded.
std::string seconds(history::Moment moment, std::size_t digits) {
  std::string fraction = std::to_string(moment.value() % kNanosecondsPerSecond);
  fraction.insert(0, 9 - fraction.size(), '0');
  return std::to_string(moment.value() / kNanosecondsPerSecond) + "." + fraction.substr(0, digits) +
         " s";
}

bool unknown(const Operation& operation) { return operation.outcome == Outcome::Info; }

std::string when(const Operation& operation) {
  const history::Moment moment = operation.returned.value_or(operation.called);
  std::string text =
      " at " + seconds(moment, 3) + " (event " + std::to_string(telling_event(operation));
  if (unknown(operation)) text += ", outcome unknown";
  if (operation.final) text += ", read back at the end";
  if (operation.final && operation.node) text += " through node " + std::to_string(*operation.node);
  return text + ")";
}

struct Verbs {
  const char* read;
  const char* write;
  const char* swap;
  const char* append;
};

std::string told(const Operation& operation, const Verbs& verbs) {
  switch (operation.function) {
    case Function::Read:
      return verbs.read + quoted(operation.found);
    case Function::Write:
      return verbs.write + quoted(operation.written);
    case Function::Append:
      return verbs.append + quoted(operation.written);
    case Function::Cas:
      break;
  }
  if (operation.outcome != Outcome::Fail) {
    return verbs.swap + quoted(operation.expected) + " for " + quoted(operation.written);
  }
  std::string text = verbs.read;
  text += operation.found_known ? quoted(operation.found)
                                : "another value than " + quoted(operation.expected);
  return text + " by a failed cas from " + quoted(operation.expected) + " to " +
         quoted(operation.written);
}

std::string sentence(const Operation& operation, const Verbs& verbs) {
  std::string text = "process " + std::to_string(operation.process) + " ";
  return text + told(operation, verbs) + when(operation);
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text + ' ';
}

}  // namespace

std::string quoted(const history::Value& value) {
  if (!value) return "nothing";
  std::string text;
  if (value->size() <= kLongestQuote) {
    base::append_json_string(text, *value);
    return text;
  }
  base::append_json_string(text, value->substr(0, kLongestQuote - 8));
  return text + "... (" + std::to_string(value->size()) + " bytes)";
}

std::string did(const Operation& operation) {
  return unknown(operation) ? sentence(operation, {"tried to read ", "tried to write ",
                                                   "tried to swap ", "tried to append "})
                            : sentence(operation, {"read ", "wrote ", "swapped ", "appended "});
}

std::string had_done(const Operation& operation) {
  return unknown(operation)
             ? sentence(operation, {"had tried to read ", "had tried to write ",
                                    "had tried to swap ", "had tried to append "})
             : sentence(operation, {"had read ", "had written ", "had swapped ", "had appended "});
}

std::string read_of(const Operation& operation, std::size_t elements) {
  return "process " + std::to_string(operation.process) + " read " + std::to_string(elements) +
         (elements == 1 ? " element" : " elements") + when(operation);
}

std::string noun(const Operation& operation) {
  return std::string(history::name(operation.function));
}

std::uint64_t telling_event(const Operation& operation) {
  const bool told_how = operation.returned_at && !unknown(operation);
  return told_how ? operation.returned_at->value() : operation.invoked_at.value();
}

std::string row(const Operation& operation) {
  std::string what = noun(operation) + " " + operation.key;
  if (operation.function == Function::Cas) {
    what += " " + quoted(operation.expected) + " -> " + quoted(operation.written);
    if (operation.found_known) what += ", found " + quoted(operation.found);
  } else if (operation.function != Function::Read) {
    what += " " + quoted(operation.written);
  } else if (operation.outcome == Outcome::Ok) {
    what += " = " + quoted(operation.found);
  }
  std::string line = padded("process " + std::to_string(operation.process), 12) + padded(what, 32);
  std::string times = seconds(operation.called, 6) + " .. ";
  times += operation.returned ? seconds(*operation.returned, 6) : "?";
  line += padded(times, 28);
  switch (operation.outcome) {
    case Outcome::Ok:
      line += "ok      ";
      break;
    case Outcome::Fail:
      line += "fail    ";
      break;
    case Outcome::Info:
      line += "unknown ";
      break;
  }
  line += "event " + std::to_string(operation.invoked_at.value());
  if (operation.returned_at) line += ", " + std::to_string(operation.returned_at->value());
  return line;
}

}  // namespace check::linear
