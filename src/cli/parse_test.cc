// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/completion.h"
#include "cli/man_page.h"
#include "cli/number.h"
#include "cli/outline.h"
#include "version/version.h"

namespace cli {
namespace {

// A small program with one of everything.
struct Sample {
  CLI::App app{"Sail a boat", "boat"};
  std::string target;
  std::string color = "red";
  std::string log;
  int knots = 5;
  bool hurry = false;
  bool secret = false;
  CLI::App* sail = app.add_subcommand("sail", "Go somewhere");
  CLI::App* list = app.add_subcommand("list", "Print names");

  Sample() {
    sail->add_option("--target", target, "Where to")->type_name("TARGET")->required();
    sail->add_option("-k,--knots", knots, "How fast")
        ->check(CLI::Range(1, 30))
        ->capture_default_str();
    sail->add_option("--color", color, "Of the flag")
        ->check(CLI::IsMember(std::vector<std::string>{"red", "green"}));
    sail->add_option("--log", log, "Where to write; a line starting with . is\n.kept")
        ->type_name("FILE");
    sail->add_flag("--hurry", hurry, "Take risks");
    sail->add_flag("--secret", secret, "Not shown")->group("");
    list->add_subcommand("ports", "Where one can go");
    app.require_subcommand(1);
    list->require_subcommand(1);
    app.footer("Exit codes:\n  0  arrived\n  3  usage\n\nFair winds.");
  }

  std::optional<Ending> run(std::vector<const char*> words) {
    words.insert(words.begin(), "boat");
    return interpret(app, static_cast<int>(words.size()), words.data(), {{"TARGET", "list ports"}});
  }
};

// The sentence with which a wrong command line is refused.
std::string refusal(std::vector<const char*> words) {
  Sample sample;
  const std::optional<Ending> ending = sample.run(std::move(words));
  if (!ending) return "accepted";
  EXPECT_EQ(ending->code, kUsageError);
  EXPECT_EQ(ending->output, "");
  return ending->error;
}

TEST(CommandLine, FillsWhatIsBoundAndLetsTheProgramRun) {
  Sample sample;
  EXPECT_FALSE(sample.run({"sail", "--target", "Rome", "-k", "7"}));
  EXPECT_EQ(sample.target, "Rome");
  EXPECT_EQ(sample.knots, 7);
  EXPECT_TRUE(sample.sail->parsed());
}

TEST(CommandLine, IsRefusedInOneSentenceWithTheNearestWord) {
  EXPECT_EQ(refusal({}), "boat: a command is missing: one of sail, list\n");
  EXPECT_EQ(refusal({"list"}), "boat list: a command is missing: one of ports\n");
  EXPECT_EQ(refusal({"sial"}), "boat: unknown command 'sial'; did you mean 'sail'?\n");
  EXPECT_EQ(refusal({"swim"}), "boat: unknown command 'swim'; did you mean 'sail'?\n");
  EXPECT_EQ(refusal({"frobnicate"}), "boat: unknown command 'frobnicate': one of sail, list\n");
  EXPECT_EQ(refusal({"sial", "--help"}), "boat: unknown command 'sial'; did you mean 'sail'?\n");
  EXPECT_EQ(refusal({"sail", "--taget", "Rome"}),
            "boat sail: unknown option --taget; did you mean '--target'?\n");
  EXPECT_EQ(refusal({"sail", "--taget=Rome"}),
            "boat sail: unknown option --taget; did you mean '--target'?\n");
  EXPECT_EQ(refusal({"sail", "--target", "Rome", "--zzz"}), "boat sail: unknown option --zzz\n");
  EXPECT_EQ(refusal({"sail"}), "boat sail: --target is required: 'boat list ports' shows all\n");
  EXPECT_EQ(refusal({"sail", "--target"}), "boat sail: --target: expected TARGET\n");
  EXPECT_EQ(refusal({"sail", "--target", "Rome", "there"}),
            "boat sail: unexpected argument 'there'\n");
}

TEST(CommandLine, NamesWhatAValueMayBe) {
  EXPECT_EQ(refusal({"sail", "--target", "Rome", "--knots", "99"}),
            "boat sail: --knots: Value 99 not in range 1 to 30\n");
  EXPECT_EQ(refusal({"sail", "--target", "Rome", "--knots", "fast"}),
            "boat sail: --knots: Value fast not in range 1 to 30\n");
  EXPECT_EQ(refusal({"sail", "--target", "Rome", "--color", "gren"}),
            "boat sail: --color: 'gren' is none of red, green; did you mean 'green'?\n");
}

TEST(CommandLine, SaysThatANumberIsNone) {
  const auto refusal_of = [](const char* value) {
    CLI::App app{"Sail a boat", "boat"};
    std::uint32_t crew = 0;
    std::uint32_t mast = 0;
    app.add_option("--crew", crew, "How many");
    app.add_option("--mast", mast, "Which")->check(is_number32());
    const std::array<const char*, 3> words = {"boat", "--crew", value};
    const std::array<const char*, 3> others = {"boat", "--mast", value};
    const std::optional<Ending> ending = interpret(app, 3, words.data(), {});
    const std::optional<Ending> other = interpret(app, 3, others.data(), {});
    return (ending ? ending->error : "accepted\n") + (other ? other->error : "accepted\n");
  };
  EXPECT_EQ(refusal_of("many"),
            "boat: --crew: 'many' is no number here\n"
            "boat: --mast: 'many' is not a whole number from 0 to 4294967295\n");
  EXPECT_EQ(refusal_of("4294967296"),
            "boat: --crew: '4294967296' is too great\n"
            "boat: --mast: '4294967296' is not a whole number from 0 to 4294967295\n");
  EXPECT_EQ(refusal_of("4294967295"), "accepted\naccepted\n");
}

TEST(CommandLine, NamesWhatAMissingArgumentCanBe) {
  const auto refusal_of = [](const CLI::Validator* choices) {
    CLI::App app{"Sail a boat", "boat"};
    std::string where;
    auto* option = app.add_option("where", where, "A port or an island")->required();
    if (choices != nullptr) option->check(*choices);
    const std::array<const char*, 1> words = {"boat"};
    const std::optional<Ending> ending = interpret(app, 1, words.data(), {});
    return ending ? ending->error : "accepted";
  };
  EXPECT_EQ(refusal_of(nullptr), "boat: where is required: A port or an island\n");
  const CLI::IsMember ports(std::vector<std::string>{"Rome", "Tyre"});
  EXPECT_EQ(refusal_of(&ports), "boat: where is required: one of Rome, Tyre\n");
}

TEST(CommandLine, AnOptionWithNothingBehindItsSignDoesNotTakeTheNextOne) {
  Sample sample;
  const std::optional<Ending> ending = sample.run({"sail", "--log=", "--target", "x"});
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->code, kUsageError);
  EXPECT_EQ(ending->error, "boat: --log: nothing stands behind '='\n");
  EXPECT_FALSE(Sample().run({"sail", "--log=a=", "--target", "x"}));
}

TEST(CommandLine, HelpIsOfTheCommandAskedFor) {
  Sample sample;
  const std::optional<Ending> ending = sample.run({"sail", "--help"});
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->code, 0);
  EXPECT_NE(ending->output.find("--knots"), std::string::npos);
  EXPECT_EQ(ending->output.find("--secret"), std::string::npos);
}

