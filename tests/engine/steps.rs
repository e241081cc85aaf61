//! Each step on a small volume, read back through what the plan lays out.

use crate::make::{disk, esd, file, id, plan, problem, request, tree, volume, words};
use lionize::block::{Source, bytes, read_vec};
use lionize::engine::{BuildOptions, Silent, Stop, Verify, build};
use lionize::source::{Opener, contents};
use lionize::volume::tree::{Place, Xattr};
use lionize::volume::{Body, Kind, Meta, Name, NodeId, Tree, VPath};
use std::path::Path;
use std::sync::Arc;

const HEAD: &str = "schema = 1\nname = \"t\"\ntitle = \"T\"\n[inputs.image]\nkind = \"image\"\n\
                    [media]\nlayout = \"bare\"\n[media.volume]\nfree = \"1 MiB\"\n\
                    [[step]]\nrestore = \"image\"\n";

/// A volume with one of everything that steps touch.
fn sample() -> Source {
    let plist = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n\
        \t<key>Z</key>\n\t<integer>1</integer>\n\t<key>Sockets</key>\n\t<dict>\n\t\t<key>Listeners</key>\n\
        \t\t<array>\n\t\t\t<dict>\n\t\t\t\t<key>A</key>\n\t\t\t\t<true/>\n\t\t\t\t<key>B</key>\n\
        \t\t\t\t<string>b</string>\n\t\t\t\t<key>C</key>\n\t\t\t\t<false/>\n\t\t\t</dict>\n\t\t</array>\n\
        \t</dict>\n\t<key>A</key>\n\t<string>x</string>\n</dict>\n</plist>\n";
    let mut tree = tree(
        "Sample",
        &[
            ("/etc/hosts", bytes(*b"one\ntwo")),
            ("/etc/httpd/a.conf", bytes(*b"LoadModule x mod_digest.so\nAuthType Digest\n")),
            ("/etc/httpd/extra/b.conf", bytes(*b"  AuthType Digest\n#AuthType Digest\n")),
            ("/etc/httpd/b.default", bytes(*b"AuthType Digest\n")),
            ("/Info.plist", bytes(plist.as_bytes())),
            ("/Library/a", bytes(*b"a")),
            ("/Library/deep/b", bytes(*b"b")),
        ],
    );
    let inode = tree
        .add_inode(
            Meta::new(Meta::FILE | 0o4755, 7),
            Body::File { data: bytes(*b"suid"), rsrc: None },
        )
        .unwrap();
    for path in ["/Library/one", "/two"] {
        let path = VPath::parse(path).unwrap();
        let (dir, name) = path.split_last().unwrap();
        let dir = tree.lookup(&dir).unwrap();
        tree.add_link(dir, name.clone(), Meta::default(), inode).unwrap();
    }
    // Type 3: zlib in the attribute, stored as it is behind 0xff.
    let id = tree.lookup(&VPath::parse("/Library/a").unwrap()).unwrap();
    let mut value = b"fpmc".to_vec();
    value.extend(3u32.to_le_bytes());
    value.extend(12u64.to_le_bytes());
    value.extend(b"\xffpacked\nline\n");
    tree.xattrs_mut(id)
        .push(Xattr { name: Name::from_text("com.apple.decmpfs"), value: bytes(value) });
    tree.meta_mut(id).owner_flags = 0x20;
    if let Some(id) = tree.lookup(&VPath::parse("/two").unwrap()) {
        tree.facts.boot_file = Some(tree.target(id));
    }
    disk(&volume(tree))
}

/// Runs steps over the sample and reads the volume that was built.
fn after(steps: &str) -> Arc<Tree> {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), steps)
}

