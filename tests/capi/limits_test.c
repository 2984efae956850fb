/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What raft_main_opts() takes of programs that were compiled with a shorter or longer struct
 * raft_options, and how much of requests it reads.
 *
 *     limits_test FOLDER
 */
/* This is C. NOLINTBEGIN(cppcoreguidelines-*, clang-analyzer-*, *-function-size) */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

/* Of struct raft_options in its first release. */
#define FIRST_SIZE offsetof(struct raft_options, max_waiting_bytes)

/* ---- The size of the struct. */

/* Runs a server whose client has gone, with so many bytes of options at the very end of what may be
 * read. What is behind those that this library knows is `excess`. */
static int run_with(const char* name, size_t size, size_t struct_size, char excess) {
  char config[600], persist[600];
  struct raft_options options = options_of(name, 1, config, persist);
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* room = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* begin = room + 2 * page - size;
  int ends[2];
  int code;
  require(room != MAP_FAILED && mprotect(room + 2 * page, page, PROT_NONE) == 0, "there is memory");
  require(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "there are sockets");
  close(ends[1]);
  options.client_fd = ends[0];
  options.struct_size = struct_size;
  memset(begin, excess, size);
  memcpy(begin, &options, size < sizeof options ? size : sizeof options);
  code = raft_main_opts((const struct raft_options*)begin);
  close(ends[0]);
  munmap(room, 3 * page);
  remove_files(config, persist);
  return code;
}

static void test_sizes(void) {
  const size_t second = offsetof(struct raft_options, max_clients);
  const size_t now = sizeof(struct raft_options);
  require(run_with("same", now, now, 0) == 0, "the present size is taken");
  require(run_with("first", FIRST_SIZE, FIRST_SIZE, 0) == 0, "the first size is taken");
  require(run_with("second", second, second, 0) == 0, "the second size is taken");
  require(run_with("longer", now + 40, now + 40, 0) == 0, "a longer one is taken if it is 0");
  require(run_with("unknown", now + 40, now + 40, 1) == 3, "what is not known is refused");
  require(run_with("none", now, 0, 0) == 3, "no size is refused");
  require(run_with("short", FIRST_SIZE, FIRST_SIZE - 8, 0) == 3, "a size of none is refused");
  require(run_with("between", now, now - 1, 0) == 3, "a size between two is refused");
  require(run_with("huge", now, (size_t)-1, 0) == 3, "an absurd size is refused");
}

/* ---- Descriptors that cannot be waited for. */

static int run_on(int read_fd, int write_fd) {
  char config[600], persist[600];
  struct raft_options options = options_of("descriptors", 1, config, persist);
  int code;
  options.client_fd = -1;
  options.read_fd = read_fd;
  options.write_fd = write_fd;
  code = raft_main_opts(&options);
  remove_files(config, persist);
  return code;
}

static void test_descriptors(const char* file) {
  const int regular = open(file, O_RDONLY);
  const int folder = open("/", O_RDONLY | O_DIRECTORY);
  const int nothing = open("/dev/null", O_RDWR);
  int ends[2];
  require(regular >= 0 && folder >= 0 && nothing >= 0 && pipe(ends) == 0, "all are open");
  require(run_on(regular, ends[1]) == 3, "requests from a file are refused");
  require(run_on(folder, ends[1]) == 3, "requests from a folder are refused");
  require(run_on(nothing, ends[1]) == 3, "requests from nowhere are refused");
  require(run_on(ends[0], nothing) == 3, "results to nowhere are refused");
  require(run_on(ends[0], 1000) == 3, "a descriptor that is not open is refused");
  close(regular);
  close(folder);
  close(nothing);
  close(ends[0]);
  close(ends[1]);
}

/* ---- What is read of requests. */

/* One of three servers: what is asked waits for five seconds, and is refused. */
static void test_bytes_that_wait(void) {
  const size_t size = 3 * MIB;
  const size_t step = sizeof(struct raft_record) + size;
  char config[600], persist[600];
  struct raft_options options = options_of("waiting", 3, config, persist);
  char* requests = calloc(4, step);
  size_t sent;
  pid_t server;
  int ends[2];
  int i;
  options.max_waiting_bytes = RAFT_MAX_BYTES;
  require(raft_main_opts(&options) == 3, "less than the longest record is refused");
  options.max_waiting_bytes = RAFT_MAX_BYTES + 1024;
  require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "there are sockets");
  options.client_fd = ends[0];
  server = start(&options, ends[1]);
  close(ends[0]);
  for (i = 0; i < 4; ++i) put_record(requests + (size_t)i * step, (uint64_t)i, size);
  sent = pour(ends[1], requests, 4 * step, 2 * step);
  require(sent >= 2 * step, "two of the requests have room");
  require(sent < 2 * step + MIB, "and of the next only what the kernel holds");
  for (i = 0; i < 2; ++i) {
    require(next_result(ends[1]).status == RAFT_REFUSED, "nobody leads");
  }
  send_all(ends[1], requests + sent, 4 * step - sent);
  close(ends[1]);
  waitpid(server, NULL, 0);
  free(requests);
  remove_files(config, persist);
}

