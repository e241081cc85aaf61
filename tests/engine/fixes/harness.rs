//! A fix both ways: in a volume's files, and by its script on a folder with
//! the same files, where stand-ins take the place of the Mac's programs.

use crate::judge::{self, Said, judge};
use crate::make::{bytes_of, disk, file, tree, volume};
use lionize::block::{bytes, read_vec};
use lionize::engine::{BuildOptions, Problem, Request, Silent, Stop, Verify, build, fixes};
use lionize::engine::{Packing, Plan, fix_package, prepare, script};
use lionize::recipe::{Delivery, FixUse};
use lionize::source::{Opener, contents};
use lionize::volume::{Kind, Tree, VPath};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const BARE: &str = "schema = 1\nname = \"t\"\ntitle = \"T\"\n[inputs.image]\nkind = \"image\"\n\
                    [media]\nlayout = \"bare\"\n[media.volume]\nfree = \"1 MiB\"\n\
                    [[step]]\nrestore = \"image\"\n";

/// A system before a fix.
pub(super) struct System {
    files: Vec<(String, Vec<u8>, u16)>,
    owners: Vec<(String, u32, u32)>,
    pub(super) settings: String,
}

/// A system of this version with nothing else.
pub(super) fn system(version: &str) -> System {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\
         <key>ProductBuildVersion</key><string>1A1</string><key>ProductName</key>\
         <string>Mac OS X</string><key>ProductVersion</key><string>{version}</string>\
         </dict></plist>\n"
    );
    let system = System { files: Vec::new(), owners: Vec::new(), settings: String::new() };
    let system = system.with("/private/var/log/system.log", "");
    let system = system.with("/private/var/run/utmpx", "");
    system.with("/System/Library/CoreServices/SystemVersion.plist", &text)
}

impl System {
    pub(super) fn with(self, path: &str, text: &str) -> Self {
        self.with_bytes(path, text.as_bytes().to_vec(), 0o644)
    }

    pub(super) fn with_bytes(mut self, path: &str, data: Vec<u8>, mode: u16) -> Self {
        self.files.push((path.to_owned(), data, mode));
        self
    }

    /// A file that is there, of another owner and group than root and wheel.
    pub(super) fn owned(mut self, path: &str, owner: u32, group: u32) -> Self {
        self.owners.push((path.to_owned(), owner, group));
        self
    }

    /// OS X Server of this version.
    pub(super) fn server(self, version: &str) -> Self {
        let text = format!(
            "<plist version=\"1.0\"><dict><key>CFBundleShortVersionString</key>\
             <string>{version}</string></dict></plist>\n"
        );
        self.with("/Applications/Server.app/Contents/Info.plist", &text)
    }

    pub(super) fn settings(mut self, text: &str) -> Self {
        text.clone_into(&mut self.settings);
        self
    }

    /// The files in a folder of the host.
    pub(super) fn write(&self, top: &Path) {
        for (path, data, mode) in &self.files {
            put(top, path, data, *mode);
        }
        for (path, owner, group) in &self.owners {
            let path = top.join(&path[1..]);
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            give(&path, *owner, *group, (mode & 0o7777) as u16);
        }
    }

    pub(super) fn tree(&self) -> Tree {
        let files: Vec<_> =
            self.files.iter().map(|(path, data, _)| (path.as_str(), bytes(data.clone()))).collect();
        let mut tree = tree("System", &files);
        for (path, _, mode) in &self.files {
            let id = tree.lookup(&VPath::parse(path).unwrap()).unwrap();
            tree.meta_mut(id).mode = 0o100_000 | mode;
        }
        for (path, owner, group) in &self.owners {
            let id = tree.lookup(&VPath::parse(path).unwrap()).unwrap();
            let meta = tree.meta_mut(id);
            (meta.owner, meta.group) = (*owner, *group);
        }
        tree
    }
}

