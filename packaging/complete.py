"""Types `lionize ca<TAB><TAB>` into a bash that read the completions."""

import os
import pty
import select
import sys


def read(master, until, seconds=20):
    said = b""
    while until not in said:
        ready, _, _ = select.select([master], [], [], seconds)
        if not ready:
            break
        try:
            said += os.read(master, 4096)
        except OSError:
            break
    return said.decode(errors="replace")


def main():
    child, master = pty.fork()
    if child == 0:
        os.environ.update(TERM="dumb", PS1="ready> ")
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    read(master, b"ready> ")
    os.write(master, f"source {sys.argv[1]} && echo so''urced\n".encode())
    read(master, b"sourced")
    os.write(master, b"lionize ca\t\t")
    said = read(master, b"catalog")
    os.write(master, b"\x03\x04")
    os.close(master)
    os.waitpid(child, 0)
    missing = [word for word in ("cache", "cat", "catalog") if word not in said.split()]
    if missing:
        sys.exit(f"bash does not complete {missing}: {said!r}")
    print("bash: lionize ca<TAB>")


main()
