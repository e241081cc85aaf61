"""Lists a bill of materials, by the description in bomutils' manual alone:
mode, owner, group, size, date and path of each entry, sorted."""
import struct
import sys

data = open(sys.argv[1], "rb").read()
assert data[:8] == b"BOMStore"
_, _, index_at, _, vars_at, _ = struct.unpack(">6I", data[8:32])
count = struct.unpack_from(">I", data, index_at)[0]
table = [struct.unpack_from(">II", data, index_at + 4 + 8 * n) for n in range(count)]


def block(number):
    at, size = table[number]
    return data[at:at + size]


names, at = {}, vars_at + 4
for _ in range(struct.unpack_from(">I", data, vars_at)[0]):
    number, size = struct.unpack_from(">IB", data, at)
    names[data[at + 5:at + 5 + size]] = number
    at += 5 + size

entries = {}


def walk(number):
    node = block(number)
    leaf, used = struct.unpack_from(">HH", node)
    for n in range(used):
        one, two = struct.unpack_from(">II", node, 12 + 8 * n)
        if not leaf:
            walk(one)
            continue
        number, info = struct.unpack(">II", block(one)[:8])
        file = block(two)
        entries[number] = (struct.unpack_from(">I", file)[0], file[4:-1], block(info))


def path(number):
    parent, name, _ = entries[number]
    return name if parent == 0 else path(parent) + b"/" + name


walk(struct.unpack_from(">I", block(names[b"Paths"]), 8)[0])
lines = []
for number, (_, _, info) in entries.items():
    mode, uid, gid, date, size = struct.unpack_from(">HIIII", info, 4)
    text = path(number).decode()
    lines.append(f"{mode:o} {uid} {gid} {size} {date} {text}")
print("\n".join(sorted(lines)))
