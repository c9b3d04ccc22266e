"""The command line. A command parses, calls one function of :mod:`kittiseg.pipeline`, and prints; nothing else.

Exit codes: 0 done; 1 our fault (``--debug`` shows where); 2 the user can mend it; 130 interrupted by Ctrl-C; 143 by
SIGTERM, which a scheduler or ``kill`` sends and which ends a command as cleanly.
"""

import os
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

INTERRUPTED = 128 + signal.SIGINT


def main() -> None:
    """The entry point of ``kittiseg``."""
    received: list[int] = []

    def terminate(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # a second one must not cut the clean end short
        received.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, terminate)
    code = run(sys.argv[1:])
    _end(128 + received[0] if received and code == INTERRUPTED else code)


def _end(code: int) -> NoReturn:
    """Ends the process, also where a Ray cluster that is gone would hold it up."""
    if "ray" in sys.modules:
        from kittiseg.engine.cluster import GONE

        if GONE.is_set():
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """The exit code of one command line. Results go to stdout; progress, notices and errors to stderr."""
    from kittiseg.cli.commands import app
    from kittiseg.errors import KittisegError

    debug = "--debug" in arguments
    try:
        app(args=arguments, prog_name="kittiseg")
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except KittisegError as error:
        if debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that may not be written to
        if debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
            return 1
        print(f"internal error: {type(error).__name__}: {error}\nrun it with --debug to see where", file=sys.stderr)
        return 1
    return 0
