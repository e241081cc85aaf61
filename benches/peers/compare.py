#!/usr/bin/env python3
"""compare.py LIONIZE SOURCE.dmg [--runs 9] [--dir DIR] [--fstool PATH] [--dmgwiz PATH]

Times `lionize build restore` against each of the others in alternating pairs,
and prints the medians of both and of the ratios, as whole-process figures. Outputs are removed between
runs, all go to one file system, and the source is in the page cache.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("lionize")
    parser.add_argument("source")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--dir", default=".")
    parser.add_argument("--dmgwiz", default=shutil.which("dmgwiz"))
    parser.add_argument("--fstool", default=shutil.which("fstool"))
    return parser.parse_args()


def commands(args, out):
    """Name to argument list; what is not installed is named and left out."""
    lionize = [args.lionize, "--quiet", "build", "restore", "--input", f"image={args.source}"]
    found = {
        "lionize": [*lionize, "--output", out],
        "lionize, one thread": [*lionize, "--threads", "1", "--output", out],
        "lionize, read back": [*lionize, "--verify", "full", "--output", out],
        "fsync and direct read": ["sh", "-c", DURABLE, "sh", out],
    }
    peers = {
        "dmgwiz": [args.dmgwiz, "-q", "extract", args.source, out] if args.dmgwiz else None,
        "dmg2img": ["dmg2img", "-s", args.source, out] if shutil.which("dmg2img") else None,
        "7zz": ["7zz", "x", "-tdmg", "-bd", "-y", f"-o{out}", args.source]
        if shutil.which("7zz")
        else None,
        "fstool": [args.fstool, "repack", args.source, out] if args.fstool else None,
    }
    for name, command in peers.items():
        if command is None:
            print(f"not compared with {name}: it is not installed", file=sys.stderr)
        else:
            found[name] = command
    return found


# What any durable write of the same bytes costs on top: after a plain build.
DURABLE = 'sync "$1" && exec dd if="$1" of=/dev/null bs=2M iflag=direct status=none'


def remove(out):
    for path in [out, f"{out}.manifest.json"]:
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.remove(path)


def run(command):
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{command}: status {status}: {message.decode(errors='replace')}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def once(args, out, name):
    """Runs one command on a clean slate: nothing of the last run is left to write."""
    remove(out)
    if name == "fsync and direct read":
        run(commands(args, out)["lionize"])
    else:
        os.sync()
    return run(commands(args, out)[name])


def pairs(args, out, first, second):
    """Alternating pairs, after one that is not counted."""
    rows = [(once(args, out, first), once(args, out, second)) for _ in range(args.runs + 1)]
    return rows[1:]


def report(first, second, rows):
    mine, theirs = ([statistics.median(run[i] for run in runs) for i in range(3)] for runs in zip(*rows))
    ratio = statistics.median(a[0] / b[0] for a, b in rows)
    figures = "{:.3f} s ({:.3f} cpu, {:.0f} MiB)".format
    print(f"{first} {figures(*mine)}, {second} {figures(*theirs)}: ratio {ratio:.3f}", flush=True)


def main():
    args = arguments()
    folder = pathlib.Path(args.dir) / f"compare-{os.getpid()}"
    folder.mkdir()
    out = str(folder / "out.img")
    try:
        others = [name for name in commands(args, out) if name != "lionize"]
        for name in others:
            report("lionize", name, pairs(args, out, "lionize", name))
        rows = []
        for _ in range(args.runs):
            plain = once(args, out, "lionize")[0]
            extra = once(args, out, "fsync and direct read")[0]
            full = once(args, out, "lionize, read back")[0]
            rows.append(full / (plain + extra))
        print(f"read back / (plain + fsync + direct read): {statistics.median(rows):.3f}")
    finally:
        shutil.rmtree(folder)


main()
