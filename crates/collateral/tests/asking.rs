//! Asking a service: what is requested, how often, and what is refused.

#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "support/world.rs"]
mod world;

use std::time::Duration;
use veritee_collateral::{
    AnswerFault, Error, Evaluation, Lookup, Mode, Need, PccsVersion, Service, ServiceError, Warning, obtain,
    obtain_both, offered_numbers,
};
use veritee_loopback::Reply;
use veritee_model::{Budget, UnixTime};
use veritee_quote::{Collateral, Expiry, Quote, QuoteReason, Tee};
use veritee_testkit::{Role, Shape, Universe};
use world::*;

#[test]
fn a_cold_set_takes_four_requests_at_once_and_a_warm_one_none() {
    let world = World::new();
    let genuine = answers(&universe());
    let pause = Duration::from_millis(150);
    world.server.on(&tcb_target(&need()), [tcb_reply(&genuine).after(pause)]);
    world.server.on(&identity_target(&need()), [identity_reply(&genuine).after(pause)]);
    world.server.on(&list_target(&need()), [list_reply(&genuine).after(pause)]);
    world.server.on("/root.der", [Reply::bytes(genuine.root_ca_crl.clone()).after(pause)]);
    let cold = world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!((cold.requests, world.asked(), cold.from_store), (4, 4, false));
    assert_eq!(world.server.peak_requests(), 4, "asked one after the other");
    assert_eq!(cold.warnings, []);
    let warm = world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!((warm.requests, world.asked(), warm.from_store), (0, 4, true));
    assert_eq!(warm.item.bytes, cold.item.bytes);
    assert_eq!(warm.item.obtained, Some(now().to_string()));
    assert!(
        warm.item.source.contains(&world.server.url("/tdx/certification/v4/tcb")),
        "{}",
        warm.item.source
    );
}

#[test]
fn what_is_obtained_is_what_dcap_qvl_reads_and_it_judges_the_quote() {
    let world = World::new();
    world.serve(&need(), &answers(&universe()));
    let obtained = world.obtain(&need(), now(), Mode::Cached).unwrap();
    let read = Collateral::from_json(&obtained.item.bytes).unwrap();
    let forged = universe().forge();
    assert_eq!(read.parts().tcb_info, forged.collateral.tcb_info.text, "the signed bytes were written anew");
    let prepared = read.verify_at(&root(), now(), Expiry::Enforce).unwrap();
    prepared.verify(&Quote::parse(&forged.quote).unwrap(), now()).unwrap();
}

#[test]
fn signed_bytes_with_odd_spacing_are_kept_as_they_are() {
    let spaced = universe().tcb_info(|info| info.edit = Some(|json| json.replacen(':', " :\t ", 1)));
    let world = World::new();
    world.serve(&need(), &answers(&spaced));
    let obtained = world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!(obtained.collateral.parts().tcb_info, spaced.forge().collateral.tcb_info.text);
    let warm = world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!(warm.item.bytes, obtained.item.bytes);
}

#[test]
fn another_processor_family_takes_one_request_more() {
    let world = World::new();
    world.serve(&need(), &answers(&universe()));
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    let other = Need::parse("tdx", "00806F050000", "platform", "standard").unwrap();
    let family = universe().tcb_info(|info| info.fmspc = "00806F050000".to_owned());
    world.server.on(&tcb_target(&other), [tcb_reply(&answers(&family))]);
    let obtained = world.obtain(&other, now(), Mode::Cached).unwrap();
    assert_eq!((obtained.requests, world.asked()), (1, 5));
    assert_eq!(obtained.warnings, []);
}

