//! Recipes and their mistakes, verbatim.

use crate::recipe::{
    Action, Find, InputKind, Layout, Owning, Recipe, Size, Text, Value, builtin, load,
};

const HEAD: &str = "schema = 1\nname = \"x\"\ntitle = \"X\"\n";

fn none(name: &str, _by: &str) -> Result<Text, String> {
    Err(format!("there is no recipe `{name}`"))
}

fn parse(text: &str) -> Result<Recipe, Vec<String>> {
    let text = Text { file: "r.toml".into(), text: format!("{HEAD}{text}") };
    load(&text, &none).map_err(|all| all.iter().map(ToString::to_string).collect())
}

fn mistakes(text: &str) -> Vec<String> {
    parse(text).unwrap_err()
}

#[test]
fn built_in_recipes_have_no_mistakes() {
    for name in builtin::names() {
        let find = |base: &str, _: &str| builtin::text(base).ok_or_else(|| base.to_owned());
        let recipe = load(&builtin::text(name).unwrap(), &find).unwrap();
        assert_eq!(recipe.name, name);
        assert_eq!(recipe.media.layout, Layout::Standard);
        // Installers write to their media; what only carries files needs no room.
        let free = if recipe.input("installer").is_some() { 64 << 20 } else { 1 << 20 };
        assert!(recipe.media.volume.free >= free, "{name}");
    }
    assert_eq!(builtin::similar("lions"), Some("lion"));
    assert!(builtin::text("tiger").is_none());
}

#[test]
fn a_recipe_says_what_it_says() {
    let recipe = parse(
        r#"
        [inputs.disk]
        kind = "image"
        [params.mark]
        default = 7
        [media]
        layout = "single"
        [media.volume]
        size = "7 GB"
        [[step]]
        restore = "disk"
        [[step]]
        write = { to = "/a", text = "${HOME} {disk.build}", mode = "0755", flags = "hidden" }
        when = "disk.version >= 10.7"
        [[step]]
        plist = { path = "/p", set = { "b:0" = 1, "a" = { z = true, y = ["t", 1.5] } }, delete = "q" }
        [[step]]
        replace = { path = "/etc/**/*.conf", line = "Load*", with = "$0{params.mark}" }
        "#,
    )
    .unwrap();
    assert_eq!(recipe.inputs[0].kind, InputKind::Image);
    assert_eq!(recipe.params[0].default.as_deref(), Some("7"));
    assert_eq!(recipe.media.layout, Layout::Single);
    assert_eq!(recipe.media.volume.size, Size::Bytes(7_000_000_000));
    assert_eq!(
        recipe.steps[0].action,
        Action::Restore { from: "disk".into(), path: None, verbatim: false }
    );
    let Action::Write { owning, .. } = &recipe.steps[1].action else { panic!() };
    assert_eq!(*owning, Owning { mode: Some(0o755), flags: Some(0x8000), ..Owning::default() });
    assert_eq!(recipe.steps[1].when.as_ref().unwrap().to_string(), "disk.version >= 10.7");
    assert_eq!(recipe.steps[1].at.to_string(), "r.toml:16:9");
    let Action::Plist(edit) = &recipe.steps[2].action else { panic!() };
    let keys: Vec<_> = edit.set.iter().map(|(key, _)| key.to_string()).collect();
    assert_eq!(keys, ["b:0", "a"], "in the order of the text");
    let table = vec![
        ("z".into(), Value::Bool(true)),
        ("y".into(), Value::Array(vec![Value::Text("t".into()), Value::Real(1.5)])),
    ];
    assert_eq!(edit.set[1].1, Value::Table(table));
    let Action::Replace { find, .. } = &recipe.steps[3].action else { panic!() };
    assert_eq!(*find, Find::Line("Load*".into()));
}

#[test]
fn all_mistakes_come_at_once() {
    let text = r#"titel = "Y"
[inputs.installer]
kind = "instaler"
relase = "10.7"
[media]
layout = "standard"
sector = 1024
[media.volume]
size = "big"
[[step]]
restore = { from = "instaler" }
[[step]]
mkdri = "/x"
[[step]]
write = { to = "x/../y", text = 5 }
[[step]]
copy = { from = "installer", to = "/x", mode = 755 }
link = { path = "/a", to = "b" }
[[step]]
label = "{installer.biuld}"
when = "installer.version"
"#;
    assert_eq!(
        mistakes(text),
        [
            "r.toml:4:1: unknown key of the recipe `titel`; did you mean `title`?",
            "r.toml:6:8: unknown kind `instaler`; did you mean `installer`?",
            "r.toml:7:1: unknown key of an input `relase`; did you mean `release`?",
            "r.toml:10:10: `sector` is 1024; it must be 512 or 4096",
            "r.toml:12:8: `big` is no size; write `fit`, `target` or one like `64 MiB`",
            "r.toml:14:20: there is no input `instaler`; did you mean `installer`?",
            "r.toml:16:1: unknown step `mkdri`; did you mean `mkdir`?",
            "r.toml:18:16: the path `x/../y` must begin with `/`",
            "r.toml:18:33: `text` must be a text, not a number",
            "r.toml:19:1: a step does one thing; this one does 2",
            "r.toml:23:9: an input of kind `file` has no fact `biuld`",
            "r.toml:24:8: `installer.version` is no comparison; write one like \
             `installer.version == 10.7.5`",
        ]
    );
}

