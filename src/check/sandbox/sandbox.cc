// SPDX-License-Identifier: Apache-2.0
#include "check/sandbox/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

#include "check/sandbox/addresses.h"
#include "check/sandbox/child.h"
#include "check/sandbox/fd.h"
#include "check/sandbox/host.h"
#include "check/sandbox/links.h"
#include "check/sandbox/names.h"
#include "check/sandbox/pair_filter.h"
#include "check/sandbox/quell.h"
#include "check/sandbox/spaces.h"

namespace check::sandbox {

namespace {

constexpr std::uint8_t kDeliveryTable = 100;
constexpr const char* kHostInterface = "eth0";
// Indices of interfaces, in their networks; different on the two ends of a cable (links.h).
constexpr unsigned kLoopback = 1;
constexpr unsigned kHostIndex = 2;
constexpr unsigned kFirstPortIndex = 1000;
constexpr std::chrono::seconds kOperationalLimit{5};
constexpr timespec kShortWait{0, 100'000};

base::Result<Fd> current_network() {
  Fd network(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!network.open()) return system_error("cannot open the network of this thread");
  return network;
}

base::Status enter(int network) {
  if (::setns(network, CLONE_NEWNET) != 0) return system_error("cannot change to another network");
  return base::Done{};
}

// Locally administered addresses: 02:77 and the last byte of the IP address at the end.
Mac mac_of(NodeId host) { return Mac{2, 0x77, 0, 0, 0, static_cast<std::uint8_t>(host.value)}; }

class ProcessOfChild final : public Process {
 public:
  explicit ProcessOfChild(std::shared_ptr<Child> child) : child_(std::move(child)) {}
  ~ProcessOfChild() override { child_->kill_and_reap(); }
  ProcessOfChild(const ProcessOfChild&) = delete;
  ProcessOfChild& operator=(const ProcessOfChild&) = delete;

  pid_t pid() const override { return child_->pid(); }
  int pidfd() const override { return child_->pidfd(); }
  std::optional<ExitStatus> exited() override { return child_->exited(); }
  void signal(int number) override { child_->signal(number); }
  Fd take_listener() override { return child_->take_listener(); }

 private:
  std::shared_ptr<Child> child_;
};

// A host as the switch sees it.
struct Port {
  Port(NodeId its_id, std::string its_interface, Host its_host)
      : id(its_id), interface(std::move(its_interface)), host(std::move(its_host)) {}

  NodeId id;
  std::string interface;                        // The switch's end of the cable.
  unsigned index = kFirstPortIndex + id.value;  // Of that interface.
  std::mutex mutex;                             // Of what follows.
  Host host;
  Children children;
};

class Star final : public Sandbox {
 public:
  Star(Fd network, Netlink routes, Netlink netfilter)
      : network_(std::move(network)),
        routes_(std::move(routes)),
        netfilter_(std::move(netfilter)) {}
  ~Star() override;
  Star(const Star&) = delete;
  Star& operator=(const Star&) = delete;

  base::Status build(std::uint32_t nodes);

  std::uint32_t nodes() const override { return static_cast<std::uint32_t>(ports_.size()) - 1; }
  std::string address(NodeId node) const override { return address_text(node); }
  std::string client_address() const override { return address_text(kClients); }
  base::Result<std::unique_ptr<Process>> start(NodeId node, const Program& program) override;
  base::Status kill_all(NodeId node) override { return impose(node, kill_everything); }
  base::Status pause_all(NodeId node) override { return impose(node, stop_everything); }
  base::Status resume_all(NodeId node) override { return impose(node, continue_everything); }
  base::Status enter_clients_network() override { return enter(ports_.back()->host.network()); }
  base::Status enter_switch_network() override { return enter(network_.get()); }
  base::Status in_network_of(NodeId node, const std::function<base::Status()>& action) override;
  base::Status in_files_of(NodeId node, const std::function<base::Status()>& action) override;
  base::Status cut(const std::set<DirectedPair>& pairs,
                   const std::set<NodeId>& clients_cut) override;
  base::Result<InterfaceCounters> counters(NodeId node) override;
  base::Result<std::map<DirectedPair, PairCounters>> pair_counters() override;
  base::Result<std::set<DirectedPair>> pairs_cut() override;

 private:
  base::Status make_hosts(std::uint32_t nodes);
  base::Status connect_hosts();
  base::Status configure_switch();
  base::Status configure_host(const Port& port) const;
  base::Status await_links();
  base::Status remove_remains();  // Of an earlier sandbox in the same contained run.
  std::vector<AddressPair> every_pair() const;
  base::Result<Port*> find(NodeId node) const;
  base::Status impose(NodeId node, base::Status (*action)(Host&, const Children&));

  Fd network_;        // The switch's.
  std::mutex mutex_;  // Of the two sockets.
  Netlink routes_;
  Netlink netfilter_;
  std::vector<std::unique_ptr<Port>> ports_;  // Nodes 1..N, then the clients.
};

base::Status Star::make_hosts(std::uint32_t nodes) {
  // All begin before the first is waited for: their inits work side by side.
  for (std::uint32_t k = 1; k <= nodes; ++k) {
    const std::string name = "n" + std::to_string(k);
    TRY(Host host, Host::begin(name));
    ports_.push_back(std::make_unique<Port>(NodeId{k}, name, std::move(host)));
  }
  TRY(Host clients, Host::begin("clients"));
  ports_.push_back(std::make_unique<Port>(kClients, "c0", std::move(clients)));
  for (const auto& port : ports_) {
    TRY([[maybe_unused]] const auto ready, port->host.ready());
  }
  return base::Done{};
}

base::Status Star::connect_hosts() {
  NetlinkBatch batch;
  for (const auto& port : ports_) {
    add_cable(batch, {port->interface, port->index, mac_of(kSwitch)},
              {kHostInterface, kHostIndex, mac_of(port->id)}, port->host.network());
  }
  return routes_.run(batch, "connect the hosts to the switch");
}

base::Status Star::configure_switch() {
  NetlinkBatch batch;
  for (const auto& port : ports_) {
    add_address(batch, port->index, address_of(kSwitch));
    add_route(batch, {.destination = address_of(port->id), .interface = port->index});
    add_neighbour(batch, port->index, address_of(port->id), mac_of(port->id));
  }
  add_delivery_of_mark(batch, kDeliverHereMark, kDeliveryTable);
  TRY([[maybe_unused]] const auto done, routes_.run(batch, "configure the switch"));
  return install_filter(netfilter_, every_pair());
}

base::Status Star::configure_host(const Port& port) const {
  TRY([[maybe_unused]] const auto entered, enter(port.host.network()));
  TRY(Netlink routes, Netlink::open(NETLINK_ROUTE));
  NetlinkBatch batch;
  set_up(batch, kLoopback);
  set_up(batch, kHostIndex);
  add_address(batch, kHostIndex, address_of(port.id));
  add_route(batch, {.destination = address_of(kSwitch), .interface = kHostIndex});
  add_route(batch, {.destination = kNetwork,
                    .prefix = kNetworkPrefix,
                    .interface = kHostIndex,
                    .gateway = address_of(kSwitch)});
  add_neighbour(batch, kHostIndex, address_of(kSwitch), mac_of(kSwitch));
  return routes.run(batch, "configure the host " + port.host.name());
}

base::Status Star::build(std::uint32_t nodes) {
  TRY([[maybe_unused]] const auto clean, remove_remains());
  TRY([[maybe_unused]] const auto named, install_names(nodes));
  TRY([[maybe_unused]] const auto made, make_hosts(nodes));
  TRY([[maybe_unused]] const auto connected, connect_hosts());
  TRY([[maybe_unused]] const auto configured, configure_switch());
  base::Status hosts = base::Done{};
  for (const auto& port : ports_) {
    hosts = configure_host(*port);
    if (!hosts.ok()) break;
  }
  TRY([[maybe_unused]] const auto back, enter_switch_network());
  TRY([[maybe_unused]] const auto configured_hosts, std::move(hosts));
  return await_links();
}

base::Status Star::await_links() {
  const auto deadline = std::chrono::steady_clock::now() + kOperationalLimit;
  for (const auto& port : ports_) {
    while (true) {
      TRY(const bool operational, is_operational(routes_, port->index));
      if (operational) break;
      if (std::chrono::steady_clock::now() > deadline) {
        return base::Error{base::ErrorCode::Timeout,
                           "the link " + port->interface + " of the switch did not come up in 5 s"};
      }
      ::nanosleep(&kShortWait, nullptr);
    }
  }
  return base::Done{};
}

Star::~Star() {
  // First all that runs, then the hosts: a host ends only when its last process was reaped. The
  // rest goes with the contained run, or when the next sandbox in it is made: to remove a link
  // takes the kernel some 30 ms.
  for (const auto& port : ports_) {
    for (const std::weak_ptr<Child>& entry : port->children) {
      if (const std::shared_ptr<Child> child = entry.lock()) child->kill_and_reap();
    }
  }
  for (const auto& port : ports_) port->host.kill();
}

base::Status Star::remove_remains() {
  if (!names_installed()) return base::Done{};
  TRY(const std::vector<unsigned> links, list_links(routes_));
  NetlinkBatch batch;
  for (const unsigned link : links) {
    if (link >= kFirstPortIndex) delete_link(batch, link);
  }
  delete_delivery_of_mark(batch, kDeliverHereMark, kDeliveryTable);
  // A link may go with its host meanwhile; what is really left fails the steps that follow.
  [[maybe_unused]] const base::Status deleted = routes_.run(batch, "remove the links");
  [[maybe_unused]] const base::Status removed = remove_filter(netfilter_);
  remove_names();
  return base::Done{};
}

std::vector<AddressPair> Star::every_pair() const {
  std::vector<NodeId> hosts{kSwitch};
  std::ranges::transform(ports_, std::back_inserter(hosts),
                         [](const auto& port) { return port->id; });
  std::vector<AddressPair> pairs;
  for (const NodeId from : hosts) {
    for (const NodeId to : hosts) {
      if (from != to) pairs.push_back({address_of(from), address_of(to)});
    }
  }
  return pairs;
}

base::Result<Port*> Star::find(NodeId node) const {
  if (node == kClients) return ports_.back().get();
  if (node.value >= 1 && node.value <= nodes()) return ports_[node.value - 1].get();
  return base::Error{
      base::ErrorCode::InvalidArgument,
      fmt::format("there is no node {}: the nodes are 1 to {}", node.value, nodes())};
}

base::Result<std::unique_ptr<Process>> Star::start(NodeId node, const Program& program) {
  TRY(Port * port, find(node));
  const std::lock_guard lock(port->mutex);
  TRY(std::shared_ptr<Child> child, Child::start(port->host, program));
  std::erase_if(port->children, [](const std::weak_ptr<Child>& entry) { return entry.expired(); });
  port->children.push_back(child);
  return std::unique_ptr<Process>(std::make_unique<ProcessOfChild>(std::move(child)));
}

base::Status Star::impose(NodeId node, base::Status (*action)(Host&, const Children&)) {
  TRY(Port * port, find(node));
  const std::lock_guard lock(port->mutex);
  return action(port->host, port->children);
}

base::Status Star::in_network_of(NodeId node, const std::function<base::Status()>& action) {
  TRY(Port * port, find(node));
  TRY(const Fd before, current_network());
  TRY([[maybe_unused]] const auto entered, enter(port->host.network()));
  base::Status result = action();
  TRY([[maybe_unused]] const auto back, enter(before.get()));
  return result;
}

base::Status Star::in_files_of(NodeId node, const std::function<base::Status()>& action) {
  TRY(Port * port, find(node));
  base::Status result = base::Done{};
  std::thread there([&] {
    // Root and working directory are shared by threads until one asks for its own.
    const bool entered =
        ::unshare(CLONE_FS) == 0 && ::setns(port->host.init_pidfd(), CLONE_NEWNS) == 0;
    result = entered ? action() : system_error("cannot enter the files of " + port->host.name());
  });
  there.join();
  return result;
}

base::Status Star::cut(const std::set<DirectedPair>& pairs, const std::set<NodeId>& clients_cut) {
  std::vector<AddressPair> cut;
  for (const auto& [from, to] : pairs) {
    TRY(auto* from_port, find(from));
    TRY(auto* to_port, find(to));
    cut.push_back({address_of(from_port->id), address_of(to_port->id)});
  }
  for (const NodeId node : clients_cut) {
    TRY(auto* port, find(node));
    cut.push_back({address_of(port->id), address_of(kClients)});
    cut.push_back({address_of(kClients), address_of(port->id)});
  }
  const std::lock_guard lock(mutex_);
  return cut_pairs(netfilter_, cut);
}

base::Result<std::set<DirectedPair>> Star::pairs_cut() {
  const std::lock_guard lock(mutex_);
  TRY(const auto found, read_cut(netfilter_));
  std::set<DirectedPair> pairs;
  for (const AddressPair& pair : found) pairs.insert({host_at(pair.from), host_at(pair.to)});
  return pairs;
}

base::Result<InterfaceCounters> Star::counters(NodeId node) {
  TRY(Port * port, find(node));
  const std::lock_guard lock(mutex_);
  TRY(const InterfaceCounters near, read_statistics(routes_, port->index));
  return InterfaceCounters{.received_bytes = near.sent_bytes,
                           .received_packets = near.sent_packets,
                           .sent_bytes = near.received_bytes,
                           .sent_packets = near.received_packets};
}

base::Result<std::map<DirectedPair, PairCounters>> Star::pair_counters() {
  const std::lock_guard lock(mutex_);
  TRY(const auto found, count_pairs(netfilter_));
  std::map<DirectedPair, PairCounters> counters;
  for (const auto& [pair, count] : found) {
    counters[DirectedPair{host_at(pair.from), host_at(pair.to)}] = count;
  }
  return counters;
}

}  // namespace

base::Result<std::unique_ptr<Sandbox>> Sandbox::create(std::uint32_t nodes) {
  if (nodes < 1 || nodes > kMostNodes) {
    return base::Error{
        base::ErrorCode::InvalidArgument,
        fmt::format("a sandbox has 1 to {} nodes; {} were asked for", kMostNodes, nodes)};
  }
  struct stat found {};
  if (::stat(kPrivateFolder, &found) != 0) {
    // Outside, all this would change the machine's own network.
    return base::Error{base::ErrorCode::InvalidArgument,
                       "a sandbox can be made only inside contain()"};
  }
  TRY(Fd network, current_network());
  TRY(Netlink routes, Netlink::open(NETLINK_ROUTE));
  TRY(Netlink netfilter, Netlink::open(NETLINK_NETFILTER));
  auto star = std::make_unique<Star>(std::move(network), std::move(routes), std::move(netfilter));
  TRY([[maybe_unused]] const auto built, star->build(nodes));
  return std::unique_ptr<Sandbox>(std::move(star));
}

}  // namespace check::sandbox
