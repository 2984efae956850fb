/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Raft server inside a C program.
 *
 * The program has a state machine, and says with two functions what a command does to it and what a
 * read sees of it. It runs one server of a cluster by calling raft_main() in a process of its own;
 * a client, usually the program's other half, talks to the server over a socket in records:
 *
 *      client                        raft_main()                 other servers
 *        | <---- RAFT_BECAME_LEADER ---- |                             |
 *        | ----- RAFT_WRITE id=1 ------> | --- replicated, committed ->|
 *        |                apply_command()|                             | apply_command()
 *        | <---- RAFT_RESULT id=1 ------ |                             |
 *        | ----- RAFT_READ id=2 -------> | (asks a majority first)     |
 *        |                 resolve_read()|                             |
 *        | <---- RAFT_RESULT id=2 ------ |                             |
 *
 * What commands, reads and results are is known to the program only. Writes take effect in the
 * order sent, reads see every write that was answered before they were sent (they are
 * linearizable), and any number of both may be under way. A server that does not lead passes
 * requests on to the one that does.
 *
 * Stability: everything in this file keeps its meaning and its layout within one major version;
 * struct raft_options may grow at its end: a program that was compiled with a shorter one gets the
 * defaults of what it does not know, and one that was compiled with a longer one runs as long as it
 * leaves at 0 what this library does not know.
 */
/* This is C. NOLINTBEGIN(readability-identifier-naming, modernize-*, *-macro-usage) */
#ifndef SEAWORTHY_RAFT_H
#define SEAWORTHY_RAFT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RAFT_VERSION_MAJOR 0

/* The greatest command, read or result, in bytes. Over UDP a command must also fit a datagram:
 * a longer one is refused. */
#define RAFT_MAX_BYTES ((size_t)8 * 1024 * 1024)

enum raft_mode {
  RAFT_FRESH = 0,  /* A new server: refused if the persistence file exists. */
  RAFT_RECOVER = 1 /* Continues from the persistence file: refused if there is none. */
};

/* ---- Records: a struct raft_record, then `size` bytes. Numbers in the machine's own byte order.
 */

enum raft_record_type {
  /* From the server. */
  RAFT_BECAME_LEADER = 1,   /* `term`. */
  RAFT_LOST_LEADERSHIP = 2, /* `term` that has begun; `leader` of it if known. */
  RAFT_RESULT = 3,          /* Answers the request `id`: `status`; for RAFT_DONE, the bytes. */
  /* To the server. */
  RAFT_WRITE = 16, /* `id`; the bytes are the command. */
  RAFT_READ = 17   /* `id`; the bytes are handed to resolve_read(). */
};

enum raft_status {
  RAFT_DONE = 0,    /* It took effect, once. */
  RAFT_REFUSED = 1, /* It certainly has no effect, now or later: try again, or `leader`. */
  RAFT_UNKNOWN = 2, /* A write that may or may not have taken, or may yet take, effect; a read whose
                       answer was lost on its way. */
  RAFT_TOO_LONG = 3 /* Refused for ever: longer than the cluster can carry. */
};

struct raft_record {
  uint32_t type;   /* enum raft_record_type */
  uint32_t size;   /* Bytes that follow; at most RAFT_MAX_BYTES. */
  uint64_t id;     /* Chosen by the client, given back in the result. */
  uint64_t term;   /* From the server: its current term. Else 0. */
  uint32_t status; /* RAFT_RESULT: enum raft_status. Else 0. */
  uint32_t leader; /* From the server: who leads, 0 if nobody is known to. Else 0. */
};

/* ---- What the program provides. All are called on the thread of raft_main(), one at a time. */

struct raft_result;
/* Appends to the result of the callback that was given it. -1: it would be longer than
 * RAFT_MAX_BYTES, or there is no memory; then nothing was appended. */
int raft_result_add(struct raft_result* result, const void* bytes, size_t size);

/* Applies one committed command. `index` and `term` are its place in the log; indices rise, with
 * gaps where the server wrote entries of its own. Must do the same on every server. */
typedef void raft_apply_command(void* context, uint64_t index, uint64_t term, const void* command,
                                size_t size, struct raft_result* result);
/* Answers a read from the state as it is. Must not change it. */
typedef void raft_resolve_read(void* context, const void* query, size_t size,
                               struct raft_result* result);
/* Writes the whole state to `fd`, from its present offset; or replaces the whole state by what
 * `fd` holds from its present offset up to its end, and must then change nothing if it returns
 * -1. 0: done. */
typedef int raft_save(void* context, int fd);
typedef int raft_load(void* context, int fd);

/* Defined by a program that calls raft_main(); `context` is NULL. */
raft_apply_command apply_command;
raft_resolve_read resolve_read;

/* ---- Running a server. */

/* Runs server `id` (1..N) of the cluster that the file `config` describes (docs/capi.md: a line
 * "ID HOST:PORT" for each server) on the persistence file `persist`, for the client at the other
 * end of the socket `client_fd`. Returns when the client has closed its end, and what it had sent
 * is carried out, or five seconds have passed: 0. Otherwise, after one sentence on standard error:
 * 3 for a wrong argument, configuration or environment (an address that is taken, a folder that
 * cannot be made), 4 when the persistence file is damaged beyond use, or the disk failed or is
 * full. */
int raft_main(enum raft_mode mode, unsigned id, const char* config, const char* persist,
              int client_fd);

/* How bad the network shall be, for tests of what is built on this: shares of all messages to other
 * servers, each in 0..1. */
struct raft_unreliable {
  double loss;
  double duplicate;
  double reorder;
  double corrupt;
  uint64_t seed; /* 0: drawn. */
};

/* raft_main() with everything that can be chosen. Set `struct_size` to sizeof(struct raft_options)
 * and all that is not needed to 0 (descriptors to -1). */
struct raft_options {
  size_t struct_size;
  enum raft_mode mode;
  unsigned id;
  const char* config;
  const char* persist;
  int client_fd; /* One client, both directions; or: */
  int read_fd;   /* one client, requests from here */
  int write_fd;  /* and records to here; and also, or instead: */
  int listen_fd; /* many clients, each accepted on this listening stream socket. With it the server
                  * runs until SIGTERM or SIGINT, or, if there is a client above, until that one
                  * has closed. */
  raft_apply_command* apply;  /* NULL: apply_command(). */
  raft_resolve_read* resolve; /* NULL: resolve_read(). */
  raft_save* save;            /* Both or none. None: the log is kept whole. */
  raft_load* load;
  void* context;       /* For the four. */
  const char* applied; /* A file that gets a line for each applied command (index, term,
                        * SHA-256), appended; NULL: none. */
  const struct raft_unreliable* unreliable; /* NULL: as reliable as the network is. */
  size_t max_waiting_bytes; /* What requests of all clients may have together, until each is
                             * answered; at least RAFT_MAX_BYTES + 1024. What is beyond is read
                             * later. 0: 256 MiB. */
  size_t max_clients; /* So many at once; who connects beyond that is closed at once. 0: 512, half
                       * of what a process usually may have open. */
};
int raft_main_opts(const struct raft_options* options);

#ifdef __cplusplus
}
#endif

#endif
/* NOLINTEND(readability-identifier-naming, modernize-*, *-macro-usage) */