#[test]
fn both_verdicts_take_six_requests() {
    let world = World::new();
    let early = need().with(Evaluation::Early);
    let newer = universe()
        .tcb_info(|info| info.evaluation_number = 21)
        .qe_identity(|identity| identity.evaluation_number = 21);
    world.serve(&need(), &answers(&universe())).serve_set(&early, &answers(&newer));
    let [standard, early] =
        run(obtain_both(&world.client, &world.service, &world.store, &need(), now(), Mode::Cached));
    assert_eq!(standard.unwrap().numbers, (20, 20));
    let early = early.unwrap();
    assert_eq!((early.numbers, early.requests), ((21, 21), 2));
    assert_eq!(
        early.warnings,
        [],
        "the early set is no rollback of the standard one, nor the other way round"
    );
    assert_eq!(world.asked(), 6);
}

#[test]
fn only_what_has_expired_is_asked_for_again() {
    let world = World::new();
    let short = universe().pck_crl(|list| list.next_update = Some(at("2026-10-20T00:00:00Z")));
    world.serve_set(&need(), &answers(&short));
    let renewed = universe().pck_crl(|list| {
        list.this_update = at("2026-10-19T00:00:00Z");
        list.set_number(2);
    });
    world.server.on(&list_target(&need()), [list_reply(&answers(&short)), list_reply(&answers(&renewed))]);
    world.server.on("/root.der", [Reply::bytes(answers(&short).root_ca_crl)]);
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    let later = at("2026-10-21T00:00:00Z");
    let Lookup::Stale(_, expired) = world.store.lookup(&need(), later).unwrap() else { panic!("fresh") };
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].until, at("2026-10-20T00:00:00Z"));
    let obtained = world.obtain(&need(), later, Mode::Cached).unwrap();
    assert_eq!((obtained.requests, world.asked()), (1, 5));
    assert_eq!(obtained.warnings, []);
    assert_eq!(obtained.collateral.parts().pck_crl, renewed.forge().collateral.pck_crl);
    assert!(matches!(world.store.lookup(&need(), later).unwrap(), Lookup::Fresh(_)));
}

#[test]
fn a_refresh_asks_for_all_whatever_is_stored() {
    let world = World::new();
    world.serve(&need(), &answers(&universe()));
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!(world.obtain(&need(), now(), Mode::Refresh).unwrap().requests, 4);
    assert_eq!(world.asked(), 8);
}

#[test]
fn a_switch_over_between_two_requests_is_noticed_and_mended() {
    let world = World::new();
    let newer = universe()
        .tcb_info(|info| {
            info.evaluation_number = 21;
            info.fmspc = "00806F050000".to_owned();
        })
        .qe_identity(|identity| identity.evaluation_number = 21);
    world.server.on(&tcb_target(&need()), [tcb_reply(&answers(&universe()))]);
    world.server.on(
        &identity_target(&need()),
        [identity_reply(&answers(&universe())), identity_reply(&answers(&newer))],
    );
    world.serve_lists(&need(), &answers(&universe()));
    world.obtain(&need(), now(), Mode::Cached).unwrap();
    // The standard set is 21 now; the stored QE identity is of 20.
    let other = Need::parse("tdx", "00806F050000", "platform", "standard").unwrap();
    world.server.on(&tcb_target(&other), [tcb_reply(&answers(&newer))]);
    let obtained = world.obtain(&other, now(), Mode::Cached).unwrap();
    assert_eq!((obtained.numbers, obtained.requests), ((21, 21), 2));
    assert_eq!(obtained.warnings, []);
}

#[test]
fn a_service_that_mixes_data_sets_is_reported() {
    let world = World::new();
    world.serve(&need(), &answers(&universe().qe_identity(|identity| identity.evaluation_number = 19)));
    let obtained = world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!(obtained.warnings, [Warning::NumbersDiffer { tcb_info: 20, qe_identity: 19 }]);
    assert_eq!(obtained.requests, 4, "asked again in vain");
}