/// Gives a file to an owner, where the tests run as root: else nobody can, and
/// owners are not compared. The mode comes after it, as a new owner costs setuid.
fn give(path: &Path, owner: u32, group: u32, mode: u16) {
    if is_root() {
        std::os::unix::fs::chown(path, Some(owner), Some(group)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode.into())).unwrap();
    }
}

/// Whether this process may give files away.
pub(super) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn put(top: &Path, path: &str, data: &[u8], mode: u16) {
    let path = top.join(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, data).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode.into())).unwrap();
}

/// A fix and what is set of it.
#[derive(Clone)]
pub(super) struct Case {
    id: String,
    set: Vec<(String, String)>,
    force: bool,
}

pub(super) fn case(id: &str) -> Case {
    Case { id: id.into(), set: Vec::new(), force: false }
}

impl Case {
    pub(super) fn set(mut self, name: &str, value: &str) -> Self {
        self.set.push((name.into(), value.into()));
        self
    }

    pub(super) fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// The volume after the fix, in a folder of the host; and what was told.
    pub(super) fn tree_edit(&self, system: &System) -> Result<(TempDir, String), Problem> {
        let dir = tempfile::tempdir().unwrap();
        let (tree, told) = self.applied(dir.path(), system.tree())?;
        let out = tempfile::tempdir().unwrap();
        for id in tree.walk(tree.root()).filter(|id| tree.kind(*id) == Kind::File) {
            let source = contents(&tree, id).unwrap();
            let len = usize::try_from(source.len()).unwrap();
            let data = read_vec(source.as_ref(), 0, len).unwrap();
            let mode = tree.node(tree.target(id)).meta.mode & 0o7777;
            put(out.path(), &tree.path(id).to_string(), &data, mode);
        }
        for id in tree.walk(tree.root()).skip(1) {
            let meta = &tree.node(tree.target(id)).meta;
            let path = out.path().join(&tree.path(id).to_string()[1..]);
            if tree.is_dir(id) {
                fs::create_dir_all(&path).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode((meta.mode & 0o7777).into()))
                    .unwrap();
            }
            give(&path, meta.owner, meta.group, meta.mode & 0o7777);
        }
        Ok((out, told))
    }

    /// What a plan says of the fix in a volume.
    pub(super) fn planned(&self, dir: &Path, tree: Tree) -> Result<Plan, Problem> {
        let input = file(dir, "in.img", &disk(&volume(tree)));
        let recipe = file(dir, "bare.toml", &bytes(BARE.as_bytes()));
        let used = fixes::wanted(std::slice::from_ref(&self.id), &self.set)?;
        let used = used.into_iter().map(|(fix, params)| FixUse {
            id: fix.id.clone(),
            fix: Box::new(fix),
            params,
            optional: false,
            force: self.force,
            deliver: Some(Delivery::Volume),
        });
        let request = Request {
            recipe: recipe.to_str().unwrap().to_owned(),
            inputs: vec![("image".into(), input)],
            fixes: used.collect(),
            ..Request::default()
        };
        prepare(&request, &mut Silent, &Stop::new())
    }

    /// The tree after the fix.
    pub(super) fn applied(&self, dir: &Path, tree: Tree) -> Result<(Arc<Tree>, String), Problem> {
        let plan = self.planned(dir, tree)?;
        let out = dir.join("out.img");
        let options = BuildOptions { output: out.clone(), verify: Verify::Quick, threads: 1 };
        build(&plan, &options, &mut Silent, &Stop::new())?;
        let opener = Opener::new();
        let volume = opener.enter(&opener.open(&out).unwrap()).unwrap();
        Ok((volume.node().unwrap().unwrap().0, plan.told().join("\n")))
    }

    /// What goes wrong when the fix is made in a volume's files.
    pub(super) fn refused(&self, system: &System) -> String {
        self.tree_edit(system).map(drop).unwrap_err().to_string()
    }

    pub(super) fn script(&self) -> String {
        let wanted = fixes::wanted(std::slice::from_ref(&self.id), &self.set).unwrap();
        script(&wanted).unwrap()
    }

    /// Runs the script on a folder, under one of the shells.
    pub(super) fn run(&self, shell: &Shell, mac: &Mac) -> Said {
        let file = mac.dir.path().join("fix.sh");
        fs::write(&file, self.script()).unwrap();
        let mut command = shell.command();
        command.arg(&file);
        if self.force {
            command.arg("--force");
        }
        command.arg(mac.root());
        mac.run(command)
    }

    pub(super) fn delivers(&self, way: Delivery) -> bool {
        fixes::fix(&self.id).unwrap().deliveries.contains(&way)
    }

    /// A package of the fix, as a folder.
    pub(super) fn package(&self, dir: &Path, way: Delivery) -> PathBuf {
        let wanted = fixes::wanted(std::slice::from_ref(&self.id), &self.set).unwrap();
        let packing = Packing { way, force: self.force, component: true, date: None };
        file(dir, "x.pkg", &fix_package(&wanted, &packing).unwrap().source)
    }

    /// Runs what an installer runs after it has installed the fix's package.
    pub(super) fn install(&self, shell: &Shell, mac: &Mac) -> Said {
        let (package, root) = (mac.dir.path().join("x.pkg"), mac.root());
        let slash = Path::new("/");
        self.postinstall(shell, mac, &[&package, slash, &root, slash])
    }

    /// The same with other arguments.
    pub(super) fn postinstall(&self, shell: &Shell, mac: &Mac, arguments: &[&Path]) -> Said {
        let package = self.package(mac.dir.path(), Delivery::Install);
        unpack(&package.join("Scripts"), &mac.dir.path().join("scripts"));
        let mut command = shell.command();
        command.arg(mac.dir.path().join("scripts/postinstall")).args(arguments);
        mac.run(command)
    }

    /// Installs the package that waits.
    pub(super) fn leave(&self, mac: &Mac) {
        let package = self.package(mac.dir.path(), Delivery::FirstBoot);
        unpack(&package.join("Payload"), &mac.root());
    }

    /// Runs what launchd runs at a start.
    pub(super) fn start(&self, shell: &Shell, mac: &Mac) -> Said {
        let mut command = shell.command();
        command.arg(mac.root().join(LEFT).join(&self.id).join("first-boot.sh"));
        mac.run(command)
    }

    /// Whether the job of the first start is there.
    pub(super) fn waits(&self, mac: &Mac) -> bool {
        mac.root().join(format!("Library/LaunchDaemons/lionize.{}.plist", self.id)).exists()
    }
}

