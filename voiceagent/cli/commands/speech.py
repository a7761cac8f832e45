"""The speech process: recognition and synthesis for every call of this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from voiceagent.cli.arguments import count, port

HELP = "run the speech process: recognition and synthesis for the calls of this machine"
EXAMPLE = "voiceagent speech --metrics-port 9102"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument(
        "--socket", type=Path, metavar="PATH", help="Unix socket (default: run/speech.sock in the home)"
    )
    parser.add_argument("--models", type=Path, metavar="DIR", help="installed models (default: models/)")
    parser.add_argument(
        "--max-calls", type=count, metavar="N", help="calls served at a time (default: 8 for each core, at least 16)"
    )
    parser.add_argument("--voice-engine", choices=("kokoro", "pyttsx3"), help="default: kokoro where installed")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="tests: recognise by this JSON instead of a model")
    # For measurements: where answers begin to be late is what they ask, in whatever language an engine has.
    parser.add_argument("--admit-all", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--agent-voice", metavar="VOICE", help=argparse.SUPPRESS)
    parser.add_argument("--metrics-port", type=port, metavar="PORT", help="serve /metrics on this loopback port")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    from voiceagent.settings.paths import Paths
    from voiceagent.speech.process import serve

    paths = Paths.from_environment()
    return serve(
        socket=args.socket or paths.home / "run" / "speech.sock",
        models=args.models or paths.models,
        max_calls=args.max_calls,
        voice_engine=args.voice_engine,
        agent_voice=args.agent_voice,
        answers=args.answers,
        metrics_port=args.metrics_port,
        admit_all=args.admit_all,
    )
