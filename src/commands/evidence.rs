//! `veritee evidence`

use super::{gather, tracing};
use crate::cli::{Evidence, Format, Global};
use crate::failure::Failure;
use core::fmt::Write as _;
use veritee_model::ExitCode;
use veritee_model::evidence::RecordedBy;

pub(crate) fn run(options: &Evidence, global: &Global) -> Result<ExitCode, Failure> {
    match options {
        Evidence::Convert { input, parts, images } => {
            super::only(global, &[Format::Human, Format::Json], "evidence convert")?;
            let gather::Selected { mut evidence, beside } = gather::evidence(input, parts, global)?;
            // What the others' lists revoke holds for this machine too.
            for item in beside.collateral {
                evidence.record(RecordedBy::Bystander, item);
            }
            gather::collateral_into(&mut evidence, &parts.collateral, global)?;
            tracing::carry(&mut evidence, images)?;
            crate::output::data(&veritee_evidence::to_json(&evidence, env!("CARGO_PKG_VERSION")), global)?;
        }
        Evidence::Forms => {
            super::only(global, &[Format::Human], "evidence forms")?;
            let mut out = String::from("Recognised by content, and where each form is read:\n\n");
            for form in veritee_evidence::Form::all() {
                let slots: Vec<&str> = form.slots().map(veritee_evidence::Slot::option).collect();
                let read =
                    if slots.is_empty() { "named, not read as evidence".to_owned() } else { slots.join(" ") };
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{:44} {read}", form.name());
            }
            out.push_str(
                "\nRead through gzip, byte order marks, UTF-16, hex with 0x, base64, arrays of bytes (also as\n\
                 JavaScript writes them), heads of HTTP answers, and PEM without its line ends. A folder may hold each part in a file of its own, or Intel's answers (--collateral). Attestations of SEV-SNP, Nitro, TPMs and\n\
                 attestation services (JWT) are named and not verified by this version.\n",
            );
            crate::output::data(&out, global)?;
        }
    }
    Ok(ExitCode::Verified)
}
