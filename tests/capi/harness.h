/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of the C interface in processes of their own, and clients of theirs, for tests in C. What
 * must hold and does not ends the test. */
/* This is C. NOLINTBEGIN(modernize-*) */
#ifndef HARNESS_H
#define HARNESS_H

#include <netinet/in.h>
#include <seaworthy/raft.h>
#include <sys/types.h>

#define RECORD sizeof(struct raft_record)
#define MIB ((size_t)1024 * 1024)
/* How long a server may take to begin, or to go on. */
#define PATIENCE_MS 20000

void require(int holds, const char* what);

/* A fresh one below `parent`, for all files. It must be empty when it is removed. */
void make_folder(const char* parent);
void remove_folder(void);

/* Options of server 1 of so many, over TCP, with a state machine that does nothing. `config` and
 * `persist` have room for 600 characters; their files are named after `name`. */
struct raft_options options_of(const char* name, int servers, char* config, char* persist);
void remove_files(const char* config, const char* persist);

/* The process exits with what raft_main_opts() returns. It closes `close_fd` first, if that is no
 * -1. */
pid_t start(const struct raft_options* options, int close_fd);

int listen_somewhere(struct sockaddr_in* where);
int dial(const struct sockaddr_in* where);

/* The head of a write of so many bytes. */
void put_record(char* at, uint64_t id, size_t size);
/* Sends until nothing is taken for a second, and what is taken is enough; how much was. */
size_t pour(int fd, const char* bytes, size_t size, size_t enough);
void send_all(int fd, const char* bytes, size_t size);
/* The next result, past what the server says of itself; its bytes are none. */
struct raft_record next_result(int fd);
/* Until the server closes. */
void read_to_the_end(int fd);

/* ---- Servers whose state is how many commands there were. A read of nothing gets that; a read of
 * anything, RAFT_MAX_BYTES. */

struct server {
  char config[600], persist[600];
  struct sockaddr_in where;
  struct raft_options options;
  int listening;
  pid_t process;
};

/* The first of so many, for many clients. */
struct server server_of_cluster(const char* name, int servers);
struct server server_of(const char* name); /* Alone. */
/* The process closes `close_fd` first, if that is no -1. */
void run_without(struct server* server, int close_fd);
void run(struct server* server);
void stop(const struct server* server);

void write_nothing(int fd);
/* So many reads at once, of 0 or 1 bytes. */
void ask(int fd, size_t size, size_t number);
/* The bytes of the next result. */
void take_result(int fd, char* bytes, size_t size);
/* What a read of nothing gets. */
uint64_t count_of(int fd);

#endif
/* NOLINTEND(modernize-*) */
