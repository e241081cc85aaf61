//! What uses a disk: mounts, swap, and devices that the kernel made of it,
//! followed upwards to what uses those.

use crate::device::bus::kind;
use crate::device::disk::{How, Kind, Slice, Use};
use crate::device::mounts::{Mount, device_number, mount_of, mounts, swaps};
use crate::device::root::{Root, names, plain, text, word};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Devices on top of each other; no system has more.
const MOST_DEEP: usize = 16;

/// Everything that uses some block device.
pub(super) struct Usage {
    root: Root,
    mounts: Vec<Mount>,
    by_number: HashMap<(u32, u32), String>,
    mapped: HashMap<String, String>,
    direct: HashMap<String, Vec<How>>,
    loops: HashMap<String, Vec<String>>,
    /// Whether the system does not say what is mounted.
    pub(super) blind: bool,
}

impl Usage {
    /// Reads all lists of the system.
    pub(super) fn of(root: &Root) -> Self {
        let mut usage = Self {
            root: root.clone(),
            mounts: mounts(root),
            by_number: HashMap::new(),
            mapped: HashMap::new(),
            direct: HashMap::new(),
            loops: HashMap::new(),
            blind: ["/proc/self/mountinfo", "/proc/mounts"].iter().all(|p| root.text(p).is_none()),
        };
        usage.name_devices();
        usage.add_mounts();
        usage.add_swaps();
        usage.add_members();
        usage.add_loops();
        usage.add_open();
        usage
    }

    /// Everything that uses a disk or its partitions.
    pub(super) fn uses(&self, disk: &str, parts: &[Slice]) -> Vec<Use> {
        let mut uses = Vec::new();
        for part in std::iter::once(disk).chain(parts.iter().map(|part| part.name.as_str())) {
            let folder = self.folder(disk, part);
            let mut seen = HashSet::from([part.to_owned()]);
            self.follow(part, part, &folder, &mut Vec::new(), &mut seen, &mut uses);
        }
        uses
    }

    /// The devices of the file system that holds a file, or that a node is.
    pub(super) fn devices_of(&self, path: &Path) -> Vec<String> {
        let device = path.starts_with("/dev").then(|| self.device(path)).flatten();
        if let Some(device) = device {
            return vec![device];
        }
        let Some(mount) = mount_of(&self.mounts, path) else { return Vec::new() };
        let mut devices: Vec<_> = self.device_of(mount).into_iter().collect();
        // Of a file system on several disks, all are meant.
        let sharing = self.direct.iter().filter(|(_, hows)| {
            hows.iter().any(|how| match how {
                How::Mounted(other) => other.number == mount.number && mount.number != (0, 0),
                _ => false,
            })
        });
        devices.extend(sharing.map(|(name, _)| name.clone()));
        devices.sort();
        devices.dedup();
        devices
    }

    /// Whether some use of this disk leads through this device.
    pub(super) fn is_below(&self, disk: &str, parts: &[Slice], device: &str) -> bool {
        disk == device
            || parts.iter().any(|part| part.name == device)
            || self.uses(disk, parts).iter().any(|one| one.through.iter().any(|t| t == device))
    }

    fn folder(&self, disk: &str, part: &str) -> PathBuf {
        let folder = self.root.path(format!("/sys/block/{disk}"));
        if disk == part { folder } else { folder.join(part) }
    }

    fn name_devices(&mut self) {
        for disk in self.root.names("/sys/block") {
            let folder = self.folder(&disk, &disk);
            if let Some(name) = word(&folder.join("dm/name")) {
                self.mapped.insert(name, disk.clone());
            }
            for device in std::iter::once(disk.clone()).chain(names(&folder)) {
                let own = self.folder(&disk, &device);
                if let Some(number) = text(&own.join("dev")).as_deref().and_then(device_number) {
                    self.by_number.insert(number, device);
                }
            }
        }
    }

    /// The kernel's name of the device that a node of `/dev` stands for.
    fn device(&self, node: &Path) -> Option<String> {
        let real = std::fs::canonicalize(self.root.path(node));
        let real = real.map_or_else(|_| node.to_owned(), |real| self.root.name(&real));
        for node in [real.as_path(), node] {
            let Ok(inside) = node.strip_prefix("/dev") else { continue };
            let name = inside.to_str()?.replace('/', "!");
            if self.by_number.values().any(|known| *known == name) {
                return Some(name);
            }
            if let Some(device) = name.strip_prefix("mapper!").and_then(|n| self.mapped.get(n)) {
                return Some(device.clone());
            }
        }
        None
    }

    fn device_of(&self, mount: &Mount) -> Option<String> {
        self.by_number.get(&mount.number).cloned().or_else(|| self.device(&mount.source))
    }