fn run(dir: &Path, steps: &str) -> Arc<Tree> {
    let input = file(dir, "in.img", &sample());
    let recipe = file(dir, "r.toml", &bytes(format!("{HEAD}{steps}").into_bytes()));
    let out = dir.join("out.img");
    let plan = plan(&request(recipe.to_str().unwrap(), &[("image", &input)])).unwrap();
    let options = BuildOptions { output: out.clone(), verify: Verify::Quick, threads: 2 };
    build(&plan, &options, &mut Silent, &Stop::new()).unwrap();
    let opener = Opener::new();
    let volume = opener.enter(&opener.open(&out).unwrap()).unwrap();
    let (tree, _) = volume.node().unwrap().unwrap();
    tree
}

fn fails(steps: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let input = file(dir.path(), "in.img", &sample());
    let recipe = file(dir.path(), "r.toml", &bytes(format!("{HEAD}{steps}").into_bytes()));
    let text = problem(&request(recipe.to_str().unwrap(), &[("image", &input)]));
    text.replace(recipe.to_str().unwrap(), "r.toml")
}

fn at(tree: &Tree, path: &str) -> NodeId {
    tree.lookup(&VPath::parse(path).unwrap()).unwrap_or_else(|| panic!("there is no {path}"))
}

fn text(tree: &Tree, path: &str) -> String {
    let source = contents(tree, at(tree, path)).unwrap();
    let len = usize::try_from(source.len()).unwrap();
    String::from_utf8(read_vec(source.as_ref(), 0, len).unwrap()).unwrap()
}

fn has(tree: &Tree, path: &str) -> bool {
    tree.lookup(&VPath::parse(path).unwrap()).is_some()
}

#[test]
fn files_and_folders() {
    let tree = after(
        r#"
        [[step]]
        write = { to = "/new/deep/file", text = "hello {image.volume}", mode = "0755", owner = 5, flags = "hidden,uchg" }
        [[step]]
        write = { to = "/etc/hosts", text = "all new", replace = true }
        [[step]]
        mkdir = { path = "/made", mode = "1777", group = 20 }
        [[step]]
        link = { path = "/made/sym", to = "../etc/hosts" }
        [[step]]
        link = { path = "/made/hard", to = "/etc/hosts", hard = true }
        [[step]]
        remove = "/Library/deep"
        [[step]]
        remove = { path = "/nothing", optional = true }
        [[step]]
        move = { from = "/Library/one", to = "/moved/One" }
        [[step]]
        mode = { path = "/etc", owner = 99, recursive = true }
        [[step]]
        copy = { path = "/etc/httpd", to = "/httpd" }
        [[step]]
        label = "New Name"
        "#,
    );
    assert_eq!(text(&tree, "/new/deep/file"), "hello Sample");
    let meta = &tree.node(at(&tree, "/new/deep/file")).meta;
    assert_eq!((meta.mode, meta.owner, meta.group), (0o100_755, 5, 0));
    assert_eq!((meta.owner_flags, meta.finder[8]), (2, 0x40));
    assert_eq!(tree.node(at(&tree, "/new")).meta.mode, 0o040_755);
    let made = &tree.node(at(&tree, "/made")).meta;
    assert_eq!((made.mode, made.group), (0o041_777, 20));
    assert_eq!(tree.kind(at(&tree, "/made/sym")), Kind::Symlink);
    assert_eq!(tree.target(at(&tree, "/made/hard")), tree.target(at(&tree, "/etc/hosts")));
    assert_eq!(text(&tree, "/made/hard"), "all new");
    assert!(!has(&tree, "/Library/deep") && !has(&tree, "/Library/one"));
    assert_eq!(tree.target(at(&tree, "/moved/One")), tree.target(at(&tree, "/two")));
    assert_eq!(tree.node(tree.target(at(&tree, "/two"))).meta.mode, 0o104_755);
    let owned = tree.node(at(&tree, "/etc/httpd/extra/b.conf")).meta.owner;
    assert_eq!((owned, tree.node(at(&tree, "/httpd/extra/b.conf")).meta.owner), (99, 99));
    assert_eq!(tree.node(tree.root()).name.to_string(), "New Name");
    assert_eq!(tree.node(tree.root()).place, Place::Root);
}

