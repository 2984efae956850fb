// SPDX-License-Identifier: Apache-2.0
#include "server/option_table.h"

#include <algorithm>
#include <array>

namespace server {
namespace {

using Raw = RawOptions;

const std::array kSpecs{
    OptionSpec{"id", "ID", "Which of the peers this node is", &Raw::id},
    OptionSpec{"peers", "LIST", "All nodes, this one included: 1=HOST:PORT,2=...", &Raw::peers,
               true},
    OptionSpec{"listen", "HOST:PORT", "Address for Redis clients", &Raw::listen},
    OptionSpec{"data", "DIR", "Directory of this node's log, made if missing", &Raw::data},
    OptionSpec{"cluster", "NAME", "Name of the cluster: nodes of others are refused [raftkv]",
               &Raw::cluster},
    OptionSpec{"heartbeat-ms", "MS", "Time between heartbeats [50]", &Raw::heartbeat_ms},
    OptionSpec{"election-min-ms", "MS", "Shortest silence of the leader before an election [300]",
               &Raw::election_min_ms},
    OptionSpec{"election-max-ms", "MS", "Longest such silence [600]", &Raw::election_max_ms},
    OptionSpec{"request-timeout-ms", "MS",
               "How long a request may wait for a leader and its answer [5000]",
               &Raw::request_timeout_ms},
    OptionSpec{"storage", "NAME",
               "How the log lies on the disk: segments, or mapped, one file in memory [segments]",
               &Raw::storage},
    OptionSpec{"segment-mb", "MB",
               "With segments: how long a file of the log is; the log is cut by whole files [16]",
               &Raw::segment_mb},
    OptionSpec{"join", "yes|no",
               "The cluster exists, and this node is to be added: it waits for that [no]",
               &Raw::join},
    OptionSpec{"lease", "yes|no",
               "Reads without asking a majority, by the clock; the same on all nodes [no]",
               &Raw::lease},
    OptionSpec{"clock-drift-per-mille", "N",
               "With lease: how much faster one node's clock may run than another's [100]",
               &Raw::clock_drift_per_mille},
    OptionSpec{"follower-reads", "yes|no",
               "A node that does not lead asks the leader how far a read must see, and reads itself"
               " [no]",
               &Raw::follower_reads},
    OptionSpec{"snapshot-log-mb", "MB",
               "A snapshot is taken when the log has grown by so much; 0: never [16]",
               &Raw::snapshot_log_mb},
    OptionSpec{"snapshot-entries", "N",
               "A snapshot is taken after so many entries, too; 0: only bytes count [0]",
               &Raw::snapshot_entries},
    OptionSpec{"snapshot-keep-entries", "N",
               "Entries kept behind a snapshot for nodes that lack only some, and of them no more"
               " than snapshot-log-mb [10000]",
               &Raw::snapshot_keep_entries},
    OptionSpec{"max-clients", "N", "Connections of clients [10000]", &Raw::max_clients},
    OptionSpec{"max-input-mb", "MB",
               "What requests of all clients may have together; the rest is read later [512]",
               &Raw::max_input_mb},
    OptionSpec{"clients", "LIST",
               "Addresses for Redis clients of all nodes, for MOVED: 1=HOST:PORT,2=...",
               &Raw::clients, true},
    OptionSpec{"http", "HOST:PORT", "Address for /metrics and /health [none]", &Raw::http},
    OptionSpec{"log-format", "FORMAT", "Lines on standard error: text or json [text]",
               &Raw::log_format},
    OptionSpec{"transport", "NAME",
               "How nodes talk: tcp, or udp, a datagram for each message [tcp]", &Raw::transport},
    OptionSpec{"datagram-bytes", "N", "With udp: the most that a datagram has [512]",
               &Raw::datagram_bytes},
    OptionSpec{"tls.cert", "FILE", "This node's certificate: TLS between nodes", &Raw::tls_cert},
    OptionSpec{"tls.key", "FILE", "The certificate's key", &Raw::tls_key},
    OptionSpec{"tls.ca", "FILE", "Authority whose certificates are believed", &Raw::tls_ca},
};

}  // namespace

std::span<const OptionSpec> option_specs() { return kSpecs; }

std::string flag_of(const OptionSpec& spec) {
  std::string flag = "--" + std::string(spec.key);
  std::ranges::replace(flag, '.', '-');
  return flag;
}

}  // namespace server
