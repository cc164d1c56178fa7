//! Pre-launch scripts that Phala Cloud has published, by their hash. Not by what they say of themselves: 0.0.16 has
//! four bodies, and any script can print any version.

use veritee_model::Sha256Digest;

/// A published script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownScript {
    /// The version that was published.
    pub version: &'static str,
    /// The day of its commit.
    pub date: &'static str,
    /// SHA-256 of the text, in hex.
    pub sha256: &'static str,
}

macro_rules! known {
    ($($version:literal $date:literal $sha256:literal;)*) => {
        /// The published scripts, newest first.
        pub const KNOWN_PRE_LAUNCH: &[KnownScript] =
            &[$(KnownScript { version: $version, date: $date, sha256: $sha256 },)*];
    };
}

known! {
    "0.0.19" "2026-08-14" "cec8f68ce6185b912023d886bba20cd06386dd9751af904e6107e758b9d68983";
    "0.0.18" "2026-08-06" "24d363e17b26dabdbf287588c1e1968fd7fdfef10954123b99ff6c6a837c5692";
    "0.0.17" "2026-08-06" "93d29be852c0ccf92b275f824d71f1b589e906503c4d67332f36c633412fabe5";
    "0.0.16" "2026-08-04" "803d861b57b1c61244f3e6e48bc11a15f8d7e421d6f052282d90e0289e85903d";
    "0.0.16" "2026-08-04" "037a558a532ded8b5de956adb2a77684393abfc5a876a07274cf64035910c337";
    "0.0.16" "2026-08-04" "9843af25b7069841b22cee60ee8f225b3d52e893de71b208feae724a8f6787fa";
    "0.0.16" "2026-08-04" "4259eeddabdfcc73e657fef51d3511820f6899b1825db6a4ce0905c60f1f5869";
    "0.0.15" "2026-06-02" "bf12939bc82c9bdd103b6b1226913e6da58ed7cfcfc7c7ae808ac0813715b9a8";
    "0.0.14" "2026-02-25" "22ee7123712744ae1814257bfd0a396d0a3c990c5e240c4e93253bdb5b649765";
    "0.0.13" "2026-02-16" "c608c19a6756b532f9995ffafab1ae569d50acff5283162e9787ee85f642641a";
    "0.0.12" "2025-12-22" "7d3a3737bf3a59d6511cadb7b1867d21bae6d796136326c4be503323a5ad3741";
    "0.0.11" "2025-11-28" "d31c9df2af520aa5e23b99b428eba6854c84294b6f582dd46b150d624b0d4cbe";
    "0.0.10" "2025-11-18" "33778715b33573186ae1a32bbbd6e2a12047aaa1eecdeee7180216c2b1e0a24a";
    "0.0.8" "2025-10-01" "9c5470c546ed4d6e6351844121c92c18e477464f910df89a783aa26ffac4a410";
    "0.0.8" "2025-09-29" "ff8a8a7c013fe5bc7a027ec371a5d9dc3ce172e9e71aca5012730246eba3bb99";
    "0.0.7" "2025-08-08" "7ea66e7cbf824b4d48e08fa1fe348ce9dddd4b5aa3f5624a5860913904ac8a1e";
    "0.0.7" "2025-07-24" "a521f725e63916bdb6b266535ea4ab25877033ee36c395e52503da322da07313";
    "0.0.6" "2025-07-15" "7127d8fd1dd3f27bab2c0b4f04f402b59239ae6884c174186b6e7cc6dc4df898";
    "0.0.5" "2025-06-18" "3787d7beaf274f103b61b5e0220b113bffe7bd0dfb38545796eb7cfb46c3e3ba";
    "0.0.4" "2025-06-18" "6a68965b4966eeb08043afdac0cef7f0115e3d27f73fe0c028f81664ed05e04e";
    "0.0.14 as deployed" "2026-03-10" "0e289ab44fa756e02a3e850d60c22ab1cbf90cade311f98f555fad74a1c40d0a";
}

/// The published script with this hash.
pub(super) fn find(digest: &Sha256Digest) -> Option<&'static KnownScript> {
    let hex = digest.to_string();
    KNOWN_PRE_LAUNCH.iter().find(|script| script.sha256 == hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_a_sha256_and_occurs_once() {
        let mut seen = std::collections::BTreeSet::new();
        for script in KNOWN_PRE_LAUNCH {
            assert!(Sha256Digest::from_hex(script.sha256).is_ok());
            assert!(seen.insert(script.sha256));
        }
        assert_eq!(seen.len(), 21);
        assert_eq!(find(&Sha256Digest::of(b"Phala Cloud Pre-Launch Script v0.0.14")), None);
    }
}