/// Where first boot keeps what it runs.
pub(super) const LEFT: &str = "Library/Application Support/Lionize";

/// An archive's files in a folder of the host.
fn unpack(archive: &Path, to: &Path) {
    let opener = Opener::new();
    let archive = opener.enter(&opener.resolve(archive).unwrap()).unwrap();
    let (tree, top) = archive.node().unwrap().unwrap();
    for id in tree.walk(top).filter(|id| tree.kind(*id) == Kind::File) {
        let source = contents(&tree, id).unwrap();
        let meta = &tree.node(id).meta;
        assert_eq!((meta.owner, meta.group), (0, 0), "all is of root:wheel");
        put(to, &tree.path(id).to_string(), &bytes_of(&source), meta.mode & 0o7777);
    }
}

/// The programs of ours that stand for the Mac's.
pub(crate) fn stand_ins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/mac")
}

/// A folder that a script takes for a Mac.
pub(super) struct Mac {
    dir: TempDir,
    live: bool,
    temporary: Option<&'static str>,
}

impl Mac {
    pub(super) fn new(system: &System, live: bool) -> Self {
        let mac = Self { dir: tempfile::tempdir().unwrap(), live, temporary: None };
        fs::create_dir_all(mac.tools()).unwrap();
        fs::write(mac.tools().join("settings"), &system.settings).unwrap();
        system.write(&mac.root());
        mac
    }

