#!/usr/bin/env python3
"""files.py DIR: makes the files of the benchmark volume, the same at every run.

About 3,000 files of 1 KiB to 60 MiB, 400 MB in all: half of the bytes are
random, half are text that compresses to about a third.
"""
import pathlib
import random
import sys

BIG = [60 << 20, 48 << 20, 40 << 20, 30 << 20, 24 << 20, 20 << 20, 16 << 20, 12 << 20, 10 << 20]
SMALL = 3000
SMALL_BYTES = 120_000_000


def text(rng, size):
    words = [bytes(rng.choices(b"etaoinshrdlu", k=rng.randint(2, 9))) for _ in range(4096)]
    out = bytearray()
    while len(out) < size:
        out += b" ".join(rng.choices(words, k=1024)) + b"\n"
    return bytes(out[:size])


def write(path, rng, size, index):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(rng.randbytes(size) if index % 2 else text(rng, size))


def main():
    root = pathlib.Path(sys.argv[1])
    rng = random.Random(20261123)
    for index, size in enumerate(BIG):
        write(root / "big" / f"file{index}", rng, size, index)
    shares = [rng.expovariate(1) for _ in range(SMALL)]
    scale = SMALL_BYTES / sum(shares)
    for index, share in enumerate(shares):
        size = 1024 + int(share * scale)
        write(root / f"dir{index // 100:02}" / f"file{index:04}", rng, size, index)


main()
