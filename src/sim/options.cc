// SPDX-License-Identifier: Apache-2.0
#include "sim/options.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "base/prng.h"

namespace sim {

namespace {

struct Field {
  std::string_view name;
  std::uint64_t Options::*member;
};

constexpr auto kNone = std::uint64_t{0};

std::array<Field, 47> fields() {
  return {{{"tick-us", &Options::tick},
           {"delay-min-us", &Options::delay_min},
           {"delay-max-us", &Options::delay_max},
           {"late-ppm", &Options::late_ppm},
           {"late-max-us", &Options::late_max},
           {"sync-min-us", &Options::sync_min},
           {"sync-max-us", &Options::sync_max},
           {"slow-node", &Options::slow_node},
           {"slow-factor", &Options::slow_factor},
           {"drift-permille", &Options::drift_permille},
           {"quiet-most", &Options::quiet_most},
           {"drop-ppm", &Options::drop_ppm},
           {"double-ppm", &Options::double_ppm},
           {"corrupt-ppm", &Options::corrupt_ppm},
           {"death-ppm", &Options::death_ppm},
           {"error-ppm", &Options::error_ppm},
           {"full-ppm", &Options::full_ppm},
           {"trouble-every-us", &Options::trouble_every},
           {"crash-weight", &Options::crash_weight},
           {"blackout-weight", &Options::blackout_weight},
           {"kill-weight", &Options::kill_weight},
           {"stuck-weight", &Options::stuck_weight},
           {"isolate-weight", &Options::isolate_weight},
           {"split-weight", &Options::split_weight},
           {"one-way-weight", &Options::one_way_weight},
           {"damage-weight", &Options::damage_weight},
           {"damage-most", &Options::damage_most},
           {"spoil-permille", &Options::spoil_permille},
           {"damage-restart-us", &Options::damage_restart},
           {"trouble-max-us", &Options::trouble_max},
           {"survival", &Options::survival},
           {"keys", &Options::keys},
           {"think-max-us", &Options::think_max},
           {"timeout-us", &Options::timeout},
           {"read-weight", &Options::read_weight},
           {"write-weight", &Options::write_weight},
           {"cas-weight", &Options::cas_weight},
           {"append-weight", &Options::append_weight},
           {"stray-permille", &Options::stray_permille},
           {"echo-weight", &Options::echo_weight},
           {"freeze-weight", &Options::freeze_weight},
           {"wish-every-us", &Options::wish_every},
           {"change-weight", &Options::change_weight},
           {"transfer-weight", &Options::transfer_weight},
           {"snapshot-weight", &Options::snapshot_weight},
           {"follower-read-permille", &Options::follower_read_permille},
           {"late-call-ppm", &Options::late_call_ppm}}};
}

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : prng_(seed) {}

  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return prng_.between(low, high); }
  bool chance(std::uint64_t permille) { return prng_.between(0, 999) < permille; }
  // Nothing in most runs, so that each fault is also seen without the others.
  std::uint64_t perhaps(std::uint64_t permille, std::uint64_t low, std::uint64_t high) {
    return chance(permille) ? between(low, high) : kNone;
  }
  // Small and large ones alike.
  std::uint64_t one_of(std::span<const std::uint64_t> values) {
    return values[prng_.between(0, values.size() - 1)];
  }

 private:
  base::Prng prng_;
};

