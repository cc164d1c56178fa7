//! What a comparison of two large images costs, beside decompressing and hashing both in the same run. `benches/large.sh`
//! makes the images and runs this.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "a measurement, run by hand"
)]

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Instant;
use veritee_base::Budget;
use veritee_image::compare::compare;
use veritee_image::{Image, Meter, Selection, Store};
use veritee_source::{Entry, Files, FilesError, Kind};

/// Two archives in a folder.
struct Folder(PathBuf);

impl Files for Folder {
    fn kind(&self, path: &str) -> Kind {
        std::fs::metadata(self.0.join(path)).map_or(Kind::Absent, |found| Kind::File(found.len()))
    }

    fn list(&self, _folder: &str, _most: usize) -> Result<Vec<Entry>, FilesError> {
        Ok(Vec::new())
    }

    fn read(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>, FilesError> {
        let failed = |error: std::io::Error| FilesError(error.to_string());
        let mut file = File::open(self.0.join(path)).map_err(failed)?;
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(length as u64).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}

/// The most memory that this process ever had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

fn main() {
    let folder = std::env::args().nth(1).expect("usage: large FOLDER (with one.tar and other.tar)");
    let files = Folder(Path::new(&folder).to_owned());
    let budget = &Budget::STANDARD;
    let open = |name: &str| {
        Image::open(Store::open(&files, name, budget).unwrap(), &Selection::default(), budget).unwrap()
    };
    let (one, other) = (open("one.tar"), open("other.tar"));
    let began = Instant::now();
    let mut bytes = 0;
    for image in [&one, &other] {
        let mut meter = Meter::new(budget);
        for number in 0..image.layers.len() {
            bytes += image.layer(number, None, &mut meter).unwrap().unpacked;
        }
    }
    let hashing = began.elapsed().as_secs_f64();
    let before = peak();
    let began = Instant::now();
    let compared = compare(&one, &other, budget).unwrap();
    let comparing = began.elapsed().as_secs_f64();
    println!("unpacked       {:.0} MiB in both", bytes as f64 / f64::from(1 << 20));
    println!("decompressed and hashed in {hashing:.2} s, peak {before} MiB");
    println!(
        "compared       in {comparing:.2} s ({:.2} x), rung {:?}, peak {} MiB",
        comparing / hashing,
        compared.rung,
        peak()
    );
}
