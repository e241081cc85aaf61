#!/usr/bin/env python3
"""compare.py LIONIZE SOURCE.dmg [--runs 9] [--dir DIR] [--fstool PATH] [--dmgwiz PATH]

Times `lionize build restore` against other programs, in turn: one round runs
each command once, and ratios are taken round by round. Prints the median of
each and of each ratio, as whole-process figures. Outputs are removed between
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


def measure(args, out):
    table = {name: [] for name in commands(args, out)}
    for round_number in range(args.runs + 1):
        for name, command in commands(args, out).items():
            if name == "fsync and direct read":
                remove(out)
                run(commands(args, out)["lionize"])
            else:
                remove(out)
            figures = run(command)
            os.sync()
            if round_number > 0:
                table[name].append(figures)
    return table


def main():
    args = arguments()
    folder = pathlib.Path(args.dir) / f"compare-{os.getpid()}"
    folder.mkdir()
    out = str(folder / "out.img")
    try:
        table = measure(args, out)
    finally:
        shutil.rmtree(folder)
    base = table["lionize"]
    print(f"{'command':24} {'wall s':>8} {'cpu s':>8} {'MiB':>8} {'lionize / it':>14}")
    for name, rows in table.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*rows))
        ratio = statistics.median(b[0] / r[0] for b, r in zip(base, rows))
        print(f"{name:24} {wall:8.3f} {cpu:8.3f} {peak:8.1f} {ratio:14.3f}")
    durable = [
        full[0] / (plain[0] + extra[0])
        for full, plain, extra in zip(
            table["lionize, read back"], base, table["fsync and direct read"]
        )
    ]
    print(f"read back / (plain + fsync + direct read): {statistics.median(durable):.3f}")


main()
