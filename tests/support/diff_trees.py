#!/usr/bin/env python3
"""Prints how two folders differ: a unified diff without context for each file.

A property list is shown as its form and one line for each value, by Python's
plistlib; any other file as its text with `\\r` for carriage returns, and `\\`
where the last line has no end. Before that stands the mode, and the owner where
that is not who runs this. Folders are shown when they are not 0755 and of who
runs this. Originals and the log that the scripts leave are not looked at.
"""
import difflib
import os
import plistlib
import sys


def flat(value, path=""):
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from flat(value[key], f"{path}:{key}")
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from flat(item, f"{path}:{index}")
    else:
        yield f"{path or ':'} = {type(value).__name__} {value!r}"


def described(file):
    stat = os.stat(file)
    yield f"mode {stat.st_mode & 0o7777:04o}"
    if (stat.st_uid, stat.st_gid) != (os.geteuid(), os.getegid()):
        yield f"owner {stat.st_uid}:{stat.st_gid}"


def shown(file):
    lines = list(described(file))
    if os.path.isdir(file):
        return lines if lines != ["mode 0755"] else []
    with open(file, "rb") as opened:
        data = opened.read()
    form = "binary" if data.startswith(b"bplist") else "xml" if b"<plist" in data else None
    if form:
        return lines + [form + " property list", *flat(plistlib.loads(data))]
    text = data.decode("utf-8", "backslashreplace").replace("\r", "\\r")
    lines += text.split("\n")
    if lines[-1] == "":
        lines.pop()
    else:
        lines[-1] += "\\"
    return lines


def files(top):
    found = {}
    for folder, folders, names in os.walk(top):
        for name in folders:
            path = os.path.join(folder, name)
            found["/" + os.path.relpath(path, top) + "/"] = path
        for name in names:
            if name.endswith(".lionize-original") or name == "lionize.log":
                continue
            path = os.path.join(folder, name)
            found["/" + os.path.relpath(path, top)] = path
    return found


def main():
    before, after = files(sys.argv[1]), files(sys.argv[2])
    for name in sorted(before.keys() | after.keys()):
        a = shown(before[name]) if name in before else []
        b = shown(after[name]) if name in after else []
        lines = list(difflib.unified_diff(a, b, n=0, lineterm=""))
        if lines:
            print(name)
            print("\n".join(line for line in lines[2:] if not line.startswith("@@")))


main()