#[test]
fn texts() {
    let tree = after(
        r##"
        [[step]]
        append = { path = "/etc/hosts", line = "three" }
        [[step]]
        append = { path = "/etc/hosts", line = "one" }
        [[step]]
        append = { path = "/etc/sysctl.conf", line = "net.inet6.send.opmode=0", create = true }
        [[step]]
        append = { path = "/Library/a", line = "more" }
        [[step]]
        replace = { path = "/etc/httpd/**/*.conf", line = "AuthType Digest", with = "AuthType Basic" }
        [[step]]
        replace = { path = "/etc/httpd/*.conf", line = "LoadModule*mod_digest.so", with = "#$0" }
        [[step]]
        replace = { path = "/etc/hosts", find = "none", with = "", optional = true }
        "##,
    );
    assert_eq!(text(&tree, "/etc/hosts"), "one\ntwo\nthree\n");
    assert_eq!(text(&tree, "/etc/sysctl.conf"), "net.inet6.send.opmode=0\n");
    // The compressed file was read as a Mac would, and is a plain one now.
    assert_eq!(text(&tree, "/Library/a"), "packed\nline\nmore\n");
    let a = tree.node(at(&tree, "/Library/a"));
    assert_eq!((a.meta.owner_flags, a.xattrs.len()), (0, 0));
    assert_eq!(text(&tree, "/etc/httpd/a.conf"), "#LoadModule x mod_digest.so\nAuthType Basic\n");
    assert_eq!(text(&tree, "/etc/httpd/extra/b.conf"), "  AuthType Basic\n#AuthType Digest\n");
    assert_eq!(text(&tree, "/etc/httpd/b.default"), "AuthType Digest\n");
}

#[test]
fn property_lists_keep_their_order_and_format() {
    let steps = r#"
        [[step]]
        plist = { path = "/Info.plist", delete = ["Sockets:Listeners:0:A", "Nothing:here"], set = { "Z" = 2, "New:Deep" = ["x", 1.5, true] }, add = { "Sockets:Listeners" = { P = "{image.volume}" } }, merge = { "Sockets" = { More = 2012-10-16T00:00:00Z } } }
        [[step]]
        plist = { path = "/made.plist", create = true, set = { "A b:c\\:d" = "v" } }
        "#;
    let tree = after(steps);
    assert_eq!(
        text(&tree, "/Info.plist").replace('\t', ""),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n\
         <key>Z</key>\n<integer>2</integer>\n<key>Sockets</key>\n<dict>\n<key>Listeners</key>\n\
         <array>\n<dict>\n<key>B</key>\n<string>b</string>\n<key>C</key>\n<false/>\n</dict>\n<dict>\n\
         <key>P</key>\n<string>Sample</string>\n</dict>\n</array>\n<key>More</key>\n\
         <date>2012-10-16T00:00:00Z</date>\n</dict>\n<key>A</key>\n<string>x</string>\n\
         <key>New</key>\n<dict>\n<key>Deep</key>\n<array>\n<string>x</string>\n<real>1.5</real>\n\
         <true/>\n</array>\n</dict>\n</dict>\n</plist>\n"
    );
    assert!(text(&tree, "/made.plist").contains("<key>c:d</key>"));
}

