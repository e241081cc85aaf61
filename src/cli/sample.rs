//! `sample`: a small installer that is laid out as a release's is.

use crate::block;
use crate::cli::args::Sample;
use crate::cli::streams::{Streams, Style};
use crate::cli::{Outcome, job};
use crate::engine::Problem;
use crate::report::size;
use crate::source::sample::{SHAPES, Shape, write_image};
use serde_json::json;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// `lionize sample`.
pub(super) fn run(args: &Sample, style: Style, streams: &mut Streams<'_>) -> Outcome {
    let Some(shape) = Shape::of(&args.release) else {
        let known = SHAPES.map(|shape| shape.release).join(", ");
        let problem = Problem::usage(format!("there is no sample of {}", args.release));
        return Err(problem.because(format!("there are those of {known}")).into());
    };
    let app = args.to.join(shape.app());
    let support = app.join("Contents/SharedSupport");
    fs::create_dir_all(&support).map_err(|error| Problem::writing(&support, &error))?;
    whole(&app.join("Contents/Info.plist"), &|out| Ok(out.write_all(info(shape).as_bytes())?))?;
    let image = support.join("InstallESD.dmg");
    whole(&image, &|out| write_image(shape, out, args.threads.unwrap_or(0)))?;
    let json = json!({
        "result": "sampled",
        "shape_sample": true,
        "release": shape.release,
        "product": shape.name,
        "version": shape.version,
        "build": shape.build,
        "installer": app.display().to_string(),
        "image": image.display().to_string(),
    });
    streams.told(style, &text(shape, &app, &image), &json)
}

/// Writes a file under a name that it gets when it is whole.
pub(super) fn whole(
    path: &Path,
    write: &dyn Fn(&mut dyn Write) -> block::Result<()>,
) -> Result<(), Problem> {
    let refused = |error: io::Error| Problem::writing(path, &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    let temp = job::temporary(folder).map_err(refused)?;
    let mut out = BufWriter::new(temp);
    write(&mut out).map_err(|error| refused(error.into_io()))?;
    let temp = out.into_inner().map_err(|error| refused(error.into_error()))?;
    temp.persist(path).map_err(|error| refused(error.error))?;
    Ok(())
}

/// What the application says of itself.
fn info(shape: &Shape) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         \t<key>CFBundleIdentifier</key>\n\t<string>org.example.shape-sample</string>\n\
         \t<key>CFBundleName</key>\n\t<string>Install {} (shape sample)</string>\n\
         </dict>\n</plist>\n",
        shape.name
    )
}

fn text(shape: &Shape, app: &Path, image: &Path) -> String {
    let Shape { name, version, build, .. } = shape;
    let len = fs::metadata(image).map_or(0, |meta| meta.len());
    format!(
        "This is a shape sample: laid out as an installer of {name} {version}\n\
         ({build}) is, without a byte of Apple's. It installs nothing, and proves our\n\
         chain, not Apple's files.\n\n  {}\n  {}  {}\n\n\
         Its packages are signed by a sample's chain that nobody else trusts.\n",
        app.display(),
        image.display(),
        size(len)
    )
}
