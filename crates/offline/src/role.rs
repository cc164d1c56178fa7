//! What a file is for.

use crate::File;
use crate::collateral::Collector;
use veritee_evidence::{Form, Recognised, recognise};
use veritee_model::Budget;

/// What a file is taken for when nobody says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Evidence, or a part of it.
    Evidence,
    /// Intel's collateral.
    Collateral,
    /// NVIDIA's.
    GpuCollateral,
    /// A policy.
    Policy,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Evidence, Self::Collateral, Self::GpuCollateral, Self::Policy];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Collateral => "collateral",
            Self::GpuCollateral => "gpu-collateral",
            Self::Policy => "policy",
        }
    }
}

/// The role of a file by its content, and what its form is called where that is known. Nothing is verified; what is
/// unknown is taken for evidence, where it is refused with the reason.
#[must_use]
pub fn role(file: &File<'_>, budget: &Budget) -> (Role, Option<&'static str>) {
    let form = recognise(file.name, file.bytes, budget);
    let role = match form {
        Some(Form::Part(Recognised::Policy)) => Role::Policy,
        Some(Form::Evidence(_)) => Role::Evidence,
        Some(Form::Part(Recognised::Collateral | Recognised::PcsAnswer)) => Role::Collateral,
        Some(Form::Part(Recognised::GpuManifest)) => Role::GpuCollateral,
        _ if veritee_gpu::wanted::is_answer(file.bytes, budget) => Role::GpuCollateral,
        _ if Collector::is_answer(file.name, file.bytes, budget) => Role::Collateral,
        Some(Form::Part(Recognised::RevocationList)) => Role::GpuCollateral,
        _ => Role::Evidence,
    };
    (role, form.map(Form::name))
}
