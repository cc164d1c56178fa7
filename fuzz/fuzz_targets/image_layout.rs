//! An image in an archive or a folder: no panic, the same answers twice, and nothing is itself but itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_image::compare::{Rung, compare};
use veritee_image::{Image, Selection, Store};
use veritee_model::Budget;
use veritee_source::MemoryFiles;

fuzz_target!(|data: &[u8]| {
    let mut budget = Budget::STANDARD;
    (budget.image_entries, budget.image_unpacked_bytes) = (2_000, 8 << 20);
    let mut files = MemoryFiles::default();
    files.files.insert("image.tar".to_owned(), data.to_vec());
    let open = || {
        let store = Store::open(&files, "image.tar", &budget)?;
        Image::open(store, &Selection::default(), &budget)
    };
    let image = match (open(), open()) {
        (Ok(image), Ok(_)) => image,
        (Err(one), Err(other)) => {
            assert_eq!(one, other);
            assert!(!one.to_string().contains('\u{1b}'));
            return;
        }
        _ => panic!("read once and not twice"),
    };
    if let Ok(itself) = compare(&image, &image, &budget) {
        assert!(itself.rung >= Some(Rung::S3), "{itself:?}");
        assert!(itself.differences.is_empty(), "{itself:?}");
    }
});