#[test]
fn the_text_itself_may_be_broken() {
    assert_eq!(mistakes("a = \nb = \"\n").len(), 2);
    let text = Text { file: "e".into(), text: String::new() };
    let all: Vec<_> = load(&text, &none).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        all,
        [
            "e:1:1: the recipe lacks `name`",
            "e:1:1: the recipe lacks `schema`",
            "e:1:1: the recipe lacks `title`"
        ]
    );
}

#[test]
fn steps_must_fit_together() {
    let text = r#"[inputs.a]
kind = "image"
[inputs.z]
kind = "zip"
release = "10.7"
when = "b.given == yes"
[inputs.b]
kind = "file"
when = "a.version == 1"
[media.volume]
free = "1 MiB"
[media.efi]
from = "a"
[[step]]
restore = { from = "a", verbatim = true }
[[step]]
restore = "z"
[[step]]
copy = { from = "a", path = "/x", to = "/y" }
[[step]]
plist = { path = "/x", merge = { "" = 1 } }
[[step]]
mode = { path = "/x" }
[[step]]
replace = { path = "/x", find = "a", line = "b", with = "" }
"#;
    assert_eq!(
        mistakes(text),
        [
            "r.toml:6:9: an input of kind `zip` has no release",
            "r.toml:6:9: whether `z` is wanted may only depend on inputs that always are; `b` is not",
            "r.toml:13:1: a verbatim volume takes no options",
            "r.toml:16:8: the input `a` is of kind `image`; this takes `folder`, `zip`",
            "r.toml:20:1: a verbatim volume cannot be changed by further steps",
            "r.toml:20:1: restore begins a volume, so it comes once and first",
            "r.toml:20:11: the input `z` is of kind `zip`; this takes `image`, `installer`",
            "r.toml:22:8: copy takes an input whole; `extract` takes a `path` inside it",
            "r.toml:24:9: merge joins dictionaries; `` is none",
            "r.toml:26:8: mode sets nothing: give `mode`, `owner`, `group` or `flags`",
            "r.toml:28:11: replace looks either for `find` (a text) or for `line` (a pattern)",
        ]
    );
}

#[test]
fn a_child_overrides_and_its_steps_come_after() {
    let find = |name: &str, _by: &str| {
        let text = match name {
            "base" => builtin::text("lion"),
            "loop" => Some(Text { file: "loop".into(), text: format!("{HEAD}extends = \"loop\"") }),
            _ => None,
        };
        text.ok_or_else(|| format!("there is no recipe `{name}`"))
    };
    let child = |text: &str| Text {
        file: "c.toml".into(),
        text: format!("schema = 1\nname = \"c\"\n{text}"),
    };
    let recipe = load(
        &child("extends = \"base\"\nnotes = \"more\"\n[media]\nlayout = \"bare\"\n[[step]]\nlabel = \"L\""),
        &find,
    )
    .unwrap();
    assert_eq!((recipe.name.as_str(), recipe.title.as_str()), ("c", "OS X 10.7 or 10.8 installer"));
    assert_eq!((recipe.steps.len(), recipe.notes.len()), (2, 2));
    assert_eq!(recipe.media.layout, Layout::Bare);
    assert!(recipe.media.volume.bless.is_some());
    let fail = |text: &str| load(&child(text), &find).unwrap_err()[0].to_string();
    assert_eq!(
        fail("extends = \"loop\""),
        "loop:4:11: `loop` extends itself: c.toml -> loop -> loop"
    );
    assert_eq!(fail("extends = \"nix\""), "c.toml:3:11: there is no recipe `nix`");
}

#[test]
fn a_collection_is_one_path_or_more() {
    let step = |step: &str| parse(&format!("[[step]]\n{step}\n"));
    let one = step("collection = \"/Packages/x.pkg\"").unwrap();
    let same = step("collection = { add = [\"/Packages/x.pkg\"] }").unwrap();
    assert_eq!(one.steps[0].action, same.steps[0].action);
    for (wrong, wanted) in [
        ("collection = { ad = \"/a\" }", "r.toml:5:14: collection lacks `add`"),
        (
            "collection = { ad = \"/a\" }",
            "r.toml:5:16: unknown key of collection `ad`; did you mean `add`?",
        ),
        ("collection = \"x.pkg\"", "r.toml:5:14: the path `x.pkg` must begin with `/`"),
        ("collection = { add = 1 }", "r.toml:5:22: `add` must be texts, not a number"),
    ] {
        let found = step(wrong).unwrap_err();
        assert!(found.iter().any(|mistake| mistake == wanted), "{found:?}");
    }
}

