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

void run_blocks(const std::string& path, const std::function<std::string(const Block&)>& answer) {
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::ostringstream rewritten;
  int line_number = 0;
  Block block;
  for (std::string line; std::getline(file, line);) {
    line_number += 1;
    rewritten << line << '\n';
    if (line != "----") {
      if (!line.empty() && line.front() != '#') block.push_back(line);
      continue;
    }

    const int answer_line = line_number;
    ASSERT_FALSE(block.empty()) << path << ':' << answer_line << ": no command before ----";
    std::string expected;
    while (std::getline(file, line) && !line.empty()) expected += line + '\n';
    line_number += 1 + static_cast<int>(std::count(expected.begin(), expected.end(), '\n'));

    const std::string actual = answer(block) + '\n';
    if (!rewriting()) {
      EXPECT_EQ(actual, expected) << path << ':' << answer_line;
    }
    rewritten << actual << '\n';
    block.clear();
  }
  ASSERT_TRUE(block.empty()) << path << ": no ---- after: " << block.front();
  if (rewriting()) std::ofstream(path) << rewritten.str();
}

void run(const std::string& path, const std::function<std::string(const Case&)>& answer) {
  run_blocks(path, [&](const Block& block) {
    EXPECT_EQ(block.size(), 1U) << path << ": one command a case, found also: " << block.back();
    return answer(parse(block.front()));
  });
}

}  // namespace golden
