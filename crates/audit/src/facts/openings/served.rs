//! Administration, management and code that a request carries, where somebody reaches them.

use super::{Asked, Found, Kind};
use crate::facts::address;
use crate::facts::settings::{Carrier, Setting};
use crate::facts::switches;
use crate::pattern::pattern;
use crate::script::Command;
use veritee_compose::{Span, Value};
use veritee_model::Severity;

const CHANGES: &str = "whoever reaches it changes what runs";
const RUNS: &str = "whoever reaches it runs code";
const SHOWS: &str = "whoever reaches it sees what is inside";

/// Words of a listener by which a program is governed.
#[rustfmt::skip]
const GOVERNS: &[&str] = &[
    "ADMIN", "ADMINISTRATION", "MANAGEMENT", "MGMT", "CONTROL", "PPROF", "PRIVVALIDATOR", "VALIDATOR", "SIGNER",
    "KEYMANAGER",
    "PRIVATE", "SUPERVISOR", "WALLET",
];

/// Words of a name whose value says where a program listens.
const LISTENS: &[&str] = &["ADDR", "ADDRESS", "LADDR", "LISTEN", "LISTENER", "BIND", "INTERFACE", "ENDPOINT"];

pub(super) fn setting(asked: &Asked<'_, '_>, setting: &Setting) -> Option<Found> {
    let value = setting.value.trim().to_ascii_lowercase();
    let door = |severity, why| Some((Kind::Door, severity, why));
    if unsafe_parts(setting, &value) {
        return door(asked.grade(), "parts of the interface that govern the program are served");
    }
    if governed_from_everywhere(asked, setting, &value) {
        return door(Severity::High, CHANGES);
    }
    if governed_on_a_published_port(asked, setting, &value) {
        return door(Severity::Medium, CHANGES);
    }
    let told = setting.carrier != Carrier::Variable && switches::is_on(&value);
    let unsafe_by_name = setting.names(&["UNSAFE"])
        || setting.names(&["INSECURE"]) && setting.names(&["ALLOW", "ENABLE", "ENABLED"]);
    if setting.carrier == Carrier::Option && told && unsafe_by_name && !switches::is_turned(setting.own()) {
        return door(Severity::Medium, "by its own name it is not safe");
    }
    let profiled =
        setting.names(&["PPROF", "PROFILER", "INSPECTOR", "REPL"]) && setting.names(&["ENABLE", "ENABLED"]);
    if told && profiled && !switches::is_turned(setting.own()) {
        return door(Severity::Medium, SHOWS);
    }
    if setting.letters() == "SHARE" && setting.carrier == Carrier::Option && setting.shown == "--share" {
        return door(Severity::High, "a tunnel of the maker makes it public");
    }
    if governed_by_callers(setting, &value) {
        return door(Severity::Medium, CHANGES);
    }
    if chosen_by_caller(setting) {
        return door(asked.grade(), "who calls chooses where it goes");
    }
    if setting.carrier == Carrier::Text && value.trim_matches('"') == "api@internal" && !asked.together.asks {
        return door(asked.grade(), SHOWS);
    }
    if shows_inside(setting, &value) {
        return door(asked.grade(), SHOWS);
    }
    if carries_code(setting, &value) {
        return door(asked.grade(), RUNS);
    }
    if changed_while_running(asked, setting, &value) {
        return door(asked.grade(), CHANGES);
    }
    if opens_files(setting, &value) {
        return door(asked.grade(), "a request names any file");
    }
    if listens_for_code(asked, setting, &value) {
        return door(Severity::High, RUNS);
    }
    if remote_hand(setting, &value) {
        return door(Severity::High, "somebody outside changes what the program does");
    }
    let passed = setting.carrier == Carrier::Text && !asked.closed;
    passed.then(|| passed_on(asked, setting)).flatten()
}

pattern!(
    CHOSEN,
    r"\{(?:http\.request\.)?(?:header|query|cookie|host|uri)[.}]|\$(?:http_|arg_|cookie_)\w+",
    ["header", "query", "cookie", "host", "uri", "$http_", "$arg_"]
);

