/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of the C interface that do not read, are too many, or close before they are answered.
 *
 *     clients_test FOLDER
 */
/* This is C. NOLINTBEGIN(cppcoreguidelines-*, clang-analyzer-*, *-function-size) */
#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

/* A figure of /proc/PID/status, in KiB. */
static size_t kib_of(pid_t process, const char* figure) {
  char line[256];
  size_t kib = 0;
  FILE* file;
  snprintf(line, sizeof line, "/proc/%d/status", (int)process);
  file = fopen(line, "r");
  require(file != NULL, "the server runs");
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, figure, strlen(figure)) == 0)
      kib = strtoul(line + strlen(figure) + 1, NULL, 10);
  }
  fclose(file);
  return kib;
}

static void require_memory(pid_t process, size_t most_mib) {
  if (kib_of(process, "VmSize") > (size_t)1 << 30) return; /* A sanitizer keeps what is freed. */
  require(kib_of(process, "VmHWM") < most_mib * 1024, "the server has not much memory");
}

/* ---- Results that nobody reads. */

static int descriptors_of(pid_t process) {
  char path[64];
  int number = 0;
  DIR* folder;
  snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
  folder = opendir(path);
  require(folder != NULL, "the server runs");
  while (readdir(folder) != NULL) ++number;
  closedir(folder);
  return number;
}

static void test_a_client_that_does_not_read(void) {
  const struct timespec pause = {0, 50000000};
  char* bytes = malloc(MIB);
  struct server server = server_of("deaf");
  size_t had = 0;
  ssize_t got = 1;
  int waited_ms;
  int other;
  int before;
  int deaf;
  run(&server);
  other = dial(&server.where);
  write_nothing(other);
  before = descriptors_of(server.process);
  deaf = dial(&server.where);
  write_nothing(deaf);
  ask(deaf, 1, 100); /* 800 MiB. */
  require(count_of(other) == 2, "others are served");
  for (waited_ms = 0; descriptors_of(server.process) > before; waited_ms += 50) {
    require(waited_ms < 2 * PATIENCE_MS, "it is closed in time");
    nanosleep(&pause, NULL);
  }
  while (got > 0 && had < 600 * MIB) {
    got = recv(deaf, bytes, MIB, 0);
    if (got > 0) had += (size_t)got;
  }
  require(had < 300 * MIB, "it is closed");
  require_memory(server.process, 700);
  require(count_of(other) == 2, "others are served on");
  close(deaf);
  close(other);
  free(bytes);
  stop(&server);
}

/* A server, and a client of it that has something to read. */
static int serve_one(struct server* server, const char* name) {
  int client;
  *server = server_of(name);
  run(server);
  client = dial(&server->where);
  write_nothing(client);
  return client;
}

/* More than may wait for it at once: the rest is found when it has read. */
static void test_a_client_that_asks_for_much_and_reads(void) {
  enum { READS = 100 }; /* 800 MiB. */
  char* bytes = malloc(RAFT_MAX_BYTES);
  struct server server;
  const int client = serve_one(&server, "much");
  int i;
  ask(client, 1, READS);
  for (i = 0; i < READS; ++i) take_result(client, bytes, RAFT_MAX_BYTES);
  require_memory(server.process, 500);
  close(client);
  free(bytes);
  stop(&server);
}

/* It has never read all that is there. */
static void test_a_client_that_reads_late(void) {
  char* bytes = malloc(RAFT_MAX_BYTES);
  struct server server;
  const int client = serve_one(&server, "behind");
  int i;
  ask(client, 1, 4);
  for (i = 0; i < 60; ++i) {
    ask(client, 1, 1);
    take_result(client, bytes, RAFT_MAX_BYTES);
  }
  require_memory(server.process, 250);
  close(client);
  free(bytes);
  stop(&server);
}

/* The client's end of a connection over TCP, and the server's. */
static void test_results_go_at_once(void) {
  struct server server = server_of("tcp");
  struct sockaddr_in where;
  const int listening = listen_somewhere(&where);
  const int client = dial(&where);
  const int ours = accept(listening, NULL, NULL);
  socklen_t size = sizeof(int);
  int at_once = 0;
  server.options.listen_fd = -1;
  server.options.client_fd = ours;
  run_without(&server, client);
  write_nothing(client);
  require(getsockopt(ours, IPPROTO_TCP, TCP_NODELAY, &at_once, &size) == 0 && at_once != 0,
          "a result does not wait for the acknowledgement of another");
  close(listening);
  close(client);
  close(ours);
  stop(&server);
}

