"""Where an Asterisk to run comes from: the one unpacked beside the checkout, or the distribution's."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from voiceagent.base.errors import MissingPartError

#: The oldest Asterisk whose dialplan functions and CDR formats asterisk/ relies on.
OLDEST = 20


@dataclass(frozen=True, slots=True)
class AsteriskProgram:
    """An Asterisk that can be run."""

    command: tuple[str, ...]
    """What starts it, before its options."""
    modules: Path
    data: Path
    """Sounds and the XML documentation that res_pjsip reads at start-up."""

    @classmethod
    def find(cls, unpacked: Path) -> AsteriskProgram:
        """The one that scripts/asterisk put into `unpacked`, else the system's; MissingPartError when there is none."""
        root = unpacked / "root"
        if (unpacked / ".ok").exists() and (root / "usr/sbin/asterisk").exists():
            return cls._inside(root)
        found = cls._of_system()
        if found is not None:
            return found
        raise MissingPartError(
            f"no Asterisk in {unpacked} or on this machine; run scripts/asterisk", code="no_asterisk"
        )

    @classmethod
    def of_system(cls) -> AsteriskProgram:
        """The distribution's, where it is or where Debian will put it: a configuration may be made elsewhere."""
        debian = Path("/usr/lib") / f"{platform.machine()}-linux-gnu" / "asterisk/modules"
        return cls._of_system() or cls(("/usr/sbin/asterisk",), debian, Path("/usr/share/asterisk"))

    @classmethod
    def _of_system(cls) -> AsteriskProgram | None:
        binary = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
        if binary is not None:
            for modules in (*Path("/usr/lib").glob("*/asterisk/modules"), Path("/usr/lib/asterisk/modules")):
                for data in (Path("/usr/share/asterisk"), Path("/var/lib/asterisk")):
                    if modules.is_dir() and (data / "documentation").is_dir():
                        return cls((binary,), modules, data)
        return None

    @classmethod
    def _inside(cls, root: Path) -> AsteriskProgram:
        # Run by its own C library through that library's loader, because the system's may be years older. The search
        # path is an argument, not a variable, so that it never reaches the children of Asterisk.
        for library in (root / "usr/lib").glob("*-linux-gnu"):
            for loader in library.glob("ld-linux*.so.*"):
                command = (
                    str(loader), "--library-path", str(library), "--argv0", "asterisk", str(root / "usr/sbin/asterisk"),
                )  # fmt: skip
                return cls(command, library / "asterisk/modules", root / "usr/share/asterisk")
        raise MissingPartError(f"the Asterisk in {root} is damaged; remove {root.parent} and run scripts/asterisk")

    def version(self) -> str:
        """For example "22.10.1"; MissingPartError when it does not start or is too old."""
        try:
            done = subprocess.run([*self.command, "-V"], capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MissingPartError(f"Asterisk does not start ({error}); run scripts/asterisk --refresh") from error
        match = re.match(r"Asterisk (\d+)[\w.]*", done.stdout)
        if match is None:
            said = (done.stderr or done.stdout).strip().splitlines()[:1]
            raise MissingPartError(f"Asterisk does not start ({' '.join(said)}); run scripts/asterisk --refresh")
        if int(match[1]) < OLDEST:
            raise MissingPartError(f"{match[0]} is too old, {OLDEST} or newer is needed; run scripts/asterisk")
        return match[0].removeprefix("Asterisk ")