/// Serves, asks, expects a refusal that names the address, and that nothing was kept.
fn refused(need: &Need, serve: impl FnOnce(&World), url: &str) -> AnswerFault {
    let world = World::new();
    serve(&world);
    let error = world.obtain(need, now(), Mode::Cached).unwrap_err();
    let Error::Refused { url: blamed, fault, .. } = &error else { panic!("{error}") };
    assert_eq!(blamed, &world.server.url(url), "{error}");
    assert!(error.to_string().contains(blamed.as_str()), "{error}");
    assert!(!error.next_step().is_empty());
    let Lookup::Absent(faults) = world.store.lookup(need, now()).unwrap() else { panic!("it was kept") };
    assert_eq!(faults, []);
    assert!(world.store.memory().unwrap().0.is_empty(), "it was remembered");
    fault.clone()
}

#[test]
fn genuine_collateral_of_another_family_is_not_what_was_asked_for() {
    let other = universe().tcb_info(|info| info.fmspc = "00806F050000".to_owned());
    let fault = refused(
        &need(),
        |world| {
            world.serve(&need(), &answers(&other));
        },
        &tcb_target(&need()),
    );
    assert!(matches!(fault, AnswerFault::Fmspc { .. }), "{fault}");
    assert_eq!(fault.to_string(), "asked for FMSPC 70a06d070000, got 00806f050000");
}

#[test]
fn genuine_lists_of_the_other_ca_are_not_what_was_asked_for() {
    let other = Universe::under(SEED, Shape::TdxV4, Role::ProcessorCa);
    let fault = refused(
        &need(),
        |world| {
            world.serve_set(&need(), &answers(&universe())).serve_lists(&need(), &answers(&other));
        },
        &list_target(&need()),
    );
    assert!(matches!(fault, AnswerFault::Ca { .. }), "{fault}");
}

#[test]
fn genuine_collateral_of_sgx_is_not_what_was_asked_for() {
    let fault = refused(
        &need(),
        |world| {
            world.serve(&need(), &answers(&sgx_universe()));
        },
        &tcb_target(&need()),
    );
    assert!(matches!(fault, AnswerFault::Tee { .. }), "{fault}");
}

#[test]
fn genuine_collateral_of_another_number_is_not_what_was_asked_for() {
    let fault = refused(
        &number(21),
        |world| {
            world.serve(&number(21), &answers(&universe()));
        },
        &tcb_target(&number(21)),
    );
    assert_eq!(fault, AnswerFault::Number { expected: 21, got: 20 });
}

#[test]
fn a_body_with_one_changed_byte_is_refused() {
    let mut tampered = answers(&universe());
    let text = String::from_utf8(tampered.tcb_info.clone()).unwrap();
    tampered.tcb_info = text.replacen("OutOfDate", "UpToDate ", 1).into_bytes();
    let fault = refused(
        &need(),
        |world| {
            world.serve(&need(), &tampered);
        },
        &tcb_target(&need()),
    );
    let AnswerFault::Collateral(error) = fault else { panic!("{fault}") };
    assert_eq!(error.reason(), QuoteReason::TcbInfoSignature);
}

#[test]
fn each_answer_is_blamed_for_itself() {
    let break_list = |list: &mut veritee_testkit::CrlSpec| {
        list.edit_der = Some(|der| {
            let last = der.len() - 1;
            der[last] ^= 1;
        });
    };
    let identity = universe().qe_identity(|identity| identity.signed_by = Role::Stranger);
    refused(
        &need(),
        |world| {
            world.serve(&need(), &answers(&identity));
        },
        &identity_target(&need()),
    );
    let pck_crl = universe().pck_crl(break_list);
    refused(
        &need(),
        |world| {
            world.serve(&need(), &answers(&pck_crl));
        },
        &list_target(&need()),
    );
    let root_crl = universe().root_crl(break_list);
    refused(
        &need(),
        |world| {
            world.serve(&need(), &answers(&root_crl));
        },
        "/root.der",
    );
}

