// SPDX-License-Identifier: Apache-2.0
#include "sim/probe.h"

namespace sim {

namespace {

struct Words {
  std::string_view name;
  std::string_view meaning;
};

Words words(Probe probe) {  // NOLINT(readability-function-size): a case each.
  switch (probe) {
    case Probe::LeaderElected:
      return {"leader-elected", "a candidate won"};
    case Probe::TwoLeadersAtOnce:
      return {"two-leaders-at-once", "a leader was elected while one of an older term still led"};
    case Probe::ElectionSplit:
      return {"election-split", "a candidate had neither won nor lost when its time was over"};
    case Probe::LeaderDeposedByTerm:
      return {"leader-deposed-by-term", "a leader learned of a higher term"};
    case Probe::LeaderLostMajority:
      return {"leader-lost-majority",
              "a leader stepped down as it heard no majority (check quorum)"};
    case Probe::CandidateYielded:
      return {"candidate-yielded", "a candidate heard the leader of its term"};
    case Probe::PreVoteRefusedByLeader:
      return {"pre-vote-refused-leader", "a pre-vote was refused since a leader is heard"};
    case Probe::PreVoteRefusedStaleLog:
      return {"pre-vote-refused-stale-log", "a pre-vote was refused for a stale log"};
    case Probe::VoteRefusedStaleLog:
      return {"vote-refused-stale-log", "a vote was refused for a stale log"};
    case Probe::VoteRefusedOtherVote:
      return {"vote-refused-other-vote", "a vote was refused as another had it"};
    case Probe::VoteKeptOverRestart:
      return {"vote-kept-over-restart", "a vote was refused as another had it before a restart"};
    case Probe::SuffixTruncated:
      return {"suffix-truncated", "a conflicting suffix was truncated"};
    case Probe::UnsyncedTruncated:
      return {"unsynced-truncated", "entries were truncated that were not on the disk yet"};
    case Probe::AppendRefused:
      return {"append-refused", "an append was refused: the entry before it is not there"};
    case Probe::AppendRefusedOldTerm:
      return {"append-refused-old-term", "an append of an old term was refused"};
    case Probe::HintSkipped:
      return {"hint-skipped", "the hint of a refusal made the leader skip more than one entry"};
    case Probe::OldAppendIgnored:
      return {"old-append-ignored", "a late append left the entries behind it alone"};
    case Probe::OldTermWaited:
      return {"old-term-waited",
              "entries of an old term on a majority waited for one of the leader's own"};
    case Probe::OldTermCommitted:
      return {"old-term-committed",
              "entries of an old term were committed with one of the leader's own"};
    case Probe::WindowFull:
      return {"window-full", "a leader held entries back as too many messages were unanswered"};
    case Probe::AppendSplit:
      return {"append-split", "one follower got its entries in several messages of one turn"};
    case Probe::ReadAfterDeposition:
      return {"read-after-deposition", "a read was refused as its leader was deposed"};
    case Probe::ReadWaitedForNoop:
      return {"read-waited-for-noop",
              "a read came before its leader had committed an entry of its own"};
    case Probe::WriteUnknown:
      return {"write-unknown", "a write was answered with unknown"};
    case Probe::Overloaded:
      return {"overloaded", "a request was refused by a full server"};
    case Probe::CasMismatch:
      return {"cas-mismatch", "a compare-and-set found another value"};
    case Probe::LeaderCrashed:
      return {"leader-crashed", "a leader lost its power"};
    case Probe::CrashBeforeSync:
      return {"crash-before-sync", "the power went between a write and its sync"};
    case Probe::CrashAfterSync:
      return {"crash-after-sync", "the power went between a sync and what had waited for it"};
    case Probe::CrashInRecovery:
      return {"crash-in-recovery", "the power went during a recovery"};
    case Probe::UnsyncedLost:
      return {"unsynced-lost", "a crash took bytes that were not synced"};
    case Probe::TornTailCut:
      return {"torn-tail-cut", "a recovery cut an unfinished frame off"};
    case Probe::SegmentBegun:
      return {"segment-begun", "a journal began a new segment"};
    case Probe::SyncFailed:
      return {"sync-failed", "a sync or a write failed, and the server stopped"};
    case Probe::DiskFull:
      return {"disk-full", "a disk was full, and the server stopped"};
    case Probe::DamageFound:
      return {"damage-found", "a server found damage in its storage, and named it"};
    case Probe::DamageFoundAgain:
      return {"damage-found-again", "a server found damage that had found some in an earlier life"};
    case Probe::SnapshotLost:
      return {"snapshot-lost", "a log was of no use, as the snapshot before it was damaged"};
    case Probe::FrameRefused:
      return {"frame-refused",
              "a frame that was corrupted, or is for another server or cluster, was refused"};
    case Probe::MessageDoubled:
      return {"message-doubled", "a message was delivered twice"};
    case Probe::MessageLate:
      return {"message-late", "a message of an earlier term of its sender was delivered"};
    case Probe::MajorityDown:
      return {"majority-down", "fewer than a majority of servers were up"};
    case Probe::AllDown:
      return {"all-down", "the power of all servers was gone at once"};
    case Probe::SnapshotTaken:
      return {"snapshot-taken", "a server wrote a snapshot of its state"};
    case Probe::LogCompacted:
      return {"log-compacted", "entries that a snapshot covers went from a log"};
    case Probe::SnapshotInstalled:
      return {"snapshot-installed", "a follower took its leader's snapshot for its state"};
    case Probe::SnapshotInChunks:
      return {"snapshot-in-chunks", "a chunk behind the first came to a follower"};
    case Probe::SnapshotRestored:
      return {"snapshot-restored", "a server started from a snapshot"};
    case Probe::SnapshotFailed:
      return {"snapshot-failed", "the disk refused a snapshot, and the server went on"};
    case Probe::ChangeDone:
      return {"change-done", "a change of the configuration came to its end"};
    case Probe::ChangeRefused:
      return {"change-refused",
              "a change of the configuration was refused, or not seen to its end"};
    case Probe::JointEntered:
      return {"joint-entered", "a server entered a joint configuration"};
    case Probe::JointLeft:
      return {"joint-left", "a server left a joint configuration"};
    case Probe::ConfigurationCutOff:
      return {"configuration-cut-off", "a configuration went with the entries that were cut off"};
    case Probe::LearnerPromoted:
      return {"learner-promoted", "a learner became a voter"};
    case Probe::LeaderRemoved:
      return {"leader-removed", "a leader stepped down as it is no voter any more"};
    case Probe::SpareJoined:
      return {"spare-joined", "a server that was in no configuration learned that it is"};
    case Probe::RemovedAsksForVotes:
      return {"removed-asks-for-votes", "who was removed asked a voter for its vote"};
    case Probe::TransferDone:
      return {"transfer-done", "leadership went to whom an operator wanted"};
    case Probe::TransferFailed:
      return {"transfer-failed", "a transfer was refused, or did not come about"};
    case Probe::WriteWhileTransferring:
      return {"write-while-transferring", "a write was refused as leadership was on its way"};
    case Probe::WriteRetried:
      return {"write-retried", "a client asked again for a write in its session"};
    case Probe::RepeatRecognised:
      return {"repeat-recognised", "a write was in the log again, and was not applied again"};
    case Probe::SessionExpired:
      return {"session-expired", "a session went to make room for others"};
    case Probe::FollowerRead:
      return {"follower-read", "a server that does not lead answered a read"};
    case Probe::LeaseRead:
      return {"lease-read", "a leader answered a read at once, by its lease"};
    case Probe::TicksMissed:
      return {"ticks-missed", "a server was not told of some ticks, as it was busy or stopped"};
    case Probe::TicksSlept:
      return {"ticks-slept", "a server took ticks together, as nobody needed to wake up for them"};
    case Probe::Count:
      break;
  }
  return {};
}

}  // namespace

std::string_view name(Probe probe) { return words(probe).name; }
std::string_view meaning(Probe probe) { return words(probe).meaning; }

}  // namespace sim