#[test]
fn binary_property_lists_stay_binary() {
    let dir = tempfile::tempdir().unwrap();
    let mut root = plist::Dictionary::new();
    root.insert("b".into(), plist::Value::Integer(1.into()));
    root.insert("a".into(), plist::Value::Integer(2.into()));
    let mut binary = Vec::new();
    plist::Value::Dictionary(root).to_writer_binary(&mut binary).unwrap();
    let input = file(dir.path(), "in.img", &volume(tree("V", &[("/p", bytes(binary))])));
    let text = format!("{HEAD}[[step]]\nplist = {{ path = \"/p\", set = {{ c = 3 }} }}\n");
    let recipe = file(dir.path(), "r.toml", &bytes(text.into_bytes()));
    let out = dir.path().join("out.img");
    let plan = plan(&request(recipe.to_str().unwrap(), &[("image", &input)])).unwrap();
    let options = BuildOptions { output: out.clone(), verify: Verify::Quick, threads: 1 };
    build(&plan, &options, &mut Silent, &Stop::new()).unwrap();
    let opener = Opener::new();
    let source = opener.resolve(&out.join("p")).unwrap().contents().unwrap();
    let stored = read_vec(source.as_ref(), 0, usize::try_from(source.len()).unwrap()).unwrap();
    assert!(stored.starts_with(b"bplist00"));
    let value = plist::Value::from_reader(std::io::Cursor::new(stored)).unwrap();
    let keys: Vec<_> = value.as_dictionary().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["b", "a", "c"]);
}

#[test]
fn inputs_of_all_kinds() {
    let dir = tempfile::tempdir().unwrap();
    file(dir.path(), "host/sub/Name.txt", &bytes(*b"host"));
    file(dir.path(), "esd.img", &esd("10.7.5", "11G63"));
    file(dir.path(), "plain.bin", &bytes(*b"plain"));
    file(dir.path(), "in.img", &sample());
    let text = format!(
        r#"{HEAD}
        [[step]]
        copy = {{ from = "folder", to = "/Extras" }}
        [[step]]
        copy = {{ from = "plain", to = "/p/plain.bin", mode = "0600" }}
        [[step]]
        extract = {{ from = "esd", path = "BaseSystem.dmg/usr", to = "/usr" }}
        [[step]]
        extract = {{ from = "esd", path = "Packages/Essentials.pkg", to = "/E.pkg" }}
        [[step]]
        copy = {{ from = "maybe", to = "/never" }}
        [[step]]
        write = {{ to = "/when", text = "{{esd.build}}" }}
        when = "esd.version >= 10.7.4 and maybe.given == no"
        [[step]]
        write = {{ to = "/unless", text = "" }}
        when = "esd.version == 10.8"
        [inputs.folder]
        kind = "folder"
        [inputs.plain]
        kind = "file"
        [inputs.esd]
        kind = "installer"
        [inputs.maybe]
        kind = "file"
        optional = true
        "#
    );
    let recipe = file(dir.path(), "r.toml", &bytes(text.into_bytes()));
    let path = |name: &str| dir.path().join(name);
    let (folder, plain, esd, image) =
        (path("host"), path("plain.bin"), path("esd.img"), path("in.img"));
    let inputs: [(&str, &Path); 4] =
        [("folder", &folder), ("plain", &plain), ("esd", &esd), ("image", &image)];
    let request = request(recipe.to_str().unwrap(), &inputs);
    let made = plan(&request).unwrap();
    assert!(words(&made).contains("6. not done: copy maybe to /never (`maybe` is not given)"));
    assert!(words(&made).contains("8. not done: write /unless (0 bytes) (esd.version == 10.8)"));
    let out = path("out.img");
    let options = BuildOptions { output: out.clone(), verify: Verify::Full, threads: 2 };
    build(&made, &options, &mut Silent, &Stop::new()).unwrap();
    let opener = Opener::new();
    let volume = opener.enter(&opener.open(&out).unwrap()).unwrap();
    let (tree, _) = volume.node().unwrap().unwrap();
    assert_eq!(self::text(&tree, "/Extras/sub/Name.txt"), "host");
    assert_eq!(tree.node(at(&tree, "/Extras/sub/Name.txt")).meta.mode, 0o100_644);
    assert_eq!(tree.node(at(&tree, "/p/plain.bin")).meta.mode, 0o100_600);
    assert_eq!(self::text(&tree, "/usr/deep"), "deep");
    assert_eq!(contents(&tree, at(&tree, "/E.pkg")).unwrap().len(), 300_000);
    assert_eq!(self::text(&tree, "/when"), "11G63");
    assert!(!has(&tree, "/never") && !has(&tree, "/unless"));
    // The id follows from what the folder holds.
    let before = id(&made);
    std::fs::rename(path("host/sub/Name.txt"), path("host/sub/Other.txt")).unwrap();
    assert_ne!(id(&plan(&request).unwrap()), before);
}

