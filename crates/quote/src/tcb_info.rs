//! TCB info, versions 2 (SGX) and 3 (SGX, TDX), read after its signature was checked.
//!
//! Source: Intel's PCS API, "Get TCB Info"; levels are put into the order of Intel's QVL.

use crate::error::{DocumentFault, Field, SvnName};
use crate::quote::Tee;
use crate::wire;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Reverse;
use veritee_base::TcbStatus;
use veritee_base::{Budget, Fmspc, UnixTime};

/// TCB info of one processor family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TcbInfo {
    /// 2 or 3.
    pub version: u32,
    /// Which kind of TEE it speaks of.
    pub tee: Tee,
    /// When it was issued.
    pub issue_date: UnixTime,
    /// Until when it is in force, this second included.
    pub next_update: UnixTime,
    /// Processor family.
    pub fmspc: Fmspc,
    /// PCE.
    pub pce_id: crate::bytes::PceId,
    /// Grows with every TCB recovery.
    pub evaluation_number: u32,
    /// The TDX module of platforms that report no module version.
    pub tdx_module: Option<TdxModule>,
    /// TDX modules by version.
    pub tdx_modules: Vec<TdxModuleIdentity>,
    /// Levels, highest first.
    pub levels: Vec<TcbLevel>,
}

/// Who must have signed a TDX module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TdxModule {
    /// MRSIGNERSEAM.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub mr_signer: [u8; 48],
    /// SEAMATTRIBUTES.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub attributes: [u8; 8],
}

/// A version of the TDX module with levels of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TdxModuleIdentity {
    /// Module version: byte 1 of TEE_TCB_SVN.
    pub version: u8,
    /// Identifier, `TDX_01`.
    pub id: String,
    /// Signer and attributes.
    pub module: TdxModule,
    /// Levels, highest ISVSVN first.
    pub levels: Vec<IsvLevel>,
    /// In the document its levels stand otherwise.
    #[serde(skip)]
    pub(crate) levels_out_of_order: bool,
}

/// A level of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TcbLevel {
    /// SGX TCB components demanded.
    pub sgx: [u8; 16],
    /// PCESVN demanded.
    pub pce_svn: u16,
    /// TDX TCB components demanded; zero for SGX.
    pub tdx: [u8; 16],
    /// What Intel says of components: which update raises them (`OS/VMM, SEAMLDR ACM`). Words for people.
    #[serde(skip)]
    pub(crate) updates: Vec<(SvnName, String)>,
    /// What the level says.
    #[serde(flatten)]
    pub verdict: LevelVerdict,
}

impl TcbLevel {
    /// Which update raises a component, where Intel says so.
    pub(crate) fn update(&self, component: SvnName) -> Option<&str> {
        self.updates.iter().find(|(name, _)| *name == component).map(|(_, words)| words.as_str())
    }
}

/// A level by ISVSVN, of a TDX module or a quoting enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IsvLevel {
    /// ISVSVN demanded.
    pub isv_svn: u16,
    /// What the level says.
    #[serde(flatten)]
    pub verdict: LevelVerdict,
}

