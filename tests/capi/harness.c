/* SPDX-License-Identifier: Apache-2.0 */
/* This is C. NOLINTBEGIN(cppcoreguidelines-*, clang-analyzer-*, *-function-size) */
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[512];

void require(int holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "not so: %s\n", what);
  exit(1);
}

static void apply(void* context, uint64_t index, uint64_t term, const void* command, size_t size,
                  struct raft_result* result) {
  (void)context, (void)index, (void)term, (void)command, (void)size, (void)result;
}

static void resolve(void* context, const void* query, size_t size, struct raft_result* result) {
  (void)context, (void)query, (void)size, (void)result;
}

static int free_port(void) {
  struct sockaddr_in where;
  socklen_t size = sizeof where;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  memset(&where, 0, sizeof where);
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(bind(fd, (struct sockaddr*)&where, sizeof where) == 0, "there is a port");
  getsockname(fd, (struct sockaddr*)&where, &size);
  close(fd);
  return ntohs(where.sin_port);
}

void make_folder(const char* parent) {
  snprintf(folder, sizeof folder, "%s/capi-XXXXXX", parent);
  require(mkdtemp(folder) != NULL, "there is a folder");
}

void remove_folder(void) { require(rmdir(folder) == 0, "no files are left"); }

struct raft_options options_of(const char* name, int servers, char* config, char* persist) {
  struct raft_options options;
  FILE* file;
  int id;
  snprintf(config, 600, "%s/%s.config", folder, name);
  snprintf(persist, 600, "%s/%s", folder, name);
  file = fopen(config, "w");
  require(file != NULL, "there is a configuration");
  for (id = 1; id <= servers; ++id) fprintf(file, "%d 127.0.0.1:%d\n", id, free_port());
  fprintf(file, "transport tcp\n");
  fclose(file);
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.mode = RAFT_FRESH;
  options.id = 1;
  options.config = config;
  options.persist = persist;
  options.client_fd = options.read_fd = options.write_fd = options.listen_fd = -1;
  options.apply = apply;
  options.resolve = resolve;
  return options;
}

void remove_files(const char* config, const char* persist) {
  char lock[620];
  snprintf(lock, sizeof lock, "%s.lock", persist);
  remove(config);
  remove(persist);
  remove(lock);
}

pid_t start(const struct raft_options* options, int close_fd) {
  const pid_t child = fork();
  require(child >= 0, "a process starts");
  if (child > 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (close_fd >= 0) close(close_fd);
  exit(raft_main_opts(options));
}

void put_record(char* at, uint64_t id, size_t size) {
  struct raft_record record;
  memset(&record, 0, sizeof record);
  record.type = RAFT_WRITE;
  record.size = (uint32_t)size;
  record.id = id;
  memcpy(at, &record, sizeof record);
}

size_t pour(int fd, const char* bytes, size_t size, size_t enough) {
  size_t sent = 0;
  while (sent < size) {
    struct pollfd ready = {fd, POLLOUT, 0};
    ssize_t count;
    if (poll(&ready, 1, sent < enough ? PATIENCE_MS : 1000) == 0) break;
    count = send(fd, bytes + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    require(count >= 0 || errno == EAGAIN, "the server reads");
    if (count > 0) sent += (size_t)count;
  }
  return sent;
}

void send_all(int fd, const char* bytes, size_t size) {
  require(pour(fd, bytes, size, size) == size, "the server reads all");
}

struct raft_record next_result(int fd) {
  struct raft_record record;
  do {
    require(recv(fd, &record, sizeof record, MSG_WAITALL) == sizeof record, "there is a record");
    require(record.size == 0, "results are empty");
  } while (record.type != RAFT_RESULT);
  return record;
}

int listen_somewhere(struct sockaddr_in* where) {
  socklen_t length = sizeof *where;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  memset(where, 0, sizeof *where);
  where->sin_family = AF_INET;
  where->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(bind(fd, (struct sockaddr*)where, sizeof *where) == 0, "there is a port");
  require(listen(fd, 8) == 0, "it listens");
  getsockname(fd, (struct sockaddr*)where, &length);
  return fd;
}

void read_to_the_end(int fd) {
  struct raft_record record;
  ssize_t count;
  do {
    count = recv(fd, &record, sizeof record, MSG_WAITALL);
  } while (count > 0);
  require(count == 0 || errno == ECONNRESET, "it is closed");
}

int dial(const struct sockaddr_in* where) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  require(connect(fd, (const struct sockaddr*)where, sizeof *where) == 0, "the server is there");
  return fd;
}

static uint64_t applied;

static void count(void* context, uint64_t index, uint64_t term, const void* command, size_t size,
                  struct raft_result* result) {
  (void)context, (void)index, (void)term, (void)command, (void)size, (void)result;
  ++applied;
}

static void tell(void* context, const void* query, size_t size, struct raft_result* result) {
  static char much[RAFT_MAX_BYTES];
  (void)context, (void)query;
  if (size == 0) raft_result_add(result, &applied, sizeof applied);
  if (size > 0) raft_result_add(result, much, sizeof much);
}

struct server server_of_cluster(const char* name, int servers) {
  struct server server;
  memset(&server, 0, sizeof server);
  server.options = options_of(name, servers, server.config, server.persist);
  server.options.apply = count;
  server.options.resolve = tell;
  server.options.listen_fd = server.listening = listen_somewhere(&server.where);
  return server;
}

struct server server_of(const char* name) {
  return server_of_cluster(name, 1);
}

void run_without(struct server* server, int close_fd) {
  server->options.config = server->config;
  server->options.persist = server->persist;
  server->process = start(&server->options, close_fd);
  close(server->listening); /* If it ends, the clients hear of it. */
}

void run(struct server* server) { run_without(server, -1); }

void stop(const struct server* server) {
  kill(server->process, SIGTERM);
  waitpid(server->process, NULL, 0);
  remove_files(server->config, server->persist);
}

void write_nothing(int fd) {
  char request[RECORD];
  put_record(request, 1, 0);
  send_all(fd, request, sizeof request);
  require(next_result(fd).status == RAFT_DONE, "it is done");
}

void ask(int fd, size_t size, size_t number) {
  char* requests = calloc(number, RECORD + size);
  size_t i;
  for (i = 0; i < number; ++i) {
    struct raft_record record;
    put_record(requests + i * (RECORD + size), i, size);
    memcpy(&record, requests + i * (RECORD + size), RECORD);
    record.type = RAFT_READ;
    memcpy(requests + i * (RECORD + size), &record, RECORD);
  }
  send_all(fd, requests, number * (RECORD + size));
  free(requests);
}

void take_result(int fd, char* bytes, size_t size) {
  struct raft_record record;
  do {
    require(recv(fd, &record, sizeof record, MSG_WAITALL) == sizeof record, "there is a record");
  } while (record.type != RAFT_RESULT);
  require(record.status == RAFT_DONE && record.size == size, "the read is answered");
  require(recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size, "there are its bytes");
}

uint64_t count_of(int fd) {
  uint64_t number = 0;
  ask(fd, 0, 1);
  take_result(fd, (char*)&number, sizeof number);
  return number;
}

/* NOLINTEND(cppcoreguidelines-*, clang-analyzer-*, *-function-size)
 */