#[test]
fn how_a_fix_is_delivered_is_checked_with_the_recipe() {
    let step = |step: &str| parse(&format!("[[step]]\n{step}\n"));
    assert!(step("fix = { id = \"enable-ssh\", deliver = \"first-boot\" }").is_ok());
    for (wrong, wanted) in [
        (
            "fix = { id = \"enable-ssh\", deliver = \"first-bot\" }",
            "r.toml:5:38: unknown deliver `first-bot`; did you mean `first-boot`?",
        ),
        (
            "fix = { id = \"enable-ssh\", deliver = \"on-demand\" }",
            "r.toml:5:38: unknown deliver `on-demand` (known: volume, install, first-boot)",
        ),
        (
            "fix = { id = \"push-mail\", deliver = \"install\" }",
            "r.toml:5:1: the fix `push-mail` cannot be delivered by `install`: it reaches a \
             system by first-boot, on-demand",
        ),
        (
            "fix = { id = \"enable-ssh\", delivr = \"install\" }",
            "r.toml:5:28: unknown key of fix `delivr`; did you mean `deliver`?",
        ),
    ] {
        assert_eq!(step(wrong).unwrap_err(), [wanted]);
    }
}

/// A mistake's message, without its place.
fn message(text: &str) -> &str {
    text.splitn(4, ':').nth(3).unwrap_or(text).trim_start()
}

#[test]
fn each_mistake_says_what_to_write() {
    let image = "[inputs.image]\nkind = \"image\"\n";
    let step = |step: &str| format!("{image}[[step]]\n{step}\n");
    let plist = |edit: &str| step(&format!("plist = {{ path = \"/p\", {edit} }}"));
    let write = |more: &str| step(&format!("write = {{ to = \"/a\", text = \"\", {more} }}"));
    let fix = |params: &str| step(&format!("fix = {{ id = \"create-admin-user\", {params} }}"));
    for (text, wanted) in [
        (step("label = \"{params.nme}\""), "there is no param `nme`"),
        (
            step("restore = \"image\"\nin = \"/x.dmg\""),
            "restore begins a volume, not one in an image",
        ),
        ("test = 1".to_owned(), "tests are written as `[[test]]`"),
        ("step = 1".to_owned(), "steps are written as `[[step]]`"),
        (
            "[params.a]\ndefault = \"x\"\nchoices = [\"y\"]".to_owned(),
            "the default `x` is none of the choices",
        ),
        ("[params.a]\ndefault = \"x\"\nsecret = true".to_owned(), "a secret has no default"),
        ("[params.a]\ndefault = 1.5".to_owned(), "a default is a text, a number, true or false"),
        (
            "[media.volume]\nblock_size = 7".to_owned(),
            "`block_size` is 7; it must be a power of two from 512 to 65536",
        ),
        (step(""), "a step must do something"),
        (
            "[inputs.A]\nkind = \"image\"".to_owned(),
            "`A` cannot be the name of an input: use lower-case letters, digits and `-`",
        ),
        (
            "[inputs.params]\nkind = \"image\"".to_owned(),
            "`params` cannot be the name of an input: it stands for the recipe's params",
        ),
        (
            step("restore = { from = \"image\", path = \"/x\", verbatim = true }"),
            "what is restored block for block is an input's own volume",
        ),
        (step("copy = { to = \"/x\" }"), "copy needs `from` (an input) or `path` (in the volume)"),
        (
            step("replace = { path = \"/a\", find = \"\", with = \"\" }"),
            "replace looks for nothing",
        ),
        (step("comment = { path = \"/a\", contains = \"\" }"), "comment looks for nothing"),
        (write("mode = 755"), "write a mode in octal, such as \"0755\""),
        (write("flags = \"hiden\""), "unknown flag `hiden`; did you mean `hidden`?"),
        (write("owner = -1"), "`owner` cannot be -1: that is out of its range"),
        (write("owner = 1.5"), "`owner` must be a whole number, not 1.5"),
        (
            plist("create = true"),
            "plist changes nothing: give `set`, `add`, `include`, `delete` or `merge`",
        ),
        (plist("set = { a = 99999999999999999999 }"), "this number is too large"),
        (
            fix("params = { nme = \"a\" }"),
            "the fix `create-admin-user` has no param `nme`; did you mean `name`?",
        ),
    ] {
        let found = mistakes(&text);
        let found: Vec<_> = found.iter().map(|text| message(text)).collect();
        assert!(found.contains(&wanted), "{wanted}\n{found:#?}");
    }
}
