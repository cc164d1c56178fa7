//! What changed between two commits, in words.

/// How many paths are named.
const NAMED: usize = 6;

/// `12 files differ: Dockerfile, src/main.rs, …`: what decides how it is built and run first, then code, then documents.
#[must_use]
pub fn changed_words(paths: &[String]) -> String {
    let mut sorted: Vec<&String> = paths.iter().collect();
    sorted.sort_by_key(|path| (weight(path), *path));
    let named: Vec<&str> = sorted.iter().take(NAMED).map(|path| path.as_str()).collect();
    let more = if paths.len() > named.len() { ", …" } else { "" };
    match paths.len() {
        0 => "no file differs".to_owned(),
        1 => format!("1 file differs: {}", named.join(", ")),
        count => format!("{count} files differ: {}{more}", named.join(", ")),
    }
}

fn weight(path: &str) -> u8 {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let begins =
        ["dockerfile", "containerfile", "docker-compose", "compose", "makefile", "requirements", "go.mod"];
    let ends = [
        ".lock",
        ".sum",
        "-lock.json",
        "-lock.yaml",
        "dockerfile",
        ".nix",
        "package.json",
        "cargo.toml",
        ".sh",
    ];
    let documents = [".md", ".txt", ".rst", ".png", ".svg"];
    if begins.iter().any(|word| name.starts_with(word))
        || ends.iter().any(|word| name.ends_with(word))
        || lower.contains(".github/workflows/")
    {
        0
    } else if documents.iter().any(|word| name.ends_with(word)) {
        2
    } else {
        1
    }
}

#[cfg(test)]
mod tests;