    /// With another folder for temporary files.
    pub(super) fn temporary(self, folder: &'static str) -> Self {
        Self { temporary: Some(folder), ..self }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.dir.path().join("a root's folder")
    }

    /// Runs a shell with the stand-ins for the Mac's programs.
    fn run(&self, mut command: Command) -> Said {
        command.env("LIONIZE_TOOLS", stand_ins()).env("STAND_INS", self.tools());
        if self.live {
            command.env("LIONIZE_LIVE", "yes");
        }
        if let Some(folder) = self.temporary {
            command.env("TMPDIR", folder);
        }
        judge::run(&mut command, Duration::from_secs(60))
    }

    /// Lets another job of the first start be at work, or end.
    pub(super) fn busy(&self, is_busy: bool) {
        let lock = self.root().join("private/var/run/lionize.lock");
        if is_busy { fs::create_dir(lock).unwrap() } else { fs::remove_dir(lock).unwrap() }
    }

    /// What the log of the system that is changed says, without dates.
    pub(super) fn log(&self) -> String {
        let log = fs::read_to_string(self.root().join("private/var/log/lionize.log"));
        let log = log.unwrap_or_default();
        log.lines().map(|line| line[20..].to_owned() + "\n").collect()
    }

    fn tools(&self) -> PathBuf {
        self.dir.path().join("tools")
    }

    /// What the stand-ins were asked to do.
    pub(super) fn ran(&self) -> String {
        fs::read_to_string(self.tools().join("ran")).unwrap_or_default()
    }

    /// Gives serveradmin other settings.
    pub(super) fn set(&self, settings: &str) {
        fs::write(self.tools().join("settings"), settings).unwrap();
    }

    /// Makes serveradmin refuse all changes.
    pub(super) fn refuse(&self) {
        fs::write(self.tools().join("refuse"), "").unwrap();
    }

    /// Whether serveradmin cannot start or stop anything.
    pub(super) fn down(&self, is_down: bool) {
        let file = self.tools().join("down");
        if is_down { fs::write(file, "").unwrap() } else { fs::remove_file(file).unwrap() }
    }

    /// What serveradmin keeps.
    pub(super) fn settings(&self) -> String {
        fs::read_to_string(self.tools().join("settings")).unwrap()
    }
}

/// A POSIX shell, and a folder with the awk that comes first, if one does.
pub(super) struct Shell(judge::Judge, &'static [&'static str], Option<TempDir>);

impl Shell {
    fn command(&self) -> Command {
        let mut command = self.0.command();
        command.args(self.1);
        if let Some(first) = &self.2 {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let all = [first.path().to_owned()].into_iter().chain(std::env::split_paths(&path));
            command.env("PATH", std::env::join_paths(all).unwrap());
        }
        command
    }
}

/// The awk that Macs have, in a folder of its own, by the name `awk`.
fn macs_awk() -> Option<TempDir> {
    judge("original-awk")?;
    let folder = tempfile::tempdir().unwrap();
    let program = judge::find("original-awk").unwrap();
    std::os::unix::fs::symlink(program, folder.path().join("awk")).unwrap();
    Some(folder)
}

/// The shells that scripts are run by, those that are installed: one with this
/// host's awk, the other with the one that Macs have.
pub(super) fn shells() -> Vec<Shell> {
    let mut found = Vec::new();
    found.extend(judge("dash").map(|dash| Shell(dash, &[], None)));
    found.extend(judge("bash").map(|bash| Shell(bash, &["--posix"], macs_awk())));
    found
}

/// How two folders differ, by Python.
pub(super) fn difference(before: &Path, after: &Path) -> Option<String> {
    let python = judge("python3")?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/diff_trees.py");
    let said = python.run([program.as_path(), before, after]).ok();
    Some(String::from_utf8(said.out).unwrap())
}

