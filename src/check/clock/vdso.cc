// SPDX-License-Identifier: Apache-2.0
#include "check/clock/vdso.h"

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace check::clock {

namespace {

constexpr std::size_t kJumpBytes = 5;
constexpr std::size_t kMostSymbols = 1000;

base::Error not_understood(const std::string& what) {
  return {base::ErrorCode::Unavailable, "the kernel's vDSO is not understood: " + what};
}

template <class Part>
std::optional<Part> part_at(std::string_view image, std::uint64_t at) {
  if (at > image.size() || image.size() - at < sizeof(Part)) return std::nullopt;
  Part part;
  std::memcpy(&part, image.data() + at, sizeof part);
  return part;
}

// Addresses in it count from the image's beginning.
struct Tables {
  std::uint64_t symbols = 0;
  std::uint64_t names = 0;
};

std::optional<Tables> find_tables(std::string_view image, const Elf64_Ehdr& header) {
  Tables tables;
  for (std::uint64_t k = 0; k < header.e_phnum; ++k) {
    const auto segment = part_at<Elf64_Phdr>(image, header.e_phoff + k * sizeof(Elf64_Phdr));
    if (!segment) return std::nullopt;
    if (segment->p_type != PT_DYNAMIC) continue;
    for (std::uint64_t at = segment->p_offset;; at += sizeof(Elf64_Dyn)) {
      const auto entry = part_at<Elf64_Dyn>(image, at);
      if (!entry || entry->d_tag == DT_NULL) break;
      if (entry->d_tag == DT_SYMTAB) tables.symbols = entry->d_un.d_ptr;
      if (entry->d_tag == DT_STRTAB) tables.names = entry->d_un.d_ptr;
    }
  }
  if (tables.symbols == 0 || tables.names == 0) return std::nullopt;
  return tables;
}

std::string_view name_at(std::string_view image, std::uint64_t at) {
  if (at >= image.size()) return {};
  const std::string_view rest = image.substr(at);
  return rest.substr(0, rest.find('\0'));
}

}  // namespace

base::Result<ClockFunctions> find_clock_functions(std::string_view image) {
  const auto header = part_at<Elf64_Ehdr>(image, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return not_understood("it is not an ELF file");
  }
  const auto tables = find_tables(image, *header);
  if (!tables) return not_understood("it has no table of symbols");
  std::optional<std::size_t> clock_gettime;
  ClockFunctions found;
  // How many symbols there are is not said plainly: the names lie behind them.
  for (std::size_t k = 0; k < kMostSymbols; ++k) {
    const std::uint64_t at = tables->symbols + k * sizeof(Elf64_Sym);
    if (tables->symbols < tables->names && at >= tables->names) break;
    const auto symbol = part_at<Elf64_Sym>(image, at);
    if (!symbol) break;
    const bool function = ELF64_ST_TYPE(symbol->st_info) == STT_FUNC;
    const bool inside = symbol->st_value < image.size();
    if (!function || !inside || symbol->st_size < kJumpBytes) continue;
    const std::string_view name = name_at(image, tables->names + symbol->st_name);
    if (name == "__vdso_clock_gettime") clock_gettime = symbol->st_value;
    if (name == "__vdso_gettimeofday") found.gettimeofday = symbol->st_value;
    if (name == "__vdso_time") found.time = symbol->st_value;
  }
  if (!clock_gettime) return not_understood("it has no clock_gettime");
  found.clock_gettime = *clock_gettime;
  return found;
}

}  // namespace check::clock
