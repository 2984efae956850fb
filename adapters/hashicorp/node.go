// SPDX-License-Identifier: Apache-2.0

// A replicated map on hashicorp/raft, in the shape of the programs that use it: BoltDB for the log,
// files for snapshots, TCP without TLS.
//
//	hashicorp-node [--join] ID CLIENTS DATA ID=ADDRESS,...   all nodes, this one included
//	hashicorp-node --version
//
// With --join a node without data waits until the cluster has made it a member.
//
// A client connects to CLIENTS, sends one line of JSON and gets one: {"f":"read","key":"x"},
// {"f":"write","key":"x","value":"1"}, {"f":"cas","key":"x","value":["1","2"]},
// {"f":"append","key":"x","value":"1"}, {"f":"status"}, {"f":"add","member":"n2","address":"..."},
// {"f":"remove", the same}, {"f":"transfer", the same}.
//
// Every node answers. A change goes to the leader. For a read the leader puts a mark into the log,
// and the node that was asked reads its own map once it has applied that: every replica is seen,
// and no read is older than what was acknowledged before it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb"
)

const (
	enqueueTimeout = 2 * time.Second
	passOnTimeout  = 5 * time.Second
	memberTimeout  = 3 * time.Second
)

// What a client asks, and what stands in the log.
type request struct {
	F     string          `json:"f"`
	Key   string          `json:"key,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	// Whom a change of the members is about.
	Member  string `json:"member,omitempty"`
	Address string `json:"address,omitempty"`
	// From another node: not to be passed on once more.
	Direct bool `json:"direct,omitempty"`
}

type answer map[string]interface{}

func failed(err error) answer  { return answer{"type": "fail", "note": err.Error()} }
func unknown(err error) answer { return answer{"type": "info", "note": err.Error()} }

// --- The state machine ---------------------------------------------------------------------------

// Everything that is applied, so that a snapshot is all of it.
type state struct {
	Index  uint64
	Values map[string]string
}

type machine struct {
	mutex sync.Mutex
	moved *sync.Cond // The index.
	state state
}

func newMachine() *machine {
	m := &machine{state: state{Values: map[string]string{}}}
	m.moved = sync.NewCond(&m.mutex)
	return m
}

func (m *machine) Apply(log *raft.Log) interface{} {
	var asked request
	if err := json.Unmarshal(log.Data, &asked); err != nil {
		return failed(err)
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.state.Index = log.Index
	m.moved.Broadcast()
	switch asked.F {
	case "mark":
		return answer{"type": "ok", "index": log.Index}
	case "write":
		return m.write(asked, "")
	case "append":
		return m.write(asked, m.state.Values[asked.Key])
	}
	return m.swap(asked)
}

// Behind what is to stay.
func (m *machine) write(asked request, stays string) answer {
	var value string
	if err := json.Unmarshal(asked.Value, &value); err != nil {
		return failed(err)
	}
	m.state.Values[asked.Key] = stays + value
	return answer{"type": "ok"}
}

func (m *machine) swap(asked request) answer {
	var pair [2]*string
	if err := json.Unmarshal(asked.Value, &pair); err != nil {
		return failed(err)
	}
	found, exists := m.state.Values[asked.Key]
	if exists != (pair[0] != nil) || (exists && found != *pair[0]) || pair[1] == nil {
		if !exists {
			return answer{"type": "fail", "found": nil}
		}
		return answer{"type": "fail", "found": found}
	}
	m.state.Values[asked.Key] = *pair[1]
	return answer{"type": "ok"}
}

// The value once all up to the mark is applied.
func (m *machine) read(key string, mark uint64) answer {
	late := time.AfterFunc(passOnTimeout, m.moved.Broadcast)
	defer late.Stop()
	end := time.Now().Add(passOnTimeout)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for m.state.Index < mark {
		if !time.Now().Before(end) {
			return failed(fmt.Errorf("index %d is not applied here in time", mark))
		}
		m.moved.Wait()
	}
	if value, exists := m.state.Values[key]; exists {
		return answer{"type": "ok", "value": value}
	}
	return answer{"type": "ok", "value": nil}
}

type snapshot []byte

func (m *machine) Snapshot() (raft.FSMSnapshot, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	bytes, err := json.Marshal(m.state)
	return snapshot(bytes), err
}

func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if _, err := sink.Write(s); err != nil {
		sink.Cancel()
		return err
	}
	return sink.Close()
}

func (s snapshot) Release() {}

func (m *machine) Restore(reader io.ReadCloser) error {
	defer reader.Close()
	read := state{Values: map[string]string{}}
	if err := json.NewDecoder(reader).Decode(&read); err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.state = read
	m.moved.Broadcast()
	return nil
}

// --- The node ------------------------------------------------------------------------------------

type node struct {
	raft    *raft.Raft
	machine *machine
	port    string // Of the clients, at every node.
}

// Apply's timeout is for the queue alone: after it, or if this node does not lead, nothing was done.
// All other errors leave it open.
func (n *node) change(asked request) answer {
	command, err := json.Marshal(request{F: asked.F, Key: asked.Key, Value: asked.Value})
	if err != nil {
		return failed(err)
	}
	future := n.raft.Apply(command, enqueueTimeout)
	if err := future.Error(); err != nil {
		return notDone(err)
	}
	return future.Response().(answer)
}

func notDone(err error) answer {
	switch err {
	case raft.ErrNotLeader, raft.ErrEnqueueTimeout, raft.ErrLeadershipTransferInProgress:
		return failed(err)
	default:
		return unknown(err)
	}
}

// Who belongs to the cluster, and who leads it. Done also if it was so before.
func (n *node) changeMembers(asked request) answer {
	id, address := raft.ServerID(asked.Member), raft.ServerAddress(asked.Address)
	var future raft.Future
	switch asked.F {
	case "add":
		future = n.raft.AddVoter(id, address, 0, memberTimeout)
	case "remove":
		future = n.raft.RemoveServer(id, 0, memberTimeout)
	default:
		future = n.raft.LeadershipTransferToServer(id, address)
	}
	if err := future.Error(); err != nil {
		return notDone(err)
	}
	return answer{"type": "ok"}
}

// Has the leader do it.
func (n *node) atLeader(asked request) answer {
	if asked.Direct || n.raft.State() == raft.Leader {
		if asked.Member != "" {
			return n.changeMembers(asked)
		}
		return n.change(asked)
	}
	host, _, err := net.SplitHostPort(string(n.raft.Leader()))
	if err != nil {
		return failed(fmt.Errorf("no leader is known here"))
	}
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(host, n.port), passOnTimeout)
	if err != nil {
		return failed(err) // Nothing has left.
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(passOnTimeout))
	asked.Direct = true
	line, err := json.Marshal(asked)
	if err != nil {
		return failed(err)
	}
	if _, err := connection.Write(append(line, '\n')); err != nil {
		return unknown(err)
	}
	told := answer{}
	if err := json.NewDecoder(connection).Decode(&told); err != nil {
		return unknown(err)
	}
	return told
}

func (n *node) read(key string) answer {
	told := n.atLeader(request{F: "mark"})
	var index uint64
	switch mark := told["index"].(type) {
	case uint64: // Our own.
		index = mark
	case float64: // Out of JSON.
		index = uint64(mark)
	default:
		told["type"] = "fail" // A mark changes nothing.
		return told
	}
	return n.machine.read(key, index)
}

func (n *node) status() answer {
	stats := n.raft.Stats()
	told := answer{"type": "ok", "leader": n.raft.State() == raft.Leader}
	if leader := n.raft.Leader(); leader != "" {
		told["leader_address"] = string(leader)
	}
	for ours, theirs := range map[string]string{"term": "term", "commit": "commit_index"} {
		if number, err := strconv.ParseUint(stats[theirs], 10, 64); err == nil {
			told[ours] = number
		}
	}
	return told
}

func (n *node) answer(asked request) answer {
	switch asked.F {
	case "read":
		return n.read(asked.Key)
	case "write", "cas", "append", "mark", "add", "remove", "transfer":
		return n.atLeader(asked)
	case "status":
		return n.status()
	}
	return failed(fmt.Errorf("unknown request %q", asked.F))
}

func (n *node) serve(connection net.Conn) {
	defer connection.Close()
	line, err := bufio.NewReader(connection).ReadBytes('\n')
	if err != nil {
		return
	}
	var asked request
	told := answer{}
	if err := json.Unmarshal(line, &asked); err != nil {
		told = failed(err)
	} else {
		told = n.answer(asked)
	}
	text, _ := json.Marshal(told)
	connection.Write(append(text, '\n'))
}

func parse(peers string) (raft.Configuration, error) {
	var configuration raft.Configuration
	for _, peer := range strings.Split(peers, ",") {
		parts := strings.SplitN(peer, "=", 2)
		if len(parts) != 2 {
			return configuration, fmt.Errorf("%q is not ID=ADDRESS", peer)
		}
		configuration.Servers = append(configuration.Servers, raft.Server{
			ID: raft.ServerID(parts[0]), Address: raft.ServerAddress(parts[1])})
	}
	return configuration, nil
}

func open(id, data, peers string, join bool) (*node, error) {
	configuration, err := parse(peers)
	if err != nil {
		return nil, err
	}
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(id)
	// Half the default times, so that a run of half a minute has room for elections.
	config.HeartbeatTimeout = 500 * time.Millisecond
	config.ElectionTimeout = 500 * time.Millisecond
	config.LeaderLeaseTimeout = 250 * time.Millisecond
	// So that snapshots are taken and sent within a run.
	config.SnapshotInterval = 5 * time.Second
	config.SnapshotThreshold = 2000
	config.TrailingLogs = 500

	address := ""
	for _, server := range configuration.Servers {
		if server.ID == config.LocalID {
			address = string(server.Address)
		}
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, err
	}
	transport, err := raft.NewTCPTransport(address, nil, 3, 10*time.Second, os.Stderr)
	if err != nil {
		return nil, err
	}
	store, err := raftboltdb.NewBoltStore(filepath.Join(data, "raft.db"))
	if err != nil {
		return nil, err
	}
	snapshots, err := raft.NewFileSnapshotStore(data, 2, os.Stderr)
	if err != nil {
		return nil, err
	}
	exists, err := raft.HasExistingState(store, store, snapshots)
	if err != nil {
		return nil, err
	}
	if !exists && !join {
		err := raft.BootstrapCluster(config, store, store, snapshots, transport, configuration)
		if err != nil {
			return nil, err
		}
	}
	made := &node{machine: newMachine()}
	made.raft, err = raft.NewRaft(config, made.machine, store, store, snapshots, transport)
	return made, err
}

func run(arguments []string) error {
	join := len(arguments) > 0 && arguments[0] == "--join"
	if join {
		arguments = arguments[1:]
	}
	if len(arguments) != 4 {
		return fmt.Errorf("usage: hashicorp-node [--join] ID CLIENTS DATA ID=ADDRESS,...")
	}
	made, err := open(arguments[0], arguments[2], arguments[3], join)
	if err != nil {
		return err
	}
	if _, made.port, err = net.SplitHostPort(arguments[1]); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", arguments[1])
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go made.serve(connection)
	}
}

// Set by the build: the version of Debian's package.
var version = "unknown"

func main() {
	debug.SetGCPercent(400)
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("hashicorp/raft " + version)
		return
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hashicorp-node: "+err.Error())
		os.Exit(1)
	}
}