#[test]
fn collateral_under_another_root_is_refused() {
    let elsewhere = Universe::new(SEED + 1);
    let fault = refused(
        &need(),
        |world| {
            world.serve(&need(), &answers(&elsewhere));
        },
        &tcb_target(&need()),
    );
    let AnswerFault::Collateral(error) = fault else { panic!("{fault}") };
    assert_eq!(error.reason(), QuoteReason::SignerChainUntrusted);
}

#[test]
fn collateral_from_the_future_is_refused_and_not_remembered() {
    let future = universe().tcb_info(|info| {
        info.issue_date = "2030-01-01T00:00:00Z".to_owned();
        info.next_update = "2030-02-01T00:00:00Z".to_owned();
    });
    let fault = refused(
        &need(),
        |world| {
            world.serve(&need(), &answers(&future));
        },
        &tcb_target(&need()),
    );
    let AnswerFault::Collateral(error) = fault else { panic!("{fault}") };
    assert_eq!(error.reason(), QuoteReason::TcbInfoNotYetValid);
}

#[test]
fn a_missing_chain_header_is_named() {
    let genuine = answers(&universe());
    let fault = refused(
        &need(),
        |world| {
            world.server.on(&tcb_target(&need()), [Reply::json(genuine.tcb_info.clone())]);
            world.server.on(&identity_target(&need()), [identity_reply(&genuine)]);
            world.serve_lists(&need(), &genuine);
        },
        &tcb_target(&need()),
    );
    assert_eq!(fault, AnswerFault::ChainMissing { header: "TCB-Info-Issuer-Chain" });
}

#[test]
fn two_different_chain_headers_are_no_chain() {
    let genuine = answers(&universe());
    let twice = tcb_reply(&genuine).header("TCB-Info-Issuer-Chain", &genuine.pck_crl_chain);
    let fault = refused(
        &need(),
        |world| {
            world.server.on(&tcb_target(&need()), [twice]);
            world.server.on(&identity_target(&need()), [identity_reply(&genuine)]);
            world.serve_lists(&need(), &genuine);
        },
        &tcb_target(&need()),
    );
    assert!(matches!(fault, AnswerFault::ChainMissing { .. }), "{fault}");
}

#[test]
fn a_page_of_a_proxy_is_shown_for_what_it_is() {
    let genuine = answers(&universe());
    let fault = refused(
        &need(),
        |world| {
            let page = Reply::ok("text/html", "<html>\u{1b}[2JPlease log in</html>")
                .header("TCB-Info-Issuer-Chain", &genuine.tcb_info_chain);
            world.server.on(&tcb_target(&need()), [page]);
            world.server.on(&identity_target(&need()), [identity_reply(&genuine)]);
            world.serve_lists(&need(), &genuine);
        },
        &tcb_target(&need()),
    );
    assert!(fault.to_string().contains("Please log in"), "{fault}");
    assert!(!fault.to_string().contains('\u{1b}'), "{fault}");
}

#[test]
fn an_answer_without_signature_or_body_is_refused() {
    let genuine = answers(&universe());
    for (body, wanted) in
        [("", "empty"), ("{\"tcbInfo\":{}}", "signature"), ("{\"signature\":\"\"}", "tcbInfo")]
    {
        let fault = refused(
            &need(),
            |world| {
                let reply = Reply::json(body).header("TCB-Info-Issuer-Chain", &genuine.tcb_info_chain);
                world.server.on(&tcb_target(&need()), [reply]);
                world.server.on(&identity_target(&need()), [identity_reply(&genuine)]);
                world.serve_lists(&need(), &genuine);
            },
            &tcb_target(&need()),
        );
        assert!(fault.to_string().contains(wanted), "{fault}");
    }
}

#[test]
fn a_chain_with_broken_coding_is_refused() {
    let mut broken = answers(&universe());
    broken.qe_identity_chain.push_str("%4");
    let fault = refused(
        &need(),
        |world| {
            world.serve(&need(), &broken);
        },
        &identity_target(&need()),
    );
    assert!(matches!(fault, AnswerFault::Collateral(_)), "{fault}");
}

