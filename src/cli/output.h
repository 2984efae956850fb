// SPDX-License-Identifier: Apache-2.0
// What a program says, on its standard output and standard error: printed without an exception
// where there is no room for it. That is no reason to end in the middle of the work.
//
//   cli::print("verdict: {}\n", name);
//   cli::print(stderr, "plan {}\n", k);
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <string_view>
#include <utility>

namespace cli {

// At the beginning of main: opens /dev/null in place of standard input, output and error that are
// closed. Else the first file that is opened takes their place, and what is printed goes there.
void open_closed_streams();

// As much of it as can be written; std::ferror() says whether that was all.
void put(std::FILE* stream, std::string_view text);

template <class... Values>
void print(std::FILE* stream, fmt::format_string<Values...> format, Values&&... values) {
  put(stream, fmt::format(format, std::forward<Values>(values)...));
}

template <class... Values>
void print(fmt::format_string<Values...> format, Values&&... values) {
  put(stdout, fmt::format(format, std::forward<Values>(values)...));
}

// At the end of main: what `program` returns if `code` is what came of its work. That is not 0 if
// standard output did not take all that was printed; a sentence on standard error says so.
int end(std::string_view program, int code);

}  // namespace cli
