//! What a name stands for in the environment of `docker compose` inside the guest.
//!
//! The environment is made by dstack's `app-compose.sh`: encrypted variables that `allowed_envs` admits (the guest
//! drops all others from 0.4.2 on), what `pre_launch_script` exports, a `.env` file that a script writes, `PCCS_URL`
//! from the host's unmeasured `.sys-config.json`, and what systemd sets. A name that none of them sets is unset.

use crate::position::Span;
use crate::provenance::Provenance;
use std::collections::BTreeMap;

/// Names that the host chooses without `allowed_envs`.
const HOST_NAMES: [&str; 1] = ["PCCS_URL"];

/// Names that the guest operating system sets.
const SYSTEM_NAMES: [&str; 9] =
    ["PATH", "HOME", "PWD", "LANG", "USER", "SHELL", "SHLVL", "INVOCATION_ID", "JOURNAL_STREAM"];

/// Names that the stock pre-launch script exports; assumed where the script is not known.
const PLATFORM_NAMES: [(&str, Provenance); 3] = [
    ("DSTACK_APP_ID", Provenance::Attested),
    ("DSTACK_APP_DOMAIN", Provenance::Host),
    ("DSTACK_GATEWAY_DOMAIN", Provenance::Host),
];

/// Whether the guest drops variables that `allowed_envs` does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Enforcement {
    /// It does: dstack 0.4.2 or newer. Also the assumption where nothing says otherwise; the caller reports that.
    #[default]
    Enforced,
    /// It does not: every name is the operator's.
    NotEnforced,
}

/// A name of `allowed_envs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedName {
    /// The name as it is written.
    pub name: String,
    /// Where it stands in the app_compose document.
    pub span: Span,
}

/// What a script or file makes of a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Who chooses the value.
    pub provenance: Provenance,
    /// The value, where one unconditional assignment gives it.
    pub known: Option<String>,
    /// Where from, in words: `pre_launch_script line 12`.
    pub origin: String,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// Who chooses the value.
    pub provenance: Provenance,
    /// The value, where it is known.
    pub known: Option<String>,
    /// The provenance rests on an assumption: `allowed_envs` or the scripts are not known.
    pub assumed: bool,
    /// Where it comes from, in words.
    pub origin: String,
}

/// The environment of `docker compose`, name by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EnvironmentModel {
    /// The names of `allowed_envs`; `None` where only a compose file is known.
    pub allowed: Option<Vec<AllowedName>>,
    /// Whether the guest holds to `allowed_envs`.
    pub enforcement: Enforcement,
    /// What scripts and files define, by name.
    pub definitions: BTreeMap<String, Vec<Definition>>,
    /// Something sets variables whose names or values cannot be told (`eval`, `source` of a file, a script that
    /// could not be read): names that would otherwise be fixed are unknown. Says what it is.
    pub opaque: Option<String>,
}

impl EnvironmentModel {
    /// Whether `allowed_envs` names it. Always where the guest does not hold to `allowed_envs` or they are unknown.
    #[must_use]
    pub fn is_allowed(&self, name: &str) -> bool {
        match (&self.allowed, self.enforcement) {
            (_, Enforcement::NotEnforced) | (None, _) => true,
            (Some(allowed), Enforcement::Enforced) => allowed.iter().any(|entry| entry.name == name),
        }
    }

