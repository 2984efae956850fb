/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver [-R] [--applied FILE] ID CONFIG PERSIST SEED
 *
 * One server of a cluster whose state machine is an array of integers, and its client. The server
 * is a child process, which dies with this one. Whenever it leads, the client writes a random
 * element, reads a random one, writes, reads, ...; both processes print what happens, one line an
 * event:
 *
 *     leader term=3                      became leader
 *     follower term=4 leader=2           lost leadership
 *     write 7 [3]=91 done                request 7, and what became of it
 *     read 8 [3]=91 done
 *     apply 42 term=3 [3]=91             the state machine was given entry 42
 *
 * driver-flaky is the same program with a bad network:  --loss --dup --reorder --corrupt SHARE
 */
#include <errno.h>
#include <inttypes.h>
#include <seaworthy/raft.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"

enum { ELEMENTS = 16 };

/* ---- The state machine: in the child only. */

struct write_command {
  uint32_t element;
  int32_t value;
};
struct read_query {
  uint32_t element;
};

static int32_t elements[ELEMENTS];

static void apply(void* context, uint64_t index, uint64_t term, const void* command, size_t size,
                  struct raft_result* result) {
  struct write_command change;
  (void)context;
  (void)result;
  if (size != sizeof change) return;
  memcpy(&change, command, sizeof change);
  if (change.element >= ELEMENTS) return;
  elements[change.element] = change.value;
  printf("apply %" PRIu64 " term=%" PRIu64 " [%" PRIu32 "]=%" PRId32 "\n", index, term,
         change.element, change.value);
  fflush(stdout);
}

static void resolve(void* context, const void* query, size_t size, struct raft_result* result) {
  struct read_query question;
  (void)context;
  if (size != sizeof question) return;
  memcpy(&question, query, sizeof question);
  if (question.element >= ELEMENTS) return;
  raft_result_add(result, &elements[question.element], sizeof elements[question.element]);
}

/* ---- The client: in the parent. */

static int read_all(int fd, void* into, size_t size) {
  char* at = into;
  while (size > 0) {
    const ssize_t count = read(fd, at, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -1;
    at += count;
    size -= (size_t)count;
  }
  return 0;
}

static int write_all(int fd, const void* from, size_t size) {
  const char* at = from;
  while (size > 0) {
    const ssize_t count = send(fd, at, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -1;
    at += count;
    size -= (size_t)count;
  }
  return 0;
}

/* xorshift64: the same seed asks the same questions everywhere. */
static uint64_t random_state;
static uint32_t random_below(uint32_t bound) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state % bound);
}

struct client {
  int fd;
  int leads;
  int waits;
  uint64_t id; /* Of the latest request: odd ones write, even ones read. */
  uint32_t element;
  int32_t value;
};

static int ask(struct client* client) {
  struct raft_record record;
  struct write_command change;
  struct read_query question;
  const void* body = &question;
  memset(&record, 0, sizeof record);
  record.id = ++client->id;
  client->element = random_below(ELEMENTS);
  client->waits = 1;
  question.element = client->element;
  record.type = RAFT_READ;
  record.size = sizeof question;
  if (record.id % 2 == 1) {
    client->value = (int32_t)random_below(1000);
    change.element = client->element;
    change.value = client->value;
    body = &change;
    record.type = RAFT_WRITE;
    record.size = sizeof change;
  }
  if (write_all(client->fd, &record, sizeof record)) return -1;
  return write_all(client->fd, body, record.size);
}

static int on_result(struct client* client, const struct raft_record* record) {
  static const char* const words[] = {"done", "refused", "unknown", "too-long"};
  const int is_write = record->id % 2 == 1;
  int32_t value = client->value;
  char text[16] = "?";
  client->waits = 0;
  if (record->size != 0) {
    if (record->size != sizeof value || read_all(client->fd, &value, sizeof value)) return -1;
  }
  if (is_write || record->size != 0) snprintf(text, sizeof text, "%" PRId32, value);
  printf("%s %" PRIu64 " [%" PRIu32 "]=%s %s\n", is_write ? "write" : "read", record->id,
         client->element, text, record->status <= RAFT_TOO_LONG ? words[record->status] : "?");
  return 0;
}

static int on_record(struct client* client) {
  struct raft_record record;
  if (read_all(client->fd, &record, sizeof record)) return -1;
  switch (record.type) {
    case RAFT_BECAME_LEADER:
      client->leads = 1;
      printf("leader term=%" PRIu64 "\n", record.term);
      break;
    case RAFT_LOST_LEADERSHIP:
      client->leads = 0;
      printf("follower term=%" PRIu64 " leader=%" PRIu32 "\n", record.term, record.leader);
      break;
    case RAFT_RESULT:
      if (on_result(client, &record)) return -1;
      break;
    default:
      return -1;
  }
  fflush(stdout);
  return 0;
}

/* Returns when the server has ended. */
static void run_client(int fd) {
  struct client client;
  memset(&client, 0, sizeof client);
  client.fd = fd;
  for (;;) {
    if (client.leads && !client.waits && ask(&client)) return;
    if (on_record(&client)) return;
  }
}

/* ---- Both. */

static int failed(const char* what) {
  fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
  return EXIT_USAGE;
}

static int serve(struct raft_options options, int fd, pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return failed("prctl");
  if (getppid() != parent) return EXIT_USAGE; /* It died before it could be said. */
  options.client_fd = fd;
  options.apply = apply;
  options.resolve = resolve;
  return raft_main_opts(&options);
}

int main(int argc, char** argv) {
  struct arguments arguments;
  const pid_t parent = getpid();
  int ends[2];
  int status = 0;
  pid_t child = -1;
  if (!read_arguments(argc, argv, &arguments)) return arguments.exit_code;
  random_state = arguments.seed;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return failed("socketpair");
  child = fork();
  if (child < 0) return failed("fork");
  if (child == 0) {
    close(ends[0]);
    _exit(serve(arguments.options, ends[1], parent));
  }
  close(ends[1]);
  run_client(ends[0]);
  close(ends[0]);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    fprintf(stderr, "driver: the server died of signal %d\n", WTERMSIG(status));
    return 1;
  }
  return WEXITSTATUS(status);
}
