//! The patterns that rules ask about the lines of every file of a source tree. They stand together because one pass looks
//! for the words of all of them.

use crate::line_pattern::{LinePattern, lines};

/// All patterns. What `scan` marks goes by the place here.
pub(crate) static ALL: [&LinePattern; 8] =
    [&SURRENDER, &SUBJECT_WORD, &FALLBACK, &FETCH, &TLS_OFF, &ADMIN, &LOGGED, &ASKED];

// A fault that is known and passed over.
lines!(
    SURRENDER,
    r"(?i)\bknown (?:api )?(?:issue|bug)s?\b|\bmismatch\b|\bwork ?around\b|\bcontinu(?:e|ing) anyway\b|\bignor(?:e|ing)\b|\bskip(?:ping|ped)?\b|\bTODO\b[^\n]*(?:secur|verif|attest)|\bFIXME\b",
    ["known ", "mismatch", "workaround", "work around", " anyway", "ignor", "skip", "todo", "fixme",]
);

// What a file has to speak of for that to matter.
lines!(
    SUBJECT_WORD,
    r"(?i)verif|attest|quote|signature|report_?data|compose_?hash",
    ["verif", "attest", "quote", "signature", "reportdata", "report_data", "composehash", "compose_hash",]
);

// A stand-in for what is genuine.
lines!(
    FALLBACK,
    r"(?i)\b_?dev(?:elopment)?_?(?:mode|quote|key|fallback)\w*|\bfall ?back\w*|\bmock\w*|\bfake\w*|\bstub\w*|\bsimulat\w+|\bdummy\w*|\bis_?dev\w*",
    [
        "devmode",
        "devquote",
        "devkey",
        "devfallback",
        "dev_mode",
        "dev_quote",
        "dev_key",
        "dev_fallback",
        "developmentmode",
        "developmentquote",
        "developmentkey",
        "developmentfallback",
        "development_mode",
        "development_quote",
        "development_key",
        "development_fallback",
        "fallback",
        "fall back",
        "mock",
        "fake",
        "stub",
        "simulat",
        "dummy",
        "isdev",
        "is_dev",
    ]
);

// Attestation is asked for.
lines!(
    FETCH,
    r#"(?i)["'`/][a-z0-9_/{}$.:-]*/(?:v1/)?(?:attestation|attestations|tdx_quote|quote|evidences?)(?:/report)?\b|fetch_?attestation|get_?attestation_?report"#,
    ["attestation", "quote", "evidence",]
);

// A check of TLS is switched off.
lines!(
    TLS_OFF,
    r"(?i)\bverify[ \t]*=[ \t]*False\b|rejectUnauthorized[ \t]*:[ \t]*false|InsecureSkipVerify[ \t]*:[ \t]*true|danger_accept_invalid_(?:certs|hostnames)[ \t]*\([ \t]*true|NODE_TLS_REJECT_UNAUTHORIZED[^\n]{0,6}=[^\n]{0,3}0|CERT_NONE\b|check_hostname[ \t]*=[ \t]*False|ssl[ \t]*=[ \t]*False|_create_unverified_context|\bcurl\b[^\n]*[ \t](?:-[A-Za-z]*k[A-Za-z]*|--insecure)\b|no-check-certificate",
    [
        "verify",
        "rejectunauthorized",
        "danger_accept_invalid_",
        "node_tls_reject_unauthorized",
        "cert_none",
        "check_hostname",
        "ssl",
        "_create_unverified_context",
        "curl",
        "no-check-certificate",
    ]
);

// A way in for administration or debugging.
lines!(
    ADMIN,
    r#"(?i)(?:route|get|post|put|delete|patch|all|use|handle(?:func)?|api_route|path)[ \t]*[(!]+[ \t]*["'`]/(?:[a-z0-9_/-]*/)?(?:admin|debug|internal|_?test|dev|eval|exec|shell|console|dump|backdoor|impersonate)\b|\bdebug[ \t]*=[ \t]*True\b|pprof"#,
    [r#""/"#, "'/", "`/", "debug=", "debug ", "debug\t", "pprof",]
);

// The secret has to be a value: in an interpolation or an argument of its own, not a word of the message.
lines!(
    LOGGED,
    r#"(?i)\b(?:console\.(?:log|info|debug|warn|error)|print(?:ln!?)?|log(?:ger|ging)?\.(?:info|debug|warn(?:ing)?|error)|(?:info|debug|warn|error|trace|println|eprintln)!|fmt\.Print\w*|log\.Print\w*)[ \t]*\([^\n;]*(?:[,({+%][ \t]*[%?]?(?:\w+\.)*|\$\{[^}\n]*)(?:private_?key|secret_?key|mnemonic|api_?key|password|access_?token|seed_?phrase|jwt_?secret)\b[ \t]*[)}\],;+]"#,
    [
        "privatekey",
        "private_key",
        "secretkey",
        "secret_key",
        "mnemonic",
        "apikey",
        "api_key",
        "password",
        "accesstoken",
        "access_token",
        "seedphrase",
        "seed_phrase",
        "jwtsecret",
        "jwt_secret",
    ]
);

// What a rule over the grammar of a file asks about: a file with none of it is not parsed.
lines!(
    ASKED,
    r"(?i)attest|authentic|basesettings|certificate|child_process|default_value|derive_key|derivekey|env\.get|env::var|environ|eval\(|exec\(|exec\.command|execsync|importlib|import\(|pickle\.loads|marshal\.loads|runinnewcontext|runinthiscontext|spawn|genuine|get_key|get_quote|getenv|getkey|getquote|jwt|lookupenv|meta\.env|mnemonic|mock|mrenclave|mrtd|new function|os\.system|password|popen|private_key|privatekey|process\.env|report_data|reportdata|rtmr|signature|subprocess|token|trial|trust_remote_code|upstream|verif|z\.object",
    [
        "attest",
        "authentic",
        "basesettings",
        "certificate",
        "child_process",
        "default_value",
        "derive_key",
        "derivekey",
        "env.get",
        "env::var",
        "environ",
        "eval(",
        "exec(",
        "exec.command",
        "execsync",
        "importlib",
        "import(",
        "pickle.loads",
        "marshal.loads",
        "runinnewcontext",
        "runinthiscontext",
        "spawn",
        "genuine",
        "get_key",
        "get_quote",
        "getenv",
        "getkey",
        "getquote",
        "jwt",
        "lookupenv",
        "meta.env",
        "mnemonic",
        "mock",
        "mrenclave",
        "mrtd",
        "new function",
        "os.system",
        "password",
        "popen",
        "private_key",
        "privatekey",
        "process.env",
        "report_data",
        "reportdata",
        "rtmr",
        "signature",
        "subprocess",
        "token",
        "trial",
        "trust_remote_code",
        "upstream",
        "verif",
        "z.object",
    ]
);
