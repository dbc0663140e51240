"""Runs one command, and ends it together with all it started when the process that asked for it goes away.

    python guard.py USER GRACE COMMAND...

USER is the account to run the command under, or "-" for one's own. Standard input is a pipe whose other end the
starter holds. A line with a number on it sends that signal to the command and its children. When the pipe closes,
because the starter closed it, ended or was killed, the command is interrupted and, if it is still there after GRACE
seconds, killed.
"""

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import threading
import time


def main(user: str, grace: float, command: list[str]) -> int:
    # A starter in the background of a shell ignores interrupts, and the command would inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = start(user, command)
    threading.Thread(target=obey, args=(process, grace), daemon=True).start()
    process.wait()
    signal_group(process, signal.SIGKILL)
    return process.returncode


def start(user: str, command: list[str]) -> subprocess.Popen[bytes]:
    if user == "-":
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    account = pwd.getpwnam(user)
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
    )


def obey(process: subprocess.Popen[bytes], grace: float) -> None:
    for line in sys.stdin:
        signal_group(process, signal.Signals(int(line)))
    process.send_signal(signal.SIGINT)
    time.sleep(grace)
    signal_group(process, signal.SIGKILL)


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
