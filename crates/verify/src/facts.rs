//! Facts of the quote and the platform in the shape of the report.

use veritee_model::report::{EnclaveFacts, QuoteFacts, TcbFacts};
use veritee_model::{Sha256Digest, UnixTime};
use veritee_quote::error::Source;
use veritee_quote::{Body, Quote, TdReport, VerifiedQuote};

pub(crate) fn quote(quote: &Quote, td: &TdReport) -> QuoteFacts {
    let [rtmr0, rtmr1, rtmr2, rtmr3] = td.rtmrs;
    QuoteFacts {
        version: quote.header().version,
        tee: quote.tee().to_string(),
        signed_sha256: quote.signed_sha256(),
        tee_tcb_svn: td.tee_tcb_svn,
        mr_seam: td.mr_seam,
        mr_signer_seam: td.mr_signer_seam,
        td_attributes: td.td_attributes,
        xfam: td.xfam,
        mrtd: td.mrtd,
        mr_config_id: td.mr_config_id,
        mr_owner: td.mr_owner,
        mr_owner_config: td.mr_owner_config,
        rtmr0,
        rtmr1,
        rtmr2,
        rtmr3,
        report_data: td.report_data,
        tee_tcb_svn_2: td.tee_tcb_svn2,
        mr_service_td: td.mr_service_td,
    }
}

pub(crate) fn enclave(quote: &Quote) -> Option<EnclaveFacts> {
    let Body::Sgx(report) = quote.body() else { return None };
    Some(EnclaveFacts {
        version: quote.header().version,
        signed_sha256: quote.signed_sha256(),
        mr_enclave: Sha256Digest::new(*report.mr_enclave.as_bytes()),
        mr_signer: Sha256Digest::new(*report.mr_signer.as_bytes()),
        isv_prod_id: report.isv_product_id,
        isv_svn: report.isv_svn,
        debug: report.is_debug(),
        report_data: report.report_data,
    })
}

pub(crate) fn tcb(verified: &VerifiedQuote, decided_by: Vec<String>) -> TcbFacts {
    let tcb = verified.tcb();
    let platform = verified.platform();
    let collateral = verified.collateral();
    let unknown = UnixTime::from_seconds(0);
    // Certificates are issued for decades: what can be stale are the four documents.
    let documents = [Source::TcbInfo, Source::QeIdentity, Source::PckCrl, Source::RootCaCrl];
    let issued =
        documents.iter().filter_map(|source| collateral.dates(*source)).map(|dates| dates.issued).min();
    let shortfalls = tcb.shortfalls.iter().map(ToString::to_string).collect();
    TcbFacts {
        status: tcb.status,
        platform: tcb.launch.platform.status,
        module: tcb.launch.tdx_module.as_ref().map(|module| module.status),
        qe: tcb.launch.quoting_enclave.status,
        date: tcb.date,
        advisories: tcb.advisories.clone(),
        evaluation_number: tcb.evaluation_number(),
        fmspc: platform.fmspc,
        ppid_sha256: Sha256Digest::of(platform.ppid.as_bytes()),
        collateral_expires: collateral.earliest_expiration().unwrap_or(unknown),
        collateral_issued: issued.unwrap_or(unknown),
        decided_by,
        shortfalls,
    }
}
