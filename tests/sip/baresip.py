"""baresip, Debian's softphone without a window, as docs/connect-a-softphone.md sets it up.

Only what a machine without sound card and keyboard cannot have is another: the microphone is a file, what is heard is
written to one, and commands come over a socket.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import wave
from pathlib import Path

from voiceagent.telephony.asterisk_server import AsteriskPorts, dying_with_parent

READY_S = 20.0


class Baresip:
    """One that runs in `folder` with the page's two files in it."""

    def __init__(self, folder: Path, config: str, accounts: str) -> None:
        self.folder, self._port = folder, AsteriskPorts.free().ami
        silence = folder / "microphone.wav"
        with wave.open(str(silence), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(8000 * 2 * 60))
        config = config.replace("module alsa.so", "module aufile.so\nmodule aubridge.so\nmodule sndfile.so")
        config = config.replace("module stdio.so", "module ctrl_tcp.so")
        config = re.sub(r"audio_source .*", f"audio_source aufile,{silence}", config)
        config = re.sub(r"audio_(player|alert) .*", r"audio_\1 aubridge,\1", config)
        config += f"ctrl_tcp_listen 127.0.0.1:{self._port}\nsnd_path {folder}\n"
        for name, text in (("config", config), ("accounts", accounts), ("contacts", "")):
            (folder / name).write_text(text)
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*dying_with_parent(), "baresip", "-f", str(folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._socket = self._connect()

    def _connect(self) -> socket.socket:
        deadline = time.monotonic() + READY_S
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self._port), timeout=READY_S)
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)

    def tell(self, command: str, parameters: str = "") -> None:
        """A command of baresip's menu, by its long name."""
        text = json.dumps({"command": command, "params": parameters}).encode()
        self._socket.sendall(b"%d:%s," % (len(text), text))

    def press(self, key: str) -> None:
        """One key during a call."""
        self.tell("sndcode", key)

    def heard(self) -> bytes:
        """What came from the far side so far, PCM."""
        return b"".join(path.read_bytes()[44:] for path in sorted(self.folder.glob("dump-*-dec.wav")))

    def stop(self) -> None:
        """Hang up and end."""
        self.tell("quit")
        self.process.wait(READY_S)
        self._socket.close()