// Compares with a whole file; GOLDEN=rewrite writes it.
void expect_file(const std::string& name, const std::string& actual) {
  const std::string path = std::string(TESTDATA) + "/" + name;
  const char* mode = std::getenv("GOLDEN");
  if (mode != nullptr && std::string_view(mode) == "rewrite") std::ofstream(path) << actual;
  std::ifstream file(path);
  const std::string expected((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(actual, expected) << path;
}

TEST(ManPage, IsMadeFromTheCommandLine) {
  expect_file("boat.1", man_page(outline(Sample().app), "boat 1.0"));
}

TEST(ManPage, ShowsHowAProgramIsUsedWithoutItsCommands) {
  CLI::App app{"Sail a boat", "boat"};
  app.add_subcommand("list", "Print names");
  const std::string page = man_page(outline(app), "boat 1.0");
  const std::size_t begin = page.find(".SH SYNOPSIS\n");
  EXPECT_EQ(page.substr(begin, page.find(".SH OPTIONS") - begin),
            ".SH SYNOPSIS\n.TP\n\\fBboat\\fR\n[\\fIoption\\fR ...]\n.TP\n\\fBboat list\\fR\n");
}

TEST(Completion, IsMadeFromTheCommandLine) {
  expect_file("boat.bash", completion(outline(Sample().app), {{"TARGET", "list ports"}}));
}

TEST(ManPageAndCompletion, ArePrintedByTheProgramItself) {
  Sample sample;
  const std::optional<Ending> page = sample.run({"--man"});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->code, 0);
  EXPECT_TRUE(page->output.starts_with(".\\\" ")) << page->output.substr(0, 40);
  const std::optional<Ending> script = sample.run({"--completion"});
  ASSERT_TRUE(script);
  EXPECT_TRUE(script->output.starts_with("# bash completion for boat"));
}

TEST(CommandLine, TellsTheVersion) {
  Sample sample;
  const std::optional<Ending> ending = sample.run({"--version"});
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->code, 0);
  EXPECT_EQ(ending->output, std::string("boat ") + version::text() + "\n");
}

}  // namespace
}  // namespace cli
