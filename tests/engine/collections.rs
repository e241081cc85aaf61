//! The step `collection`: what is listed for an installer, and what is refused.

use crate::make::{bytes_of, disk, file, plan, request, system_version, tree, volume};
use lionize::block::{Source, bytes};
use lionize::engine::{BuildOptions, Silent, Stop, Verify, build};
use lionize::format::xar::Style;
use lionize::source::package::{Component, Making, Product, component, empty, product};
use lionize::source::{Opener, contents};
use lionize::volume::VPath;
use std::path::Path;

const DATE: u32 = 1_348_099_200;

/// A package of ours, as a product archive or not.
fn package(archive: bool) -> Source {
    let none = empty(DATE);
    let part = Component {
        identifier: "org.example.x",
        version: "1",
        location: None,
        payload: &none,
        scripts: &[],
    };
    let making = Making { style: Style::Sha1, date: DATE };
    match archive {
        true => product(&Product { title: "T", components: &[part] }, &making).unwrap(),
        false => component(&part, &making).unwrap(),
    }
}

/// An installer's disk with packages of each form in this folder.
fn media(version: &str, folder: &str) -> Source {
    let at = |name: &str| format!("{folder}/{name}");
    let bundle = at("Bundle.mpkg/Contents/Info.plist");
    let names = ["OSInstall.mpkg", "component.pkg", "product.pkg", "text.pkg"].map(at);
    let files = [
        (names[0].as_str(), bytes(*b"the installer's own")),
        (bundle.as_str(), bytes(*b"<plist/>")),
        (names[1].as_str(), package(false)),
        (names[2].as_str(), package(true)),
        (names[3].as_str(), bytes(*b"no package")),
        ("/elsewhere.pkg", package(true)),
        ("/System/Library/CoreServices/SystemVersion.plist", system_version(version, "1A1")),
    ];
    disk(&volume(tree("Install", &files)))
}

fn recipe(steps: &str) -> String {
    format!(
        "schema = 1\nname = \"t\"\ntitle = \"T\"\n[inputs.image]\nkind = \"image\"\n[media]\n\
         layout = \"bare\"\n[media.volume]\nfree = \"1 MiB\"\n[[step]]\nrestore = \"image\"\n{steps}"
    )
}

/// The list that a build has, or why there is none.
fn listed(dir: &Path, version: &str, folder: &str, steps: &str) -> Result<String, String> {
    let image = file(dir, "in.img", &media(version, folder));
    let recipe = file(dir, "t.toml", &bytes(recipe(steps).into_bytes()));
    let request = request(recipe.to_str().unwrap(), &[("image", &image)]);
    let plan = plan(&request).map_err(|problem| problem.to_string())?;
    let output = dir.join("out.img");
    let options = BuildOptions { output: output.clone(), verify: Verify::Quick, threads: 1 };
    build(&plan, &options, &mut Silent, &Stop::new()).unwrap();
    let opener = Opener::new();
    let volume = opener.enter(&opener.open(&output).unwrap()).unwrap();
    let tree = volume.node().unwrap().unwrap().0;
    let list = VPath::parse(&format!("{folder}/OSInstall.collection")).unwrap();
    let id = tree.lookup(&list).unwrap();
    let meta = &tree.node(id).meta;
    assert_eq!((meta.mode, meta.owner, meta.group), (0o100_644, 0, 0));
    Ok(String::from_utf8(bytes_of(&contents(&tree, id).unwrap())).unwrap())
}

fn add(name: &str) -> String {
    format!("[[step]]\ncollection = \"{name}\"\n")
}

#[test]
fn the_installers_own_package_is_listed_twice_and_ours_once() {
    let wanted = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
        \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<array>\n\
        \t<string>/System/Installation/Packages/OSInstall.mpkg</string>\n\
        \t<string>/System/Installation/Packages/OSInstall.mpkg</string>\n\
        \t<string>/System/Installation/Packages/product.pkg</string>\n\
        \t<string>/System/Installation/Packages/component.pkg</string>\n</array>\n</plist>\n";
    for folder in ["/Packages", "/System/Installation/Packages"] {
        let dir = tempfile::tempdir().unwrap();
        let one = add(&format!("{folder}/product.pkg"));
        let both = format!(
            "{one}{one}[[step]]\ncollection = {{ add = [\"{folder}/product.pkg\", \
             \"{folder}/component.pkg\"] }}\n"
        );
        assert_eq!(listed(dir.path(), "10.9.5", folder, &both).unwrap(), wanted);
    }
}

