//! Small volumes, disks and recipes for the tests.

use lionize::block::{Map, Source, bytes, read_vec};
use lionize::engine::{Plan, Problem, Request, Silent, Stop, prepare};
use lionize::format::gpt::{self, Guid};
use lionize::volume::hfsplus::{Params, Size, lay_out};
use lionize::volume::{Body, Case, Meta, Name, Tree, VPath};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// 23 July 2012, as HFS+ counts.
pub(crate) const DATE: u32 = 3_425_846_400;

/// What a `SystemVersion.plist` says.
pub(crate) fn system_version(version: &str, build: &str) -> Source {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\
         <key>ProductBuildVersion</key><string>{build}</string>\
         <key>ProductName</key><string>Mac OS X</string>\
         <key>ProductVersion</key><string>{version}</string></dict></plist>\n"
    );
    bytes(text.into_bytes())
}

/// A tree with these files, all of root:wheel.
pub(crate) fn tree(label: &str, files: &[(&str, Source)]) -> Tree {
    let mut tree = Tree::new(Name::from_text(label), Case::Folded, DATE);
    for (path, data) in files {
        let path = VPath::parse(path).unwrap();
        let (dir, name) = path.split_last().unwrap();
        let dir = tree.ensure_dir(&dir, DATE).unwrap();
        let body = Body::File { data: Arc::clone(data), rsrc: None };
        tree.add(dir, name.clone(), Meta::new(Meta::FILE | 0o644, DATE), body).unwrap();
    }
    tree
}

/// A tree as a volume.
pub(crate) fn volume(tree: Tree) -> Source {
    let params = Params::new(Size::Fit { free: 1 << 20 }, DATE);
    Arc::new(lay_out(&Arc::new(tree), &params).unwrap().map)
}

/// A GPT disk with one volume, from sector 2048.
pub(crate) fn disk(volume: &Source) -> Source {
    let last = 2048 + volume.len().div_ceil(512) - 1;
    let sectors = last + 2048;
    let (id, name) = (Guid::derive(b"test", "volume"), "disk image".to_owned());
    let entry =
        gpt::Entry { index: 1, kind: Guid::HFS_PLUS, id, name, first: 2048, last, attributes: 0 };
    let tables = gpt::tables(512, sectors, Guid::derive(b"test", "disk"), &[entry]).unwrap();
    let mut map = Map::new(sectors * 512);
    map.push(0, bytes(tables.protective), None);
    map.push(512, bytes(tables.primary), None);
    map.push(2048 * 512, Arc::clone(volume), None);
    map.push(tables.backup_at, bytes(tables.backup), None);
    Arc::new(map)
}

/// The files of an installer's disk.
pub(crate) fn esd(version: &str, build: &str) -> Source {
    esd_with(version, build, &[])
}

/// The same with the installer's own package: one that takes others beside it.
pub(crate) fn whole_esd(version: &str, build: &str) -> Source {
    esd_with(version, build, &[("/Packages/OSInstall.mpkg", bytes(*b"the installer's own"))])
}

/// The same, of a version alone.
pub(crate) fn installer(version: &str) -> Source {
    whole_esd(version, "1A1")
}

fn esd_with(version: &str, build: &str, more: &[(&str, Source)]) -> Source {
    let files = [
        ("/BaseSystem.dmg", disk(&volume(tree("Base", &[("/usr/deep", bytes(*b"deep"))])))),
        ("/Packages/Essentials.pkg", bytes(vec![7; 300_000])),
        ("/System/Library/CoreServices/SystemVersion.plist", system_version(version, build)),
        ("/System/Library/CoreServices/boot.efi", bytes(*b"MZ")),
        ("/mach_kernel", bytes(*b"\xcf\xfa\xed\xfe")),
    ];
    disk(&volume(tree("Mac OS X Install ESD", &[&files, more].concat())))
}

/// All bytes of a source.
pub(crate) fn bytes_of(source: &Source) -> Vec<u8> {
    read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap()
}

/// A source as a file of the host.
pub(crate) fn file(dir: &Path, name: &str, source: &Source) -> PathBuf {
    let path = dir.join(name);
    let len = usize::try_from(source.len()).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, read_vec(source.as_ref(), 0, len).unwrap()).unwrap();
    path
}

/// A request for a recipe with these inputs.
pub(crate) fn request(recipe: &str, inputs: &[(&str, &Path)]) -> Request {
    let inputs = inputs.iter().map(|(name, path)| ((*name).to_owned(), path.to_path_buf()));
    Request { recipe: recipe.into(), inputs: inputs.collect(), ..Request::default() }
}

pub(crate) fn plan(request: &Request) -> Result<Plan, Problem> {
    prepare(request, &mut Silent, &Stop::new())
}

/// A plan's text, once its inputs were read.
pub(crate) fn words(plan: &Plan) -> String {
    plan.text(plan.identify(&mut Silent, &Stop::new()).unwrap())
}

/// A plan's id.
pub(crate) fn id(plan: &Plan) -> String {
    plan.identify(&mut Silent, &Stop::new()).unwrap().id()
}

/// A plan's date, as its JSON has it.
pub(crate) fn date(plan: &Plan) -> u64 {
    let identified = plan.identify(&mut Silent, &Stop::new()).unwrap();
    plan.json(identified)["date"].as_u64().unwrap()
}

pub(crate) fn problem(request: &Request) -> String {
    plan(request).map(drop).unwrap_err().to_string()
}
