//! `veritee serve`: the program's own verdicts, over HTTP.

mod service;

use crate::cli::network::Evaluation;
use crate::cli::{Format, Global, Serve};
use crate::failure::Failure;
use crate::{input, interrupt, output};
use service::Service;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use veritee_client::Url;
use veritee_collateral::{INTEL_PCS, INTEL_ROOT_CRL};
use veritee_model::ExitCode;
use veritee_server::{Limits, Log, Page, Settings, Tokens};

pub(crate) fn run(options: &Serve, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "serve")?;
    let tokens = options.tokens.as_deref().map(tokens).transpose()?;
    if tokens.is_none() && !options.open && !options.listen.ip().is_loopback() {
        return Err(Failure::usage(format!("{}: not a loopback address, and no --tokens", options.listen))
            .help("name a file of tokens, or say --open to answer whoever reaches the address"));
    }
    if options.network.evaluation == Evaluation::Both {
        return Err(Failure::usage("`--evaluation both` makes two verdicts, a request has one answer"));
    }
    hosts(options)?;
    let service = Service::new(options, global)?;
    let limits = limits(options);
    let settings =
        Settings { limits, tokens, page: options.site.as_deref().map(page).transpose()?, log: log(global) };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        // Verifications, and what reads pages: more are never begun.
        .max_blocking_threads(limits.jobs.saturating_add(2))
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("runtime: {error}")))?;
    let asked = interrupt::claim();
    interrupt::on_hang_up(service.stale())?;
    let stop = async {
        while !asked.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let served = runtime.block_on(async {
        let failed = |error: std::io::Error| {
            Failure::unobtainable(format!("--listen {}: {error}", options.listen))
                .help("another program may have the port; --listen 127.0.0.1:0 takes a free one")
        };
        let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        output::note(global, &format!("listening on http://{address}"));
        veritee_server::serve(listener, settings, Arc::new(service), stop).await.map_err(failed)
    });
    // What still computes is ended with the program.
    runtime.shutdown_background();
    served?;
    output::note(global, "stopped");
    Ok(ExitCode::Verified)
}

/// The page that `veritee site` wrote. Its own policy goes along as a header.
fn page(path: &std::path::Path) -> Result<Page, Failure> {
    let source = input::read(path)?;
    let page = String::from_utf8(source.bytes).ok().and_then(|html| {
        let policy = super::site::policy_of(&html)?.to_owned();
        Page::new(html, &policy)
    });
    page.ok_or_else(|| {
        Failure::usage(format!("{}: not a page of `veritee site`", input::shown(path)))
            .help("`veritee site -o DIR` writes DIR/index.html")
    })
}

fn limits(options: &Serve) -> Limits {
    let bounds = &options.bounds;
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    Limits {
        connections: bounds.connections,
        body_bytes: bounds.body_bytes,
        line_bytes: bounds.body_bytes,
        head_time: Duration::from_secs(bounds.body_time),
        body_time: Duration::from_secs(bounds.body_time),
        work_time: Duration::from_secs(bounds.work_time),
        jobs: if bounds.jobs == 0 { cores() } else { bounds.jobs },
        queue: bounds.queue,
        batches: bounds.batches,
        ..Limits::default()
    }
}

/// A line for each request, where they are asked for.
fn log(global: &Global) -> Option<Log> {
    let wanted = global.verbose > 0 && !global.quiet;
    wanted.then(|| -> Log { Arc::new(output::say) })
}

fn tokens(path: &std::path::Path) -> Result<Tokens, Failure> {
    let source = input::read(path)?;
    let shown = input::shown(path);
    let text = std::str::from_utf8(&source.bytes)
        .map_err(|error| Failure::usage(format!("{shown}: not UTF-8 at byte {}", error.valid_up_to())))?;
    Tokens::parse(text).map_err(|error| Failure::usage(format!("{shown}: {error}")))
}

/// The hosts named are those that would be asked, no fewer and no others: whoever reads the command knows who is.
fn hosts(options: &Serve) -> Result<(), Failure> {
    if options.allow_fetch.is_empty() {
        return Ok(());
    }
    let asked = match &options.network.pccs {
        Some(base) => vec![base.as_str()],
        None => vec![INTEL_PCS, INTEL_ROOT_CRL],
    };
    let host = |url: &str| Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let asked: Vec<String> = asked.into_iter().filter_map(host).collect();
    let named = |host: &String| options.allow_fetch.iter().any(|name| name.eq_ignore_ascii_case(host));
    let known = |name: &&String| asked.iter().any(|host| host.eq_ignore_ascii_case(name));
    if let Some(missing) = asked.iter().find(|host| !named(host)) {
        return Err(Failure::usage(format!("--allow-fetch: {missing} would be asked, and is not named"))
            .help(format!("expected --allow-fetch {}", asked.join(","))));
    }
    match options.allow_fetch.iter().find(|name| !known(name)) {
        Some(name) => {
            let name = veritee_model::text::inert(name);
            Err(Failure::usage(format!("--allow-fetch: nothing asks {name}"))
                .help(format!("expected --allow-fetch {}", asked.join(","))))
        }
        None => Ok(()),
    }
}
