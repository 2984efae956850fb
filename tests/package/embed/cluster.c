/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster FOLDER PORT: three servers of the C interface, each a child process, and their client.
 * The state is a sum; a write adds to it, a read asks for it. Writes, kills the leader, writes at
 * the next one, and compares.
 */
#include <poll.h>
#include <seaworthy/raft.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERVERS = 3, WRITES = 200, PATIENCE_MS = 20000 };

static int64_t sum;

void apply_command(void* context, uint64_t index, uint64_t term, const void* command, size_t size,
                   struct raft_result* result) {
  int64_t amount;
  (void)context;
  (void)index;
  (void)term;
  if (size != sizeof amount) return;
  memcpy(&amount, command, sizeof amount);
  sum += amount;
  raft_result_add(result, &sum, sizeof sum);
}

void resolve_read(void* context, const void* query, size_t size, struct raft_result* result) {
  (void)context;
  (void)query;
  (void)size;
  raft_result_add(result, &sum, sizeof sum);
}

static void fail(const char* what) {
  fprintf(stderr, "cluster: %s\n", what);
  exit(1);
}

static pid_t start(unsigned id, const char* config, const char* persist, int* clients) {
  int ends[2];
  pid_t child;
  unsigned other;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) fail("no socket pair");
  child = fork();
  if (child < 0) fail("no fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[1]);
    /* The ends of others, too: a server ends when the last copy of its client's end is closed. */
    for (other = 1; other < id; ++other) close(clients[other - 1]);
    exit(raft_main(RAFT_FRESH, id, config, persist, ends[0]));
  }
  close(ends[0]);
  clients[id - 1] = ends[1];
  return child;
}

static void read_all(int fd, void* into, size_t size) {
  char* at = into;
  while (size > 0) {
    const ssize_t count = read(fd, at, size);
    if (count <= 0) fail("a server has gone");
    at += count;
    size -= (size_t)count;
  }
}

static int64_t ask(int fd, enum raft_record_type type, int64_t amount) {
  struct raft_record record = {0};
  int64_t answer = 0;
  record.type = type;
  record.size = sizeof amount;
  if (write(fd, &record, sizeof record) != sizeof record) fail("a write to a server fell short");
  if (write(fd, &amount, sizeof amount) != sizeof amount) fail("a write to a server fell short");
  do {
    read_all(fd, &record, sizeof record);
  } while (record.type != RAFT_RESULT); /* News of leadership may come in between. */
  if (record.status != RAFT_DONE || record.size != sizeof answer) fail("a request was not done");
  read_all(fd, &answer, sizeof answer);
  return answer;
}

/* The server that says it leads. */
static int wait_for_leader(const int* clients) {
  while (1) {
    struct pollfd waiting[SERVERS];
    int i;
    for (i = 0; i < SERVERS; ++i) {
      waiting[i].fd = clients[i]; /* -1, which poll() leaves out: it was killed. */
      waiting[i].events = POLLIN;
      waiting[i].revents = 0;
    }
    if (poll(waiting, SERVERS, PATIENCE_MS) <= 0) fail("nobody leads");
    for (i = 0; i < SERVERS; ++i) {
      struct raft_record record;
      if (waiting[i].revents == 0) continue;
      read_all(clients[i], &record, sizeof record);
      if (record.type == RAFT_BECAME_LEADER) return i;
    }
  }
}

int main(int count, char** words) {
  char config[512];
  char persist[512];
  FILE* file;
  int clients[SERVERS];
  pid_t children[SERVERS];
  unsigned id;
  int leader;
  int64_t i;
  if (count != 3) fail("usage: cluster FOLDER PORT");
  snprintf(config, sizeof config, "%s/cluster", words[1]);
  file = fopen(config, "w");
  if (file == NULL) fail("no configuration");
  for (id = 1; id <= SERVERS; ++id)
    fprintf(file, "%u 127.0.0.1:%u\n", id, (unsigned)atoi(words[2]) + id);
  fclose(file);
  for (id = 1; id <= SERVERS; ++id) {
    snprintf(persist, sizeof persist, "%s/log-%u", words[1], id);
    children[id - 1] = start(id, config, persist, clients);
  }
  leader = wait_for_leader(clients);
  for (i = 1; i <= WRITES; ++i) ask(clients[leader], RAFT_WRITE, i);

  kill(children[leader], SIGKILL);
  waitpid(children[leader], NULL, 0);
  close(clients[leader]);
  clients[leader] = -1;
  leader = wait_for_leader(clients);
  ask(clients[leader], RAFT_WRITE, 7);
  i = ask(clients[leader], RAFT_READ, 0);
  if (i != WRITES * (WRITES + 1) / 2 + 7) fail("the sum is wrong");
  printf("C: %d servers, leader killed, the sum is right\n", SERVERS);
  for (id = 0; id < SERVERS; ++id) {
    if (clients[id] < 0) continue;
    close(clients[id]); /* Which ends the server. */
    waitpid(children[id], NULL, 0);
  }
  return 0;
}
