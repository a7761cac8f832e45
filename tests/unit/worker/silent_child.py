"""A child that is ready, says the lines it is given, and then nothing more until its standard input ends."""

from __future__ import annotations

import sys

print('{"ready": true}', flush=True)
for line in sys.argv[1:]:
    print(line, flush=True)
sys.stdin.read()
