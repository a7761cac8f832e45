"""What the agent's mouth makes of a text, as a WAV file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voiceagent.cli.checkup.finding import Finding

HELP = "say a text in the agent's voice into an 8 kHz WAV file"
EXAMPLE = 'voiceagent say --language pt-BR "Bom dia, eu falo com a Maria?" -o bom-dia.wav'


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("text", metavar="TEXT")
    parser.add_argument("--language", required=True, choices=("pt-BR", "es", "en"))
    parser.add_argument(
        "--voice", metavar="V", help="another voice than the agent's: pm_alex, am_adam@pt-BR, pm_santa*1.1, roa/pt-br"
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="WAV file to write")
    parser.add_argument("--models", type=Path, metavar="DIR", help="installed models (default: models/)")


def run(args: argparse.Namespace) -> int:
    """Render and write."""
    import asyncio

    from voiceagent.audio.wav import encode
    from voiceagent.base.errors import BadInputError
    from voiceagent.cli.checkup.parts import voices
    from voiceagent.settings.paths import Paths
    from voiceagent.speech.synthesis.say import say

    if not args.text.strip():
        raise BadInputError("there is nothing to say: give a text")
    _require_free(args.output)
    models = args.models or Paths.from_environment().models
    if args.voice is None:
        _tell(voices(models))
    pcm = asyncio.run(say(models, args.text, args.language, args.voice))
    try:
        args.output.write_bytes(encode(pcm))
    except OSError as error:
        raise BadInputError(f"cannot write {args.output}: {error.strerror or error}") from error
    return 0


def _tell(voice: Finding) -> None:
    """Say on stderr that it is not the voice people expect, and how to mend that."""
    if voice.mend:
        print(f"voiceagent: {voice.detail}; to mend it: {voice.mend}", file=sys.stderr)


def _require_free(path: Path) -> None:
    """BadInputError where something else than a WAV would be written over."""
    from voiceagent.base.errors import BadInputError

    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            begins = file.read(4)
    except OSError:
        # Whoever may not read it may not write it either, and is told so there.
        return
    if begins not in (b"", b"RIFF"):
        raise BadInputError(f"{path} is there already and is no WAV: name another file")
