// SPDX-License-Identifier: Apache-2.0
#include "io/testing/disk_contract.h"

#include <optional>
#include <utility>

namespace io::testing {
namespace {

using Code = std::optional<base::ErrorCode>;  // Nothing: it went well.

template <class Outcome>
Code code_of(const Outcome& outcome) {
  return outcome.ok() ? Code() : Code(outcome.error().code);
}

class Names {
 public:
  explicit Names(Disk& disk) : disk_(disk) {}

  std::vector<std::string> complaints() && { return std::move(complaints_); }

  void expect(bool holds, const char* what) {
    if (!holds) complaints_.emplace_back(what);
  }

  void try_what_is_not_there() {
    const Code missing = base::ErrorCode::NotFound;
    expect(code_of(disk_.open("none")) == missing, "open of no file is not NotFound");
    expect(code_of(disk_.rename("none", "other")) == missing, "rename of no file is not NotFound");
    expect(code_of(disk_.remove("none")) == missing, "remove of no file is not NotFound");
  }

  void try_what_is_there() {
    expect(disk_.create("a").ok(), "a file cannot be created");
    const Code again = code_of(disk_.create("a"));
    expect(again && again != base::ErrorCode::NotFound, "a file is created twice");
    expect(disk_.rename("a", "b").ok(), "a file cannot be renamed");
    expect(code_of(disk_.open("a")) == base::ErrorCode::NotFound, "the old name is there");
    expect(disk_.open("b").ok(), "the new name is not there");
    expect(disk_.create("c").ok(), "a second file cannot be created");
    const auto names = disk_.list();
    expect(names.ok() && names.value() == std::vector<std::string>{"b", "c"},
           "the names are not listed in order");
    expect(disk_.remove("b").ok() && disk_.remove("c").ok(), "a file cannot be removed");
  }

 private:
  Disk& disk_;
  std::vector<std::string> complaints_;
};

}  // namespace

std::vector<std::string> complaints_about_names(Disk& disk) {
  Names names(disk);
  names.try_what_is_not_there();
  names.try_what_is_there();
  names.try_what_is_not_there();
  return std::move(names).complaints();
}

}  // namespace io::testing
