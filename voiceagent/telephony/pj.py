"""pjsua2 and what its Python binding lacks: quiet start, compiled-in limits, and frames moved by memory copy."""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path

from voiceagent.base.errors import INSTALL, MissingPartError

try:
    import pjsua2 as pj
except ImportError as error:
    raise MissingPartError(
        f"the SIP library cannot be loaded ({error}); install it with: {INSTALL}",
        code="no_sip_library",
    ) from error

__all__ = [
    "asserts", "calls_in_library", "check_frame_copy", "keep_thread", "library_file", "max_calls",
    "pj", "read_frame", "silence_log", "tls_library", "watches_by", "write_frame",
]  # fmt: skip


def library_file() -> Path:
    """The shared object in use: the registry's wheel, or a build of our own."""
    return next(Path(pj.__file__).parent.glob("_pjsua2*"))


_library = ctypes.CDLL(str(library_file()))


def silence_log() -> None:
    """Before libCreate: the library would print to stdout, where only our documents may go."""
    _library.pj_log_set_level(0)


def watches_by() -> str:
    """How the library watches its sockets: select or epoll."""
    _library.pj_ioqueue_name.restype = ctypes.c_char_p
    return str(_library.pj_ioqueue_name().decode()).partition("[")[0]


def tls_library() -> str:
    """Name and version of what TLS and SRTP are encrypted with; empty when the build has neither."""
    if not hasattr(_library, "pjmedia_transport_srtp_create"):
        return ""
    for symbol in ("OpenSSL_version", "SSLeay_version"):  # the name until OpenSSL 1.1
        if hasattr(_library, symbol):
            tell = getattr(_library, symbol)
            tell.restype = ctypes.c_char_p
            return str(tell(0).decode())
    return ""


def asserts() -> bool:
    """Whether this build checks how it is used, and ends the process when it is misused."""
    return b"__assert_fail" in library_file().read_bytes()


def max_calls() -> int:
    """Calls one process can hold: compiled into the library, whatever was asked for. Only after libInit."""
    return int(_library.pjsua_call_get_max_count())


def calls_in_library() -> int:
    """Calls whose slot the library has not given back yet. Only after libInit."""
    return int(_library.pjsua_call_get_count())


def read_frame(buffer: pj.ByteVector) -> bytes:
    """The bytes of a frame's buffer. `bytes(buffer)` does the same a hundred times slower, element by element."""
    # A std::vector begins with the pointers to its first byte and behind its last one.
    vector = int(buffer.this)
    first = ctypes.c_void_p.from_address(vector).value
    behind = ctypes.c_void_p.from_address(vector + _POINTER).value
    return ctypes.string_at(first, behind - first) if first and behind else b""


def write_frame(buffer: pj.ByteVector, pcm: bytes) -> None:
    """Make `pcm` the content of a frame's buffer."""
    buffer.resize(len(pcm))
    ctypes.memmove(ctypes.c_void_p.from_address(int(buffer.this)).value or 0, pcm, len(pcm))


def keep_thread() -> None:
    """Called inside a callback: the library's thread keeps what Python made for it.

    Otherwise that is made anew for every callback and taken back after it, in memory mapped for the purpose: 8 us each
    time, a page fault, and every other thread of the process waits for the mapping.
    """
    if not getattr(_kept, "kept", False):
        _kept.kept = True
        ctypes.pythonapi.PyGILState_Ensure()


_POINTER = ctypes.sizeof(ctypes.c_void_p)
_kept = threading.local()


def check_frame_copy() -> None:
    """MissingPartError when the memory layout the two functions rely on is not that of this build of the library."""
    pattern = bytes(range(256)) + bytes(64)
    probe = pj.ByteVector(list(pattern))
    begin, behind = (ctypes.c_void_p.from_address(int(probe.this) + step).value or 0 for step in (0, _POINTER))
    sound = begin != 0 and behind - begin == len(pattern)  # before anything is read through the pointers
    if sound:
        back = pj.ByteVector()
        write_frame(back, pattern)
        sound = read_frame(probe) == pattern and bytes(back) == pattern and read_frame(pj.ByteVector()) == b""
    if not sound:
        raise MissingPartError(
            "this build of pjsua2 keeps its frames differently; install the version named in pyproject.toml",
            code="sip_library_unknown",
        )
