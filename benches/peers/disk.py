#!/usr/bin/env python3
"""disk.py LIONIZE [--dir DIR] [--memory /dev/shm] [--runs 9]: writing and proving
a disk, against dd.

Needs root, loop devices, dd, cmp, some 8 GB in DIR and 2 GB in memory. Makes what
it needs, runs alternating pairs, prints the medians of both and of their ratios,
and the peak memory of lionize:

- a 1 GiB image of noise to a loop device, everything read back and compared:
  lionize write, against `dd bs=4M oflag=direct` and a direct read piped to cmp. The
  device's file lies in memory; on the disk, through the page cache (dd then ends with
  an fsync, as lionize always does); on the disk, past the page cache;
- media from a disk image (dmg) straight to the device in memory, against writing the
  finished raw image of the same: on the device as it is, which is faster than any stick,
  and held to 450 MiB/s each way, what a fast USB 3 stick does (by the block controller
  of control groups, version 1; where there is none this is said to be not measured).
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
NOISE = 1 << 30
DEVICE = 2 << 30
STICK = 450  # MiB/s
RECIPE = """
schema = 1
name = "files"
title = "A volume of files, for the benchmark"

[inputs.files]
kind = "folder"

[media]
layout = "standard"

[media.volume]
name = "BENCH"
size = "fit"
free = "64 MiB"

[[step]]
copy = { from = "files", to = "/Files" }
"""
# The read-back compares with the source, as ours does with its digests.
DD = (
    'dd if="$1" of="$2" bs=4M oflag=direct {sync} status=none && '
    'dd if="$2" bs=4M iflag=direct count="$3" status=none | cmp -n "$4" - "$1"'
)


def run(command, **more):
    """Wall seconds, processor seconds and MiB of a command, or the end."""
    start = time.perf_counter()
    child = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **more,
    )
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{command}: status {status}: {said.decode(errors='replace')}")
    cpu = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - start, cpu, usage.ru_maxrss / 1024


class Loop:
    """A loop device over a file whose blocks are all there already."""

    def __init__(self, folder, direct):
        self.file = folder / f"stick-{direct}.img"
        with open(self.file, "wb") as file:
            for _ in range(DEVICE >> 24):
                file.write(bytes(1 << 24))
        attach = ["losetup", "--find", "--show", f"--direct-io={direct}", str(self.file)]
        self.path = subprocess.run(attach, check=True, capture_output=True, text=True).stdout.strip()

    def allowed(self):
        return ["--allow-fixed", "--device-id", f"loop-{self.file}"]

    def detach(self):
        subprocess.run(["losetup", "--detach", self.path], check=True)
        self.file.unlink()


class Pace:
    """A control group that holds a block device to a speed each way."""

    FOLDER = pathlib.Path("/sys/fs/cgroup/blkio/lionize-stick")

    def __init__(self, device, mib):
        self.FOLDER.mkdir()
        number = os.stat(device).st_rdev
        for way in ["read", "write"]:
            limit = f"{os.major(number)}:{os.minor(number)} {mib << 20}"
            (self.FOLDER / f"blkio.throttle.{way}_bps_device").write_text(limit)

    def command(self, command):
        enter = f'echo $$ > {self.FOLDER}/cgroup.procs && exec "$@"'
        return ["sh", "-c", enter, "sh", *command]

    def end(self):
        self.FOLDER.rmdir()


def noise(path):
    with open(path, "wb") as file:
        for _ in range(NOISE >> 24):
            file.write(os.urandom(1 << 24))
    return path


def media(args, folder):
    """The finished media, raw and as a dmg."""
    files = folder / "files"
    run([sys.executable, HERE / "files.py", files / "a"])
    for copy in ["b", "c"]:
        run(["cp", "-rl", files / "a", files / copy])
    recipe, raw, dmg = folder / "files.toml", folder / "media.img", folder / "media.dmg"
    recipe.write_text(RECIPE)
    run([args.lionize, "-q", "build", recipe, "-i", f"files={files}", "--output", raw])
    run([sys.executable, HERE / "dmg.py", raw, dmg])
    return raw, dmg


def compare(args, what, first, second):
    """Alternating pairs, after one that is not counted."""
    rows = []
    for _ in range(args.runs + 1):
        pair = []
        for command in [first, second]:
            os.sync()
            pair.append(run(command, env=args.env))
        rows.append(pair)
    rows = rows[1:]
    mine, theirs = ([statistics.median(r[i] for r in side) for i in range(3)] for side in zip(*rows))
    ratio = statistics.median(a[0] / b[0] for a, b in rows)
    figures = "{:.2f} s ({:.2f} cpu, {:.0f} MiB)".format
    most = max(pair[0][2] for pair in rows)
    print(
        f"{what}: {figures(*mine)} against {figures(*theirs)}: ratio {ratio:.3f}, at most {most:.0f} MiB",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lionize")
    parser.add_argument("--dir", default=".")
    parser.add_argument("--memory", default="/dev/shm")
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    args.lionize = str(pathlib.Path(args.lionize).resolve())
    folder, memory = (
        pathlib.Path(tempfile.mkdtemp(prefix="disk-", dir=place)).resolve()
        for place in [args.dir, args.memory]
    )
    args.env = {**os.environ, "LIONIZE_STATE": str(folder / "state")}
    try:
        image = noise(folder / "noise.img")
        write = [args.lionize, "-q", "write"]
        for where, name, direct, sync in [
            (memory, "in memory, against dd", "off", ""),
            (folder, "on the disk, against dd with fsync", "off", "conv=fsync"),
            (folder, "on the disk by direct I/O, against dd", "on", ""),
        ]:
            loop = Loop(where, direct)
            try:
                ours = [*write, image, loop.path, *loop.allowed()]
                counts = [str(NOISE >> 22), str(NOISE)]
                dd = ["sh", "-c", DD.format(sync=sync), "sh", image, loop.path, *counts]
                compare(args, name, ours, dd)
            finally:
                loop.detach()
        raw, dmg = media(args, folder)
        loop = Loop(memory, "off")
        try:
            build = [args.lionize, "-q", "build", "restore", "-i", f"image={dmg}"]
            straight = [*build, "--device", loop.path, *loop.allowed()]
            finished = [*write, raw, loop.path, *loop.allowed()]
            what = "dmg straight to the device, against the raw image"
            compare(args, f"{what}, in memory", straight, finished)
            if not Pace.FOLDER.parent.is_dir():
                print(f"{what}, at {STICK} MiB/s: not measured, there is no blkio controller")
                return
            pace = Pace(loop.path, STICK)
            try:
                compare(args, f"{what}, at {STICK} MiB/s", *map(pace.command, [straight, finished]))
            finally:
                pace.end()
        finally:
            loop.detach()
    finally:
        for place in [folder, memory]:
            shutil.rmtree(place)


main()