    fn add(&mut self, device: Option<String>, how: How) {
        if let Some(device) = device {
            self.direct.entry(device).or_default().push(how);
        }
    }

    fn add_mounts(&mut self) {
        for mount in self.mounts.clone() {
            // A bind mount of a device's node is no use of that device.
            if mount.kind != "devtmpfs" {
                self.add(self.device_of(&mount), How::Mounted(mount));
            }
        }
    }

    fn add_swaps(&mut self) {
        for swap in swaps(&self.root) {
            let devices = self.devices_of(&swap);
            devices.into_iter().for_each(|device| self.add(Some(device), How::Swap));
        }
    }

    /// Disks of a btrfs that is mounted, of which only one is named as mounted.
    fn add_members(&mut self) {
        for file_system in self.root.names("/sys/fs/btrfs") {
            let folder = format!("/sys/fs/btrfs/{file_system}");
            let devices = self.root.names(format!("{folder}/devices"));
            let mount = devices.iter().find_map(|device| {
                let is_mount = |how: &&How| matches!(how, How::Mounted(_));
                self.direct.get(device)?.iter().find(is_mount).cloned()
            });
            for device in devices {
                self.add(Some(device.clone()), How::Member(file_system.clone()));
                let known = self
                    .direct
                    .get(&device)
                    .is_some_and(|hows| hows.iter().any(|how| matches!(how, How::Mounted(_))));
                if let Some(mount) = mount.clone().filter(|_| !known) {
                    self.add(Some(device), mount);
                }
            }
        }
    }

    fn add_loops(&mut self) {
        for name in self.root.names("/sys/block") {
            let file = self.folder(&name, &name).join("loop/backing_file");
            let Some(file) = word(&file) else { continue };
            for device in self.devices_of(Path::new(&file)) {
                if device != name {
                    self.loops.entry(device).or_default().push(name.clone());
                }
            }
        }
    }

    /// Devices that processes have open, as far as we may see.
    fn add_open(&mut self) {
        let own = std::process::id().to_string();
        for process in self.root.names("/proc") {
            let Ok(id) = process.parse::<u32>() else { continue };
            if process == own {
                continue;
            }
            let folder = self.root.path(format!("/proc/{process}/fd"));
            let links = names(&folder)
                .into_iter()
                .filter_map(|fd| std::fs::read_link(folder.join(fd)).ok());
            let mut devices: Vec<_> = links
                .filter(|link| link.starts_with("/dev") && !link.starts_with("/dev/pts"))
                .filter_map(|link| self.device(&link))
                .collect();
            devices.sort();
            devices.dedup();
            // A process calls itself as it likes.
            let name = self.root.text(format!("/proc/{process}/comm")).unwrap_or_default();
            let name = plain(&name);
            for device in devices {
                self.add(Some(device), How::Open(id, name.clone()));
            }
        }
    }

    fn follow(
        &self,
        part: &str,
        device: &str,
        folder: &Path,
        through: &mut Vec<String>,
        seen: &mut HashSet<String>,
        uses: &mut Vec<Use>,
    ) {
        let mut add = |how: How| {
            uses.push(Use { part: part.to_owned(), through: through.clone(), how });
        };
        self.direct.get(device).into_iter().flatten().cloned().for_each(&mut add);
        let holders = names(&folder.join("holders"));
        let loops = self.loops.get(device).into_iter().flatten();
        let above: Vec<(String, How)> = holders
            .into_iter()
            .map(|holder| (holder.clone(), self.held(&holder)))
            .chain(loops.map(|name| (name.clone(), How::Loop(name.clone()))))
            .collect();
        for (_, how) in &above {
            add(how.clone());
        }
        for (holder, _) in above {
            if through.len() >= MOST_DEEP || !seen.insert(holder.clone()) {
                continue;
            }
            through.push(holder.clone());
            let whole = self.folder(&holder, &holder);
            self.follow(part, &holder, &whole, through, seen, uses);
            for inner in
                names(&whole).into_iter().filter(|n| whole.join(n).join("partition").exists())
            {
                self.follow(part, &inner, &whole.join(&inner), through, seen, uses);
            }
            through.pop();
        }
    }

    /// What a device is that the kernel made of another.
    fn held(&self, holder: &str) -> How {
        let folder = self.folder(holder, holder);
        let uuid = word(&folder.join("dm/uuid")).unwrap_or_default();
        let name = word(&folder.join("dm/name")).unwrap_or_else(|| holder.to_owned());
        match uuid.split('-').next() {
            Some("CRYPT") => How::Luks(name),
            Some("LVM") => How::Lvm(name),
            _ if holder.starts_with("dm-") => How::Mapped(name),
            _ if holder.starts_with("md") => How::Raid(name),
            _ if kind(holder, true) == Kind::Loop => How::Loop(name),
            _ => How::Held(name),
        }
    }
}
