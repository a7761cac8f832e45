"""Certificates for loopback, made by openssl: an authority, and what it signs."""

from __future__ import annotations

import subprocess
from pathlib import Path


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


class Authority:
    """One that signs; `certificate` is what others know it by."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        self.folder, self.certificate, self._key = folder, folder / "authority.pem", folder / "authority.key"
        _openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", str(self._key), "-out", str(self.certificate),
        )  # fmt: skip

    def sign(self, host: str, alternative: str) -> tuple[Path, Path]:
        """Certificate and key for `host`; `alternative` like "IP:127.0.0.1"."""
        stem = self.folder / host.replace(".", "-")
        key, request, signed, extension = (stem.with_suffix(end) for end in (".key", ".csr", ".pem", ".ext"))
        extension.write_text(f"subjectAltName={alternative}\n")
        _openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-keyout", str(key), "-out", str(request)
        )
        _openssl(
            "x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self._key),
            "-CAcreateserial", "-days", "2", "-extfile", str(extension), "-out", str(signed),
        )  # fmt: skip
        return signed, key
