// SPDX-License-Identifier: Apache-2.0
// For the tests of the sandbox: contained test bodies and plain sockets between hosts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check/sandbox/fd.h"
#include "check/sandbox/sandbox.h"

namespace check::sandbox {

// Runs a test's body in contain(); its failed expectations, and a machine that allows no sandbox,
// fail the test.
void inside(const std::function<void()>& body);
void inside(const Support& support, const std::function<void()>& body);
// Requires: in inside().
std::unique_ptr<Sandbox> make(std::uint32_t nodes);

Fd listen_on(Sandbox& sandbox, NodeId node, std::uint16_t port);
// Not open if it did not connect within `milliseconds`.
Fd connect_from(Sandbox& sandbox, NodeId from, NodeId to, std::uint16_t port,
                int milliseconds = 5000);
Fd accept_on(const Fd& listener);
std::string peer_address(const Fd& socket);
// Whether what is sent here arrives there within `milliseconds`.
bool message_passes(const Fd& from, const Fd& to, int milliseconds = 2000);
// Whether a datagram from one host arrives at another within `milliseconds`.
bool datagram_passes(Sandbox& sandbox, NodeId from, NodeId to, int milliseconds,
                     const std::string& text = "x");

// A socket on a host, bound to its address.
Fd bound_socket(Sandbox& sandbox, NodeId node, int type, std::uint16_t port);
// A datagram socket in the switch that speaks in another host's name.
Fd transparent_socket_of_switch(NodeId name, std::uint16_t port = 0);
bool send_datagram(const Fd& socket, NodeId to, std::uint16_t port, const std::string& text = "x");
bool arrives(const Fd& socket, int milliseconds);

// Waits at most five seconds for the end of a process.
std::optional<ExitStatus> await_exit(Process& process);
// What a shell command prints on a host.
std::string output_of(Sandbox& sandbox, NodeId node, const std::string& command);
// Starts a shell command and returns when it has printed a line.
std::unique_ptr<Process> start_and_await_line(Sandbox& sandbox, NodeId node,
                                              const std::string& command);
Program shell(const std::string& command, int output_fd);

// Until `condition` holds; fails the test if it does not within five seconds.
void await(const std::function<bool()>& condition);
// The names of the interfaces of the calling thread's network, in order.
std::string interfaces();
// Of the processes that this /proc shows.
int zombies();
int commands_running(const std::string& beginning);
char state_of(pid_t pid);

}  // namespace check::sandbox
