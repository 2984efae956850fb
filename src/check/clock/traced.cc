// SPDX-License-Identifier: Apache-2.0
#include "check/clock/traced.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "check/sandbox/fd.h"

namespace check::clock {

namespace {

base::Error failed(const std::string& what) {
  return sandbox::system_error("cannot " + what + " of a program that was just started");
}

constexpr std::chrono::microseconds kLook{50};

// The next stop is the one that was asked for.
base::Status stopped(pid_t pid, std::chrono::milliseconds limit = Traced::kStopLimit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  int status = 0;
  // Only waitpid(2) tells, and it waits for ever, or not at all.
  for (pid_t told = 0; told != pid;) {
    told = ::waitpid(pid, &status, __WALL | WNOHANG);
    if (told < 0 && errno != EINTR) return failed("wait for a stop");
    if (told == pid) break;
    if (std::chrono::steady_clock::now() >= end) {
      return base::Error{
          base::ErrorCode::Timeout,
          fmt::format("a program that was just started did not stop within {} ms", limit.count())};
    }
    std::this_thread::sleep_for(kLook);
  }
  if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP) return base::Done{};
  return base::Error{base::ErrorCode::Unavailable,
                     WIFSTOPPED(status)
                         ? fmt::format("a program got signal {} before it began", WSTOPSIG(status))
                         : std::string("a program ended before it began")};
}

}  // namespace

base::Result<std::string> read_memory(pid_t pid, std::uint64_t address, std::size_t size) {
  std::string bytes(size, '\0');
  const iovec here{bytes.data(), size};
  const iovec there{reinterpret_cast<void*>(address), size};  // NOLINT: in the other process.
  const ssize_t count = ::process_vm_readv(pid, &here, 1, &there, 1, 0);
  if (count != static_cast<ssize_t>(size)) return sandbox::system_error("cannot read its memory");
  return bytes;
}

base::Result<Traced> Traced::wait_for(pid_t child, std::chrono::milliseconds limit) {
  TRY([[maybe_unused]] const auto at_exec, stopped(child, limit));
  return Traced(child);
}

base::Status Traced::let_go() const {
  if (::ptrace(PTRACE_DETACH, pid_, nullptr, nullptr) != 0) return failed("let go");
  return base::Done{};
}

base::Result<std::uint64_t> Traced::vdso() const {
  const sandbox::Fd file(::open(fmt::format("/proc/{}/auxv", pid_).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return failed("read the auxiliary vector");
  Elf64_auxv_t entry{};
  while (::read(file.get(), &entry, sizeof entry) == sizeof entry) {
    if (entry.a_type == AT_SYSINFO_EHDR && entry.a_un.a_val != 0) return entry.a_un.a_val;
  }
  return base::Error{base::ErrorCode::Unavailable, "the kernel gives programs no vDSO"};
}

base::Result<std::string> Traced::read(std::uint64_t address, std::size_t size) const {
  return read_memory(pid_, address, size);
}

// Word by word: ptrace(2) writes where process_vm_writev(2) may not.
base::Status Traced::write(std::uint64_t address, std::string_view bytes) const {
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(long)) {
    const std::string_view part = bytes.substr(at, sizeof(long));
    TRY(std::string word, read(address + at, sizeof(long)));
    word.replace(0, part.size(), part);
    long value = 0;
    std::memcpy(&value, word.data(), sizeof value);
    if (::ptrace(PTRACE_POKEDATA, pid_, address + at, value) != 0)
      return failed("write the memory");
  }
  return base::Done{};
}

#if defined(__x86_64__)

namespace {

constexpr std::uint64_t kRedZone = 128;  // Below the stack pointer, and the program's.

base::Result<user_regs_struct> registers(pid_t pid) {
  user_regs_struct all{};
  if (::ptrace(PTRACE_GETREGS, pid, nullptr, &all) != 0) return failed("read the registers");
  return all;
}

// Runs from `start` by `how` until it stops again, with `code` in place of the instructions there,
// and puts everything back. Returns the register in which results are.
base::Result<std::uint64_t> run(const Traced& traced, pid_t pid, user_regs_struct start,
                                std::uint64_t code_at, std::string_view code) {
  TRY(const user_regs_struct before, registers(pid));
  TRY(const std::string instructions, traced.read(code_at, code.size()));
  TRY([[maybe_unused]] base::Done done, traced.write(code_at, code));
  start.orig_rax = ~0ULL;  // No call that would be begun again.
  if (::ptrace(PTRACE_SETREGS, pid, nullptr, &start) != 0) return failed("set the registers");
  if (::ptrace(PTRACE_CONT, pid, nullptr, nullptr) != 0) return failed("run a part");
  TRY(done, stopped(pid));
  TRY(const user_regs_struct after, registers(pid));
  TRY(done, traced.write(code_at, instructions));
  if (::ptrace(PTRACE_SETREGS, pid, nullptr, &before) != 0) return failed("set the registers");
  return after.rax;
}

}  // namespace

base::Result<std::int64_t> Traced::system_call(long number, const Arguments& arguments) const {
  TRY(user_regs_struct start, registers(pid_));
  start.rax = static_cast<std::uint64_t>(number);
  start.rdi = arguments[0];
  start.rsi = arguments[1];
  start.rdx = arguments[2];
  start.r10 = arguments[3];
  start.r8 = arguments[4];
  start.r9 = arguments[5];
  // syscall; int3
  TRY(const std::uint64_t result, run(*this, pid_, start, start.rip, "\x0f\x05\xcc"));
  return static_cast<std::int64_t>(result);
}

base::Result<std::uint64_t> Traced::call(std::uint64_t function, std::uint64_t first,
                                         std::uint64_t second) const {
  TRY(user_regs_struct start, registers(pid_));
  const std::uint64_t back = start.rip;
  // As behind a call instruction: 16 bytes aligned, but for the return address.
  start.rsp = (start.rsp - kRedZone - 512) / 16 * 16 - 8;
  TRY([[maybe_unused]] const auto done,
      write(start.rsp, {reinterpret_cast<const char*>(&back), sizeof back}));
  start.rip = function;
  start.rdi = first;
  start.rsi = second;
  return run(*this, pid_, start, back, "\xcc");
}

base::Result<std::uint64_t> Traced::scratch() const {
  TRY(const user_regs_struct now, registers(pid_));
  return (now.rsp - kRedZone - 256) / 16 * 16;
}

#else

base::Result<std::int64_t> Traced::system_call(long, const Arguments&) const {
  return base::Error{base::ErrorCode::Unavailable, "only x86-64 programs can be traced"};
}
base::Result<std::uint64_t> Traced::call(std::uint64_t, std::uint64_t, std::uint64_t) const {
  return base::Error{base::ErrorCode::Unavailable, "only x86-64 programs can be traced"};
}
base::Result<std::uint64_t> Traced::scratch() const {
  return base::Error{base::ErrorCode::Unavailable, "only x86-64 programs can be traced"};
}

#endif

}  // namespace check::clock