#[test]
fn blessing_names_the_folder_and_the_file() {
    let tree = after("[[step]]\nbless = \"/etc/hosts\"\n");
    assert_eq!(tree.facts.blessed_folder, Some(at(&tree, "/etc")));
    assert_eq!(tree.facts.osx_folder, Some(at(&tree, "/etc")));
    assert_eq!(tree.facts.boot_file, Some(at(&tree, "/etc/hosts")));
    let tree = after("[[step]]\nremove = \"/Library/deep\"\n");
    assert_eq!(tree.facts.boot_file, Some(tree.target(at(&tree, "/two"))), "kept");
}

/// Steps that put another file in the boot file's place.
#[test]
fn what_replaces_a_blessed_file_is_blessed() {
    for step in [
        "copy = { path = \"/Library/a\", to = \"/etc/hosts\", replace = true }",
        "extract = { from = \"image\", path = \"Library/a\", to = \"/etc/hosts\", replace = true }",
        "move = { from = \"/Library/a\", to = \"/etc/hosts\", replace = true }",
        "write = { to = \"/etc/hosts\", text = \"new\", replace = true }",
    ] {
        let tree = after(&format!("[[step]]\nbless = \"/etc/hosts\"\n[[step]]\n{step}\n"));
        assert_eq!(tree.facts.blessed_folder, Some(at(&tree, "/etc")), "{step}");
        assert_eq!(tree.facts.boot_file, Some(at(&tree, "/etc/hosts")), "{step}");
        assert_ne!(text(&tree, "/etc/hosts"), "one\ntwo", "{step}");
    }
}

#[test]
fn a_comment_of_nothing_is_refused() {
    let step = "[[step]]\ncomment = { path = \"/etc/hosts\", contains = \"{params.word}\" }\n\
                [params.word]\ndefault = \"\"\n";
    assert_eq!(
        fails(step),
        "step 2 (r.toml:13:1) failed\n  the step `comment` would look for nothing\n  \
         its `contains`, {params.word}, is filled with an empty text"
    );
}

#[test]
fn what_finds_nothing_or_too_much_says_what_to_do() {
    assert_eq!(
        fails("[[step]]\nreplace = { path = \"/etc/hosts\", find = \"zzz\", with = \"b\" }\n"),
        "step 2 (r.toml:13:1) failed\n  nothing to replace was found in /etc/hosts\n  \
         hint: if it may be missing, say `optional = true`"
    );
    assert_eq!(
        fails("[[step]]\nplist = { path = \"/Info.plist\", set = { D = 2012-10-16 } }\n"),
        "step 2 (r.toml:13:1) failed\n  `2012-10-16` is no date for a property list\n  \
         hint: write it in UTC, such as 2012-10-16T00:00:00Z"
    );
    let several = "[[step]]\nextract = { from = \"image\", path = \"etc/*\", to = \"/x\" }\n";
    let several = fails(several);
    assert!(
        several.starts_with(
            "step 2 (r.toml:13:1) failed\n  `etc/*` matches several files or folders\n"
        ) && several.ends_with("\n  hint: write a path that names one of them"),
        "{several}"
    );
    assert_eq!(
        fails("[[step]]\nmove = { from = \"/Info.plist\", to = \"/etc/hosts\" }\n"),
        "step 2 (r.toml:13:1) failed\n  cannot change /etc/hosts\n  `hosts` exists already\n  \
         hint: to replace what is there, say `replace = true`"
    );
    assert_eq!(
        fails("[[step]]\ncollection = \"/x.pkg\"\n"),
        "step 2 (r.toml:13:1) failed\n  the volume is no installer's of 10.7 to 10.12\n  \
         there is no OSInstall.mpkg in /Packages or /System/Installation/Packages\n  \
         hint: begin with `restore` of an installer"
    );
}

