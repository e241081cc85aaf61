"""Lists an HFS+ volume as libfshfs sees it: one line a file or folder."""

import hashlib
import sys

import pyfshfs


def digest(data):
    return hashlib.sha256(data or b"").hexdigest()[:16]


def whole(stream):
    return stream.read_buffer_at_offset(stream.get_size(), 0) if stream.get_size() else b""


def contents(entry, mode):
    kind = mode & 0o170000
    if kind == 0o120000:
        return digest(entry.get_symbolic_link_target().encode())
    return digest(whole(entry)) if kind in (0, 0o100000) else "-"


def show(entry, path, is_root=False):
    mode = entry.get_file_mode()
    is_folder = is_root or mode & 0o170000 == 0o040000
    fork = entry.get_resource_fork() if entry.has_resource_fork() else None
    times = (
        entry.get_creation_time_as_integer(),
        entry.get_modification_time_as_integer(),
        entry.get_entry_modification_time_as_integer(),
        entry.get_access_time_as_integer(),
    )
    fields = [
        path or "/",
        f"{mode:o}",
        str(entry.get_owner_identifier()),
        str(entry.get_group_identifier()),
        "links=%d" % (0 if is_folder else entry.get_number_of_links()),
        "-" if is_folder else contents(entry, mode),
        digest(whole(fork)) if fork else "-",
        ",".join(str(time) for time in times),
    ]
    for index in range(entry.get_number_of_extended_attributes()):
        attribute = entry.get_extended_attribute(index)
        fields.append(f"{attribute.get_name()}={digest(whole(attribute))}")
    print("\t".join(fields))
    for index in range(entry.get_number_of_sub_file_entries()):
        child = entry.get_sub_file_entry(index)
        # Neither is a Mac's: what links lead to, and the journal's files.
        if "HFS+ Private D" not in child.get_name() and not (
            is_root and child.get_name() in (".journal", ".journal_info_block")
        ):
            show(child, f"{path}/{child.get_name()}")


volume = pyfshfs.volume()
volume.open(sys.argv[1])
print(volume.get_name())
show(volume.get_root_directory(), "", True)
