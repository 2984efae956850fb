// SPDX-License-Identifier: Apache-2.0
#include "sim/shell/result_file.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/output.h"

namespace sim::shell {

namespace {

base::Error trouble(const std::string& path) {
  return {base::ErrorCode::Io, path + ": " + std::strerror(errno)};
}

base::Result<Shape> parse_shape(const std::string& line) {
  try {
    const auto json = nlohmann::json::parse(line);
    if (json.at("raftsim") != 1) {
      return base::Error{base::ErrorCode::InvalidArgument, "of another version of raftsim"};
    }
    return Shape{json.at("nodes").get<std::uint64_t>(), json.at("events").get<std::uint64_t>()};
  } catch (const std::exception&) {
    return base::Error{base::ErrorCode::InvalidArgument, "not the first line of a sweep's file"};
  }
}

}  // namespace

base::Result<ResultWriter> ResultWriter::create(const std::string& path, const Shape& shape) {
  std::FILE* file = std::fopen(path.c_str(), "wx");
  if (file == nullptr) return trouble(path);
  cli::print(file, "{{\"raftsim\":1,\"nodes\":{},\"events\":{}}}\n", shape.nodes, shape.events);
  return ResultWriter(path, file);
}

void ResultWriter::add(const SeedResult& result) {
  const std::string line = line_of(result) + "\n";
  std::fwrite(line.data(), 1, line.size(), file_.get());
}

base::Status ResultWriter::close() {
  const bool bad = std::ferror(file_.get()) != 0;
  if (std::fclose(file_.release()) != 0 || bad) return trouble(path_);
  return base::Done{};
}

base::Result<ResultFile> read_results(const std::string& path) {
  std::ifstream in(path);
  if (!in) return trouble(path);
  ResultFile file;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    number += 1;
    const auto wrong = [&](const base::Error& error) {
      return base::Error{error.code, fmt::format("{}:{}: {}", path, number, error.message)};
    };
    if (number == 1) {
      base::Result<Shape> shape = parse_shape(line);
      if (!shape.ok()) return wrong(shape.error());
      file.shape = shape.value();
      continue;
    }
    base::Result<SeedResult> result = parse_result(line);
    if (!result.ok()) return wrong(result.error());
    file.results.push_back(std::move(result).value());
  }
  if (number == 0) {
    return base::Error{base::ErrorCode::InvalidArgument, path + ": not the file of a sweep"};
  }
  return file;
}

}  // namespace sim::shell
