// SPDX-License-Identifier: Apache-2.0
#include "journal/kit/conformance.h"

#include <optional>
#include <utility>

#include "io/testing/memory_disk.h"
#include "journal/kit/workload.h"

namespace kit {

namespace {

using io::testing::Fault;
using io::testing::MemoryDisk;
using io::testing::Survival;

constexpr std::size_t kMaxComplaints = 10;

// What may be recovered: the log after the last batch whose sync() succeeded, or that of the batch
// that failed.
struct Promise {
  Model kept;
  std::optional<Model> attempted;
  bool failed = false;
  std::string complaint;
};

std::string compare(const Promise& promise, const journal::Recovered& found) {
  std::string why = difference(promise.kept, found);
  if (why.empty()) return {};
  if (promise.attempted && difference(*promise.attempted, found).empty()) return {};
  return why;
}

// One storage on one disk, worked on until it is done or the disk fails.
class Run {
 public:
  Run(journal::Storage& storage, Workload& workload, std::uint64_t seed)
      : storage_(storage), workload_(workload), prng_(seed) {
    promise_.kept = workload.model();
  }

  Promise work(std::uint64_t steps) {
    while (steps > 0 && !promise_.failed && promise_.complaint.empty()) {
      const std::uint64_t size = std::min<std::uint64_t>(steps, prng_.between(1, 3));
      steps -= size;
      batch(size);
    }
    return std::move(promise_);
  }

 private:
  void batch(std::uint64_t size) {
    for (; size > 0; --size) {
      const Step step = workload_.next();
      storage_.append(step.change);
    }
    if (storage_.pending_bytes() == 0) promise_.complaint = "a batch of nothing";
    const base::Status synced = storage_.sync();
    if (!synced.ok()) {
      promise_.attempted = workload_.model();
      return fail(synced.error());
    }
    promise_.kept = workload_.model();
    if (storage_.pending_bytes() != 0) promise_.complaint = "a batch that stays";
    if (const std::optional<raft::LogIndex> index = workload_.drop()) {
      storage_.drop_through(*index);
      promise_.kept.dropped = workload_.model().dropped;
    }
    for (std::uint64_t pieces = prng_.between(0, 4); pieces > 0; --pieces) {
      const base::Result<bool> tended = storage_.tend();
      if (!tended.ok()) return fail(tended.error());
    }
  }

  // Dead: the same error again, whatever comes.
  void fail(const base::Error& error) {
    promise_.failed = true;
    const Step step = workload_.next();
    storage_.append(step.change);
    const base::Status again = storage_.sync();
    if (again.ok() || again.error().message != error.message) {
      promise_.complaint = "it lives on after: " + error.message;
    }
  }

  journal::Storage& storage_;
  Workload& workload_;
  base::Prng prng_;
  Promise promise_;
};

struct Disaster {
  std::uint64_t seed = 0;
  Fault fault = Fault::PowerCut;
  std::uint64_t call = 0;            // 0: none.
  std::optional<Survival> survival;  // After the fault; nothing: the process alone ends.
  std::uint64_t second = 0;          // In the recovery after; 0: none.
  std::uint64_t capacity = 0;        // Of the disk; 0: no end.
};

std::string describe(const Disaster& disaster) {
  std::string text = "seed " + std::to_string(disaster.seed);
  if (disaster.capacity != 0) text += ", disk of " + std::to_string(disaster.capacity) + " bytes";
  if (disaster.call != 0) {
    text += disaster.fault == Fault::PowerCut ? ", power cut" : ", error";
    text += " at call " + std::to_string(disaster.call);
  }
  if (disaster.survival) {
    text += *disaster.survival == Survival::Nothing      ? ", nothing survives"
            : *disaster.survival == Survival::Everything ? ", everything survives"
                                                         : ", some survives";
  }
  if (disaster.second != 0) text += ", again at call " + std::to_string(disaster.second);
  return text;
}

class Trial {
 public:
  Trial(const Subject& subject, const Effort& effort, const Disaster& disaster)
      : subject_(subject),
        effort_(effort),
        disaster_(disaster),
        disk_(disaster.seed),
        workload_(disaster.seed) {}

  // The disaster came before the work was done.
  bool struck() const { return struck_; }
  // It came before the recovery was done, too.
  bool struck_twice() const { return struck_twice_; }

  std::string run() {
    if (disaster_.call != 0) disk_.plan(disaster_.fault, disaster_.call);
    if (disaster_.capacity != 0) disk_.limit(disaster_.capacity);
    Promise promise = first_life();
    if (!promise.complaint.empty()) return promise.complaint;
    struck_ = promise.failed;
    disk_.limit(0);
    if (disaster_.survival) {
      disk_.crash(*disaster_.survival);
    } else {
      disk_.unplan();
    }
    if (disaster_.second != 0) recover_badly();
    return later_lives(promise);
  }