void draw_setup(Setup& setup, Draw& draw) {
  setup.seed = draw.between(1, UINT64_MAX >> 1U);
  setup.heartbeat_ticks = draw.between(1, 2);
  setup.election_ticks_min = setup.heartbeat_ticks + draw.between(2, 6);
  setup.election_ticks_max = setup.election_ticks_min + draw.between(1, 6);
  setup.max_append_bytes = draw.one_of(std::array<std::uint64_t, 4>{1, 120, 400, 65'536});
  setup.max_inflight = draw.one_of(std::array<std::uint64_t, 4>{1, 2, 8, 64});
  setup.max_uncommitted_bytes = draw.chance(200) ? 400 : 1U << 20U;
  setup.max_waiting = draw.chance(200) ? 2 : 64;
  setup.segment_bytes = draw.one_of(std::array<std::uint64_t, 4>{600, 2'000, 8'000, 1U << 20U});
  setup.clients = draw.between(1, 5);
  setup.framed = draw.chance(250) ? 1 : 0;
  setup.witness = draw.chance(250) ? 1 : 0;
}

void draw_times(Options& options, Draw& draw) {
  options.delay_min = draw.between(10, 500);
  options.delay_max =
      options.delay_min + draw.one_of(std::array<std::uint64_t, 4>{100, 2'000, 15'000, 60'000});
  options.late_ppm = draw.perhaps(500, 1'000, 100'000);
  options.late_max = draw.between(50'000, 600'000);
  options.sync_min = draw.between(10, 500);
  options.sync_max =
      options.sync_min + draw.one_of(std::array<std::uint64_t, 4>{100, 1'000, 8'000, 30'000});
  options.slow_node = draw.perhaps(350, 1, options.setup.nodes);
  options.slow_factor = draw.between(2, 40);
  options.drift_permille = draw.perhaps(500, 1, 400);
}

void draw_faults(Options& options, Draw& draw) {
  options.drop_ppm = draw.perhaps(500, 1'000, 200'000);
  options.double_ppm = draw.perhaps(500, 1'000, 100'000);
  options.corrupt_ppm = options.setup.framed != 0 ? draw.perhaps(700, 1'000, 50'000) : kNone;
  options.death_ppm = draw.perhaps(500, 500, 20'000);
  options.error_ppm = draw.perhaps(250, 500, 5'000);
  options.full_ppm = draw.perhaps(150, 200, 2'000);
  options.trouble_every = draw.between(60'000, 600'000);
  options.trouble_max = draw.between(50'000, 800'000);
  options.crash_weight = draw.perhaps(500, 1, 10);
  options.blackout_weight = draw.perhaps(200, 1, 3);
  options.kill_weight = draw.perhaps(300, 1, 10);
  options.stuck_weight = draw.perhaps(600, 1, 10);
  options.isolate_weight = draw.perhaps(500, 1, 10);
  options.split_weight = draw.perhaps(400, 1, 10);
  options.one_way_weight = draw.perhaps(400, 1, 10);
  options.damage_weight = draw.perhaps(150, 1, 12);
  options.survival = draw.chance(700) ? 2 : draw.between(0, 1);
}

void draw_clients(Options& options, Draw& draw) {
  options.keys = draw.between(1, 4);
  options.think_max = draw.one_of(std::array<std::uint64_t, 3>{2'000, 20'000, 100'000});
  options.timeout = draw.between(100'000, 1'000'000);
  options.read_weight = draw.between(1, 50);
  options.write_weight = draw.between(1, 50);
  options.cas_weight = draw.perhaps(600, 1, 50);
  options.append_weight = draw.perhaps(500, 1, 30);
  options.stray_permille = draw.between(0, 300);
  options.echo_weight = draw.perhaps(250, 1, 10);
}

// What a state outlives: snapshots, sessions.
void draw_state(Setup& setup, Draw& draw) {
  const std::array<std::uint64_t, 4> sizes = {200, 800, 3'000, 12'000};
  setup.snapshot_bytes = draw.chance(600) ? draw.one_of(sizes) : kNone;
  setup.keep_entries = draw.chance(500) ? draw.between(1, 60) : kNone;
  setup.piece_bytes = draw.one_of(std::array<std::uint64_t, 3>{16, 200, 100'000});
  setup.chunk_bytes = draw.one_of(std::array<std::uint64_t, 4>{1, 40, 300, 100'000});
  if (setup.chunk_bytes == 1) setup.chunk_bytes = draw.between(20, 60);
  setup.max_kept_bytes = draw.chance(500) ? 1U << 20U : draw.between(0, 3'000);
  if (draw.chance(400)) setup.sessions = draw.chance(300) ? draw.between(1, 4) : 1'000;
}

// As much as the clocks of this run may differ: between 1 - d and 1 + d of what they should be.
void draw_lease(Options& options, Draw& draw) {
  if (!draw.chance(300)) return;
  options.drift_permille = draw.perhaps(700, 1, 350);
  const std::uint64_t d = options.drift_permille;
  options.setup.lease = 1 + (2000 * d + 999 + d) / (1000 + d);
  options.setup.election_ticks_min = options.setup.heartbeat_ticks + draw.between(4, 12);
  options.setup.election_ticks_max = options.setup.election_ticks_min + draw.between(1, 6);
  options.read_weight = draw.between(20, 80);
  options.freeze_weight = draw.between(2, 20);
  if (draw.chance(500)) return;
  // All is quick, so that much can happen within what a lease is too long.
  options.setup.election_ticks_max = options.setup.election_ticks_min + 1;
  options.delay_max = options.delay_min + 200;
  options.sync_max = options.sync_min + 200;
  options.slow_node = 0;
  options.think_max = 2'000;
  options.stray_permille = 300;
  options.drift_permille = draw.chance(700) ? draw.between(200, 400) : 0;
  const std::uint64_t wide = options.drift_permille;
  options.setup.lease = 1 + (2000 * wide + 999 + wide) / (1000 + wide);
  options.trouble_every = draw.between(60'000, 200'000);
  options.trouble_max = draw.between(200'000, 400'000);
  options.freeze_weight = 40;
}

// Who belongs to the cluster, and who leads it.
void draw_wishes(Options& options, Draw& draw) {
  options.wish_every = draw.between(30'000, 500'000);
  options.snapshot_weight = draw.perhaps(400, 1, 10);
  options.transfer_weight = draw.perhaps(400, 1, 10);
  options.setup.promotion_lag = draw.one_of(std::array<std::uint64_t, 3>{0, 3, 100});
  options.follower_read_permille = draw.perhaps(400, 50, 1'000);
  if (!draw.chance(400)) return;
  options.change_weight = draw.between(2, 20);
  options.setup.spares = draw.between(0, 2);
  options.damage_weight = 0;  // See draw_damage().
}

// Which logs are mapped files: all, or some. And what is seldom wrong, but then badly.
void draw_rest(Options& options, Draw& draw) {
  Setup& setup = options.setup;
  const std::uint64_t all = (std::uint64_t{1} << (setup.nodes + setup.spares)) - 1;
  if (draw.chance(250)) setup.mapped = draw.chance(700) ? all : draw.between(1, all);
  if (draw.chance(200)) setup.max_inflight_bytes = draw.between(1, 2'000);
  if (draw.chance(200)) setup.value_bytes = draw.between(100, 2'000);
  // A snapshot of such values would take longer than the end of a run has.
  if (setup.value_bytes > 0) setup.chunk_bytes = std::max<std::uint64_t>(setup.chunk_bytes, 300);
  if (options.change_weight > 0 && options.transfer_weight > 0 && draw.chance(500)) {
    options.late_call_ppm = draw.chance(500) ? 1'000'000 : draw.between(300'000, 999'999);
  }
  if (setup.lease > 0 && draw.chance(500)) options.follower_read_permille = draw.between(300, 900);
  if (draw.chance(300)) setup.snapshot_entries = draw.between(1, 60);
  if (draw.chance(300)) setup.keep_bytes = draw.between(0, 3'000);
  if (draw.chance(400)) options.quiet_most = draw.chance(500) ? 5 : draw.between(1, 20);
}

// More than a place here and there, by a generator of its own: all else stays as it was drawn.
void draw_damage(Options& options, Draw& draw) {
  // What is damaged needs others to mend it; of a cluster that may become small, too few are left.
  if (options.change_weight > 0) return;
  if (draw.chance(400)) options.damage_weight = draw.between(1, 40);
  if (options.damage_weight == 0) return;
  options.damage_most = draw.chance(500) ? 1 : draw.between(2, 3);
  const bool snapshots = options.setup.snapshot_bytes > 0 || options.setup.snapshot_entries > 0 ||
                         options.snapshot_weight > 0;
  options.spoil_permille = snapshots ? draw.perhaps(700, 100, 700) : kNone;
  if (draw.chance(500)) options.damage_restart = draw.between(1, 40'000);
}

}  // namespace

Options draw(std::uint64_t seed, std::uint64_t nodes, std::uint64_t events) {
  Draw draw(seed ^ 0x5ea0527ULL);
  Options options;
  options.seed = seed;
  options.events = events;
  options.setup.nodes = nodes;
  draw_setup(options.setup, draw);
  draw_times(options, draw);
  draw_faults(options, draw);
  draw_clients(options, draw);
  draw_state(options.setup, draw);
  draw_wishes(options, draw);
  draw_lease(options, draw);
  draw_rest(options, draw);
  Draw of_damage(seed ^ 0xda3a9edULL);
  draw_damage(options, of_damage);
  return options;
}

std::vector<std::string> describe(const Options& options) {
  std::vector<std::string> lines;
  for (const SetupField& field : setup_fields()) {
    lines.push_back(std::string(field.name) + ": " + std::to_string(options.setup.*field.member));
  }
  lines.push_back("events: " + std::to_string(options.events));
  for (const Field& field : fields()) {
    lines.push_back(std::string(field.name) + ": " + std::to_string(options.*field.member));
  }
  return lines;
}

}  // namespace sim
