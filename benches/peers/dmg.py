#!/usr/bin/env python3
"""dmg.py VOLUME OUT.dmg: a zlib disk image of one bare volume, for the benchmark.

Chunks of 512 KiB, zlib level 6, zero runs as zero chunks, with the data fork,
block table and master checksums that older versions of hdiutil wrote.
"""
import plistlib
import struct
import sys
import zlib
from multiprocessing import Pool

CHUNK = 512 << 10
ZERO, ZLIB, END = 0, 0x80000005, 0xFFFFFFFF


def pack(data):
    return None if not any(data) else zlib.compress(data, 6)


def checksum(value):
    return struct.pack(">II", 2, 32) + struct.pack(">I", value) + bytes(124)


def chunks(volume):
    with open(volume, "rb") as file:
        while data := file.read(CHUNK):
            yield data


def main():
    volume, out = sys.argv[1:3]
    runs, at, sector, crc, fork_crc = [], 0, 0, 0, 0
    with Pool(2) as pool, open(out, "wb") as dmg:
        packed = pool.imap(pack, chunks(volume), 4)
        for data, stored in zip(chunks(volume), packed):
            count = len(data) // 512
            crc = zlib.crc32(data, crc)
            if stored is None:
                runs.append((ZERO, sector, count, at, 0))
            else:
                runs.append((ZLIB, sector, count, at, len(stored)))
                dmg.write(stored)
                fork_crc = zlib.crc32(stored, fork_crc)
                at += len(stored)
            sector += count
        runs.append((END, sector, 0, at, 0))
        table = struct.pack(">4sIQQQII24x", b"mish", 1, 0, sector, 0, CHUNK // 512 + 8, 0)
        table += checksum(crc) + struct.pack(">I", len(runs))
        table += b"".join(struct.pack(">IIQQQQ", kind, 0, *rest) for kind, *rest in runs)
        name = "whole disk (Apple_HFS : 0)"
        entry = {"Attributes": "0x0050", "CFName": name, "Data": table, "ID": "0", "Name": name}
        xml = plistlib.dumps({"resource-fork": {"blkx": [entry], "plst": []}})
        dmg.write(xml)
        koly = struct.pack(">4sIII", b"koly", 4, 512, 1)
        koly += struct.pack(">QQQQQII16s", 0, 0, at, 0, 0, 1, 1, bytes(range(16)))
        koly += checksum(fork_crc) + struct.pack(">QQ120x", at, len(xml))
        koly += checksum(zlib.crc32(struct.pack(">I", crc))) + struct.pack(">IQ12x", 1, sector)
        assert len(koly) == 512, len(koly)
        dmg.write(koly)


main()
