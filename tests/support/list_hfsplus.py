"""Lists HFS+ volumes through libfshfs, a reader by other authors.

Reads a file with lines of `path TAB offset` and prints for each volume one line an entry,
then `end`; an entry's fields are separated by tabs, text is UTF-8 in hex.
"""
import hashlib
import sys

import pyfshfs


# What a linked folder has: the id of the first of its links.
FIRST_LINK = "com.apple.system.hfs.firstlink"


class Part:
    """A partition as the file object that libfshfs reads."""

    def __init__(self, path, offset):
        self.file, self.base, self.at = open(path, "rb"), offset, 0
        self.size = self.file.seek(0, 2) - offset

    def read(self, size=-1):
        self.file.seek(self.base + self.at)
        data = self.file.read(size if size >= 0 else self.size - self.at)
        self.at += len(data)
        return data

    def seek(self, offset, whence=0):
        self.at = offset + (0, self.at, self.size)[whence]

    def tell(self):
        return self.at

    def get_size(self):
        return self.size


def hexed(text):
    return (text or "").encode("utf-8", "surrogatepass").hex()


def digest(stream, size):
    whole, left = hashlib.sha256(), size
    while left > 0:
        piece = stream.read(min(left, 1 << 20))
        if not piece:
            return "short"
        whole.update(piece)
        left -= len(piece)
    return whole.hexdigest()[:16]


def ask(what):
    try:
        return what()
    except (IOError, OverflowError) as error:
        return "error:" + str(error).split("\n")[0].replace("\t", " ")


def seconds(value):
    return "-" if value is None else value


def describe(entry, path):
    mode = entry.file_mode or 0
    kind = mode & 0o170000
    fields = [path, entry.identifier, "%o" % mode]
    fields += [entry.owner_identifier, entry.group_identifier, entry.number_of_links]
    for name in ("creation", "modification", "entry_modification", "access", "backup"):
        fields.append(seconds(ask(getattr(entry, "get_%s_time_as_integer" % name))))
    if kind in (0o020000, 0o060000):
        fields.append("device=%s" % (ask(lambda: "%d,%d" % entry.device_number)))
    elif kind == 0o120000:
        fields.append("to=" + ask(lambda: hexed(entry.symbolic_link_target)))
    elif kind != 0o040000:
        fields.append("data=%d,%s" % (entry.size, ask(lambda: digest(entry, entry.size))))
    fork = ask(lambda: entry.get_resource_fork() if entry.has_resource_fork() else None)
    if isinstance(fork, str):
        fields.append("rsrc=" + fork)
    elif fork is not None:
        fields.append("rsrc=%d,%s" % (fork.size, ask(lambda: digest(fork, fork.size))))
    attributes = ask(lambda: list(entry.extended_attributes))
    if isinstance(attributes, str):
        fields.append("xattrs=" + attributes)
    else:
        for x in attributes:
            if x.name == FIRST_LINK:
                fields.append("first=%d" % int(x.read(x.size).rstrip(b"\0")))
                continue
            fields.append("x:%s=%d,%s" % (hexed(x.name), x.size, ask(lambda: digest(x, x.size))))
    print("\t".join(map(str, fields)))


def walk(entry, path, depth):
    for child in entry.sub_file_entries:
        below = path + "/" + hexed(child.name)
        describe(child, below)
        if (child.file_mode or 0) & 0o170000 == 0o040000 and depth < 500:
            walk(child, below, depth + 1)


sys.setrecursionlimit(4000)
for line in open(sys.argv[1], encoding="utf-8"):
    path, offset = line.rstrip("\n").split("\t")
    volume = pyfshfs.volume()
    try:
        volume.open_file_object(Part(path, int(offset)))
        root = volume.get_root_directory()
        print("volume\t%s" % hexed(volume.name))
        describe(root, "")
        walk(root, "", 0)
    except (IOError, OverflowError) as error:
        print("error\t%s" % str(error).split("\n")[0])
    print("end")