/// Makes the fix both ways and checks that both change the same: `wanted`, as
/// a difference; that a second time changes nothing; and that the commands
/// that the script prints restore what was there.
#[track_caller]
pub(super) fn both_ways(case: &Case, system: &System, wanted: &str) {
    let before = tempfile::tempdir().unwrap();
    system.write(before.path());
    let (edited, _) = case.tree_edit(system).unwrap();
    let Some(found) = difference(before.path(), edited.path()) else { return };
    assert_eq!(found.trim(), wanted.trim(), "{}: edits of the tree", case.id);
    for shell in shells() {
        let mac = Mac::new(system, false);
        let first = case.run(&shell, &mac);
        let said = first.text();
        assert_eq!(first.code, 0, "{said}");
        let found = difference(edited.path(), &mac.root()).unwrap();
        assert_eq!(found, "", "{}: the script, beside edits of the tree\n{said}", case.id);
        let again = case.run(&shell, &mac);
        assert_eq!(again.code, 0, "{}", again.text());
        assert_eq!(difference(edited.path(), &mac.root()).unwrap(), "", "{}: twice", case.id);
        assert!(!again.text().contains("to undo"), "{}", again.text());
        undo(&said);
        let found = difference(before.path(), &mac.root()).unwrap();
        assert_eq!(found, "", "{}: restored\n{said}", case.id);
    }
    by_packages(case, system, edited.path());
    let twice = tempfile::tempdir().unwrap();
    let dir = twice.path();
    let (tree, _) = case.applied(&sub(dir, "1"), system.tree()).unwrap();
    let tree = Arc::unwrap_or_clone(tree);
    let (again, _) = case.applied(&sub(dir, "2"), tree.clone()).unwrap();
    assert_eq!(listing(&again), listing(&tree), "{}: the tree edited twice", case.id);
}

/// The fix by each of its packages changes the same as edits of the tree.
fn by_packages(case: &Case, system: &System, edited: &Path) {
    for shell in shells() {
        if case.delivers(Delivery::Install) {
            let mac = Mac::new(system, false);
            let said = case.install(&shell, &mac);
            assert_eq!(said.code, 0, "{}", said.text());
            let found = difference(edited, &mac.root()).unwrap();
            assert_eq!(found, "", "{}: by an installer\n{}", case.id, said.text());
        }
        if case.delivers(Delivery::FirstBoot) {
            let mac = Mac::new(system, true);
            case.leave(&mac);
            assert!(case.waits(&mac));
            let said = case.start(&shell, &mac);
            assert_eq!(said.code, 0, "{}", said.text());
            assert!(!case.waits(&mac), "{}: its work is done\n{}", case.id, said.text());
            fs::remove_dir_all(mac.root().join(LEFT)).unwrap();
            let found = difference(edited, &mac.root()).unwrap();
            assert_eq!(found, "", "{}: at the first start\n{}", case.id, said.text());
        }
    }
}

fn sub(dir: &Path, name: &str) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir(&path).unwrap();
    path
}

/// Paths, modes, owners, dates and bytes.
fn listing(tree: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    for id in tree.walk(tree.root()).filter(|id| tree.kind(*id) == Kind::File) {
        let source = contents(tree, id).unwrap();
        let data = read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap();
        let meta = &tree.node(tree.target(id)).meta;
        let numbers = (meta.mode, meta.owner, meta.group, meta.modified);
        lines.push(format!("{} {numbers:?} {}", tree.path(id), String::from_utf8_lossy(&data)));
    }
    lines
}

/// Runs the commands that a script printed, the last first.
pub(super) fn undo(said: &str) {
    let commands: Vec<_> =
        said.lines().filter_map(|line| line.strip_prefix("lionize: to undo: ")).collect();
    assert!(!commands.is_empty(), "{said}");
    for command in commands.iter().rev() {
        let mut shell = Command::new("sh");
        judge::run(shell.args(["-c", command]), Duration::from_secs(60)).ok();
    }
}