/// What a level says of whoever reaches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LevelVerdict {
    /// Status.
    pub status: TcbStatus,
    /// Date of the TCB: all advisories up to it are mitigated.
    pub date: UnixTime,
    /// Advisories that apply.
    pub advisories: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    version: u32,
    #[serde(borrow)]
    issue_date: Cow<'a, str>,
    #[serde(borrow)]
    next_update: Cow<'a, str>,
    #[serde(borrow)]
    fmspc: Cow<'a, str>,
    #[serde(borrow)]
    pce_id: Cow<'a, str>,
    tcb_type: u32,
    tcb_evaluation_data_number: u32,
    #[serde(borrow, default)]
    tdx_module: Option<WireModule<'a>>,
    #[serde(borrow, default)]
    tdx_module_identities: Option<Vec<WireModuleIdentity<'a>>>,
    #[serde(borrow)]
    tcb_levels: Vec<WireLevel<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireModule<'a> {
    #[serde(borrow)]
    mrsigner: Cow<'a, str>,
    #[serde(borrow)]
    attributes: Cow<'a, str>,
    #[serde(borrow)]
    attributes_mask: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireModuleIdentity<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    mrsigner: Cow<'a, str>,
    #[serde(borrow)]
    attributes: Cow<'a, str>,
    #[serde(borrow)]
    attributes_mask: Cow<'a, str>,
    #[serde(borrow)]
    tcb_levels: Vec<wire::Level<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLevel<'a> {
    tcb: WireTcb,
    #[serde(borrow)]
    tcb_date: Cow<'a, str>,
    #[serde(borrow)]
    tcb_status: Cow<'a, str>,
    #[serde(borrow, rename = "advisoryIDs", default)]
    advisory_ids: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct WireComponent {
    svn: u64,
    /// `BIOS`, `OS/VMM`.
    #[serde(default)]
    category: Option<String>,
    /// `Early Microcode Update`, `SEAMLDR ACM`.
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

/// Components as lists (version 3) or as sixteen members (version 2).
struct WireTcb {
    pcesvn: u64,
    sgx: Option<Vec<WireComponent>>,
    tdx: Option<Vec<WireComponent>>,
    numbered: [Option<u64>; 16],
}

impl<'de> Deserialize<'de> for WireTcb {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = WireTcb;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a tcb object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<WireTcb, A::Error> {
                use serde::de::Error as _;
                let (mut pcesvn, mut sgx, mut tdx, mut numbered) = (None, None, None, [None; 16]);
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let twice = match key.as_ref() {
                        "pcesvn" => pcesvn.replace(map.next_value::<u64>()?).is_some(),
                        "sgxtcbcomponents" => sgx.replace(map.next_value::<Vec<WireComponent>>()?).is_some(),
                        "tdxtcbcomponents" => tdx.replace(map.next_value::<Vec<WireComponent>>()?).is_some(),
                        other => match component_number(other).and_then(|index| numbered.get_mut(index)) {
                            Some(slot) => slot.replace(map.next_value::<u64>()?).is_some(),
                            None => {
                                map.next_value::<serde::de::IgnoredAny>()?;
                                false
                            }
                        },
                    };
                    if twice {
                        return Err(A::Error::custom("duplicate field in tcb"));
                    }
                }
                let pcesvn = pcesvn.ok_or_else(|| A::Error::missing_field("pcesvn"))?;
                Ok(WireTcb { pcesvn, sgx, tdx, numbered })
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Index of `sgxtcbcomp01svn` to `sgxtcbcomp16svn`.
fn component_number(key: &str) -> Option<usize> {
    let digits = key.strip_prefix("sgxtcbcomp")?.strip_suffix("svn")?;
    let number: usize = if digits.len() == 2 { digits.parse().ok()? } else { return None };
    number.checked_sub(1).filter(|index| *index < 16)
}

impl TcbInfo {
    /// Reads TCB info whose signature has been checked.
    pub(crate) fn parse(text: &str, budget: &Budget) -> Result<Self, DocumentFault> {
        let wire: Wire<'_> = wire::read(text, budget.json_depth)?;
        // Intel's QVL reads version 2 for SGX and 3 for both; TDX levels under SGX's rules would leave out the module.
        let tee = match (wire.version, wire.id.as_deref()) {
            (2, None) | (3, Some("SGX")) => Tee::Sgx,
            (3, Some("TDX")) => Tee::Tdx,
            (2 | 3, id) => {
                return Err(wire::fault(Field::Id, "SGX or TDX, none in version 2", id.unwrap_or("none")));
            }
            (version, _) => return Err(wire::fault(Field::Version, "2 or 3", version)),
        };
        // How levels are compared is of type 0; Intel's QVL refuses others.
        if wire.tcb_type != 0 {
            return Err(wire::fault(Field::TcbType, "0", wire.tcb_type));
        }
        let (tdx_module, tdx_modules) = read_modules(tee, &wire)?;
        Ok(Self {
            version: wire.version,
            tee,
            issue_date: wire::date(Field::IssueDate, &wire.issue_date)?,
            next_update: wire::date(Field::NextUpdate, &wire.next_update)?,
            fmspc: Fmspc::new(wire::octets(Field::Fmspc, &wire.fmspc)?),
            pce_id: crate::bytes::PceId::new(wire::octets(Field::PceId, &wire.pce_id)?),
            evaluation_number: wire.tcb_evaluation_data_number,
            tdx_module,
            tdx_modules,
            levels: read_levels(wire.version, tee, &wire.tcb_levels)?,
        })
    }

    /// The module identity for this version.
    #[must_use]
    pub fn module_identity(&self, version: u8) -> Option<&TdxModuleIdentity> {
        self.tdx_modules.iter().find(|identity| identity.version == version)
    }
}

fn read_modules(
    tee: Tee,
    wire: &Wire<'_>,
) -> Result<(Option<TdxModule>, Vec<TdxModuleIdentity>), DocumentFault> {
    // PCS API v4: `tdxModule` stands in TDX documents, in all of them and in no others. Without it no signer or attributes of
    // the module are demanded; beside SGX it would be demanded of nobody.
    match (tee, &wire.tdx_module, &wire.tdx_module_identities) {
        (Tee::Sgx, None, None) => Ok((None, Vec::new())),
        (Tee::Sgx, ..) => Err(wire::fault(Field::TdxModule, "none for SGX", "one")),
        (Tee::Tdx, None, _) => Err(wire::fault(Field::TdxModule, "one for TDX", "none")),
        (Tee::Tdx, Some(module), identities) => {
            let base = read_module(&module.mrsigner, &module.attributes, &module.attributes_mask)?;
            let identities = identities.as_deref().unwrap_or_default();
            // Intel's QVL: none, or at least one.
            if identities.is_empty() && wire.tdx_module_identities.is_some() {
                return Err(wire::fault(Field::TdxModuleIdentities, "none or at least one", "an empty list"));
            }
            let mut modules = Vec::with_capacity(identities.len());
            for identity in identities {
                let read = read_module_identity(identity)?;
                // Of two for one version the first would decide, and which is first is no statement of Intel's.
                if modules.iter().any(|known: &TdxModuleIdentity| known.version == read.version) {
                    return Err(DocumentFault::DuplicateLevel { list: Field::TdxModuleIdentities });
                }
                modules.push(read);
            }
            Ok((Some(base), modules))
        }
    }
}

fn read_module(signer: &str, attributes: &str, mask: &str) -> Result<TdxModule, DocumentFault> {
    // Intel's QVL reads the mask and compares all bits all the same.
    wire::octets::<8>(Field::AttributesMask, mask)?;
    Ok(TdxModule {
        mr_signer: wire::octets(Field::MrSigner, signer)?,
        attributes: wire::octets(Field::Attributes, attributes)?,
    })
}

fn read_module_identity(identity: &WireModuleIdentity<'_>) -> Result<TdxModuleIdentity, DocumentFault> {
    let fault = || wire::fault(Field::ModuleId, "TDX_ and two hex digits", &identity.id);
    let digits = identity.id.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("TDX_"));
    let digits = digits.and_then(|_prefix| identity.id.get(4..)).ok_or_else(fault)?;
    let mut version = [0];
    hex::decode_to_slice(digits, &mut version).map_err(|_digits| fault())?;
    let [version] = version;
    let levels = wire::isv_levels(
        Field::ModuleLevels,
        u16::from(u8::MAX),
        &identity.tcb_levels,
        crate::tcb::of_module,
    )?;
    Ok(TdxModuleIdentity {
        version,
        id: format!("TDX_{version:02X}"),
        module: read_module(&identity.mrsigner, &identity.attributes, &identity.attributes_mask)?,
        levels: levels.highest_first,
        levels_out_of_order: levels.out_of_order,
    })
}

fn read_levels(version: u32, tee: Tee, levels: &[WireLevel<'_>]) -> Result<Vec<TcbLevel>, DocumentFault> {
    // Without a level nothing is reached, and nothing says why.
    if levels.is_empty() {
        return Err(wire::fault(Field::Levels, "at least one", "none"));
    }
    let mut read =
        levels.iter().map(|level| read_level(version, tee, level)).collect::<Result<Vec<_>, _>>()?;
    read.sort_by_key(|level| Reverse((level.sgx, level.pce_svn, level.tdx)));
    let same = |a: &TcbLevel, b: &TcbLevel| (a.sgx, a.pce_svn, a.tdx) == (b.sgx, b.pce_svn, b.tdx);
    // Intel's QVL refuses two levels of the same versions: their order would choose the status.
    if read.iter().zip(read.iter().skip(1)).any(|(a, b)| same(a, b)) {
        return Err(DocumentFault::DuplicateLevel { list: Field::Levels });
    }
    Ok(read)
}

fn read_level(version: u32, tee: Tee, level: &WireLevel<'_>) -> Result<TcbLevel, DocumentFault> {
    let tcb = &level.tcb;
    let numbered = tcb.numbered.iter().any(Option::is_some);
    // The form of the other version beside it is what another reader would take.
    let sgx = match (version, &tcb.sgx) {
        (3, Some(components)) if !numbered => list_components(Field::SgxComponents, components)?,
        (2, None) => numbered_components(&tcb.numbered)?,
        _ => return Err(wire::fault(Field::SgxComponents, "the form of the version", "another form")),
    };
    // A TDX level without TDX components would be reached by any module.
    let tdx = match (tee, &tcb.tdx) {
        (Tee::Tdx, Some(components)) => list_components(Field::TdxComponents, components)?,
        (Tee::Sgx, None) => [0; 16],
        (Tee::Tdx, None) => return Err(wire::fault(Field::TdxComponents, "16 components", "none")),
        (Tee::Sgx, Some(_)) => return Err(wire::fault(Field::TdxComponents, "none for SGX", "some")),
    };
    // Two bytes in the PCK's extension: a number that is cut to them would be a lower demand.
    let pce_svn = u16::try_from(tcb.pcesvn)
        .map_err(|_range| wire::fault(Field::PceSvn, "at most 65535", tcb.pcesvn))?;
    let status = crate::tcb::of_platform(&level.tcb_status)
        .ok_or_else(|| wire::fault(Field::TcbStatus, "one of Intel's seven", &level.tcb_status))?;
    let verdict = wire::verdict(status, &level.tcb_date, &level.advisory_ids)?;
    let mut updates = named(SvnName::Sgx, tcb.sgx.as_deref());
    updates.extend(named(SvnName::Tdx, tcb.tdx.as_deref()));
    Ok(TcbLevel { sgx, pce_svn, tdx, updates, verdict })
}

fn named(name: fn(u8) -> SvnName, components: Option<&[WireComponent]>) -> Vec<(SvnName, String)> {
    let words = |component: &WireComponent| {
        let words: Vec<&str> =
            [&component.category, &component.kind].into_iter().filter_map(|word| word.as_deref()).collect();
        (!words.is_empty()).then(|| words.join(", "))
    };
    (0_u8..)
        .zip(components.unwrap_or_default())
        .filter_map(|(index, component)| Some((name(index), words(component)?)))
        .collect()
}

fn list_components(field: Field, list: &[WireComponent]) -> Result<[u8; 16], DocumentFault> {
    // PCS API v4: sixteen. One that is left out would be a component of which nothing is demanded.
    let list: &[WireComponent; 16] =
        list.try_into().map_err(|_count| wire::fault(field, "16 components", list.len()))?;
    let mut components = [0; 16];
    for (slot, component) in components.iter_mut().zip(list) {
        *slot = wire::svn(field, component.svn)?;
    }
    Ok(components)
}

fn numbered_components(numbered: &[Option<u64>; 16]) -> Result<[u8; 16], DocumentFault> {
    // As of lists: what is absent must not be zero, which every platform reaches.
    let mut components = [0; 16];
    for (slot, number) in components.iter_mut().zip(numbered) {
        let number =
            number.ok_or_else(|| wire::fault(Field::NumberedComponents, "16 components", "fewer"))?;
        *slot = wire::svn(Field::NumberedComponents, number)?;
    }
    Ok(components)
}