#[test]
fn a_list_that_is_there_is_kept_and_put_right() {
    let dir = tempfile::tempdir().unwrap();
    let list = |inner: &str| {
        format!(
            "[[step]]\nwrite = {{ to = \"/Packages/OSInstall.collection\", text = \
             \"<plist version='1.0'>{inner}</plist>\" }}\n{}",
            add("/Packages/product.pkg")
        )
    };
    let own = "/System/Installation/Packages/OSInstall.mpkg";
    let there = list(&format!("<array><string>{own}</string><string>/x.pkg</string></array>"));
    let found = listed(dir.path(), "10.8", "/Packages", &there).unwrap();
    let lines: Vec<_> = found.lines().filter(|line| line.contains("<string>")).collect();
    assert_eq!(lines.len(), 4, "{found}");
    assert!(lines[1].contains(own) && lines[2].contains("/x.pkg"), "{found}");
    let refused = listed(dir.path(), "10.8", "/Packages", &list("<dict/>")).unwrap_err();
    assert!(
        refused.contains("/Packages/OSInstall.collection is no list of packages\n  it is no array"),
        "{refused}"
    );
}

/// What each release takes, by the form of the package.
#[test]
fn each_release_takes_the_forms_that_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    for (version, taken) in [
        ("10.7", "Bundle.mpkg component.pkg product.pkg"),
        ("10.7.5", "Bundle.mpkg component.pkg product.pkg"),
        ("10.8.5", "Bundle.mpkg component.pkg product.pkg"),
        ("10.9.5", "Bundle.mpkg component.pkg product.pkg"),
        ("10.10", "product.pkg"),
        ("10.10.5", "product.pkg"),
        ("10.11.6", "product.pkg"),
        ("10.12", "product.pkg"),
        ("10.12.3", "product.pkg"),
        ("10.12.4", ""),
        ("10.12.6", ""),
        ("10.13.6", ""),
        ("10.14.6", ""),
        ("10.15.7", ""),
        ("11.7.10", ""),
        ("12.7", ""),
        ("13.6", ""),
        ("14.1", ""),
        ("15", ""),
    ] {
        let image = file(dir.path(), "in.img", &media(version, "/Packages"));
        let takes = |name: &&str| {
            let steps = recipe(&add(&format!("/Packages/{name}")));
            let recipe = file(dir.path(), "t.toml", &bytes(steps.into_bytes()));
            plan(&request(recipe.to_str().unwrap(), &[("image", &image)])).is_ok()
        };
        let all = ["Bundle.mpkg", "component.pkg", "product.pkg", "text.pkg"];
        let found: Vec<_> = all.into_iter().filter(takes).collect();
        assert_eq!(found.join(" "), taken, "{version}");
    }
}

#[test]
fn refusals_say_what_to_do_instead() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |version: &str, name: &str| {
        listed(dir.path(), version, "/Packages", &add(name)).unwrap_err()
    };
    let late = refused("10.12.4", "/Packages/product.pkg");
    assert!(
        late.ends_with(
            "the package /Packages/product.pkg cannot be installed with 10.12.4\n  \
             from 10.12.4 on, the installer takes packages signed by Apple only\n  \
             hint: run the script after the installation, or begin with an installed system's image"
        ),
        "{late}"
    );
    let form = refused("10.11.6", "/Packages/component.pkg");
    assert!(
        form.ends_with(
            "the package /Packages/component.pkg cannot be installed with 10.11.6\n  from 10.10 on, \
             the installer takes product archives only: flat packages with a Distribution\n  \
             hint: `lionize package build` makes one, as `productbuild --package` does on a Mac"
        ),
        "{form}"
    );
    let place = refused("10.9", "/elsewhere.pkg");
    assert!(
        place.ends_with(
            "/elsewhere.pkg is not where the installer looks\n  it takes packages from /Packages\n  \
             hint: put it into /Packages before it is listed"
        ),
        "{place}"
    );
    let text = refused("10.9", "/Packages/text.pkg");
    assert!(text.contains("/Packages/text.pkg is no package\n"), "{text}");
    let folder = refused("10.9", "/Packages");
    assert!(folder.ends_with("/Packages is a folder, and no package"), "{folder}");
    let none = refused("10.9", "/Packages/none.pkg");
    assert!(none.contains("there is no /Packages/none.pkg in the volume"), "{none}");
}