 private:
  Promise first_life() {
    const std::unique_ptr<journal::Storage> storage = subject_.make(disk_);
    const base::Result<journal::Recovered> begun = storage->recover();
    if (!begun.ok()) {
      Promise promise;
      promise.failed = true;
      return promise;
    }
    return Run(*storage, workload_, disaster_.seed).work(effort_.steps);
  }

  void recover_badly() {
    disk_.plan(disaster_.fault, disaster_.second);
    struck_twice_ = !subject_.make(disk_)->recover().ok();
    disk_.unplan();
    if (disaster_.fault == Fault::PowerCut) disk_.crash(Survival::Random);
  }

  std::string later_lives(const Promise& promise) {
    std::unique_ptr<journal::Storage> storage = subject_.make(disk_);
    base::Result<journal::Recovered> found = storage->recover();
    if (!found.ok()) return "does not open: " + found.error().message;
    std::string why = compare(promise, found.value());
    if (!why.empty()) return why;

    // What was returned is durable, whatever the last process saw of its syncs: at once, or with
    // what comes after it.
    if (disaster_.seed % 2 == 0) {
      const journal::Recovered before = std::move(found).value();
      Model model = promise.kept;
      model.hard_state = before.hard_state;
      model.base = before.base;
      model.entries = before.entries;
      disk_.crash(Survival::Nothing);
      storage = subject_.make(disk_);
      found = storage->recover();
      if (!found.ok()) return "does not open a second time: " + found.error().message;
      why = difference(model, found.value());
      if (!why.empty()) return "after a second crash: " + why;
    }

    // And life goes on.
    workload_.restart(found.value());
    const Promise more = Run(*storage, workload_, disaster_.seed + 1).work(8);
    if (!more.complaint.empty()) return "later: " + more.complaint;
    if (more.failed) return "fails later, on a good disk";
    disk_.crash(Survival::Nothing);
    storage = subject_.make(disk_);
    found = storage->recover();
    if (!found.ok()) return "does not open later: " + found.error().message;
    why = compare(more, found.value());
    return why.empty() ? why : "later: " + why;
  }

  const Subject& subject_;
  const Effort& effort_;
  Disaster disaster_;
  MemoryDisk disk_;
  Workload workload_;
  bool struck_ = false;
  bool struck_twice_ = false;
};

class Examiner {
 public:
  Examiner(const Subject& subject, const Effort& effort) : subject_(subject), effort_(effort) {}

  Report run() {
    const std::uint64_t end = effort_.first_seed + effort_.seeds;
    for (std::uint64_t seed = effort_.first_seed; seed < end; ++seed) {
      for (const Survival survival :
           {Survival::Nothing, Survival::Everything, Survival::Random, Survival::Random}) {
        at_every_call({seed, Fault::PowerCut, 0, survival, 0, 0});
      }
      at_every_call({seed, Fault::Error, 0, std::nullopt, 0, 0});
      at_every_call({seed, Fault::Error, 0, Survival::Random, 0, 0});
      in_every_recovery({seed, Fault::PowerCut, 0, Survival::Random, 0, 0});
      in_every_recovery({seed, Fault::Error, 0, Survival::Random, 0, 0});
      on_full_disks(seed);
    }
    return std::move(report_);
  }

 private:
  // True: it struck; and no complaint is too many.
  bool go_on(const Trial& trial) const {
    return trial.struck() && report_.complaints.size() < kMaxComplaints;
  }

  Trial trial(const Disaster& disaster) {
    Trial trial(subject_, effort_, disaster);
    report_.disasters += 1;
    const std::string complaint = trial.run();
    if (!complaint.empty() && report_.complaints.size() < kMaxComplaints) {
      report_.complaints.push_back(subject_.name + ", " + describe(disaster) + ": " + complaint);
    }
    return trial;
  }

  void at_every_call(Disaster disaster) {
    for (disaster.call = 1; go_on(trial(disaster)); ++disaster.call) {
    }
  }

  void in_every_recovery(Disaster disaster) {
    for (disaster.call = 1;; disaster.call += 7) {
      for (disaster.second = 1;; ++disaster.second) {
        const Trial each = trial(disaster);
        if (!go_on(each)) return;
        if (!each.struck_twice()) break;
      }
    }
  }

  void on_full_disks(std::uint64_t seed) {
    for (std::uint64_t capacity = 1;; capacity += 777) {
      if (!go_on(trial({seed, Fault::Error, 0, std::nullopt, 0, capacity}))) return;
    }
  }

  const Subject& subject_;
  const Effort& effort_;
  Report report_;
};

}  // namespace

Report try_out(const Subject& subject, const Effort& effort) {
  return Examiner(subject, effort).run();
}

}  // namespace kit
