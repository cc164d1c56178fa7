//! Names of which it is known that nothing that matters hangs on them, and words of tuning.

#[rustfmt::skip]
pub(crate) const TUNING_LAST: &[&str] = &[
    "PORT", "PORTS", "TIMEOUT", "TTL", "INTERVAL", "LIMIT", "LIMITS", "SIZE", "COUNT", "MS", "SECONDS", "SECS",
    "MINUTES", "HOURS", "POOL", "MEMORY", "CPU", "CPUS", "WORKERS", "THREADS", "RETRIES", "TZ", "LANG", "SCREEN",
    "SCALING", "INDEX", "CONNECTIONS", "CONCURRENCY", "PARALLELISM", "REPLICAS", "BATCH", "BYTES", "KB", "MB", "GB",
    "SECOND", "DAYS", "DELAY", "PERIOD", "GRACE", "BACKOFF", "KEEPALIVE", "RETRY", "QUOTA", "RATE", "RPS", "WIDTH",
    "HEIGHT", "FPS", "TIMEZONE", "LANGUAGE", "LOCALE", "MAXIMUM", "MINIMUM", "DEPTH", "CEILING",
];

/// A rate: the last two words.
pub(crate) const RATES: &[&str] = &["SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH"];

/// Words of a name whose number is no matter of tuning.
#[rustfmt::skip]
pub(crate) const WEIGHED: &[&str] = &[
    "SIGNER", "SIGNERS", "SIGNATURE", "SIGNATURES", "CONFIRMATION", "CONFIRMATIONS", "VALIDATOR", "VALIDATORS",
    "QUORUM", "THRESHOLD", "APPROVALS", "VOTES", "STAKE", "AMOUNT", "PRICE", "FEE", "FEES", "BALANCE", "WITHDRAW",
    "WITHDRAWAL", "PAYOUT", "REWARD", "SLIPPAGE", "TCB", "SVN", "VERSION", "PROOF", "PROOFS", "ATTESTATION",
    "QUOTE", "TIMELOCK", "NOTICE", "UNLOCK", "LOCK", "VESTING", "EXPIRY",
];

/// Names of which it is known what a program does with them, and that it is nothing that matters. Closed: each with
/// its reason, and tested.
pub(crate) const HARMLESS_NAMES: &[(&str, &str)] = &[
    ("TZ", "which time zone times are written in"),
    ("LANG", "which language messages are in"),
    ("LC_ALL", "which language messages are in"),
    ("LANGUAGE", "which language messages are in"),
    ("LOCALE", "which language messages are in"),
    ("TERM", "what a terminal can draw"),
    ("NO_COLOR", "whether messages are coloured"),
    ("FORCE_COLOR", "whether messages are coloured"),
    ("COLOR", "whether messages are coloured"),
    ("PUID", "number of the user that files are written as"),
    ("PGID", "number of the group that files are written as"),
    ("UMASK", "permissions of new files inside of the container"),
    ("OTEL_SERVICE_NAME", "a label in telemetry"),
    ("DD_SERVICE", "a label in telemetry"),
    ("DD_VERSION", "a label in telemetry"),
    ("SENTRY_RELEASE", "a label in telemetry"),
    ("INSTANCE_NAME", "a label"),
    ("INSTANCE_ID", "a label"),
    ("SERVICE_NAME", "a label"),
    ("APP_NAME", "a text that is shown"),
    ("APP_TITLE", "a text that is shown"),
    ("SITE_NAME", "a text that is shown"),
    ("SITE_TITLE", "a text that is shown"),
    ("BOARD_NAME", "a text that is shown"),
    ("PAGE_TITLE", "a text that is shown"),
    ("BRAND_NAME", "a text that is shown"),
    ("DISPLAY_NAME", "a text that is shown"),
    ("MAIL_DISPLAY_NAME", "a text that is shown"),
    ("SMTP_FROM_NAME", "a text that is shown"),
    ("MAIL_FROM_NAME", "a text that is shown"),
    ("EMAIL_FROM_NAME", "a text that is shown"),
    ("TITLE", "a text that is shown"),
    ("DESCRIPTION", "a text that is shown"),
    ("MAX_TOKENS", "how long an answer of a model may be"),
    ("MOTD", "a text that is shown"),
    ("BANNER", "a text that is shown"),
    ("THEME", "how pages look"),
    ("GREETING", "a text that is shown"),
    ("WELCOME_MESSAGE", "a text that is shown"),
    ("FOOTER_TEXT", "a text that is shown"),
    ("DOCKER_NETWORK", "name of a network, for a person"),
    ("APNS_KEY_ID", "tells which key is meant; the key is another variable"),
    ("APNS_TEAM_ID", "tells which account's key is meant; the key is another variable"),
    ("BUILD_ID", "a label"),
    ("BUILD_DATE", "a label"),
    ("BUILD_TIME", "a label"),
    ("GOMAXPROCS", "how many threads run at once"),
    ("GOGC", "how often memory is collected"),
    ("GOMEMLIMIT", "how much memory is used"),
    ("OMP_NUM_THREADS", "how many threads run at once"),
    ("UV_THREADPOOL_SIZE", "how many threads run at once"),
    ("TOKIO_WORKER_THREADS", "how many threads run at once"),
    ("ETCD_INITIAL_CLUSTER_TOKEN", "tells clusters apart; nobody is let in by it"),
    ("WEB_CONCURRENCY", "how many workers run"),
    ("MALLOC_ARENA_MAX", "how memory is handed out"),
];