/// A proxy whose target stands in the request.
fn chosen_by_caller(setting: &Setting) -> bool {
    let passes = setting.letters();
    let passes =
        matches!(passes.as_str(), "REVERSEPROXY" | "PROXYPASS" | "GRPCPASS" | "FASTCGIPASS" | "UWSGIPASS");
    let target = setting.value.split("://").last().unwrap_or("");
    let host = target.split('/').next().unwrap_or(target);
    passes && setting.carrier == Carrier::Text && CHOSEN.is_match(host)
}

/// Switches by which whoever calls governs, or ends, the program.
fn governed_by_callers(setting: &Setting, value: &str) -> bool {
    let asks = setting.names(&["ALLOW", "ALLOWED", "ENABLE", "ENABLED"]);
    let ends =
        setting.names(&["TERMINATE", "SHUTDOWN", "RESTART"]) && !setting.names(&["GRACEFUL", "TIMEOUT"]);
    let admin = setting.names(&["ADMIN"]) && setting.names(&["API", "RPC", "INTERFACE"]);
    let template = setting.names(&["TRUST"]) && setting.names(&["TEMPLATE"]);
    // Settings of all requests are changed there: llama.cpp, tools/server/README.md.
    let props = setting.letters() == "PROPS" && setting.shown == "--props";
    let on = switches::is_on(value) && !switches::is_turned(setting.own());
    on && (asks && (ends || admin) || template || props)
}

/// `--http.api=…,admin`, `rpc-methods=unsafe`.
fn unsafe_parts(setting: &Setting, value: &str) -> bool {
    const PARTS: &[&str] =
        &["admin", "debug", "personal", "unsafe", "miner", "txpool-admin", "metadata", "pgdump", "config"];
    let last = setting.own().last().map_or("", String::as_str);
    let letters = setting.letters();
    let parts = ["API", "APIS", "MODULES", "NAMESPACES"].iter().any(|end| letters.ends_with(end))
        || last == "METHODS" && setting.has(&["RPC", "JSONRPC"]);
    // What the web calls the kinds of a request.
    let tokens = value.split(|c: char| c.is_whitespace() || ",;[]\"'".contains(c));
    parts && tokens.into_iter().any(|token| PARTS.contains(&token))
}

