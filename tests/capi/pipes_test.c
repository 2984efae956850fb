/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of the C interface behind a pair of pipes.
 *
 *     pipes_test FOLDER
 */
/* This is C. NOLINTBEGIN(cppcoreguidelines-*, clang-analyzer-*, *-function-size) */
#define _GNU_SOURCE /* F_SETPIPE_SZ. NOLINT(*-identifier*) */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

/* At most 4096 requests may be unanswered. */
#define MANY 5000
#define PIPE_BYTES (512 * 1024) /* Three times as many. */

static void write_writes(int fd, uint64_t number) {
  char* requests = malloc(number * RECORD);
  uint64_t i;
  for (i = 0; i < number; ++i) put_record(requests + i * RECORD, i, 0);
  require(write(fd, requests, number * RECORD) == (ssize_t)(number * RECORD), "the pipe has room");
  free(requests);
}

static size_t results_to_the_end(int fd) {
  struct pollfd ready = {fd, POLLIN, 0};
  struct raft_record record;
  size_t results = 0;
  size_t had = 0;
  ssize_t got;
  do {
    require(poll(&ready, 1, PATIENCE_MS) == 1, "the server goes on or ends");
    got = read(fd, (char*)&record + had, sizeof record - had);
    if (got > 0) had += (size_t)got;
    if (had < sizeof record) continue;
    had = 0;
    if (record.type == RAFT_RESULT) ++results;
  } while (got > 0);
  return results;
}

/* Is refused, as the pipes are a client, too. */
static void wait_for_a_turn(const struct server* server) {
  const int refused = dial(&server->where);
  read_to_the_end(refused);
  close(refused);
}

static void expect_success(pid_t process) {
  int code = -1;
  waitpid(process, &code, 0);
  require(WIFEXITED(code) && WEXITSTATUS(code) == 0, "it has ended well");
}

/* Others, too, are served until the requests end. */
static void test_a_reader_of_results_that_leaves(void) {
  struct server server = server_of("headless");
  int requests[2];
  int results[2];
  int other;
  char byte;
  require(pipe(requests) == 0 && pipe(results) == 0, "there are pipes");
  server.options.read_fd = requests[0];
  server.options.write_fd = results[1];
  run_without(&server, results[0]);
  close(requests[0]);
  close(results[1]);
  require(read(results[0], &byte, 1) == 1, "it says something");
  close(results[0]);
  other = dial(&server.where);
  write_nothing(other); /* So it has seen that the reader is gone. */
  write_writes(requests[1], 100);
  while (count_of(other) < 101) continue;
  require(count_of(other) == 101, "each is done once");
  close(other);
  close(requests[1]);
  stop(&server);
}

/* While as much is unanswered as may be; the other server comes late, and then both lead. */
static void test_a_writer_that_comes_when_the_last_has_closed(void) {
  struct server servers[2];
  char name[700];
  int results[2];
  int fifo;
  int writer;
  servers[0] = server_of_cluster("fifo", 2);
  servers[1] = servers[0];
  snprintf(name, sizeof name, "%s.fifo", servers[0].persist);
  require(mkfifo(name, 0600) == 0 && pipe(results) == 0, "there are pipes");
  fifo = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  writer = open(name, O_WRONLY | O_CLOEXEC);
  require(fcntl(writer, F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES, "the pipe is large");
  write_writes(writer, MANY);
  close(writer);
  servers[0].options.read_fd = fifo;
  servers[0].options.write_fd = results[1];
  servers[0].options.max_clients = 1;
  run(&servers[0]);
  close(fifo);
  close(results[1]);
  wait_for_a_turn(&servers[0]);
  writer = open(name, O_WRONLY | O_CLOEXEC);
  require(writer >= 0, "it is open still");
  strcat(servers[1].persist, ".2");
  servers[1].options.id = 2;
  servers[1].options.listen_fd = servers[1].listening = listen_somewhere(&servers[1].where);
  run(&servers[1]);
  require(results_to_the_end(results[0]) == MANY, "each is answered");
  expect_success(servers[0].process);
  close(results[0]);
  close(writer);
  remove(name);
  stop(&servers[1]);
  remove_files(servers[0].config, servers[0].persist);
}

/* Nobody leads. The end of what was sent is not in sight before most of it was refused. */
static void test_a_writer_that_closes_for_five_seconds(void) {
  struct server server = server_of_cluster("patience", 2);
  int requests[2];
  int results[2];
  require(pipe(requests) == 0 && pipe(results) == 0, "there are pipes");
  require(fcntl(requests[1], F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES, "the pipe is large");
  write_writes(requests[1], 3 * (uint64_t)MANY);
  close(requests[1]);
  server.options.read_fd = requests[0];
  server.options.write_fd = results[1];
  run(&server);
  close(requests[0]);
  close(results[1]);
  require(results_to_the_end(results[0]) < MANY, "it ends after five seconds");
  close(results[0]);
  expect_success(server.process);
  remove_files(server.config, server.persist);
}

int main(int argc, char** words) {
  if (argc != 2) return 3;
  make_folder(words[1]);
  test_a_reader_of_results_that_leaves();
  test_a_writer_that_comes_when_the_last_has_closed();
  test_a_writer_that_closes_for_five_seconds();
  remove_folder();
  return 0;
}
/* NOLINTEND(cppcoreguidelines-*, clang-analyzer-*, *-function-size)
 */