/* ---- Many clients. */

/* Does the server answer? If not, it has closed. */
static int is_served(int fd) {
  char request[RECORD];
  struct raft_record record;
  put_record(request, 1, 0);
  if (send(fd, request, sizeof request, MSG_NOSIGNAL) != (ssize_t)sizeof request) return 0;
  do {
    if (recv(fd, &record, sizeof record, MSG_WAITALL) != sizeof record) return 0;
  } while (record.type != RAFT_RESULT);
  return 1;
}

static void test_too_many_clients(void) {
  struct server server = server_of("many");
  int clients[3];
  int i;
  server.options.max_clients = 2;
  run(&server);
  for (i = 0; i < 2; ++i) {
    clients[i] = dial(&server.where);
    write_nothing(clients[i]);
  }
  clients[2] = dial(&server.where);
  read_to_the_end(clients[2]);
  close(clients[2]);
  close(clients[0]);
  for (clients[2] = dial(&server.where); !is_served(clients[2]); clients[2] = dial(&server.where)) {
    close(clients[2]); /* The server has yet to hear that there is room. */
  }
  write_nothing(clients[1]);
  close(clients[1]);
  close(clients[2]);
  stop(&server);
}

/* In ticks of the clock, so far. */
static long cpu_of(pid_t process) {
  char text[1024];
  long user = 0;
  long system = 0;
  FILE* file;
  size_t size;
  snprintf(text, sizeof text, "/proc/%d/stat", (int)process);
  file = fopen(text, "r");
  require(file != NULL, "the server runs");
  size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = 0;
  require(sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user,
                 &system) == 2,
          "its figures are known");
  return user + system;
}

static void test_no_descriptors(void) {
  struct rlimit few;
  struct rlimit many;
  const struct timespec second = {1, 0};
  struct server server = server_of("poor");
  struct pollfd ready = {-1, POLLIN, 0};
  char request[RECORD];
  int clients[40];
  int in = 0;
  long before;
  require(getrlimit(RLIMIT_NOFILE, &many) == 0, "there is a limit");
  few = many;
  few.rlim_cur = 32;
  require(setrlimit(RLIMIT_NOFILE, &few) == 0, "it can be lower");
  run(&server);
  require(setrlimit(RLIMIT_NOFILE, &many) == 0, "it can be as it was");
  /* One comes and goes while there are: a sanitizer wants one to look at an object's type the
   * first time. */
  clients[0] = dial(&server.where);
  put_record(request, 1, 0);
  send_all(clients[0], request, sizeof request);
  require(shutdown(clients[0], SHUT_WR) == 0, "it sends no more");
  while (recv(clients[0], request, sizeof request, 0) > 0) {
  }
  close(clients[0]);
  do {
    require(in < 40, "there are no descriptors at last");
    clients[in] = dial(&server.where);
    put_record(request, 1, 0);
    send_all(clients[in], request, sizeof request);
    ready.fd = clients[in++];
    /* The first ones wait until it leads. */
  } while (poll(&ready, 1, in <= 5 ? PATIENCE_MS : 2000) == 1);
  require(in > 5, "there are some descriptors");
  before = cpu_of(server.process);
  nanosleep(&second, NULL);
  require(cpu_of(server.process) - before < sysconf(_SC_CLK_TCK) / 4, "it does not wait busily");
  close(clients[0]);
  require(next_result(clients[in - 1]).status == RAFT_DONE, "who waited is in");
  while (in > 1) close(clients[--in]);
  stop(&server);
}

/* The server's timer of a connection, as in /proc/net/tcp: 1 sends again what was not acknowledged,
 * 2 tries who is silent. */
static unsigned timer_of(int client) {
  char line[256];
  struct sockaddr_in mine;
  struct sockaddr_in server;
  socklen_t size = sizeof mine;
  unsigned from;
  unsigned to;
  unsigned timer = 0;
  unsigned found;
  FILE* file;
  require(getsockname(client, (struct sockaddr*)&mine, &size) == 0 &&
              getpeername(client, (struct sockaddr*)&server, &size) == 0,
          "the connection is known");
  file = fopen("/proc/net/tcp", "r");
  require(file != NULL, "there is a list of connections");
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "%*u: %*x:%x %*x:%x %*x %*x:%*x %x:", &from, &to, &found) == 3 &&
        from == ntohs(server.sin_port) && to == ntohs(mine.sin_port))
      timer = found;
  }
  fclose(file);
  return timer;
}

