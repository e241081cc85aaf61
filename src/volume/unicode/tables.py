#!/usr/bin/env python3
"""Prints decomposition.rs: Unicode 3.2 as HFS+ has frozen it.

Run: python3 tables.py > decomposition.rs && rustfmt --edition 2024 decomposition.rs
Python keeps the Unicode 3.2 database for its stringprep module.
"""
from unicodedata import ucd_3_2_0 as ucd

HANGUL = range(0xAC00, 0xD7A4)
KEPT = (range(0x2000, 0x3000), range(0xF900, 0xFB00), range(0x2F800, 0x2FB00), HANGUL)
EVERY = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def parts(c):
    """One step of canonical decomposition: one or two characters, or none."""
    field = ucd.decomposition(chr(c))
    if not field or field.startswith("<") or any(c in kept for kept in KEPT):
        return []
    return [int(part, 16) for part in field.split()]


def classes():
    """Runs of characters of one combining class."""
    runs = []
    for c in EVERY:
        ccc = ucd.combining(chr(c))
        if ccc and runs and runs[-1][1] == c - 1 and runs[-1][2] == ccc:
            runs[-1][1] = c
        elif ccc:
            runs.append([c, c, ccc])
    return runs


def array(doc, name, rows):
    flat = [f"{n:#06x}" for row in rows for n in row]
    print(f"\n/// {doc}\npub(super) static {name}: [u32; {len(flat)}] = [{', '.join(flat)}];")


print("//! Decompositions and combining classes of Unicode 3.2; made by `tables.py`.")
steps = [(c, parts(c)) for c in EVERY]
array(
    "Triples, ascending: a character and the two it decomposes to (or one and 0).",
    "STEPS",
    [[c, *p, 0][:3] for c, p in steps if p],
)
array("Triples, ascending: the first and last character of a run and its combining class.", "CLASSES", classes())
