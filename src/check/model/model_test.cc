// SPDX-License-Identifier: Apache-2.0
#include "check/model/model.h"

#include <gtest/gtest.h>

#include "golden/golden.h"

namespace check::model {
namespace {

using history::Function;
using history::Operation;
using history::Outcome;
using history::Value;

// One word an operation: `w1` wrote 1, `r1` read 1, `r-` read nothing, `c1>2` swapped, `f1>2:3`
// failed to swap and found 3, `f1>2` failed, `a1` appended.
Operation parse(const std::string& word) {
  Operation operation;
  operation.outcome = Outcome::Ok;
  const auto value = [](const std::string& text) { return text == "-" ? Value() : Value(text); };
  const std::string rest = word.substr(1);
  switch (word.front()) {
    case 'r':
      operation.found = value(rest);
      operation.found_known = true;
      return operation;
    case 'w':
      operation.function = Function::Write;
      operation.written = value(rest);
      return operation;
    case 'a':
      operation.function = Function::Append;
      operation.written = value(rest);
      return operation;
    default:
      break;
  }
  operation.function = Function::Cas;
  if (word.front() == 'f') operation.outcome = Outcome::Fail;
  const std::size_t arrow = rest.find('>');
  const std::size_t colon = rest.find(':');
  operation.expected = value(rest.substr(0, arrow));
  operation.written = value(rest.substr(arrow + 1, colon - arrow - 1));
  operation.found_known = colon != std::string::npos;
  if (operation.found_known) operation.found = value(rest.substr(colon + 1));
  return operation;
}

std::string run(const golden::Case& the_case) {
  const Model* model = find_model(the_case.command);
  if (model == nullptr) return "no such model";
  State state = model->initial();
  std::istringstream words(the_case.arguments.at("do"));
  for (std::string word; std::getline(words, word, ',');) {
    const Operation operation = parse(word);
    if (!model->knows(operation.function)) return word + ": not a function of " + the_case.command;
    auto next = model->step(state, operation);
    if (!next) return word + ": impossible, there is " + model->content(state).value_or("nothing");
    state = *std::move(next);
  }
  return model->content(state).value_or("nothing");
}

TEST(Model, AllowsWhatAnUnsharedKeyWouldDo) { golden::run(TESTDATA "/models.txt", run); }

TEST(Model, IsFoundByItsName) {
  for (const Model& model : models()) {
    EXPECT_EQ(find_model(model.name), &model);
    EXPECT_FALSE(model.summary.empty());
  }
  EXPECT_EQ(find_model("queue"), nullptr);
}

TEST(Model, AnUnknownOutcomeTakesFullEffect) {
  Operation write = parse("w1");
  write.outcome = Outcome::Info;
  const Model& model = *find_model("register");
  EXPECT_EQ(model.content(*model.step(model.initial(), write)), "1");
  Operation cas = parse("c1>2");
  cas.outcome = Outcome::Info;
  EXPECT_FALSE(model.step(model.initial(), cas));
}

}  // namespace
}  // namespace check::model
