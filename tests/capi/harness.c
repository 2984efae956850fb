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
#include <unistd.h>

/* How long a server may take to begin, or to go on. */
#define PATIENCE_MS 20000

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
/* NOLINTEND(cppcoreguidelines-*, clang-analyzer-*, *-function-size)
 */
