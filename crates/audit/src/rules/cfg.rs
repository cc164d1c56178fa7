//! CFG: dstack's own switches.

mod dp_cfg_001;
mod dp_cfg_003;
mod dp_cfg_004;
mod dp_cfg_005;
mod dp_cfg_006;
mod dp_cfg_007;
mod dp_cfg_008;
mod dp_cfg_009;
mod dp_cfg_010;
mod dp_cfg_011;
mod dp_cfg_012;
mod dp_cfg_013;

table! {
    dp_cfg_001 dp_cfg_003 dp_cfg_004 dp_cfg_005 dp_cfg_006 dp_cfg_007 dp_cfg_008 dp_cfg_009 dp_cfg_010
    dp_cfg_011 dp_cfg_012 dp_cfg_013
}

use crate::view::View;

/// How the guest decides on the key provider (dstack-types, `AppCompose`).
pub(super) fn key_provider(view: &View) -> String {
    if let Some(name) = view.text_of("key_provider") {
        return name.to_owned();
    }
    let legacy = view
        .get("features")
        .and_then(|features| features.as_array())
        .is_some_and(|list| list.iter().any(|item| item == "kms"));
    if view.flag("kms_enabled") == Some(true) || legacy {
        "kms".to_owned()
    } else if view.flag("local_key_provider_enabled") == Some(true) {
        "local".to_owned()
    } else {
        "none".to_owned()
    }
}

/// Whether the application is reached through dstack-gateway.
pub(super) fn has_gateway(view: &View) -> bool {
    let legacy = view
        .get("features")
        .and_then(|features| features.as_array())
        .is_some_and(|list| list.iter().any(|item| item == "tproxy-net"));
    view.flag("gateway_enabled") == Some(true) || view.flag("tproxy_enabled") == Some(true) || legacy
}