/// Serves one broken TCB info beside three genuine answers.
fn failure(need: &Need, replies: Vec<Reply>) -> (World, Error) {
    let world = World::new();
    let genuine = answers(&universe());
    world.server.on(&tcb_target(need), replies);
    world.server.on(&identity_target(need), [identity_reply(&genuine)]);
    world.serve_lists(need, &genuine);
    let error = world.obtain(need, now(), Mode::Cached).unwrap_err();
    assert!(!error.next_step().is_empty());
    assert!(matches!(world.store.lookup(need, now()).unwrap(), Lookup::Absent(_)), "it was kept");
    (world, error)
}

#[test]
fn an_answer_that_is_cut_off_or_has_no_end_is_no_answer() {
    let genuine = answers(&universe());
    let cut = tcb_reply(&genuine).announcing(1 << 19);
    let (_, error) = failure(&need(), vec![cut]);
    assert!(matches!(&error, Error::Fetch { item: "TCB info", .. }), "{error}");
    let (world, error) = failure(&need(), vec![Reply::endless("[".repeat(4096))]);
    assert!(matches!(&error, Error::Fetch { .. }), "{error}");
    assert!(world.server.bytes_sent() < 8 << 20, "{} bytes were sent", world.server.bytes_sent());
}

#[test]
fn a_busy_service_is_waited_for_and_asked_again() {
    let world = World::new();
    let genuine = answers(&universe());
    world.server.on(&tcb_target(&need()), [Reply::retry_after("1"), tcb_reply(&genuine)]);
    world.server.on(&identity_target(&need()), [identity_reply(&genuine)]);
    world.serve_lists(&need(), &genuine);
    let obtained = world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!((obtained.requests, world.asked()), (4, 5));
}

#[test]
fn a_service_that_is_busy_for_too_long_is_an_error_with_its_address() {
    let (world, error) = failure(&need(), vec![Reply::retry_after("86400")]);
    assert!(matches!(&error, Error::Fetch { .. }), "{error}");
    assert!(error.to_string().contains(&world.server.url("/tdx/certification/v4/tcb")), "{error}");
}

#[test]
fn an_unknown_number_a_withdrawn_number_and_an_unknown_family_are_told_apart() {
    let (_, error) = failure(&number(99), vec![Reply::status(404)]);
    assert!(matches!(error, Error::NumberUnknown { number: 99, .. }), "{error}");
    let (_, error) = failure(&number(10), vec![Reply::status(410)]);
    assert!(matches!(error, Error::NumberWithdrawn { number: 10, .. }), "{error}");
    assert!(error.to_string().contains("withdrawn"), "{error}");
    let (_, error) = failure(&need(), vec![Reply::status(404)]);
    assert!(matches!(error, Error::NotServed { .. }), "{error}");
    let (_, error) = failure(&need(), vec![Reply::status(500)]);
    assert!(matches!(error, Error::Fetch { .. }), "{error}");
}

#[test]
fn the_fault_that_is_reported_does_not_depend_on_who_answers_first() {
    let world = World::new();
    world.server.on(&tcb_target(&need()), [Reply::status(403).after(Duration::from_millis(200))]);
    world.server.on(&identity_target(&need()), [Reply::status(403)]);
    let error = world.obtain(&need(), now(), Mode::Cached).unwrap_err();
    assert!(matches!(&error, Error::Fetch { item: "TCB info", .. }), "{error}");
}

