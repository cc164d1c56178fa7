//! Owners, modes, links and what is no plain file, in the store and in what is written out of it.

use super::*;
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn folders_and_files_are_for_their_owner_alone() {
    let world = filled();
    assert_eq!(mode(world.store.folder()), 0o700);
    for part in ["objects", "index", "memory", "platforms"] {
        assert_eq!(mode(&world.store.folder().join(part)), 0o700, "{part}");
        for file in files(&world, part) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }
}

#[test]
fn files_of_a_snapshot_may_be_read_by_others() {
    let world = filled();
    let folder = world.folder.path().join("snapshot");
    let written = snapshot(&world.store, None, &folder, now()).unwrap();
    // As the user's file mode creation mask has it, and not less.
    let plain = world.folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    assert_eq!(mode(&folder.join(&written.written[0].name)), mode(&plain));
}

/// What stands at the place of a file decides: a plain file keeps its mode, a link stays and what it points at is replaced,
/// and anything else is left as it is, before the first file is written.
#[test]
fn a_snapshot_replaces_plain_files_alone() {
    let world = filled();
    let folder = world.folder.path().join("snapshot");
    let name = snapshot(&world.store, None, &folder, now()).unwrap().written[0].name.clone();
    let (place, other) = (folder.join(&name), world.folder.path().join("other.json"));
    let whole = fs::read(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
    snapshot(&world.store, None, &folder, now()).unwrap();
    assert_eq!(mode(&place), 0o600);
    fs::write(&other, "old").unwrap();
    for target in [other.clone(), folder.join("not-there-yet.json")] {
        fs::remove_file(&place).unwrap();
        symlink(&target, &place).unwrap();
        snapshot(&world.store, None, &folder, now()).unwrap();
        assert!(fs::symlink_metadata(&place).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), whole);
    }
    let remove = || if place.is_dir() { fs::remove_dir(&place) } else { fs::remove_file(&place) };
    let placed: [fn(&Path); 4] = [
        |place| fs::create_dir(place).unwrap(),
        |place| {
            assert!(std::process::Command::new("mkfifo").arg(place).status().unwrap().success());
        },
        |place| drop(std::os::unix::net::UnixListener::bind(place).unwrap()),
        |place| symlink(place, place).unwrap(),
    ];
    for put in placed {
        remove().unwrap();
        put(&place);
        let before = fs::symlink_metadata(&place).unwrap().file_type();
        let error = snapshot(&world.store, None, &folder, now()).unwrap_err();
        assert!(error.to_string().contains(&name), "{error}");
        assert_eq!(fs::symlink_metadata(&place).unwrap().file_type(), before);
    }
}

#[test]
fn a_folder_that_everybody_may_write_into_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    for part in ["", "objects"] {
        let path = folder.path().join("store");
        Store::open(&path, &root(), &Budget::STANDARD).unwrap();
        let open = path.join(part);
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        let error = Store::open(&path, &root(), &Budget::STANDARD).unwrap_err();
        assert!(matches!(error, StoreError::WorldWritable { mode: 0o777, .. }), "{error}");
        assert!(error.next_step().contains("chmod 700"), "{}", error.next_step());
        fs::set_permissions(&open, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn a_folder_of_another_user_is_refused() {
    // Any folder that is not ours will do; as root, one is given away.
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("store");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let foreign =
        if std::os::unix::fs::chown(&path, Some(12345), None).is_ok() { path } else { PathBuf::from("/usr") };
    let error = Store::open(&foreign, &root(), &Budget::STANDARD).unwrap_err();
    assert!(matches!(error, StoreError::Owner { .. }), "{error}");
}

#[test]
fn a_link_in_place_of_the_folder_or_of_an_object_is_not_followed() {
    let world = filled();
    let link = world.folder.path().join("link");
    symlink(world.store.folder(), &link).unwrap();
    assert!(matches!(Store::open(&link, &root(), &Budget::STANDARD), Err(StoreError::NotAFolder { .. })));
    let object = files(&world, "objects")[0].clone();
    let aside = world.folder.path().join("aside");
    fs::rename(&object, &aside).unwrap();
    symlink(&aside, &object).unwrap();
    assert_eq!(absent(&world)[0].what, FaultKind::NotAFile);
    // Writing replaces the link and leaves alone what it points to.
    let before = fs::read(&aside).unwrap();
    world.obtain(&need(), now(), Mode::Refresh).unwrap();
    assert!(fs::symlink_metadata(&object).unwrap().is_file());
    assert_eq!(fs::read(&aside).unwrap(), before);
}

#[test]
fn a_link_in_place_of_the_lock_is_not_followed() {
    let world = filled();
    let target = world.folder.path().join("elsewhere");
    let lock = world.store.folder().join("lock");
    fs::remove_file(&lock).unwrap();
    symlink(&target, &lock).unwrap();
    assert!(world.store.lookup(&need(), now()).is_err());
    assert!(!target.exists(), "it was made through the link");
}
