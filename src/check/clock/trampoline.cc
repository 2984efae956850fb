// SPDX-License-Identifier: Apache-2.0
// System V ABI: only registers that a called function may change are changed. The true time comes
// from the kernel by a system call, since the code that would have read it is what was replaced.
#include "check/clock/trampoline.h"

#if defined(__x86_64__)

asm(R"(
  .pushsection .text
  .p2align 4
check_clock_begin:
check_clock_gettime:
  mov $228, %eax
  syscall
  test %eax, %eax
  jnz 9f
  cmp $0, %edi
  je 1f
  cmp $5, %edi
  je 1f
  cmp $11, %edi
  jne 9f
1:
  lea check_clock_begin-4096(%rip), %r8
  lock incq 8(%r8)
  mov (%r8), %r9
  add %r8, %r9
  imulq $1000000000, (%rsi), %r10
  add 8(%rsi), %r10
  mov %r10, %rax
  sub 16(%r9), %rax
  imulq 8(%r9)
  shrd $32, %rdx, %rax
  add (%r9), %rax
  add %r10, %rax
  xor %edx, %edx
  mov $1000000000, %ecx
  div %rcx
  mov %rax, (%rsi)
  mov %rdx, 8(%rsi)
  xor %eax, %eax
9:
  ret
check_clock_gettimeofday:
  push %rdi
  sub $16, %rsp
  test %rsi, %rsi
  jz 2f
  xor %edi, %edi
  mov $96, %eax
  syscall
2:
  mov %rsp, %rsi
  xor %edi, %edi
  call check_clock_gettime
  mov 16(%rsp), %rdi
  test %rdi, %rdi
  jz 3f
  mov (%rsp), %rax
  mov %rax, (%rdi)
  mov 8(%rsp), %rax
  xor %edx, %edx
  mov $1000, %ecx
  div %rcx
  mov %rax, 8(%rdi)
3:
  add $24, %rsp
  xor %eax, %eax
  ret
check_clock_time:
  push %rdi
  sub $16, %rsp
  mov %rsp, %rsi
  xor %edi, %edi
  call check_clock_gettime
  mov (%rsp), %rax
  mov 16(%rsp), %rdi
  test %rdi, %rdi
  jz 4f
  mov %rax, (%rdi)
4:
  add $24, %rsp
  ret
check_clock_end:
  .popsection
)");

extern "C" {
extern const char check_clock_begin[];         // NOLINT: labels of the code above.
extern const char check_clock_gettimeofday[];  // NOLINT
extern const char check_clock_time[];          // NOLINT
extern const char check_clock_end[];           // NOLINT
}

namespace check::clock {

namespace {

std::size_t place(const char* label) { return static_cast<std::size_t>(label - check_clock_begin); }

}  // namespace

std::string_view trampoline() { return {check_clock_begin, place(check_clock_end)}; }

Entries entries() { return {0, place(check_clock_gettimeofday), place(check_clock_time)}; }

}  // namespace check::clock

#else

namespace check::clock {

std::string_view trampoline() { return {}; }
Entries entries() { return {}; }

}  // namespace check::clock

#endif