#[test]
fn what_has_the_wrong_shape_is_said() {
    let lead = "step 2 (r.toml:13:1) failed\n  ";
    let image = "from = \"image\"";
    for (step, says) in [
        (
            "move = { from = \"/etc/hosts\", to = \"/\" }".to_owned(),
            "the volume's root cannot be replaced",
        ),
        (
            format!("extract = {{ {image}, path = \"etc/hosts\", to = \"/\" }}"),
            "a file cannot be the volume's root",
        ),
        (
            "bless = { folder = \"/etc/hosts\", file = \"/etc/hosts\" }".to_owned(),
            "/etc/hosts is not a folder, and cannot be blessed",
        ),
        (
            "plist = { path = \"/Info.plist\", include = { A = 1 } }".to_owned(),
            "the value at A is no array",
        ),
        (
            "plist = { path = \"/Info.plist\", set = { D = \"data:;base64,?\" } }".to_owned(),
            "data for a property list is no base64\n  Invalid symbol 63, offset 0.",
        ),
        ("label = \"\"".to_owned(), "a volume's name has 1 to 255 characters\n  it is \"\""),
    ] {
        assert_eq!(fails(&format!("[[step]]\n{step}\n")), format!("{lead}{says}"));
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    assert_eq!(
        fails("[[step]]\nremove = \"/etc/none/x\"\n"),
        "step 2 (r.toml:13:1) failed\n  there is no /etc/none/x in the volume\n  \
         there is nothing below /etc by that name"
    );
    assert_eq!(
        fails("[[step]]\nwrite = { to = \"/etc/hosts\", text = \"\" }\n"),
        "step 2 (r.toml:13:1) failed\n  /etc/hosts exists already\n  \
         hint: to write over it, say `replace = true`"
    );
    assert_eq!(
        fails("[[step]]\nmkdir = \"/etc/hosts/x\"\n"),
        "step 2 (r.toml:13:1) failed\n  cannot change /etc/hosts/x\n  `hosts` is not a folder"
    );
    assert_eq!(
        fails("[[step]]\nbless = \"/etc\"\n"),
        "step 2 (r.toml:13:1) failed\n  /etc is a folder, and cannot be started"
    );
    assert_eq!(
        fails("[[step]]\nplist = { path = \"/etc/hosts\", set = { a = 1 } }\n"),
        "step 2 (r.toml:13:1) failed\n  /etc/hosts is no property list\n  \
         property list: first bytes is \"one\\ntwo\": neither XML nor binary"
    );
    assert_eq!(
        fails("[[step]]\nplist = { path = \"/Info.plist\", set = { \"A:b\" = 1 } }\n"),
        "step 2 (r.toml:13:1) failed\n  the key path A:b leads nowhere\n  \
         `b` is asked of a value that is neither dictionary nor array"
    );
    assert_eq!(
        fails("[[step]]\nplist = { path = \"/Info.plist\", add = { Z = 1 } }\n"),
        "step 2 (r.toml:13:1) failed\n  the key path Z has a value already\n  \
         hint: to change it, use `set`"
    );
    assert_eq!(
        fails("[[step]]\nreplace = { path = \"/etc/*.x\", find = \"a\", with = \"b\" }\n"),
        "step 2 (r.toml:13:1) failed\n  no file is named like /etc/*.x"
    );
    assert_eq!(
        fails("[[step]]\nlabel = \"{image.build}\"\n"),
        "step 2 (r.toml:13:1) failed\n  the recipe asks for {image.build}, which is not known\n  \
         `image` holds no readable SystemVersion.plist"
    );
    assert_eq!(
        fails("[[step]]\nmove = { from = \"/etc\", to = \"/etc/httpd/etc\" }\n"),
        "step 2 (r.toml:13:1) failed\n  cannot change /etc/httpd/etc\n  `etc` cannot be put there"
    );
}