/// Words that make a name's value a number.
pub(crate) const BOUNDS: &[&str] =
    &["MAX", "MIN", "NUM", "MEMORY", "CPU", "POOLSIZE", "LENGTH", "RATIO", "PERCENT", "CONCURRENCY"];

/// What is counted, where a word of [`BOUNDS`] stands before it: `MIN_PEERS` holds no address.
pub(crate) const COUNTED: &[&str] = &[
    "PEERS",
    "HOSTS",
    "SERVERS",
    "BACKENDS",
    "UPSTREAMS",
    "BROKERS",
    "RELAYS",
    "LENGTH",
    "RATIO",
    "PERCENT",
];

/// Of those, others on whom the program relies: fewer of them are easier to be.
pub(crate) const OTHERS_COUNTED: &[&str] =
    &["PEERS", "HOSTS", "SERVERS", "BACKENDS", "UPSTREAMS", "BROKERS", "RELAYS", "NODES", "REPLICAS"];

/// What a program keeps ready: fewer of them make it slower.
#[rustfmt::skip]
pub(crate) const KEPT_READY: &[&str] = &[
    "POOL", "POOLS", "CONNECTION", "CONNECTIONS", "CONN", "CONNS", "IDLE", "SPARE", "WORKER", "WORKERS", "THREAD",
    "THREADS", "MEMORY", "HEAP", "CPU", "PROCESSES", "PROCS", "CACHE", "BUFFER", "BUFFERS", "SCALING", "REPLICAS",
];

/// What is tried again when it does not answer.
#[rustfmt::skip]
pub(crate) const TRIED_AGAIN: &[&str] = &[
    "RETRY", "RETRIES", "RECONNECT", "CONNECT", "CONNECTION", "FETCH", "DOWNLOAD", "REQUEST", "HEALTHCHECK", "HEALTH", "JOB",
    "JOBS", "TASK", "TASKS", "POLL",
];

/// Words of a time that say not of what, and their units.
#[rustfmt::skip]
pub(crate) const TIMES: &[&str] = &[
    "DELAY", "PERIOD", "GRACE", "WAIT", "WINDOW", "MS", "SECONDS", "SECS", "MINUTES", "HOURS", "DAYS", "SECOND", "MINUTE",
    "HOUR", "DAY", "MAX", "DEFAULT", "IN",
];

