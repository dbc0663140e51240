"""Starts the tests' servers and keeps them until Ctrl-C, so that several test runs can share them:
`make services`.
"""

import contextlib
import signal
import sys
from pathlib import Path

from tests.services.process import MissingError
from tests.services.servers import SERVERS, temporary_folder


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as running:
        folder = Path(running.enter_context(temporary_folder()))
        started = []
        for kind in SERVERS:
            try:
                server = kind(folder=folder)
            except MissingError as missing:
                sys.stderr.write(f"Not started, for it is not installed: {missing}\n")
                continue
            running.callback(server.stop)
            server.start()
            started.append(server)
        for server in started:
            server.wait()
            sys.stdout.write(f"export {server.variable}={server.url}\n")
            sys.stdout.flush()
        sys.stderr.write("Put these lines into another shell; Ctrl-C here stops the servers.\n")
        signal.pause()


if __name__ == "__main__":
    main()
