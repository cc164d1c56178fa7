//! `veritee site`: the page that verifies in the visitor's browser, as one HTML file.

mod module;

use crate::cli::{Format, Global, Site};
use crate::failure::Failure;
use crate::input::{self, shown};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use veritee_model::{ExitCode, Sha256Digest};

/// What the page is called in its folder.
const FILE: &str = "index.html";
/// What the module is called beside the program.
const MODULE: &str = "veritee.wasm";

const BODY: &str = include_str!("site/page.html");
const STYLE: &str = include_str!("site/style.css");
const SCRIPT: &str = include_str!("site/page.js");
const WORKER: &str = include_str!("site/worker.js");
/// The interface's other side. A worker out of a blob is no JavaScript module, so what exports there is left out.
const ENGINE: &str = include_str!("../../bindings/wasm/engine.mjs");

pub(crate) fn run(options: &Site, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "site")?;
    let Some(folder) = global.output.as_deref().filter(|path| *path != Path::new("-")) else {
        return Err(Failure::usage("`site` writes a folder").help("name it with -o DIR"));
    };
    let path = options.wasm.clone().map_or_else(beside, Ok)?;
    let source = input::read(&path)?;
    module::check(&source.bytes).map_err(|problem| {
        Failure::unobtainable(format!("{}: {problem}", shown(&path)))
            .help("`bindings/wasm/build.sh` of this version builds the module")
    })?;
    let page = page(&source.bytes)?;
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(folder))))?;
    let file = folder.join(FILE);
    crate::output::write_whole(&file, page.as_bytes())?;
    crate::output::note(global, &format!("{}: {} bytes, one file", shown(&file), page.len()));
    Ok(ExitCode::Verified)
}

/// The module beside the program.
fn beside() -> Result<PathBuf, Failure> {
    let program =
        std::env::current_exe().map_err(|error| Failure::internal(format!("this program: {error}")))?;
    let path = program.with_file_name(MODULE);
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::unobtainable(format!("there is no {MODULE} beside the program")).help(
        "build it with `bindings/wasm/build.sh` out of the sources of this version, and name it with --wasm FILE",
    ))
}

/// The page with its content security policy, whose digests are those of what stands in it.
fn page(module: &[u8]) -> Result<String, Failure> {
    let report_style = veritee_report::html_style();
    let worker = format!("{}\n{WORKER}", ENGINE.replace("\nexport ", "\n"));
    let policy = format!(
        "default-src 'none'; script-src {} 'wasm-unsafe-eval'; style-src {} {}; worker-src blob:; form-action 'none'; \
         base-uri 'none'",
        digest_source(SCRIPT),
        digest_source(&report_style),
        digest_source(STYLE),
    );
    let body = BODY
        .replace("{{size}}", &module.len().to_string())
        .replace("{{digest}}", &Sha256Digest::of(module).to_string());
    let body = body.strip_suffix("</body>\n").unwrap_or(&body);
    let packed = STANDARD.encode(packed(module)?);
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>veritee: verify in this browser</title>\n<style>{report_style}</style>\n<style>{STYLE}</style>\n</head>\n\
         {body}<script type=\"text/plain\" id=\"worker\">{worker}</script>\n\
         <script type=\"application/octet-stream\" id=\"module\">{packed}</script>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n"
    ))
}

/// The same bytes on every machine and at every time.
fn packed(module: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::internal(format!("compressing the module: {error}"));
    let mut writer = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    writer.write_all(module).map_err(failed)?;
    writer.finish().map_err(failed)
}

/// `'sha256-…'` as a content security policy names a script or a style.
fn digest_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256Digest::of(text.as_bytes()).as_bytes()))
}

/// The content security policy that a page of [`run`] brings.
pub(crate) fn policy_of(page: &str) -> Option<&str> {
    let (head, _) = page.split_once("</head>")?;
    let (_, rest) = head.split_once("<meta http-equiv=\"Content-Security-Policy\" content=\"")?;
    let (policy, _) = rest.split_once('"')?;
    // Anything else does not forbid what the page says that it forbids.
    policy.starts_with("default-src 'none'; script-src 'sha256-").then_some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_run_is_named_by_its_digest_and_nothing_may_be_asked_for() {
        let page = page(b"\0asm\x01\0\0\0").unwrap();
        let policy = policy_of(&page).unwrap();
        assert!(!policy.contains("connect-src") && !policy.contains("unsafe-inline"), "{policy}");
        for (open, close) in [("<script>", "</script>"), ("<style>", "</style>")] {
            for part in page.split(open).skip(1) {
                let (text, _) = part.split_once(close).unwrap();
                assert!(policy.contains(&digest_source(text)), "{open}");
            }
        }
        assert_eq!(page.matches("<script").count(), 3, "the worker's text and the module are data");
        assert!(!page.contains("src=") && !page.contains("<link") && !page.contains(" style="));
        // Types in the interface's comments stand in two braces as well.
        assert!(!page.contains("{{size}}") && !page.contains("{{digest}}") && !page.contains("\nexport "));
    }

    #[test]
    fn a_page_of_somebody_else_has_no_policy_that_counts() {
        let other =
            "<head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'\"></head>";
        assert_eq!(policy_of(other), None);
        assert_eq!(
            policy_of(
                "<head></head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-"
            ),
            None
        );
    }
}
