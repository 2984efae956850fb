# SPDX-License-Identifier: Apache-2.0
"""Certificates as docs/transports.md tells users to make them, by the openssl program."""
import pathlib
import subprocess

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Authority:
    """A folder with ca.pem, and NAME.pem and NAME.key of each certificate made."""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir(parents=True)
        self.folder, self.file = folder, str(folder / "ca.pem")
        openssl("req", "-x509", *NEW_KEY, "-days", "2", "-subj", "/CN=test", "-keyout", str(folder / "ca.key"),
                "-out", self.file)

    def options(self, name: str, alternative: str) -> list[str]:
        """The options of raftkv for a node with a new certificate for `alternative`, such as DNS:raftkv-node-1."""
        base = str(self.folder / name)
        openssl("req", *NEW_KEY, "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}", "-keyout",
                base + ".key", "-out", base + ".csr")
        openssl("x509", "-req", "-days", "2", "-copy_extensions", "copyall", "-in", base + ".csr", "-CA", self.file,
                "-CAkey", str(self.folder / "ca.key"), "-CAcreateserial", "-out", base + ".pem")
        return ["--tls-cert", base + ".pem", "--tls-key", base + ".key", "--tls-ca", self.file]