#[test]
fn a_pccs_of_version_3_is_read_as_it_answers() {
    let world = World::pccs(PccsVersion::V3);
    let sgx = answers(&sgx_universe());
    let path = "/sgx/certification/v3";
    world.server.on(
        &format!("{path}/tcb?fmspc=70a06d070000"),
        [Reply::json(sgx.tcb_info.clone()).header("SGX-TCB-Info-Issuer-Chain", &sgx.tcb_info_chain)],
    );
    world.server.on(&format!("{path}/qe/identity"), [identity_reply(&sgx)]);
    let list = Reply::text(hex::encode(&sgx.pck_crl)).header("SGX-PCK-CRL-Issuer-Chain", &sgx.pck_crl_chain);
    world.server.on(&format!("{path}/pckcrl?ca=platform"), [list]);
    world.server.on(&format!("{path}/rootcacrl"), [Reply::text(hex::encode(&sgx.root_ca_crl))]);
    let obtained = world.obtain(&sgx_need(), now(), Mode::Cached).unwrap();
    assert_eq!((obtained.requests, obtained.warnings), (4, Vec::new()));
    assert_eq!(obtained.collateral.parts().pck_crl, sgx.pck_crl);
    let error = world.obtain(&need(), now(), Mode::Cached).unwrap_err();
    assert!(matches!(error, Error::Service(ServiceError::TdxNeedsVersion4)), "{error}");
    assert_eq!(world.asked(), 4, "it was asked for TDX all the same");
}

#[test]
fn a_pccs_of_version_4_gives_the_roots_list_itself_in_hex() {
    let world = World::pccs(PccsVersion::V4);
    let genuine = answers(&universe());
    world.serve_set(&need(), &genuine);
    world.server.on(&list_target(&need()), [list_reply(&genuine)]);
    world
        .server
        .on("/sgx/certification/v4/rootcacrl", [Reply::text(hex::encode_upper(&genuine.root_ca_crl))]);
    let obtained = world.obtain(&need(), now(), Mode::Cached).unwrap();
    assert_eq!((obtained.requests, world.asked()), (4, 4));
    assert_eq!(obtained.collateral.parts().root_ca_crl, genuine.root_ca_crl);
}

#[test]
fn the_numbers_that_a_service_offers_are_listed_newest_first() {
    let world = World::new();
    let number = |number: u32, year: u32| {
        format!(
            "{{\"tcbEvaluationDataNumber\":{number},\"tcbRecoveryEventDate\":\"{year}-05-13T00:00:00Z\",\
             \"tcbDate\":\"{year}-05-14T00:00:00Z\"}}"
        )
    };
    let body = |id: &str| {
        format!(
            "{{\"tcbEvaluationDataNumbers\":{{\"id\":\"{id}\",\"version\":1,\"tcbEvalNumbers\":[{},{}]}},\
             \"signature\":\"00\"}}",
            number(17, 2024),
            number(19, 2025)
        )
    };
    let path = "/tdx/certification/v4/tcbevaluationdatanumbers";
    world.server.on(path, [Reply::json(body("TDX")), Reply::json(body("SGX")), Reply::text("<html>")]);
    let offered = run(offered_numbers(&world.client, &world.service, Tee::Tdx, &Budget::STANDARD)).unwrap();
    let listed: Vec<(u32, UnixTime)> = offered.iter().map(|offer| (offer.number, offer.tcb_date)).collect();
    assert_eq!(listed, [(19, at("2025-05-14T00:00:00Z")), (17, at("2024-05-14T00:00:00Z"))]);
    for wanted in ["asked for TDX, got SGX", "<html>"] {
        let error =
            run(offered_numbers(&world.client, &world.service, Tee::Tdx, &Budget::STANDARD)).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn nobody_at_the_address_is_an_error_with_a_next_step() {
    let world = World::new();
    let gone = {
        let server = veritee_loopback::Server::http();
        Service::intel_at(&server.url(""), &server.url("/root.der")).unwrap()
    };
    let error = run(obtain(&world.client, &gone, &world.store, &need(), now(), Mode::Cached)).unwrap_err();
    assert!(matches!(&error, Error::Fetch { .. }), "{error}");
    assert!(!error.next_step().is_empty());
}