    /// What `name` stands for: the worst of everything that can set it.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Lookup {
        let mut found = self.without_definitions(name);
        for definition in self.definitions.get(name).map_or(&[][..], Vec::as_slice) {
            let only = found.provenance == Provenance::Unset;
            found.known = if only { definition.known.clone() } else { None };
            if only || definition.provenance >= found.provenance {
                found.provenance = definition.provenance;
                found.origin.clone_from(&definition.origin);
                found.assumed = false;
            }
        }
        // What cannot be told may set any name, and set it again after an assignment that can be told.
        if found.provenance.is_fixed()
            && let Some(what) = &self.opaque
        {
            found =
                Lookup { provenance: Provenance::Unknown, known: None, assumed: false, origin: what.clone() };
        }
        found
    }

    fn without_definitions(&self, name: &str) -> Lookup {
        let lookup = |provenance, origin: &str| Lookup {
            provenance,
            known: None,
            assumed: false,
            origin: origin.to_owned(),
        };
        if name == "COMPOSE_PROJECT_NAME" && !self.is_listed(name) {
            return lookup(Provenance::Measured, "project name");
        }
        let explicit = self.is_listed(name) || self.enforcement == Enforcement::NotEnforced;
        if HOST_NAMES.contains(&name) {
            return lookup(Provenance::Host, "the host's .sys-config.json");
        }
        if explicit {
            return lookup(Provenance::Operator, "allowed_envs");
        }
        if SYSTEM_NAMES.contains(&name) || name.starts_with("SYSTEMD_") {
            return lookup(Provenance::System, "the guest's operating system");
        }
        if self.allowed.is_some() {
            return lookup(Provenance::Unset, "nothing sets it");
        }
        let platform = PLATFORM_NAMES.iter().find(|(platform, _)| *platform == name);
        let (provenance, origin) = platform
            .map_or((Provenance::Operator, "allowed_envs is not known"), |(_, provenance)| {
                (*provenance, "assumed to come from the platform's pre-launch script")
            });
        Lookup { assumed: true, ..lookup(provenance, origin) }
    }

    fn is_listed(&self, name: &str) -> bool {
        self.allowed.as_ref().is_some_and(|allowed| allowed.iter().any(|entry| entry.name == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowing(names: &[&str]) -> EnvironmentModel {
        let allowed =
            names.iter().map(|name| AllowedName { name: (*name).to_owned(), span: Span::default() });
        EnvironmentModel { allowed: Some(allowed.collect()), ..EnvironmentModel::default() }
    }

    #[test]
    fn a_name_that_nothing_sets_is_unset_and_not_the_operators() {
        let model = allowing(&["A"]);
        assert_eq!(model.lookup("A").provenance, Provenance::Operator);
        assert_eq!(model.lookup("B").provenance, Provenance::Unset);
        assert_eq!(model.lookup("PATH").provenance, Provenance::System);
        assert_eq!(allowing(&["PATH"]).lookup("PATH").provenance, Provenance::Operator);
    }

    #[test]
    fn the_host_chooses_pccs_url_whatever_allowed_envs_says() {
        assert_eq!(allowing(&[]).lookup("PCCS_URL").provenance, Provenance::Host);
        assert_eq!(allowing(&["PCCS_URL"]).lookup("PCCS_URL").provenance, Provenance::Host);
    }

    #[test]
    fn an_old_guest_lets_the_operator_set_every_name() {
        let model = EnvironmentModel { enforcement: Enforcement::NotEnforced, ..allowing(&[]) };
        assert_eq!(model.lookup("ANY").provenance, Provenance::Operator);
        assert!(!model.lookup("ANY").assumed);
    }

    #[test]
    fn a_compose_file_alone_makes_every_name_the_operators_by_assumption() {
        let model = EnvironmentModel::default();
        let lookup = model.lookup("ANY");
        assert_eq!((lookup.provenance, lookup.assumed), (Provenance::Operator, true));
        assert_eq!(model.lookup("DSTACK_GATEWAY_DOMAIN").provenance, Provenance::Host);
    }

    #[test]
    fn a_literal_export_does_not_hide_that_the_operator_can_set_the_name() {
        let mut model = allowing(&["A"]);
        let definition = Definition {
            provenance: Provenance::Measured,
            known: Some("x".to_owned()),
            origin: String::new(),
        };
        model.definitions.insert("A".to_owned(), vec![definition.clone()]);
        model.definitions.insert("B".to_owned(), vec![definition]);
        assert_eq!(model.lookup("A").provenance, Provenance::Operator);
        assert_eq!(model.lookup("A").known, None);
        assert_eq!(model.lookup("B").known.as_deref(), Some("x"));
    }

    #[test]
    fn behind_something_opaque_no_name_is_fixed() {
        let mut model = EnvironmentModel { opaque: Some("eval".to_owned()), ..allowing(&["A"]) };
        let known = Some("x".to_owned());
        let definition = Definition { provenance: Provenance::Measured, known, origin: String::new() };
        model.definitions.insert("C".to_owned(), vec![definition]);
        for name in ["B", "C", "PATH", "COMPOSE_PROJECT_NAME"] {
            let lookup = model.lookup(name);
            assert_eq!((lookup.provenance, lookup.known), (Provenance::Unknown, None), "{name}");
        }
        assert_eq!(model.lookup("A").provenance, Provenance::Operator);
    }
}