/* One server alone: one client stops in the middle of the longest record, another has to wait. */
static void test_a_record_that_never_ends(void) {
  const size_t size = MIB;
  char config[600], persist[600];
  char begun[sizeof(struct raft_record) + 1] = {0};
  struct sockaddr_in where;
  const int listening = listen_somewhere(&where);
  struct raft_options options = options_of("late", 1, config, persist);
  char* request = calloc(1, sizeof(struct raft_record) + size);
  pid_t server;
  int late;
  int other;
  options.listen_fd = listening;
  options.max_waiting_bytes = RAFT_MAX_BYTES + 1024;
  server = start(&options, -1);
  close(listening); /* If it ends, the clients hear of it. */
  late = dial(&where);
  put_record(begun, 1, RAFT_MAX_BYTES);
  other = dial(&where);
  put_record(request, 7, 0);
  send_all(other, request, sizeof(struct raft_record));
  require(next_result(other).status == RAFT_DONE, "the server leads");
  send_all(late, begun, sizeof begun);
  put_record(request, 7, 0);
  send_all(other, request, sizeof(struct raft_record));
  require(next_result(other).status == RAFT_DONE, "a short one has room");
  put_record(request, 8, size);
  send_all(other, request, sizeof(struct raft_record) + size);
  require(next_result(other).id == 8, "there is room in the end");
  read_to_the_end(late);
  kill(server, SIGTERM);
  waitpid(server, NULL, 0);
  close(late);
  close(other);
  free(request);
  remove_files(config, persist);
}

/* One server alone: one client takes longer than the server's patience, but goes on, and another
 * has to wait. */
static void test_a_long_record_that_comes_slowly(void) {
  const size_t size = RAFT_MAX_BYTES;
  const size_t whole = sizeof(struct raft_record) + size;
  const size_t piece = 64 * (size_t)1024;
  const struct timespec pause = {0, 50000000};
  char config[600], persist[600];
  struct sockaddr_in where;
  const int listening = listen_somewhere(&where);
  struct raft_options options = options_of("slow", 1, config, persist);
  char* slow_request = calloc(1, whole);
  char* request = calloc(1, sizeof(struct raft_record) + MIB);
  size_t sent;
  pid_t server;
  int slow;
  int other;
  options.listen_fd = listening;
  options.max_waiting_bytes = RAFT_MAX_BYTES + 1024;
  server = start(&options, -1);
  close(listening);
  slow = dial(&where);
  other = dial(&where);
  put_record(request, 1, 0);
  send_all(other, request, sizeof(struct raft_record));
  require(next_result(other).status == RAFT_DONE, "the server leads");
  put_record(slow_request, 2, size);
  send_all(slow, slow_request, piece);
  put_record(request, 3, 0);
  send_all(other, request, sizeof(struct raft_record));
  require(next_result(other).status == RAFT_DONE, "a short one has room");
  put_record(request, 4, MIB);
  (void)pour(other, request, sizeof(struct raft_record) + MIB, 0);
  for (sent = piece; sent < whole; sent += piece) {
    nanosleep(&pause, NULL); /* 128 of them take longer than five seconds. */
    send_all(slow, slow_request + sent, whole - sent < piece ? whole - sent : piece);
  }
  require(next_result(slow).status == RAFT_DONE, "it is not closed");
  kill(server, SIGTERM);
  waitpid(server, NULL, 0);
  close(slow);
  close(other);
  free(slow_request);
  free(request);
  remove_files(config, persist);
}

int main(int count, char** words) {
  if (count != 2) return 3;
  make_folder(words[1]);
  test_sizes();
  test_descriptors(words[0]);
  test_bytes_that_wait();
  test_a_record_that_never_ends();
  test_a_long_record_that_comes_slowly();
  remove_folder();
  return 0;
}
/* NOLINTEND(cppcoreguidelines-*, clang-analyzer-*, *-function-size)
 */
