#!/usr/bin/env python3
"""Times the extraction of one folder from a gzip cpio payload against bsdtar
and gzip with cpio, which unpack all of it. All runs alternate; medians.

usage: payload.py LIONIZE [FOLDER [RUNS]]

FOLDER keeps the payload between runs; it has 400 MB in 13,000 files, a third
of which is in /Applications/Server.app.
"""
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SIZE = 400 << 20
FILES = 13_000


def make(path):
    """Text and random bytes, which gzip makes half as long."""
    chance = random.Random(7)
    words = [chance.randbytes(chance.randint(2, 9)).hex() for _ in range(4000)]
    text = " ".join(chance.choice(words) for _ in range(400_000)).encode()
    noise = chance.randbytes(1 << 22)
    with subprocess.Popen(["gzip", "-6"], stdin=subprocess.PIPE, stdout=open(path, "wb")) as gzip:
        def entry(name, mode, data, inode):
            name = name.encode() + b"\0"
            head = "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o" % (
                0, inode % 0o777777, mode, 0, 0, 1, 0, 1_348_099_200, len(name), len(data))
            gzip.stdin.write(head.encode() + name + data)

        inode = 1
        for folder in [".", "./Applications", "./Applications/Server.app", "./System", "./usr"]:
            entry(folder, 0o040755, b"", inode)
            inode += 1
        tops = ["./Applications/Server.app", "./System", "./usr"]
        for number in range(FILES):
            size = int(chance.expovariate(1 / (SIZE / FILES)))
            at = chance.randrange(len(text) // 2)
            source = noise if number % 5 == 0 else text
            at %= max(1, len(source) - size)
            data = source[at:at + size]
            entry(f"{tops[number % 3]}/{number}", 0o100644, data, inode)
            inode += 1
        entry("TRAILER!!!", 0, b"", 0)
        gzip.stdin.close()


def timed(command, out, shell=False):
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   cwd=out, shell=shell)
    return time.monotonic() - start


def peak(command, out):
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    said = subprocess.run(["/usr/bin/time", "-f", "%M", *command], cwd=out, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(said.stderr.split()[-1]) // 1024


def main():
    lionize = os.path.abspath(sys.argv[1])
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    folder = os.path.abspath(folder)
    os.makedirs(folder, exist_ok=True)
    payload = os.path.join(folder, "Payload")
    if not os.path.exists(payload):
        make(payload)
    out = os.path.join(folder, "out")
    part = [lionize, "extract", f"{payload}/Applications/Server.app", "--to", out + "/x", "-q"]
    whole = [lionize, "extract", payload, "--to", out + "/x", "-q"]
    commands = {
        "lionize, one folder": (part, False),
        "lionize, all": (whole, False),
        "bsdtar, all": (["bsdtar", "-xf", payload], False),
        "gzip | cpio, all": (f"gzip -dc '{payload}' | cpio -id", True),
    }
    times = {name: [] for name in commands}
    for _ in range(runs):
        for name, (command, shell) in commands.items():
            times[name].append(timed(command, out, shell))
    bsdtar = statistics.median(times["bsdtar, all"])
    for name, found in times.items():
        median = statistics.median(found)
        spread = f"{min(found):.2f} to {max(found):.2f}"
        print(f"{name:22} {median:6.2f} s ({spread}), {median / bsdtar:.2f} of bsdtar's")
    for name in ["lionize, one folder", "lionize, all"]:
        print(f"{name:22} {peak(commands[name][0], out)} MiB at most")
    shutil.rmtree(out, ignore_errors=True)


main()
