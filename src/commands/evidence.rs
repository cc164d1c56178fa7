//! `veritee evidence`

use super::gather;
use crate::cli::{Evidence, Format, Global};
use crate::failure::Failure;
use core::fmt::Write as _;
use veritee_model::ExitCode;

pub(crate) fn run(options: &Evidence, global: &Global) -> Result<ExitCode, Failure> {
    match options {
        Evidence::Convert { input, parts } => {
            super::only(global, &[Format::Human, Format::Json], "evidence convert")?;
            let mut evidence = gather::evidence(input, parts, global)?;
            gather::collateral_into(&mut evidence, &parts.collateral, global)?;
            crate::output::data(&veritee_evidence::to_json(&evidence, env!("CARGO_PKG_VERSION")), global)?;
        }
        Evidence::Forms => {
            super::only(global, &[Format::Human], "evidence forms")?;
            let mut out = String::new();
            for format in veritee_evidence::Format::ALL {
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{}", format.name());
            }
            crate::output::data(&out, global)?;
        }
    }
    Ok(ExitCode::Verified)
}
