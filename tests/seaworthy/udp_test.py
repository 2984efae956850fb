#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""seaworthy check over a cluster whose nodes send each other datagrams."""
import json
import unittest

from runs import Folder

UDP = ("--transport", "udp")


class Datagrams(Folder):
    def verdict(self) -> dict[str, str]:
        return {checker["name"]: checker["verdict"] for checker in json.loads(self.saved("verdict.json"))["checkers"]}

    def test_all_faults_strike_and_every_message_is_understood(self):
        code, out, err = self.check("raftkv", *UDP, "--plan", "standard", "--time", "5", "--seed", "3")
        self.assertEqual(code, 0, err)
        self.assertIn("--set transport=udp", out[-1])
        self.assertEqual(set(self.verdict().values()), {"valid"})
        messages = [json.loads(line) for line in self.saved("messages.jsonl").splitlines()]
        by_datagram = {message["type"] for message in messages if message.get("unordered")}
        by_stream = {message["type"] for message in messages if not message.get("unordered")}
        self.assertGreaterEqual(by_datagram, {"PreVote", "RequestVote", "AppendEntries", "AppendReply"})
        self.assertLessEqual(by_stream, {"Propose", "ProposeReply", "Other"})
        links = json.loads(self.saved("links.json"))
        self.assertTrue(all(link["messages"] > 0 for link in links["links"]), links)
        code, out, err = self.run_to_end("wire", "run", "--summary")
        self.assertEqual(code, 0, out)

    def test_rules_strike_datagrams(self):
        code, _, err = self.check("raftkv", *UDP, "--plan", "appends-out-of-order", "--time", "5", "--seed", "3")
        self.assertEqual(code, 0, err)
        self.assertIn('"action":"reorder"', self.saved("messages.jsonl"))

    def test_what_needs_a_connection_is_refused_before_a_node_starts(self):
        code, _, err = self.check("raftkv", *UDP, "--plan", "connections-reset", "--time", "5", "--seed", "3")
        self.assertEqual(code, 3)
        self.assertIn("rule 'strike' cannot reset: messages come in datagrams, not on a connection", err)

    def test_a_transport_that_the_target_does_not_have_is_told_in_its_words(self):
        code, _, err = self.check("raftkv", "--transport", "pigeon", "--plan", "none", "--time", "2", "--seed", "3")
        self.assertEqual(code, 3)
        self.assertIn("unknown transport 'pigeon' (there are tcp, udp)", err)


if __name__ == "__main__":
    unittest.main()
