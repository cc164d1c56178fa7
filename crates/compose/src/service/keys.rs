//! The keys of the Compose specification, and which of them a field or an accessor covers.

/// Keys of a service that are typed or read through an accessor, and understood.
#[rustfmt::skip]
pub(super) const MODELLED: &[&str] = &[
    "annotations", "attach", "blkio_config", "build", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "command",
    "configs", "container_name", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period",
    "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "depends_on", "deploy", "device_cgroup_rules", "devices", "dns",
    "dns_opt", "dns_search", "domainname", "entrypoint", "env_file", "environment", "expose", "external_links",
    "extra_hosts", "group_add", "healthcheck", "hostname", "image", "init", "ipc", "isolation", "labels", "links",
    "logging", "mac_address", "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit", "network_mode",
    "networks", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform", "ports", "post_start",
    "pre_start", "pre_stop", "privileged", "profiles", "pull_policy", "read_only", "restart", "runtime", "scale",
    "secrets", "security_opt", "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls",
    "tmpfs", "tty", "ulimits", "use_api_socket", "user", "userns_mode", "uts", "volumes", "volumes_from",
    "working_dir",
    // Newer ones, which rules of the audit know by name.
    "credential_spec", "develop", "gpus", "label_file", "models", "provider", "pull_refresh_after",
];

/// Keys of a service that the specification has and that are not modelled.
pub(super) const UNMODELLED: &[&str] = &[];

/// Keys at the top of a compose file.
pub(crate) const TOP_LEVEL_KEYS: &[&str] =
    &["version", "name", "services", "volumes", "networks", "configs", "secrets", "models", "include"];

/// Keys of entries of `volumes`, `networks`, `configs` and `secrets`.
#[rustfmt::skip]
pub(crate) const RESOURCE_KEYS: &[(&str, &[&str])] = &[
    ("volumes", &["name", "driver", "driver_opts", "external", "labels"]),
    ("networks", &[
        "name", "driver", "driver_opts", "external", "labels", "ipam", "internal", "attachable", "enable_ipv4",
        "enable_ipv6",
    ]),
    ("configs", &["name", "content", "environment", "file", "external", "labels", "template_driver"]),
    ("secrets", &["name", "environment", "file", "external", "labels", "driver", "driver_opts", "template_driver"]),
];