/// A listener by which the program is governed, on an interface that others reach.
fn governed_from_everywhere(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> bool {
    let letters = setting.letters();
    let above = setting.context.rsplit('.').next().unwrap_or("").to_ascii_uppercase();
    let governs = setting.names(GOVERNS)
        || GOVERNS.contains(&above.as_str())
        || letters.starts_with("PRIVVALIDATOR")
        // The interface of kubo that governs it is called so.
        || letters == "ADDRESSESAPI"
        || letters == "API" && setting.has(&["ADDRESSES"]);
    // What is off listens nowhere.
    if !governs || asked.together.shut.contains(&setting.stem()) {
        return false;
    }
    // Host and port apart.
    if setting.names(&["HOST", "IP"]) && matches!(value, "0.0.0.0" | "::" | "*") {
        let port = asked.together.ports.get(&setting.stem());
        return port.is_some_and(|port| asked.exposes(Some(port)));
    }
    let listens = setting.names(LISTENS) || letters.ends_with("LADDR") || letters.ends_with("API");
    listens
        && everywhere(value).is_some_and(|port| {
            asked.exposes(Some(&port).filter(|port| !port.is_empty()).map(String::as_str))
        })
}

/// The port of administration, where that very port is published.
fn governed_on_a_published_port(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> bool {
    let above = setting.context.rsplit('.').next().unwrap_or("").to_ascii_uppercase();
    let admin = ["ADMIN", "ADMINISTRATION", "KEYMANAGER"];
    let governs = setting.names(&admin) || admin.contains(&above.as_str());
    let last = setting.own().last().is_some_and(|last| last == "PORT");
    let number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let own = asked.together.own.contains(&setting.stem());
    governs && last && number && !own && !asked.service.ports.is_empty() && asked.exposes(Some(value))
}

/// The port of an address on all interfaces; empty where none stands there.
fn everywhere(value: &str) -> Option<String> {
    for entry in value.split([',', ' ']) {
        let entry = entry.trim_matches(['"', '\'', '[', ']']);
        let bare = entry.split_once("://").map_or(entry, |(_, rest)| rest);
        if let Some(rest) =
            bare.strip_prefix("/ip4/0.0.0.0/tcp/").or_else(|| bare.strip_prefix("/ip6/::/tcp/"))
        {
            return Some(digits(rest));
        }
        let open = ["0.0.0.0", "[::]", "::]", "*"].iter().find_map(|all| bare.strip_prefix(*all));
        let open =
            open.or_else(|| Some(bare).filter(|bare| bare.starts_with(':') && !bare.starts_with("::")));
        if let Some(rest) = open.filter(|rest| rest.is_empty() || rest.starts_with([':', '/'])) {
            return Some(digits(rest.trim_start_matches(':')));
        }
        if bare == "::" {
            return Some(String::new());
        }
    }
    None
}

fn digits(text: &str) -> String {
    text.chars().take_while(char::is_ascii_digit).collect()
}

/// Memory, variables and threads of the program, over its own interface.
fn shows_inside(setting: &Setting, value: &str) -> bool {
    const INSIDE: &[&str] = &[
        "*",
        "heapdump",
        "env",
        "threaddump",
        "shutdown",
        "jolokia",
        "configprops",
        "loggers",
        "httptrace",
        "httpexchanges",
        "logfile",
        "sessions",
    ];
    let exposed = setting.has(&["EXPOSURE", "EXPOSED"]) && setting.names(&["INCLUDE", "ENDPOINTS"]);
    let parts = || value.split(|c: char| c.is_whitespace() || ",[]\"'".contains(c));
    if exposed && parts().any(|part| INSIDE.contains(&part)) {
        return true;
    }
    // Prompts of others, in llama.cpp's own words: github.com/ggml-org/llama.cpp, tools/server/README.md.
    let name = setting.letters();
    let slots = name == "SLOTS" && setting.carrier == Carrier::Option && value == "true"
        || name == "LLAMAARGENDPOINTSLOTS";
    slots && switches::is_on(value)
}

/// A switch or a mode by which requests bring code with them.
fn carries_code(setting: &Setting, value: &str) -> bool {
    let on = switches::is_on(value);
    if setting.letters() == "MODELCONTROLMODE" && matches!(value, "explicit" | "poll") {
        return true;
    }
    if !on || switches::is_turned(&setting.words) {
        return false;
    }
    if setting.has(&["SCRIPT", "SCRIPTS"]) && setting.names(&["INLINE", "DYNAMIC"]) {
        return true;
    }
    let asks = setting.has(&["ENABLE", "ENABLED", "ALLOW", "ALLOWED", "ENABLES", "PERMIT"]);
    let pair = |one: &[&str], two: &[&str]| setting.has(one) && setting.has(two);
    let code = &[
        "CODE",
        "COMPONENT",
        "COMPONENTS",
        "FUNCTION",
        "FUNCTIONS",
        "PROCESSOR",
        "PROCESSORS",
        "SCRIPT",
        "SCRIPTS",
    ];
    // Commands of a store by which it loads modules, or is looked into.
    let orders = pair(&["MODULE", "DEBUG", "TEST", "ADMIN"], &["COMMAND", "COMMANDS"]);
    let language =
        setting.names(&["JAVASCRIPT", "SCRIPTING", "GROOVY"]) && !setting.has(&["CLIENT", "BROWSER", "UI"]);
    asks && (orders || language || pair(&["SCRIPT", "SCRIPTS"], &["CHECK", "CHECKS"]) && !setting.has(&["LOCAL"])
        || pair(&["CUSTOM", "ARBITRARY", "REMOTE", "USER"], code) && !setting.has(&["TRUST", "STATUS", "ERROR"])
        || setting.names(&["PICKLE", "EVAL", "SHELL"]) && !setting.has(&["WORDS", "COLOR", "COMPLETION"])
        || setting.names(&["SUBMIT", "SUBMISSION"]) && setting.has(&["WEB", "REST", "JOB", "JOBS", "API"])
        || pair(&["DEBUGGER", "REPL", "PREPL"], &["ENABLE", "ENABLED", "ALLOW"]))
        // The master of Spark takes jobs there: spark.apache.org/docs/latest/security.html.
        || setting.letters() == "SPARKMASTERRESTENABLED"
}

/// Settings, models or adapters that are replaced while it runs.
fn changed_while_running(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> bool {
    if !switches::is_on(value) || switches::is_turned(&setting.words) {
        return false;
    }
    let what = setting.names(&[
        "MODEL", "MODELS", "LORA", "ADAPTER", "ADAPTERS", "CONFIG", "SETTINGS", "PLUGIN", "PLUGINS",
        "WEIGHTS", "ROUTES",
    ]);
    let how = setting.names(&["RUNTIME", "DYNAMIC", "UPDATING", "UPLOAD", "UPLOADS", "HOT", "HOTSWAP"]);
    let asks = setting.names(&["ALLOW", "ALLOWED", "ENABLE", "ENABLED", "PERMIT"]);
    let stored = setting.names(&["STORE"]) && setting.names(&["DB", "DATABASE"]);
    what && (how && asks || stored && !asked.together.admin_key)
}

/// A folder out of which requests may name files, and that holds everything.
fn opens_files(setting: &Setting, value: &str) -> bool {
    let folder = setting.names(&[
        "PATH",
        "PATHS",
        "DIR",
        "DIRS",
        "DIRECTORY",
        "DIRECTORIES",
        "ROOT",
        "ROOTS",
        "FILES",
        "FOLDER",
    ]);
    // Where MySQL reads and writes files for whoever asks.
    if setting.letters() == "SECUREFILEPRIV" && value.is_empty() && setting.carrier == Carrier::Text {
        return true;
    }
    // A folder of the whole machine as that of pages: `root /;`, `alias /etc/;`.
    const MACHINE: &[&str] = &["/", "/proc", "/etc", "/root", "/run", "/var"];
    let name = setting.name.to_ascii_lowercase();
    let pages = matches!(name.as_str(), "root" | "alias") && !setting.shown.contains([':', '=']);
    let root = value.trim_start_matches("* ").split_whitespace().next_back().unwrap_or("");
    if pages && (root == "/" || root.starts_with("/proc/") || MACHINE.contains(&root.trim_end_matches('/'))) {
        return true;
    }
    let all = matches!(
        value,
        "/" | "/*" | "/**" | "*" | "/proc" | "/etc" | "/root" | "/run" | "/var/run" | "file:///"
    );
    folder && all && setting.names(&["ALLOWED", "ALLOW", "PERMITTED", "ACCESSIBLE"])
}

/// A listener of a protocol in which every message runs code.
fn listens_for_code(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> bool {
    let name = setting.letters();
    let uwsgi =
        setting.has(&["UWSGI"]) && matches!(name.as_str(), "SOCKET" | "UWSGISOCKET" | "UWSGIUWSGISOCKET");
    if uwsgi {
        return everywhere(value)
            .is_some_and(|port| asked.exposes(Some(port.as_str()).filter(|port| !port.is_empty())));
    }
    // An agent of a run time that takes orders: its options stand behind its file.
    if setting.name.starts_with("javaagent:")
        && (setting.name.contains("jolokia") || setting.name.contains("jmx"))
    {
        let of = |key: &str| value.split(',').find_map(|part| part.trim().strip_prefix(key)).unwrap_or("");
        return setting.name.contains("jolokia")
            && everywhere(of("host=")).is_some()
            && of("user=").is_empty()
            && asked.exposes(Some(of("port=")).filter(|port| !port.is_empty()));
    }
    // Erlang's distribution: nodes that know the cookie run everything on each other.
    let distribution = matches!(name.as_str(), "ERLEPMDPORT" | "INETDISTLISTENMIN" | "INETDISTLISTENMAX");
    distribution && !asked.together.alone && asked.exposes(Some(value))
}

/// Switches by which the account of somebody else's service changes or looks into what runs.
fn remote_hand(setting: &Setting, value: &str) -> bool {
    let on = switches::is_on(value) && !switches::is_turned(&setting.words);
    on && (setting.names(&["DYNAMIC"]) && setting.names(&["INSTRUMENTATION"])
        || setting.names(&["REMOTE"])
            && setting.names(&[
                "CONFIGURATION",
                "CONFIG",
                "INSTRUMENTATION",
                "COMMANDS",
                "DEBUGGING",
                "CONTROL",
                "SUPPORT",
            ]))
}

/// Ports on which programs are governed, by a part of their image's name; sources: their makers' documentation.
const ADMIN_PORTS: &[(&str, &[&str])] = &[
    ("kong", &["8001", "8444"]),
    ("caddy", &["2019"]),
    ("envoy", &["9901"]),
    ("graph-node", &["8020"]),
    ("kubo", &["5001"]),
    ("ipfs", &["5001"]),
    ("torchserve", &["8081"]),
    ("fpm", &["9000"]),
];

/// A setting of a proxy that leads to where a program beside it, or itself, is governed.
fn passed_on(asked: &Asked<'_, '_>, setting: &Setting) -> Option<Found> {
    let words: Vec<&str> = setting.value.split_whitespace().collect();
    let target = words.iter().rev().find(|word| word.contains(':') && !word.starts_with('/'))?;
    let links =
        address::of(&Value::literal_text(target.trim_matches(['"', '\'', ';']), Span::default()), true);
    let link = links.first()?;
    let after = target.split_once("://").map_or(*target, |(_, rest)| rest);
    let port = digits(after.split_once(':').map_or("", |(_, port)| port));
    let own = matches!(link.host.as_str(), "127.0.0.1" | "localhost" | "::1");
    // Where it listens itself.
    if own && setting.names(LISTENS) && setting.names(GOVERNS) {
        return None;
    }
    let image = if own {
        asked.image.clone()
    } else {
        let other = asked.view.active_named(&link.host)?;
        other.image().map(|image| image.effective().to_ascii_lowercase()).unwrap_or_default()
    };
    let image = image.split('@').next().unwrap_or("");
    let found =
        ADMIN_PORTS.iter().any(|(name, ports)| image.contains(name) && ports.contains(&port.as_str()));
    // FastCGI to a PHP of the document is what it is for.
    if found && !(image.contains("fpm") && setting.names(&["FASTCGI", "FASTCGI_PASS", "PASS"])) {
        return Some((Kind::Door, Severity::High, "the interface that governs a program is passed on"));
    }
    // All of ollama's interface: models are pulled, made and deleted there.
    let place = setting.context.rsplit('.').find(|above| above.starts_with("location"));
    let path = place.map_or("/", |place| place.trim_start_matches("location").trim());
    let whole =
        !path.starts_with(['=', '~']) && "/api/create".starts_with(path.trim_start_matches("^~").trim());
    (image.contains("ollama") && whole && place.is_some()).then_some((
        Kind::Door,
        Severity::High,
        "models are replaced through what is passed on",
    ))
}

/// A published port on which a program is governed.
pub(super) fn port(asked: &Asked<'_, '_>, port: &str) -> Option<Found> {
    let port = port.split('/').next().unwrap_or(port);
    let found = ADMIN_PORTS.iter().any(|(name, ports)| asked.image.contains(name) && ports.contains(&port));
    // `2019` of caddy is open on its own machine only, unless its settings say otherwise.
    let shut = asked.image.contains("caddy")
        || asked.image.contains("envoy")
        || asked.image.contains("kong")
        || asked.image.contains("torchserve");
    (found && !shut && !asked.together.limited).then_some((Kind::Door, Severity::High, CHANGES))
}

pattern!(ADMIN_PAGE, r"(?m)^\s*stats\s+admin\s+if\s+(?:TRUE|\{\s*always_true\s*\})[^\n]*", ["stats"]);
pattern!(
    WRITES,
    r"(?mi)^\s*(?:dav_methods\s+[^;\n]*(?:PUT|DELETE|MKCOL|COPY|MOVE)[^;\n]*|dav\s+on\b|webdav\.activate\s*=\s*[^\n]*enable[^\n]*|webdav\s*(?:\{|/|\n)|webdav\.is-readonly\s*=\s*[^\n]*disable[^\n]*)",
    ["dav"]
);
pattern!(
    ASKS,
    r"(?mi)^\s*(?:auth_basic\s+[^o\s]|auth_request\b|limit_except\b|ssl_verify_client\s+on|require\s+(?:valid-user|user)|authtype\b|basic_?auth\b|forward_auth\b|deny\s+all|auth\.require)",
    ["auth", "limit_except", "ssl_verify_client", "require", "deny"]
);

/// What statements open that are no settings.
pub(super) fn text(asked: &Asked<'_, '_>, text: &str) -> Option<(Found, String)> {
    let high = |why, shown: &str| Some(((Kind::Door, asked.grade(), why), shown.trim().to_owned()));
    if let Some(hit) = ADMIN_PAGE.find(text).filter(|_| !text.contains("stats auth")) {
        return high(CHANGES, hit.as_str());
    }
    let writes = WRITES.find(text).filter(|_| !ASKS.is_match(text));
    writes.and_then(|hit| high("whoever reaches it writes what is served", hit.as_str()))
}

/// Programs in whose protocol every message runs code: with the options of where they listen, and whether they listen
/// to everybody when none is given. Sources: their makers' documentation.
const SPEAKERS: &[(&[&str], &[&str], bool)] = &[
    (&["rpyc_classic", "rpyc_classic.py", "rpyc"], &["--host"], false),
    (&["dask-scheduler", "dask-worker"], &["--host"], true),
    (&["dask"], &["--host"], true),
    (&["ray"], &["--dashboard-host"], false),
    (&["ipcontroller"], &["--ip"], false),
    (&["jupyter-kernelgateway"], &["--ip"], false),
    (&["Pyro4.naming", "Pyro5.nameserver", "pyro4-ns", "pyro5-ns"], &["-n", "--host"], false),
    (&["rpyc.cli.rpyc_classic", "distributed.cli.dask_scheduler"], &["--host"], true),
    (&["ipykernel_launcher", "ipykernel"], &["--ip"], false),
    (&["rmiregistry"], &[], true),
    (&["jstatd"], &[], true),
    (&["epmd"], &["-address"], true),
    (&["chromedriver", "geckodriver"], &["--allowed-ips", "--host"], false),
    (&["spark-class"], &[], false),
];

pub(super) fn command(asked: &Asked<'_, '_>, command: &Command) -> Option<Found> {
    if asked.closed {
        return None;
    }
    let module = command.words.windows(2).find_map(|pair| match pair {
        [option, module] if option == "-m" && command.program().starts_with("python") => {
            Some(module.as_str())
        }
        _ => None,
    });
    let program = module.unwrap_or_else(|| command.program());
    let has = |word: &str| command.words.iter().any(|other| other == word);
    let bound = |options: &[&str]| {
        command.words.iter().enumerate().find_map(|(at, word)| {
            let next = command.words.get(at.saturating_add(1)).map(String::as_str);
            match word.split_once('=') {
                Some((name, value)) if options.contains(&name) => Some(value),
                _ if options.contains(&word.as_str()) => next,
                _ => None,
            }
        })
    };
    let own = |host: &str| host.starts_with("127.") || host == "localhost" || host == "::1";
    let part = match program {
        "dask" => has("scheduler") || has("worker"),
        "ray" => has("--head"),
        _ => true,
    };
    let known = SPEAKERS.iter().find(|(programs, _, _)| programs.contains(&program)).filter(|_| part);
    if let Some((_, options, open)) = known {
        let listens = bound(options).map_or(*open, |host| !own(host));
        return listens.then_some((Kind::Door, Severity::High, RUNS));
    }
    // Shows and stops the jobs of a queue.
    if program == "celery" && has("flower") && !command.words.iter().any(|word| word.contains("auth")) {
        return Some((Kind::Door, Severity::High, CHANGES));
    }
    if program == "uwsgi" {
        let socket = bound(&["--socket", "-s", "--uwsgi-socket", "--emperor-stats"]).and_then(everywhere);
        let open =
            socket.is_some_and(|port| asked.exposes(Some(port.as_str()).filter(|port| !port.is_empty())));
        return open.then_some((Kind::Door, Severity::High, RUNS));
    }
    None
}
