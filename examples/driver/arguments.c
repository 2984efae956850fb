/* SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef DRIVER_FLAKY
#define NAME "driver-flaky"
#define MORE "[--loss SHARE] [--dup SHARE] [--reorder SHARE] [--corrupt SHARE] "
#define MORE_HELP                                                          \
  "  --loss SHARE     messages to other servers that are lost, 0..1 (0)\n" \
  "  --dup SHARE      ... that are sent twice\n"                           \
  "  --reorder SHARE  ... that later ones overtake\n"                      \
  "  --corrupt SHARE  ... in which a bit is turned\n"
#else
#define NAME "driver"
#define MORE ""
#define MORE_HELP ""
#endif

static const char usage[] =
    "usage: " NAME " [-R] [--applied FILE] " MORE "ID CONFIG PERSIST SEED\n";
static const char help[] =
    "Runs server ID (1..32) of the cluster that CONFIG describes on the file PERSIST, and a "
    "client\n"
    "of it that writes and reads an array of integers while the server leads.\n"
    "  -R               recover: PERSIST exists (else it must not)\n"
    "  --applied FILE   append a line for each applied command: index, term, SHA-256\n" MORE_HELP
    "  --help, --version\n"
    "SEED (1..) chooses what the client asks.\n"
    "Exit: 0 done, 3 usage or environment, 4 the persistence file is damaged or the disk failed.\n";

static int finish(struct arguments* arguments, int exit_code) {
  arguments->exit_code = exit_code;
  return 0;
}

static int wrong(struct arguments* arguments, const char* what, const char* value) {
  fprintf(stderr, NAME ": %s, not '%s'; see " NAME " --help\n", what, value);
  return finish(arguments, EXIT_USAGE);
}

/* What getopt_long() has just refused: one letter of several, or a word. */
static int wrong_option(struct arguments* arguments, const char* what, char** argv) {
  const char letter[] = {'-', (char)optopt, '\0'};
  const int is_letter = optopt > 0 && optopt < 256;
  fprintf(stderr, NAME ": %s %s; see " NAME " --help\n", what,
          is_letter ? letter : argv[optind - 1]);
  return finish(arguments, EXIT_USAGE);
}

static int is_number(const char* text, uint64_t max, uint64_t* into) {
  char* end = NULL;
  errno = 0;
  *into = strtoull(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && strspn(text, "0123456789") == strlen(text) &&
         *into > 0 && *into <= max;
}

enum { APPLIED = 256, HELP, VERSION, LOSS, DUP, REORDER, CORRUPT };

static const struct option words[] = {{"applied", required_argument, NULL, APPLIED},
                                      {"help", no_argument, NULL, HELP},
                                      {"version", no_argument, NULL, VERSION},
#ifdef DRIVER_FLAKY
                                      {"loss", required_argument, NULL, LOSS},
                                      {"dup", required_argument, NULL, DUP},
                                      {"reorder", required_argument, NULL, REORDER},
                                      {"corrupt", required_argument, NULL, CORRUPT},
#endif
                                      {NULL, 0, NULL, 0}};

static double* share_of(int word, struct raft_unreliable* unreliable) {
  if (word == LOSS) return &unreliable->loss;
  if (word == DUP) return &unreliable->duplicate;
  if (word == REORDER) return &unreliable->reorder;
  return &unreliable->corrupt;
}

static int read_share(int word, struct arguments* arguments) {
  double* share = share_of(word, &arguments->unreliable);
  char* end = NULL;
  *share = strtod(optarg, &end);
  if (end != optarg && *end == '\0' && *share >= 0 && *share <= 1) return 1;
  return wrong(arguments, "a SHARE is a number from 0 to 1", optarg);
}

static int read_option(int word, char** argv, struct arguments* arguments) {
  switch (word) {
    case 'R':
      arguments->options.mode = RAFT_RECOVER;
      return 1;
    case APPLIED:
      arguments->options.applied = optarg;
      return 1;
    case HELP:
      printf("%s%s", usage, help);
      return finish(arguments, 0);
    case VERSION:
      printf(NAME " " SEAWORTHY_VERSION "\n");
      return finish(arguments, 0);
    case LOSS:
    case DUP:
    case REORDER:
    case CORRUPT:
      return read_share(word, arguments);
    case ':':
      return wrong_option(arguments, "a value is missing behind", argv);
    default:
      return wrong_option(arguments, "not one of the options, or with a value too many:", argv);
  }
}

int read_arguments(int argc, char** argv, struct arguments* arguments) {
  struct raft_options* options = &arguments->options;
  uint64_t id = 0;
  int word = 0;
  memset(arguments, 0, sizeof *arguments);
  options->struct_size = sizeof *options;
  options->client_fd = options->read_fd = options->write_fd = options->listen_fd = -1;
  opterr = 0; /* It would name the program by its whole path. */
  while ((word = getopt_long(argc, argv, ":R", words, NULL)) != -1) {
    if (!read_option(word, argv, arguments)) return 0;
  }
  if (argc - optind != 4) {
    fprintf(stderr, "%s", usage);
    return finish(arguments, EXIT_USAGE);
  }
  if (!is_number(argv[optind], 32, &id)) {
    return wrong(arguments, "ID is a number from 1 to 32", argv[optind]);
  }
  if (!is_number(argv[optind + 3], UINT64_MAX, &arguments->seed)) {
    return wrong(arguments, "SEED is a number from 1 on", argv[optind + 3]);
  }
  options->id = (unsigned)id;
  options->config = argv[optind + 1];
  options->persist = argv[optind + 2];
#ifdef DRIVER_FLAKY
  arguments->unreliable.seed = arguments->seed;
  options->unreliable = &arguments->unreliable;
#endif
  return 1;
}