/// The last of them.
pub(crate) const BARE_TIMES: &[&str] = &["DELAY", "PERIOD", "GRACE", "WAIT", "WINDOW", "DAYS", "HOURS"];

/// What a program handles, as a word beside those of tuning. Closed: a name with any other word is not known to be
/// harmless by its number alone. Checks, people, keys, logs, ledgers and administration are left out on purpose.
#[rustfmt::skip]
pub(crate) const HANDLED: &[&str] = &[
    "APP", "APPLICATION", "API", "SERVICE", "WEB", "HTTP", "HTTPS", "HTTP2", "GRPC", "WS", "WEBSOCKET", "TCP", "UDP",
    "CLIENT", "CLIENTS", "FRONTEND", "UI", "WORKER", "PROCESS", "PROCESSES", "PROCS", "THREAD", "THREADPOOL", "QUEUE",
    "JOB", "JOBS", "TASK", "TASKS", "CRON", "SCHEDULER", "DB", "DATABASE", "PG", "POSTGRESQL", "MYSQL", "MARIADB",
    "SQL", "SQLITE", "MONGO", "CACHE", "RABBITMQ", "MQTT", "MEMCACHED", "ELASTICSEARCH", "NGINX", "CADDY", "GUNICORN",
    "UVICORN", "CELERY", "NODE", "PYTHON", "JAVA", "JVM", "GO", "HEAP", "STACK", "BUFFER", "BUFFERS", "REQUEST",
    "REQUESTS", "RESPONSE", "RESPONSES", "CONNECT", "CONNECTION", "CONN", "CONNS", "READ", "WRITE", "IDLE", "SOCKET",
    "SOCKETS", "KEEP", "ALIVE", "POLL", "POLLING", "FETCH", "SYNC", "REFRESH", "FLUSH", "SHUTDOWN", "STARTUP", "START",
    "STOP", "HEALTH", "HEALTHCHECK", "PING", "HEARTBEAT", "UPLOAD", "DOWNLOAD", "FILE", "FILES", "PAYLOAD", "MESSAGE",
    "MESSAGES", "PAGE", "CHUNK", "CHUNKS", "OPEN", "DEFAULT", "GLOBAL", "LOCAL", "LISTEN", "LISTENER", "BIND",
    "METRICS", "PROMETHEUS", "EXPORTER", "GRAFANA", "QUERY", "STATEMENT", "PARALLEL", "CONCURRENT", "ASYNC",
    "BACKGROUND", "INITIAL", "WAIT", "SLEEP", "WINDOW", "MODEL", "CONTEXT", "GPU", "GPUS", "SHM", "IN", "PER", "FOR",
    "TO", "BACK", "OFF", "DISK", "IO", "LLM", "EMBEDDING", "VECTOR", "DIMENSION", "DIMENSIONS", "FRAME", "IMAGE",
    "VIDEO", "AUDIO", "LINE", "LINES", "ROWS", "ITEMS", "ENTRIES", "RESULTS", "ATTEMPTS", "POOLED", "SEQ", "SEQS",
    "LEN", "BATCHED", "OLD", "SPACE", "INPUT", "OUTPUT", "GENERATION", "GENERATED", "DISPLAY", "DEPTH", "STREAM",
    "STREAMS", "CORES", "CORE", "EVENT", "EVENTS", "INGRESS", "PUBLIC", "PRIVATE", "MAIN", "EXTERNAL", "DATA",
    "BASE", "SUBNET", "WIREGUARD", "TELEGRAM", "HOUR", "MINUTE", "DAY", "SMTP", "INGESTION", "RENDER", "MARKDOWN",
    "CHARACTER", "CHARACTERS", "OBSERVATION", "FIELD", "AGENT", "RUN", "RUNS", "ACTIVE", "PROCESSING", "TEXT", "STORAGE",
    "DRAIN", "DOCUMENT",
];

/// Names that sound like an address and are, by their program's own documentation, a label.
pub(crate) const LABELS: &[&str] = &["DD_HOSTNAME"];