/* It may be gone without a word. */
static void test_a_client_that_is_silent(void) {
  struct server server = server_of("silent");
  int client;
  run(&server);
  client = dial(&server.where);
  write_nothing(client);
  while (timer_of(client) == 1) continue;
  require(timer_of(client) == 2, "it is tried");
  close(client);
  stop(&server);
}

/* ---- Clients that close. */

/* At most 4096 may be unanswered; nobody leads yet. */
#define FEW 3000
#define MANY 5000

static void send_writes(int fd, uint64_t number) {
  char* requests = malloc(number * RECORD);
  uint64_t i;
  for (i = 0; i < number; ++i) put_record(requests + i * RECORD, i, 0);
  send_all(fd, requests, number * RECORD);
  free(requests);
}

static void expect_writes(const struct server* server, uint64_t number) {
  const int client = dial(&server->where);
  while (count_of(client) < number) continue;
  require(count_of(client) == number, "each is done once");
  close(client);
}

static void test_a_client_that_closes(void) {
  struct server server = server_of("closes");
  int client = dial(&server.where);
  send_writes(client, MANY);
  close(client);
  run(&server);
  expect_writes(&server, MANY);
  stop(&server);
}

static void test_a_client_that_sends_no_more(void) {
  struct server server = server_of("half");
  struct raft_record record;
  int client = dial(&server.where);
  uint64_t i;
  send_writes(client, FEW);
  send_all(client, "begun", 5);
  shutdown(client, SHUT_WR);
  run(&server);
  for (i = 0; i < FEW; ++i) {
    record = next_result(client);
    require(record.id == i && record.status == RAFT_DONE, "each is answered");
  }
  require(recv(client, &record, sizeof record, 0) == 0, "that is all");
  close(client);
  stop(&server);
}

/* Its record has no room before the one of another is whole. */
static void test_a_client_that_closes_while_it_waits_for_room(void) {
  char* request = calloc(1, RECORD + RAFT_MAX_BYTES);
  struct server server = server_of("room");
  int large;
  int other;
  server.options.max_waiting_bytes = RAFT_MAX_BYTES + 1024;
  run(&server);
  large = dial(&server.where);
  write_nothing(large);
  put_record(request, 1, RAFT_MAX_BYTES);
  send_all(large, request, MIB);
  other = dial(&server.where);
  put_record(request, 2, MIB);
  send_all(other, request, RECORD + 1024);
  shutdown(other, SHUT_WR);
  close(other); /* That one is not whole. */
  other = dial(&server.where);
  put_record(request, 3, 1024);
  send_all(other, request, RECORD + 1024);
  close(other);
  memset(request, 0, RECORD);
  send_all(large, request + MIB, RECORD + RAFT_MAX_BYTES - MIB);
  require(next_result(large).status == RAFT_DONE, "it is whole");
  expect_writes(&server, 3);
  close(large);
  free(request);
  stop(&server);
}

/* With its end the server ends, but not before that is done. */
static void test_the_first_client_closes(void) {
  struct server server = server_of("first");
  int ends[2];
  int code = -1;
  require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "there are sockets");
  send_writes(ends[1], MANY);
  server.options.client_fd = ends[0];
  server.options.config = server.config;
  server.options.persist = server.persist;
  server.process = start(&server.options, ends[1]);
  close(ends[0]);
  close(ends[1]);
  waitpid(server.process, &code, 0);
  require(WIFEXITED(code) && WEXITSTATUS(code) == 0, "it has ended");
  server.options.mode = RAFT_RECOVER;
  server.options.client_fd = -1;
  run(&server);
  expect_writes(&server, MANY);
  stop(&server);
}

int main(int argc, char** words) {
  if (argc != 2) return 3;
  make_folder(words[1]);
  test_a_client_that_does_not_read();
  test_a_client_that_asks_for_much_and_reads();
  test_a_client_that_reads_late();
  test_results_go_at_once();
  test_too_many_clients();
  test_no_descriptors();
  test_a_client_that_is_silent();
  test_a_client_that_closes();
  test_a_client_that_sends_no_more();
  test_a_client_that_closes_while_it_waits_for_room();
  test_the_first_client_closes();
  remove_folder();
  return 0;
}
/* NOLINTEND(cppcoreguidelines-*, clang-analyzer-*, *-function-size)
 */
