//! Why there is no verdict, and the exit code for that.

use core::fmt;
use veritee_model::ExitCode;

/// A run that ends without a verdict.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: ExitCode,
    message: String,
    help: Option<String>,
}

impl Failure {
    /// Evidence, collateral or policy could not be obtained or read.
    pub(crate) fn unobtainable(message: impl Into<String>) -> Self {
        Self { exit: ExitCode::Unobtainable, message: message.into(), help: None }
    }

    /// Arguments that fit together in form, but not in meaning.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: ExitCode::Usage, message: message.into(), help: None }
    }

    /// Our own fault, or the machine's.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { exit: ExitCode::Internal, message: message.into(), help: None }
    }

    /// The same with another exit code.
    pub(crate) fn ending_with(self, exit: ExitCode) -> Self {
        Self { exit, ..self }
    }

    /// What failed, without what to do next.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Adds what to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(format!("{error:#}"))
    }
}
