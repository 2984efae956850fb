// SPDX-License-Identifier: Apache-2.0
#include "golden/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

namespace golden {

namespace {

Case parse(const std::string& line) {
  std::istringstream words(line);
  Case result;
  words >> result.command;
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    result.arguments[word.substr(0, equals)] =
        equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return result;
}

bool rewriting() {
  const char* mode = std::getenv("GOLDEN");
  return mode != nullptr && std::string_view(mode) == "rewrite";
}

}  // namespace

void run(const std::string& path, const std::function<std::string(const Case&)>& answer) {
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::ostringstream rewritten;
  int line_number = 0;
  std::string line;
  while (std::getline(file, line)) {
    line_number += 1;
    rewritten << line << '\n';
    if (line.empty() || line.front() == '#') continue;

    const Case the_case = parse(line);
    const int case_line = line_number;
    ASSERT_TRUE(std::getline(file, line) && line == "----") << path << ':' << case_line;
    std::string expected;
    while (std::getline(file, line) && !line.empty()) expected += line + '\n';
    line_number += 2 + static_cast<int>(std::count(expected.begin(), expected.end(), '\n'));

    const std::string actual = answer(the_case) + '\n';
    if (!rewriting()) {
      EXPECT_EQ(actual, expected) << path << ':' << case_line;
    }
    rewritten << "----\n" << actual << '\n';
  }
  if (rewriting()) std::ofstream(path) << rewritten.str();
}

}  // namespace golden
